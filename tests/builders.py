"""Small frames and specs for tests of deciding, with everything unsaid left ordinary."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from segments.frames import PROFILE, Kind
from segments.journey.program import Program, compile_journey
from segments.journey.standing import empty_standing
from segments.policy import Policy
from segments.rules import Rule, compile_rule
from segments.spec import Journey
from segments.state import FRAMES, Plan, Specs, State

NOW = datetime(2026, 6, 15, 5, 0, tzinfo=UTC)
"""A Monday, 7 o'clock in Berlin."""

_TYPES = {
    Kind.TEXT: "str",
    Kind.WORD: "str",
    Kind.INTEGER: "Int64",
    Kind.MONEY: "Int64",
    Kind.NUMBER: "Float64",
    Kind.FLAG: "boolean",
    Kind.MOMENT: "datetime64[us, UTC]",
}


def ago(days: float, now: datetime = NOW) -> datetime:
    """So many days before now."""
    return now - timedelta(days=days)


def profiles(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Profiles; each row needs no more than what the test is about."""
    plain = {
        "orders": 1,
        "open_complaints": 0,
        "phase": "exploration",
        "phase_before": "exploration",
        "quadrant": "small",
        "quadrant_before": "small",
        "abc": "C",
        "reassurance": "light",
        "region": "DE-NW",
    }
    filled = [
        {"customer_key": f"K{number}", **plain, "customer_id": number, **row}
        for number, row in enumerate(rows, start=1)
    ]
    frame = pd.DataFrame(filled)
    kinds = {name: _TYPES[column.kind] for name, column in PROFILE.items()}
    for name, dtype in kinds.items():
        frame[name] = (frame[name] if name in frame else pd.Series(None, index=frame.index)).astype(
            dtype
        )
    return frame.astype(
        {
            "customer_id": "int64",
            "customer_key": "str",
            "phase_before": "str",
            "quadrant_before": "str",
            "region": "str",
        }
    )


def contacts(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Contacts who agreed to advertising, unless a row says otherwise."""
    plain = {
        "role": "buyer",
        "has_address": True,
        "suppressed": False,
        "suppressed_advertising": False,
        "suppressed_survey": False,
        "consent_advertising": True,
        "consent_survey": True,
        "unconfirmed_advertising": False,
        "unconfirmed_survey": False,
        "used_advertising": ago(30),
        "used_survey": ago(30),
        "objected": False,
    }
    frame = pd.DataFrame(
        [
            {"contact_id": 100 + number, "customer_id": number, **plain, **row}
            for number, row in enumerate(rows, start=1)
        ],
        columns=["contact_id", "customer_id", *plain],
    )
    flags = {name: "bool" for name, value in plain.items() if isinstance(value, bool)}
    moments = dict.fromkeys(["used_advertising", "used_survey"], _TYPES[Kind.MOMENT])
    return frame.astype(
        {"contact_id": "Int64", "customer_id": "int64", "role": "str", **flags, **moments}
    )


def orders(*rows: Mapping[str, Any], now: datetime = NOW) -> pd.DataFrame:
    """Orders of today, 1,000 in money, of customer 1, unless a row says otherwise."""
    plain = {
        "customer_id": 1,
        "contact_id": None,
        "ordered_at": ago(0.1, now),
        "order_value": 100_000,
        "order_category": "chairs",
        "order_discounted": False,
        "order_returned": False,
        "categories": "chairs",
        "products": "",
    }
    frame = pd.DataFrame(
        [
            {**plain, "purchase_id": number, "order_key": f"A{number}", **row}
            for number, row in enumerate(rows, start=1)
        ],
        columns=[*plain, "purchase_id", "order_key"],
    )
    return frame.astype(
        {
            "customer_id": "int64",
            "contact_id": "Int64",
            "purchase_id": "Int64",
            "order_key": "str",
            "ordered_at": "datetime64[us, UTC]",
            "order_value": "Int64",
            "order_category": "str",
            "order_discounted": "boolean",
            "order_returned": "boolean",
            "categories": "str",
            "products": "str",
        }
    )


def state(
    people: pd.DataFrame,
    *,
    to: pd.DataFrame | None = None,
    bought: pd.DataFrame | None = None,
    under_way: pd.DataFrame | None = None,
    **more: Any,
) -> State:
    """A state; each customer has one contact who agreed, unless `to` says otherwise."""
    reached = [{"customer_id": int(number)} for number in people["customer_id"]]
    under_way = empty_standing() if under_way is None else under_way
    more |= {name: frame(name, *more[name]) for name in FRAMES if name in more}
    return State(
        **{
            "profiles": people,
            "contacts": contacts(*reached) if to is None else to,
            "orders": orders() if bought is None else bought,
            "enrollments": under_way,
            "past": under_way[["customer_id", "journey", "entry_key", "entered_at", "left_at"]],
            "deferred": pd.DataFrame(
                {
                    "send_id": pd.Series(dtype="Int64"),
                    "enrollment_id": pd.Series(dtype="Int64"),
                    "node": pd.Series(dtype="str"),
                    "contact_id": pd.Series(dtype="Int64"),
                }
            ),
            "members": pd.DataFrame(
                {"segment": pd.Series(dtype="str"), "customer_id": pd.Series(dtype="int64")}
            ),
            **more,
        }
    )


def frame(name: str, *rows: Mapping[str, Any]) -> pd.DataFrame:
    """One of the smaller frames of a state; what a row leaves out is missing, or empty text."""
    columns = FRAMES[name]
    texts = {column: "" for column, dtype in columns.items() if dtype == "str"}
    return pd.DataFrame([{**texts, **row} for row in rows], columns=list(columns)).astype(columns)


def journey(name: str = "care", **more: Any) -> dict[str, Any]:
    """A live service journey that writes at once after every order."""
    return {
        "journey": name,
        "title": name,
        "status": "live",
        "purpose": "service",
        "enter": {"on": "order", "again": "per_order"},
        "steps": [{"send": "thanks"}],
        **more,
    }


def program(segments: Mapping[str, Rule] | None = None, **more: Any) -> Program:
    """A compiled journey."""
    return compile_journey(Journey.model_validate(journey(**more)), segments or {})


def specs(
    *journeys: Mapping[str, Any],
    segments: Mapping[str, str] | None = None,
    started: datetime | None = None,
    **policy: Any,
) -> Specs:
    """Compiled journeys that have been running since long ago."""
    rules = {name: compile_rule(text, PROFILE) for name, text in (segments or {}).items()}
    programs = tuple(
        compile_journey(Journey.model_validate(journey(**each)), rules) for each in journeys
    )
    return Specs(
        Policy(**policy),
        programs,
        rules,
        started={each.name: started or ago(400) for each in programs},
    )


def going_on(plan: Plan, before: pd.DataFrame | None = None, *, first_id: int = 1) -> pd.DataFrame:
    """The enrollments as the store would hand them out after writing this plan."""
    rows = plan.enrollments.drop(columns="ref")
    new = rows["enrollment_id"].isna()
    numbers = pd.Series(range(first_id, first_id + len(rows)), index=rows.index, dtype="Int64")
    rows = rows.assign(enrollment_id=rows["enrollment_id"].fillna(numbers.where(new)))
    if before is not None:
        rows = pd.concat([before[~before["enrollment_id"].isin(rows["enrollment_id"])], rows])
    return rows.reset_index(drop=True)
