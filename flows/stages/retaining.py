"""Retention: records older than policy.yaml lets them be go, a few at a time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flows.erased import hashes_by
from flows.settings import link_secrets
from flows.stages.shop import Progress, Shop, noted_run, quiet
from flows.store import retention
from flows.store.consent_mails import lapse
from flows.store.erasing import erased_hashes, hash_addresses
from flows.store.session import writing


@dataclass
class RetentionReport:
    """How many records of each kind went, or would go; consents that lapsed."""

    gone: dict[str, int] = field(default_factory=dict)
    lapsed: int = 0
    hashed: int = 0
    """Suppressed addresses of erased people that events had brought back."""


def preview(shop: Shop, now: datetime) -> RetentionReport:
    """What would go as of `now`; nothing is changed."""
    report = RetentionReport()
    with shop.engine.connect() as connection:
        for kind, before in _limits(shop, now).items():
            if kind == "response_detail":
                report.gone[kind] = _wordy(shop, before)
            else:
                report.gone[kind] = retention.count(connection, kind, before)
    return report


def retain(shop: Shop, now: datetime, *, progress: Progress = quiet) -> RetentionReport:
    """Let go what is too old as of `now`. Safe to repeat, and to break off at any moment."""
    report = RetentionReport()
    limits = _limits(shop, now)
    with noted_run(shop, "retention", now) as (_, counts):
        for number, (kind, before) in enumerate(limits.items(), start=1):
            report.gone[kind] = (
                _bare(shop, before) if kind == "response_detail" else _drop(shop, kind, before)
            )
            progress("retention", number, len(limits))
        with writing(shop.engine) as connection:
            report.lapsed = lapse(connection, now)
        report.hashed = _hash(shop, now)
        counts |= {"gone": report.gone, "lapsed": report.lapsed}
    return report


def _limits(shop: Shop, now: datetime) -> dict[str, datetime]:
    """The moment before which each kind of record is too old."""
    rules = shop.project.policy.retention
    spans = {name: getattr(rules, name) for name in type(rules).model_fields}
    return {name: now - timedelta(days=span.days) for name, span in spans.items() if span}


def _drop(shop: Shop, kind: str, before: datetime) -> int:
    total = 0
    while True:
        with writing(shop.engine) as connection:
            done = retention.drop(connection, kind, before)
        total += done
        if done < retention.AT_ONCE:
            return total


def _bare(shop: Shop, before: datetime) -> int:
    total = last = 0
    while True:
        with writing(shop.engine) as connection:
            reached, wordy = retention.particulars(connection, before, last)
            total += retention.keep_bare(connection, wordy)
        if reached == last:
            return total
        last = reached


def _wordy(shop: Shop, before: datetime) -> int:
    total = last = 0
    while True:
        with shop.engine.connect() as connection:
            reached, wordy = retention.particulars(connection, before, last)
        total += len(wordy)
        if reached == last:
            return total
        last = reached


def _hash(shop: Shop, now: datetime) -> int:
    """Addresses of erased people that late events brought back are hashed anew."""
    secrets = link_secrets(shop.project.folder)
    with shop.engine.connect() as connection:
        erased = erased_hashes(connection)
        plain = list(retention.plain_addresses(connection)) if erased else []
    back = {
        email: found[0]
        for email in plain
        if (found := [each for each in hashes_by(secrets, email) if each in erased])
    }
    if not back:
        return 0
    with writing(shop.engine) as connection:
        return hash_addresses(connection, back, now)
