"""What people do with our messages: they arrive, are answered, clicked, refused, and work a bit."""

from typing import Any

import numpy as np
import pandas as pd

from flows.company import wording
from flows.company.chance import Array, pick_any
from flows.company.truth import OTHER_MESSAGE, TrueEffect, lifts
from segments.names import Locale, ResponseKind

LIFT_DAYS = TrueEffect().days
_BOUNCE, _SILENCE = 0.01, 0.01
ARRIVES = 1 - _BOUNCE - _SILENCE
"""The share of messages that arrive."""

_AFTER_DELIVERY = {
    ResponseKind.COMPLAINT: 0.0005,
    ResponseKind.UNSUBSCRIBE: 0.003,
    ResponseKind.REPLY: 0.02,
    ResponseKind.CLICK: 0.04,
}


def reactions(
    rng: np.random.Generator, locale: Locale, touched: pd.DataFrame, *, only_replies: bool = False
) -> tuple[list[dict[str, Any]], Array]:
    """What comes back on messages handed over, and which of them arrived.

    Takes send_id and sent_at, sorted by send_id; all moments lie within half a day of `sent_at`.
    With `only_replies` all of them have arrived, and somebody else tells what became of them.
    """
    count = len(touched)
    if only_replies:
        arrived = np.ones(count, dtype=bool)
        events, later = [], {ResponseKind.REPLY: _AFTER_DELIVERY[ResponseKind.REPLY]}
    else:
        fate = rng.random(count)
        arrived = fate >= _BOUNCE + _SILENCE
        events = _events(rng, touched, fate < _BOUNCE, ResponseKind.BOUNCE, 2)
        events += _events(rng, touched, arrived, ResponseKind.DELIVERED, 2)
        later = _AFTER_DELIVERY
    for kind, share in later.items():
        events += _events(rng, touched, arrived & (rng.random(count) < share), kind, 600)
    texts = pick_any(rng, wording.REPLIES[locale], len(events))
    for event, text in zip(events, texts, strict=True):
        if event["kind"] == ResponseKind.BOUNCE:
            event["detail"] = {"hard": True}
        elif event["kind"] == ResponseKind.REPLY:
            event["detail"] = {"text": text}
    return sorted(events, key=lambda event: (event["at"], event["key"])), arrived


def lift(messages: pd.Series) -> Array:
    """How much more often somebody orders after each of these messages, 0.35 being 35 %."""
    return messages.astype(object).map(dict(lifts())).fillna(OTHER_MESSAGE).to_numpy(float)


def _events(
    rng: np.random.Generator, touched: pd.DataFrame, of: Array, kind: ResponseKind, minutes: int
) -> list[dict[str, Any]]:
    sent = touched["sent_at"].dt.tz_convert(None).to_numpy("datetime64[s]")[of]
    # Nobody answers before the message is there: arrivals take up to two minutes, the rest longer.
    earliest = 5 if minutes <= 2 else 180
    at = sent + rng.integers(earliest, minutes * 60, len(sent)).astype("timedelta64[s]")
    return [
        {
            "key": f"nordholz-{send}-{kind}",
            "send": int(send),
            "kind": str(kind),
            "at": f"{moment}+00:00",
            "detail": {},
        }
        for send, moment in zip(touched["send_id"].to_numpy()[of], at, strict=True)
    ]
