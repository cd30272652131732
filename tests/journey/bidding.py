"""Customers standing at messages, with everything unsaid left ordinary."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from segments.journey.candidates import decide_candidates
from segments.journey.program import Program
from segments.journey.standing import DTYPES
from segments.journey.upcoming import Ahead, nothing_ahead
from segments.state import Specs, State
from tests.builders import NOW, profiles, state

ANY_TIME = {"hours": dict.fromkeys(["service", "advertising", "survey", "legal"], "any time")}

Rows = Iterable[Mapping[str, Any]]


def standing(specs: Specs, rows: Rows, now: datetime = NOW) -> list[tuple[Program, pd.DataFrame]]:
    """Enrollments of customer 1 that reached their message now, unless a row says otherwise."""
    filled = [
        {
            **dict.fromkeys(DTYPES),
            "enrollment_id": number,
            "customer_id": 1,
            "entry_key": "A1",
            "arm": "treated",
            "status": "active",
            "node": "thanks",
            "due_at": now,
            **row,
        }
        for number, row in enumerate(rows, start=1)
    ]
    frame = pd.DataFrame(filled, columns=list(DTYPES)).astype(DTYPES)
    return [
        (program, frame[(frame["journey"] == program.name) | frame["journey"].isna()])
        for program in specs.programs
    ]


def base(people: pd.DataFrame | None = None, **more: Any) -> State:
    """A state whose profiles are in order, as deciding has them."""
    people = profiles({}) if people is None else people
    found = state(people, **more)
    return State(**{**vars(found), "profiles": people.set_index("customer_id", drop=False)})


def bid(
    specs: Specs,
    *rows: Mapping[str, Any],
    now: datetime = NOW,
    people: pd.DataFrame | None = None,
    ahead: Ahead = nothing_ahead,
    **more: Any,
) -> pd.DataFrame:
    """The sends by journey; rows default to one enrollment in each journey."""
    rows = rows or tuple({"journey": program.name} for program in specs.programs)
    frames = standing(specs, rows, now)
    sends = decide_candidates(frames, base(people, **more), specs, now, ahead)
    return sends.set_index("journey", drop=False)


def told(sends: pd.DataFrame, journey: str) -> list[Any]:
    """outcome, reason and why of a journey's only message."""
    row = sends.loc[journey, ["outcome", "reason", "why"]].astype(object)
    return list(row.where(row.notna(), None))


def coming(*rows: Mapping[str, Any]) -> Ahead:
    """Who comes to a message soon, of the customers asked about and by the moment asked about."""
    frame = pd.DataFrame(
        [
            {
                "customer_id": 1,
                "enrollment_id": 90,
                "entry_key": "A9",
                "version": "",
                "node": "thanks",
                **row,
            }
            for row in rows
        ]
    ).astype({"enrollment_id": "Int64", "due_at": "datetime64[us, UTC]"})

    def ahead(customers: np.ndarray, until: datetime) -> pd.DataFrame:
        asked = frame["customer_id"].isin(customers) & (frame["due_at"] <= pd.Timestamp(until))
        return frame[asked]

    return ahead
