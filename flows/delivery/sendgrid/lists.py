"""Whom SendGrid holds back, in our words: its lists as suppressions."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from python_http_client import Client

from flows.delivery.sendgrid import manage
from flows.outlet_settings import SendGridOutletSettings
from flows.store.suppressing import Bar
from segments.names import Purpose, SuppressionReason

# Blocks are not among them: they are of one message, and SendGrid goes on writing to the address.
_LISTS: Mapping[str, tuple[SuppressionReason, Purpose | None]] = {
    "bounces": (SuppressionReason.HARD_BOUNCE, None),
    "invalid_emails": (SuppressionReason.HARD_BOUNCE, None),
    "spam_reports": (SuppressionReason.SPAM_COMPLAINT, None),
    "unsubscribes": (SuppressionReason.UNSUBSCRIBE, Purpose.ADVERTISING),
}
LISTS = (*_LISTS, "groups")


def held_back(
    client: Client,
    settings: SendGridOutletSettings,
    outlet: str,
    name: str,
    start: datetime,
    end: datetime,
) -> Iterator[Bar]:
    """Whom SendGrid came to hold back on one of `LISTS` in this time."""
    if name == "groups":
        yield from _in_groups(client, settings, outlet, start, end)
        return
    reason, purpose = _LISTS[name]
    for entry in manage.suppressions(client, name, start, end):
        at = _moment(entry.get("created"), end)
        if (email := _address(entry)) is not None:
            source = f"list {name} of {outlet}"
            yield Bar(reason, source, at, email=email, purpose=purpose)


def _in_groups(
    client: Client,
    settings: SendGridOutletSettings,
    outlet: str,
    start: datetime,
    end: datetime,
) -> Iterator[Bar]:
    """Groups stand for purposes; one we do not know of is of advertising, as most are."""
    purposes: dict[int, list[Purpose]] = {}
    for purpose, number in settings.asm_group.items():
        purposes.setdefault(number, []).append(purpose)
    for entry in manage.group_suppressions(client):
        at = _moment(entry.get("created_at"), end)
        email, group = _address(entry), entry.get("group_id")
        if email is None or not start <= at <= end:
            continue
        for purpose in purposes.get(group if isinstance(group, int) else 0, [Purpose.ADVERTISING]):
            source = f"group {group} of {outlet}"
            yield Bar(SuppressionReason.UNSUBSCRIBE, source, at, email=email, purpose=purpose)


def _address(entry: Mapping[str, Any]) -> str | None:
    email = entry.get("email")
    if not isinstance(email, str) or "@" not in email or "\0" in email:
        return None
    return email


def _moment(value: Any, latest: datetime) -> datetime:
    """When an address came onto a list: by now at the latest, and now if nobody says."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return latest
    try:
        return min(datetime.fromtimestamp(value, UTC), latest)
    except (ValueError, OverflowError, OSError):
        return latest
