"""The outbox: which sends may go, who took them, and what became of them.

In: a connection from `side_by_side`, which is one transaction. Out: sends as plain values, and rows
that say where each of them stands. Never: composes, hands over, or asks what time it is.
"""

from flows.store.outbox.claims import (
    Claimed,
    claim,
    fail,
    put_back,
    put_off,
    side_by_side,
    stale_claims,
)
from flows.store.outbox.line import Foremost, domains, foremost, waiting, waiting_by_message
from flows.store.outbox.receipts import Result, record
from flows.store.outbox.shown import SendRecord, load_send

__all__ = [
    "Claimed",
    "Foremost",
    "Result",
    "SendRecord",
    "claim",
    "domains",
    "fail",
    "foremost",
    "load_send",
    "put_back",
    "put_off",
    "record",
    "side_by_side",
    "stale_claims",
    "waiting",
    "waiting_by_message",
]
