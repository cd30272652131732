"""Who enters a journey today: trigger, rule, re-entry, and the arm of the comparison."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from segments.frames import ORDER
from segments.journey.calendar import day_start, last_occurrence, later, local_day
from segments.journey.holdout import arms
from segments.journey.program import Program
from segments.journey.standing import DTYPES, Standing, empty_standing
from segments.names import EnrollmentStatus, Trigger
from segments.state import Specs, State

_CATCH_UP = timedelta(days=3)
"""A schedule that fell on a day nobody ran is caught up with for this long."""


def entries(program: Program, state: State, specs: Specs, now: datetime) -> pd.DataFrame:
    """New enrollments of one journey, standing at its first node: the columns of `DTYPES`.

    What lies before the journey was started, or further back than `late_data`, starts nobody.
    """
    found = _TRIGGERS[program.journey.enter.on](program, state, specs, now)
    if found.empty:
        return empty_standing()
    rows = _rows(found, program, now)
    standing = Standing(rows, state.profiles)
    returned = rows["order_returned"].fillna(False).to_numpy(dtype=bool)
    wanted = ~(standing.applies(program.exit_when) | returned)
    if program.enter_when is not None:
        wanted &= standing.applies(program.enter_when)
    rows = _not_again(rows[wanted], program, state, now, specs.policy.zone)
    keys = state.profiles["customer_key"].loc[rows["customer_id"]]
    return rows.assign(arm=pd.array(arms(keys, program.journey, specs.policy), dtype="str"))


def segments_entered_by(program: Program) -> str | None:
    """The segment whose members this journey watches."""
    return program.journey.enter.segment


def _by_order(program: Program, state: State, specs: Specs, now: datetime) -> pd.DataFrame:
    since = _since(program, specs, now)
    orders = state.orders[
        (state.orders["ordered_at"] >= since) & (state.orders["ordered_at"] <= now)
    ]
    return orders.rename(columns={"order_key": "entry_key", "ordered_at": "anchor_at"})


def _by_phase(program: Program, state: State, specs: Specs, now: datetime) -> pd.DataFrame:
    profiles = state.profiles
    wanted = program.journey.enter.phase
    entered = (
        (profiles["phase"] == wanted)
        & profiles["phase_before"].notna()
        & (profiles["phase_before"] != wanted)
    )
    return _today(profiles.index[entered.to_numpy(dtype=bool)], specs, now)


def _by_segment(program: Program, state: State, specs: Specs, now: datetime) -> pd.DataFrame:
    name = str(program.journey.enter.segment)
    if name not in state.filled:
        return empty_standing()
    joined, left = membership_change(name, state, specs)
    return _today(joined if program.journey.enter.turn == "entering" else left, specs, now)


def _by_schedule(program: Program, state: State, specs: Specs, now: datetime) -> pd.DataFrame:
    enter, zone = program.journey.enter, specs.policy.zone
    today = local_day(now, zone)
    falls = last_occurrence(str(enter.every), enter.day, today)
    missed = state.previous_run is not None and local_day(state.previous_run, zone) < falls
    started = local_day(specs.started.get(program.name, now), zone)
    if falls < started or (falls != today and not (missed and today - falls <= _CATCH_UP)):
        return empty_standing()
    return _today(state.profiles.index, specs, now).assign(entry_key=falls.isoformat())


_TRIGGERS: dict[Trigger, Callable[[Program, State, Specs, datetime], pd.DataFrame]] = {
    Trigger.ORDER: _by_order,
    Trigger.PHASE: _by_phase,
    Trigger.SEGMENT: _by_segment,
    Trigger.SCHEDULE: _by_schedule,
}


def membership_change(name: str, state: State, specs: Specs) -> tuple[pd.Index, pd.Index]:
    """Customers who came into and who fell out of a segment since the last run."""
    profiles = state.profiles
    inside = profiles.index[specs.segments[name].applies(profiles)]
    before = pd.Index(state.members.loc[state.members["segment"] == name, "customer_id"])
    return inside.difference(before), before.intersection(profiles.index).difference(inside)


def _since(program: Program, specs: Specs, now: datetime) -> datetime:
    """From when on events count: the day the journey was started, but not longer than late data."""
    zone = specs.policy.zone
    started = day_start(local_day(specs.started.get(program.name, now), zone), zone)
    lateness = now - timedelta(days=specs.policy.late_data.days)
    return max(started, lateness).astimezone(UTC)


def _today(customers: pd.Index, specs: Specs, now: datetime) -> pd.DataFrame:
    day = local_day(now, specs.policy.zone).isoformat()
    return pd.DataFrame(
        {"customer_id": np.asarray(customers, dtype="int64"), "entry_key": day}
    ).assign(anchor_at=pd.Timestamp(now))


def _rows(found: pd.DataFrame, program: Program, now: datetime) -> pd.DataFrame:
    anchor = pd.Series(found["anchor_at"].array).astype("datetime64[us, UTC]")
    rows = pd.DataFrame(index=range(len(found)), columns=list(DTYPES))
    rows = rows.assign(
        customer_id=found["customer_id"].to_numpy(),
        journey=program.name,
        version=program.version,
        entry_key=found["entry_key"].to_numpy(),
        status=EnrollmentStatus.ACTIVE.value,
        node=program.nodes[0].id,
        arrived_at=anchor,
        due_at=anchor,
        anchor_at=anchor,
        entered_at=pd.Timestamp(now),
    )
    for column in ("purchase_id", "contact_id", *ORDER):
        if column in found:
            rows[column] = found[column].array
    return rows.astype(DTYPES)


def _not_again(
    rows: pd.DataFrame, program: Program, state: State, now: datetime, zone: str
) -> pd.DataFrame:
    """Leave out whoever is in already for this reason, or may not come back yet."""
    again = program.journey.enter.reentry
    past = state.past[state.past["journey"] == program.name]
    keys = pd.MultiIndex.from_frame(rows[["customer_id", "entry_key"]])
    known = keys.isin(pd.MultiIndex.from_frame(past[["customer_id", "entry_key"]]))
    rows = rows[~known].sort_values(["customer_id", "anchor_at", "entry_key"])
    if again.mode == "per_order":
        return rows.drop_duplicates(["customer_id", "entry_key"])
    # Whoever left only today was still in it when the day began: a second run must not let them
    # in where the first did not.
    busy = past["left_at"].isna() | (past["left_at"] >= day_start(local_day(now, zone), zone))
    if again.span is None:
        busy |= True
    else:
        busy |= later(past["entered_at"], again.span, "UTC") > now
    rows = rows[~rows["customer_id"].isin(past.loc[busy, "customer_id"])]
    return rows.drop_duplicates("customer_id")
