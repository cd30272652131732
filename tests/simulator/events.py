"""What SendGrid tells of a message: the events of its Event Webhook."""

import base64
from datetime import UTC, datetime
from typing import Any

from tests.simulator.behaviour import REASONS, delay
from tests.simulator.messages import Message

IP = "192.0.2.25"
_READER = "198.51.100.7"
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_CLASSES = {
    "bounce": "Invalid Address",
    "async_bounce": "Mailbox Unavailable",
    "blocked": "Mailbox Unavailable",
}
_BOUNCES = ("bounce", "async_bounce", "blocked")
_WITH_SMTP_ID = ("processed", "deferred", "delivered", "dropped", "cancel_drop", *_BOUNCES)
_ASYNC = "async_bounce"


def timeline(message: Message) -> list[tuple[float, dict[str, Any]]]:
    """All events of a message with their moments, as Email Logs show them.

    The webhook has the custom arguments at the top level: see `merged`.
    """
    leaves = message.left
    if leaves is None:
        return []
    kinds = message.fate
    if kinds[0] not in ("dropped", "cancel_drop"):
        kinds = ("processed", *kinds)
    if _ASYNC in kinds and "delivered" not in kinds:
        at = kinds.index(_ASYNC)
        kinds = (*kinds[:at], "delivered", *kinds[at:])
    found = []
    for place, kind in enumerate(kinds):
        at = leaves if kind == "processed" else leaves + delay(kind, message.fate)
        found.append((at, _event(message, kind, place, at)))
    return found


def merged(event: dict[str, Any]) -> dict[str, Any]:
    """The event as the webhook posts it. Names of SendGrid's own win over ours."""
    own = {name: value for name, value in event.items() if name != "custom_args"}
    return {**event.get("custom_args", {}), **own}


def is_late_bounce(event: dict[str, Any]) -> bool:
    """Whether the message came back after it had been delivered."""
    return bool(event.get("status") == REASONS[_ASYNC][1])


def status(message: Message, now: float) -> str:
    """The status Email Logs give a message by now."""
    word = "processed"
    for at, event in timeline(message):
        if at > now:
            continue
        kind = event["event"]
        if kind in ("delivered", "open", "click"):
            word = "delivered"
        elif kind == "deferred":
            word = "deferred"
        elif kind == "bounce":
            word = "blocked" if event["type"] == "blocked" else "bounced"
        elif kind in ("dropped", "cancel_drop"):
            word = "dropped"
    return word


def _event(message: Message, kind: str, place: int, at: float) -> dict[str, Any]:
    name = "bounce" if kind in _BOUNCES else kind
    event: dict[str, Any] = {
        "email": message.email,
        "timestamp": int(at),
        "event": name,
        "sg_event_id": _event_id(message, kind, place),
        "sg_message_id": message.sg_message_id,
    }
    if message.categories:
        event["category"] = list(message.categories)
    if message.custom_args:
        event["custom_args"] = dict(message.custom_args)
    if kind in _WITH_SMTP_ID:
        event["smtp-id"] = message.smtp_id
    if message.group_id is not None and kind not in ("spamreport", "unsubscribe"):
        event["asm_group_id"] = message.group_id
    if kind == "processed":
        if message.send_at is not None:
            event["send_at"] = message.send_at
        if message.pool is not None:
            event["pool"] = {"name": message.pool, "id": "1"}
    elif kind == "deferred":
        event |= {
            "response": "451 4.7.1 Greylisting in action, please come back later",
            "attempt": "0",
            "ip": IP,
            "tls": 1,
            "domain": message.email.rpartition("@")[2],
        }
    elif kind == "delivered":
        event |= {"response": "250 2.0.0 OK", "ip": IP, "tls": 1}
    elif kind in _BOUNCES:
        reason, code = REASONS[kind]
        event |= {
            "reason": reason,
            "status": code,
            "type": "blocked" if kind == "blocked" else "bounce",
            "bounce_classification": _CLASSES[kind],
            "ip": IP,
            "tls": 1,
        }
    elif kind in ("dropped", "cancel_drop"):
        event["reason"] = message.reason or "Invalid"
    else:
        event |= _reaction(message, kind, at)
    return event


def _reaction(message: Message, kind: str, at: float) -> dict[str, Any]:
    if kind == "open":
        return {"ip": _READER, "useragent": _BROWSER, "sg_content_type": "html"}
    if kind == "click":
        return {
            "ip": _READER,
            "useragent": _BROWSER,
            "url": message.link or "https://example.com/",
            "url_offset": {"index": 0, "type": "html"},
        }
    if kind == "group_unsubscribe":
        return {"ip": _READER, "useragent": _BROWSER}
    if kind == "unsubscribe":
        return {"date": datetime.fromtimestamp(at, UTC).date().isoformat()}
    return {}


def _event_id(message: Message, kind: str, place: int) -> str:
    name = f"{kind}-{place}-{message.request_id}-{message.number}".encode()
    return base64.urlsafe_b64encode(name).rstrip(b"=").decode()
