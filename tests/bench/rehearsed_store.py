"""A made-up company in a real store, so that what the store adds up can be held against it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from flows.company.twins import Twins
from flows.store.bulk import insert_rows
from flows.store.effects import effect_windows
from flows.store.session import writing
from flows.store.terms import Term
from segments.costs import CostPolicy
from segments.effect.sums import FIGURES, sums_of
from segments.names import Yardstick

COSTS = CostPolicy.model_validate({"message": 0, "order": 0, "return": 0})


def kept(engine: Engine, twins: Twins) -> None:
    """Write who was touched when, and what they ordered, as a plan and a pull would have."""
    people = twins.people.assign(id=np.arange(1, len(twins.people) + 1))
    touched = _moment(people["touched_at"])
    run = pd.DataFrame(
        {"id": [1], "kind": ["plan"], "as_of": touched.min(), "started_at": touched.min()}
    )
    enrollments = pd.DataFrame(
        {
            "id": people["id"],
            "customer_id": people["id"],
            "journey": people["journey"],
            "version": "v1",
            "entry_key": "first",
            "arm": people["arm"],
            "status": "finished",
            "node": "end",
            **dict.fromkeys(
                ("arrived_at", "due_at", "anchor_at", "entered_at", "first_touch_at"), touched
            ),
            "run_id": 1,
            "outcome_seconds": twins.window * 86_400,
            "drawn_share": twins.share,
        }
    )
    with writing(engine) as connection:
        insert_rows(connection, "run", run.assign(counts="{}"))
        insert_rows(connection, "customer", people[["id"]].assign(key=people["customer"]))
        insert_rows(connection, "enrollment", enrollments)
        insert_rows(connection, "purchase", _purchases(twins, people))


def summed(engine: Engine, twins: Twins, now: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the store adds up, and what the company knows of itself, row by row alike."""
    with engine.begin() as connection:
        sums = effect_windows(connection, [Term(now - timedelta(days=9999), COSTS, 0.0)], now).sums(
            now
        )
    outcomes = (Yardstick.GOAL, Yardstick.MARGIN, Yardstick.ORDERS, Yardstick.REVENUE)
    wanted = [
        sums_of(units[units["settled_at"] <= pd.Timestamp(now).tz_localize(None)], outcome=outcome)
        for outcome in outcomes
        for units in [twins.units(outcome).drop(columns="outcome", errors="ignore")]
    ]
    return _ordered(sums[sums["outcome"].isin(outcomes)]), _ordered(pd.concat(wanted))


def _purchases(twins: Twins, people: pd.DataFrame) -> pd.DataFrame:
    lines, orders = twins.lines, twins.orders
    cents = (lines["unit_price"] * 100).round() * lines["quantity"]
    cost = (lines["unit_cost"] * 100).round() * lines["quantity"]
    number = dict(zip(people["customer"], people["id"], strict=True))
    return pd.DataFrame(
        {
            "id": np.arange(1, len(orders) + 1),
            "key": orders["order"].to_numpy(),
            "customer_id": orders["customer"].map(number).to_numpy(),
            "ordered_at": _moment(orders["ordered_at"]).to_numpy(),
            "cancelled_at": _moment(orders["cancelled_at"]).to_numpy(),
            "kind": orders["kind"].to_numpy(),
            "currency": "EUR",
            "total": cents.groupby(lines["order"]).sum().reindex(orders["order"]).to_numpy(int),
            "cost": cost.groupby(lines["order"]).sum().reindex(orders["order"]).to_numpy(int),
        }
    )


def _moment(local: pd.Series) -> pd.Series:
    return pd.to_datetime(local).dt.as_unit("us").dt.tz_localize(UTC)


def _ordered(sums: pd.DataFrame) -> pd.DataFrame:
    whole = sums[sums["part"].isna()].sort_values(["journey", "outcome", "arm"])
    columns = ["journey", "outcome", "arm", *FIGURES]
    return whole[columns].reset_index(drop=True)
