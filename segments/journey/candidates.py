"""Every candidate gets exactly one outcome, with the reason and the values that decided."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

import numpy as np
import pandas as pd

from segments.journey.gate import FEW, Gate
from segments.journey.gates import gates
from segments.journey.gathering import Candidates, gather
from segments.journey.history import NOBODY
from segments.journey.program import Program
from segments.journey.upcoming import Ahead, nothing_ahead
from segments.names import Arm, JourneyStatus, Outcome, Review
from segments.state import Specs, State

Watch = Callable[[Candidates, list[Gate]], None]
"""Called with those who stand at a send and all gates, in the order they decide."""

_DTYPES = {
    "ref": "int64",
    "send_id": "Int64",
    "customer_id": "int64",
    "contact_id": "Int64",
    "journey": "str",
    "version": "str",
    "entry_key": "str",
    "node": "str",
    "message": "str",
    "purpose": "str",
    "basis": "str",
    "priority": "int64",
    "arm": "str",
    "shadow": "bool",
    "outcome": "str",
    "reason": "str",
    "outranked_by": "str",
    "why": "str",
    "review": "str",
    "not_before": "datetime64[us, UTC]",
    "due_at": "datetime64[us, UTC]",
    "valid_until": "datetime64[us, UTC]",
}


def decide_candidates(
    standing: Sequence[tuple[Program, pd.DataFrame]],
    state: State,
    specs: Specs,
    now: datetime,
    ahead: Ahead = nothing_ahead,
    watch: Watch | None = None,
) -> pd.DataFrame:
    """One row for each message and person at whose step an enrollment stands, with its outcome.

    `standing` holds active enrollments per program, their index is `ref`; profiles are in order of
    customer_id, which is their index. Columns: see `segments.state.Plan.sends`. `watch` is shown
    every gate, held against everybody.
    """
    found = gather(standing, state, specs, now)
    if found is None:
        return empty_sends()
    return _decided(found, state, specs, now, ahead, watch)


def empty_sends() -> pd.DataFrame:
    """No sends, with all columns."""
    return _none().copy(deep=False)


@cache
def _none() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in _DTYPES.items()})


def _decided(
    found: Candidates,
    state: State,
    specs: Specs,
    now: datetime,
    ahead: Ahead,
    watch: Watch | None,
) -> pd.DataFrame:
    watched = watch is not None
    in_order, not_before = gates(found, state, specs, now, ahead, everybody=watched)
    if watch is not None:
        watch(found, in_order)
    outcome, reason, why, by = (np.full(len(found), None, dtype=object) for _ in range(4))
    open_rows = np.arange(len(found))
    for gate in in_order:
        holds = gate.holds[open_rows]
        rows, open_rows = open_rows[holds], open_rows[~holds]
        if len(rows):
            outcome[rows] = gate.outcomes(rows)
            reason[rows] = gate.reasons(rows)
            why[rows] = gate.why(rows)
            if gate.by is not None:
                by[rows] = gate.by(rows)
    outcome[open_rows] = Outcome.QUEUED.value
    review = np.full(len(found), None, dtype=object)
    pending = found.each(lambda stand: stand.journey.status == JourneyStatus.REVIEW, bool)
    review[open_rows[pending[open_rows]]] = Review.PENDING.value
    arms = pd.array([Arm.TREATED.value, Arm.HELD_OUT.value], dtype="str")
    columns = {
        "ref": found.ref,
        "send_id": _integers(found.send_id),
        "customer_id": found.customers.numbers[found.who],
        "contact_id": _integers(found.contact_id),
        "journey": _words(found, [stand.program.name for stand in found.stands]),
        "version": _words(found, [stand.program.version for stand in found.stands]),
        "entry_key": found.entry_key,
        "node": _words(found, [stand.node.id for stand in found.stands]),
        "message": _texts(found.message),
        "purpose": _words(found, [stand.journey.purpose.value for stand in found.stands]),
        "basis": _texts(found.basis),
        "priority": found.each(lambda stand: stand.journey.priority, "int64"),
        "arm": arms.take(found.held_out.astype("int64")),
        "shadow": found.each(lambda stand: stand.shadow, bool),
        "outcome": _texts(outcome),
        "reason": _texts(reason),
        "outranked_by": _texts(by),
        "why": _texts(why),
        "review": _texts(review),
        "not_before": _moments(not_before),
        "due_at": _moments(found.due_at),
        "valid_until": _moments(found.valid_until),
    }
    return pd.DataFrame(columns, copy=False)


def _words(found: Candidates, words: list[str]) -> pd.api.extensions.ExtensionArray:
    return pd.array(words, dtype="str").take(found.stand)


def _texts(values: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """Texts as a column; empty ones are missing."""
    if len(values) < FEW:
        return pd.array([value or None for value in values], dtype="str")
    codes, words = pd.factorize(values)
    known = pd.array([word or None for word in words], dtype="str")
    return known.take(codes, allow_fill=True)


def _integers(values: np.ndarray) -> pd.api.extensions.ExtensionArray:
    return pd.arrays.IntegerArray(values, values == NOBODY)


def _moments(values: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(values, tz="UTC")
