"""What SendGrid's event webhook posts, in our words."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from flows.store.inbox import Event, Refused
from segments.names import ResponseKind, SuppressionReason

SOURCE = "sendgrid"
SEND, REQUEST, TEST = "stammkunde_send", "stammkunde_request", "stammkunde_test"

_KINDS = {
    "processed": ResponseKind.PROCESSED,
    "delivered": ResponseKind.DELIVERED,
    "deferred": ResponseKind.DEFERRED,
    "dropped": ResponseKind.DROPPED,
    "bounce": ResponseKind.BOUNCE,
    "open": ResponseKind.OPEN,
    "click": ResponseKind.CLICK,
    "spamreport": ResponseKind.COMPLAINT,
    "unsubscribe": ResponseKind.UNSUBSCRIBE,
    "group_unsubscribe": ResponseKind.UNSUBSCRIBE,
}
# SendGrid drops what its own lists forbid. Whoever is on them is not to be tried again by us.
_DROPPED_BECAUSE = {
    "bounced address": SuppressionReason.HARD_BOUNCE,
    "invalid": SuppressionReason.HARD_BOUNCE,
    "spam reporting address": SuppressionReason.SPAM_COMPLAINT,
    "unsubscribed address": SuppressionReason.UNSUBSCRIBE,
    "recipient list over package quota": None,
}
_KEPT = frozenset(
    {
        "reason", "status", "type", "bounce_classification", "attempt", "response", "url",
        "useragent", "sg_machine_open", "asm_group_id", "sg_message_id",
    }
)  # fmt: skip
_ADDRESS_MATTERS = {
    ResponseKind.BOUNCE,
    ResponseKind.DROPPED,
    ResponseKind.COMPLAINT,
    ResponseKind.UNSUBSCRIBE,
}
_LONGEST = 2_000
_LONGEST_NUMBER = 18
_AHEAD = timedelta(days=1)
_FIRST = datetime(2009, 1, 1, tzinfo=UTC)
"""SendGrid is no older than that."""


def read(body: bytes, received_at: datetime) -> Iterator[Event | Refused]:
    """Every event of a batch, or why it is none; test mails are passed over.

    Numbers count from 1. An event that is not of a send of ours has the send 0.
    """
    try:
        # PostgreSQL keeps no zero character.
        batch = orjson.loads(body.replace(rb"\u0000", rb"\ufffd"))
    except orjson.JSONDecodeError as error:
        yield Refused(0, "", _shown(body), f"the batch is not JSON: {error}")
        return
    if not isinstance(batch, list):
        yield Refused(0, "", _shown(body), "the batch is not a list of events")
        return
    for number, event in enumerate(batch, start=1):
        if not isinstance(event, dict):
            yield Refused(number, "", _shown(event), "is not an event")
        elif TEST not in event:
            yield _event(event, number, received_at)


def _event(event: dict[str, Any], number: int, received_at: datetime) -> Event | Refused:
    at = _moment(event.get("timestamp"))
    if at is None or not _FIRST <= at <= received_at + _AHEAD:
        return Refused(number, "timestamp", _shown(event), "is not a moment that has been")
    word = str(event.get("event", ""))
    kind = _KINDS.get(word, ResponseKind.UNKNOWN)
    detail = {
        # As they mostly are; anything else is cut or spelled out.
        name: value if type(value) is str and len(value) <= _LONGEST else _short(value)
        for name, value in event.items()
        if name in _KEPT and value is not None
    }
    if kind == ResponseKind.UNKNOWN:
        detail["kind"] = _short(word)
    if kind == ResponseKind.BOUNCE:
        # "blocked" is a server that did not want this message now, not a mailbox that is not there.
        detail["hard"] = event.get("type") != "blocked"
    if kind == ResponseKind.DROPPED:
        because = _DROPPED_BECAUSE.get(str(event.get("reason", "")).strip().lower())
        if because is not None:
            detail["suppress"] = str(because)
    if kind in _ADDRESS_MATTERS and isinstance(event.get("email"), str):
        detail["email"] = event["email"][:320]
    return Event(_key(event), _send(event), kind, at, detail)


def _key(event: dict[str, Any]) -> str:
    """SendGrid's number of the event, else a print of all that it says."""
    number = event.get("sg_event_id")
    if isinstance(number, str) and 0 < len(number) <= 100:
        return f"{SOURCE}:{number}"
    whole = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    return f"{SOURCE}:-{blake2b(whole, digest_size=16).hexdigest()}"


def _send(event: dict[str, Any]) -> int:
    number = event.get(SEND)
    if isinstance(number, str) and number.isascii() and number.isdigit():
        return int(number) if len(number) <= _LONGEST_NUMBER else 0
    return 0


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _short(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    return str(value)[:_LONGEST]


def _shown(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.replace("\0", "\ufffd")[:200]
