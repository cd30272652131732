"""Runs and journey versions: what was done when, and by which text of a journey."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, func, insert, select, update

from flows.store.models import (
    Contact,
    Customer,
    Enrollment,
    JourneyVersion,
    Owner,
    Purchase,
    Run,
    SegmentFill,
    SegmentMember,
    Send,
)
from flows.store.session import frame
from segments.journey.program import Program
from segments.names import EnrollmentStatus, Outcome


def begin_run(connection: Connection, kind: str, as_of: datetime, started_at: datetime) -> int:
    """Note that a stage begins; returns its number."""
    row = {"kind": kind, "as_of": as_of, "started_at": started_at, "counts": {}}
    return connection.execute(insert(Run).values(row).returning(Run.id)).scalar_one()


def end_run(
    connection: Connection,
    run_id: int,
    ended_at: datetime,
    counts: Mapping[str, Any],
    failed: str | None = None,
) -> None:
    """Note what a stage counted, or why it failed."""
    connection.execute(
        update(Run)
        .where(Run.id == run_id)
        .values(ended_at=ended_at, counts=dict(counts), failed=failed)
    )


def began(connection: Connection, run_id: int) -> datetime | None:
    """When this run began; None if it is not under way."""
    return connection.scalar(select(Run.started_at).where(Run.id == run_id, Run.ended_at.is_(None)))


def previous_run(connection: Connection, kind: str, now: datetime) -> datetime | None:
    """As of when this stage last went well, up to now."""
    return connection.scalar(
        select(func.max(Run.as_of)).where(
            Run.kind == kind, Run.ended_at.is_not(None), Run.failed.is_(None), Run.as_of <= now
        )
    )


def latest_run(connection: Connection, kind: str) -> datetime | None:
    """As of when this stage last went well at all."""
    return connection.scalar(
        select(func.max(Run.as_of)).where(
            Run.kind == kind, Run.ended_at.is_not(None), Run.failed.is_(None)
        )
    )


def counts_before(connection: Connection, kind: str, now: datetime) -> dict[str, Any]:
    """What the latest run of this stage up to `now` that went well has noted; nothing if none."""
    latest = (
        select(Run.counts)
        .where(Run.kind == kind, Run.as_of <= now, Run.ended_at.is_not(None), Run.failed.is_(None))
        .order_by(Run.as_of.desc(), Run.id.desc())
        .limit(1)
    )
    return connection.scalar(latest) or {}


def note_versions(
    connection: Connection, programs: Iterable[Program], now: datetime
) -> dict[str, datetime]:
    """Store versions seen for the first time; returns since when each journey has been running."""
    programs = list(programs)
    known = set(_versions(connection))
    for program in programs:
        if (program.name, program.version) not in known:
            connection.execute(
                insert(JourneyVersion).values(
                    journey=program.name,
                    version=program.version,
                    # Only what was written: read back, a default would count as written.
                    spec=program.journey.model_dump(mode="json", by_alias=True, exclude_unset=True),
                    started_at=now,
                )
            )
    return running_since(connection, programs, now)


def running_since(
    connection: Connection, programs: Iterable[Program], now: datetime
) -> dict[str, datetime]:
    """Since when each journey has been running; `now` for those that begin to."""
    since = {program.name: now for program in programs}
    for (journey, _), started in _versions(connection).items():
        since[journey] = min(started, since.get(journey, started))
    return since


def backfills(
    connection: Connection, programs: Iterable[Program], previous: datetime | None
) -> dict[str, int]:
    """How many of those before its time each journey may still take in.

    A version with `backfill` does so until a plan that knew it has gone well, and never after an
    earlier version of the journey had its turn. `previous` is when the last plan went well.
    """
    versions = _versions(connection)
    left: dict[str, int] = {}
    for program in programs:
        backfill = program.journey.enter.backfill
        started = versions.get((program.name, program.version))
        if backfill is None or (started and previous and started <= previous):
            continue
        if _had_its_turn(connection, program):
            continue
        taken = connection.scalar(
            select(func.count()).where(
                Enrollment.journey == program.name, Enrollment.version == program.version
            )
        )
        if (remaining := backfill.max - (taken or 0)) > 0:
            left[program.name] = remaining
    return left


def _had_its_turn(connection: Connection, program: Program) -> bool:
    specs = connection.scalars(
        select(JourneyVersion.spec).where(
            JourneyVersion.journey == program.name, JourneyVersion.version != program.version
        )
    )
    return any(spec["enter"].get("backfill") for spec in specs)


def _versions(connection: Connection) -> dict[tuple[str, str], datetime]:
    version = JourneyVersion
    rows = connection.execute(select(version.journey, version.version, version.started_at))
    return {(journey, number): started for journey, number, started in rows}


def earlier_versions(
    connection: Connection, programs: Iterable[Program]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Texts of versions somebody still travels, other than the current ones, of these journeys."""
    current = {program.name: program.version for program in programs}
    under_way = connection.execute(
        select(Enrollment.journey, Enrollment.version)
        .where(
            Enrollment.journey.in_(list(current)),
            (Enrollment.status == EnrollmentStatus.ACTIVE)
            | ((Enrollment.status == EnrollmentStatus.FINISHED) & Enrollment.goal_at.is_(None)),
        )
        .distinct()
    )
    wanted = {(r.journey, r.version) for r in under_way if current[r.journey] != r.version}
    if not wanted:
        return {}
    rows = connection.execute(
        select(JourneyVersion.journey, JourneyVersion.version, JourneyVersion.spec).where(
            JourneyVersion.journey.in_({journey for journey, _ in wanted})
        )
    )
    return {(r.journey, r.version): r.spec for r in rows if (r.journey, r.version) in wanted}


def texts(
    connection: Connection, versions: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """What journeys said, of these versions of them; those never stored are left out."""
    rows = connection.execute(
        select(JourneyVersion.journey, JourneyVersion.version, JourneyVersion.spec).where(
            JourneyVersion.journey.in_({journey for journey, _ in versions})
        )
    )
    return {(r.journey, r.version): r.spec for r in rows if (r.journey, r.version) in versions}


def under_way(connection: Connection, journey: str, version: str) -> int:
    """How many are travelling this version."""
    return (
        connection.scalar(
            select(func.count()).where(
                Enrollment.journey == journey,
                Enrollment.version == version,
                Enrollment.status == EnrollmentStatus.ACTIVE,
            )
        )
        or 0
    )


def note_fills(connection: Connection, rules: Mapping[str, str], now: datetime) -> None:
    """Note that the members of these segments (name -> rule) are known from now on."""
    connection.execute(delete(SegmentFill).where(SegmentFill.segment.in_(list(rules))))
    for segment, rule in rules.items():
        connection.execute(insert(SegmentFill).values(segment=segment, rule=rule, filled_at=now))


def keep_members_of(connection: Connection, segments: Iterable[str]) -> None:
    """Forget who was in any other segment: nobody watches it now, or its rule has changed.

    Watched again, it starts anew and enters nobody on the strength of old members.
    """
    known = list(segments)
    connection.execute(delete(SegmentMember).where(SegmentMember.segment.not_in(known)))
    connection.execute(delete(SegmentFill).where(SegmentFill.segment.not_in(known)))


def mirror_owners(connection: Connection, owners: Iterable[Mapping[str, Any]]) -> None:
    """Let the owner table say what owners.yaml says."""
    columns = Owner.__table__.columns.keys()
    rows = [{name: row[name] for name in columns if name in row} for row in owners]
    connection.execute(delete(Owner).where(Owner.key.not_in([row["key"] for row in rows])))
    known = set(connection.scalars(select(Owner.key)))
    for row in rows:
        if row["key"] in known:
            connection.execute(update(Owner).where(Owner.key == row["key"]).values(**row))
        else:
            connection.execute(insert(Owner).values(**row))


def last_counts(connection: Connection, kind: str) -> dict[str, Any]:
    """What the last run of a stage counted that ended well; nothing if there was none."""
    ended = Run.kind == kind, Run.ended_at.is_not(None), Run.failed.is_(None)
    statement = select(Run.counts).where(*ended).order_by(Run.id.desc()).limit(1)
    return connection.scalar(statement) or {}


def newest_order(connection: Connection, now: datetime) -> datetime | None:
    """When the latest order up to now was placed. Tells whether the source is stale."""
    return connection.scalar(
        select(func.max(Purchase.ordered_at)).where(Purchase.ordered_at <= now)
    )


def handed_over(connection: Connection, since: datetime, until: datetime) -> pd.DataFrame:
    """Which messages were handed over from `since` to before `until`, and to whom?

    send_id, customer (key), contact (key), message, journey, sent_at.
    """
    return frame(
        connection,
        select(
            Send.id.label("send_id"),
            Customer.key.label("customer"),
            Contact.key.label("contact"),
            Send.message,
            Send.journey,
            Send.handed_over_at.label("sent_at"),
        )
        .join(Customer, Customer.id == Send.customer_id)
        .join(Contact, Contact.id == Send.contact_id)
        .where(Send.handed_over_at >= since, Send.handed_over_at < until),
    )


def fates(connection: Connection) -> pd.DataFrame:
    """What became of every send that was handed over, or may have been? send_id, outcome."""
    return frame(
        connection,
        select(Send.id.label("send_id"), Send.outcome).where(
            Send.outcome.in_(
                [
                    Outcome.ACCEPTED,
                    Outcome.DELIVERED,
                    Outcome.BOUNCED,
                    Outcome.DROPPED,
                    Outcome.IN_DOUBT,
                ]
            )
        ),
    )


def totals(connection: Connection) -> tuple[int, int]:
    """How many customers and how many purchases there are."""
    return (
        connection.scalar(select(func.count()).select_from(Customer)) or 0,
        connection.scalar(select(func.count()).select_from(Purchase)) or 0,
    )
