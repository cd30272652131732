"""The heart: from what is so and what is written follows what is to be done."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd

from segments.journey.advance import advance, empty_tasks
from segments.journey.calendar import later
from segments.journey.candidates import decide_candidates
from segments.journey.enter import entries, membership_change, segments_entered_by
from segments.journey.program import Program
from segments.journey.standing import DTYPES, Standing, empty_standing
from segments.names import EnrollmentStatus, LeaveReason, Outcome
from segments.state import FRAMES, Plan, Specs, State

_ACTIVE = EnrollmentStatus.ACTIVE.value
_CHANGING = ["status", "reason", "node", "arrived_at", "due_at", "first_touch_at", "goal_at"]


def decide(state: State, specs: Specs, now: datetime) -> Plan:
    """What to do about every customer of this shard as of `now`.

    The order is the same for everyone: returned orders and exits, goals, entries, steps, then for
    whoever stands at a send the gates of `candidates`, and on to the next wait. Pure: the same
    arguments give the same plan, whatever the order of rows.
    """
    state = replace(state, profiles=_by_customer(state.profiles))
    zone = specs.policy.zone
    before = state.enrollments.reset_index(drop=True)
    standing = _by_program(before, specs)
    standing = [(program, _leave(program, rows, state, now, zone)) for program, rows in standing]
    standing += _entered(state, specs, now, first_ref=len(before))
    tasks = [empty_tasks()]
    standing = [
        (program, _advance(program, rows, state, now, zone, tasks)) for program, rows in standing
    ]
    sends = [decide_candidates(_active(standing), state, now, specs.policy)]
    # Whoever is through with one message may stand at the next: it is decided today as well, so
    # that deciding again changes nothing. Programs run forward, so this comes to an end.
    while True:
        decided = sends[-1]
        settled = decided[decided["outcome"] != Outcome.DEFERRED.value].set_index("ref")
        for place, (program, rows) in enumerate(standing):
            own = settled[settled.index.isin(rows.index)]
            if len(own):
                gone_on = _go_on(program, rows, own, now)
                standing[place] = program, _advance(program, gone_on, state, now, zone, tasks)
        if settled.empty:
            break
        state = replace(state, touches=_written_to(state.touches, decided, now))
        sends.append(decide_candidates(_active(standing, settled.index), state, now, specs.policy))
    after = _join([rows for _, rows in standing], before)
    joined, left = _members(state, specs)
    return Plan(
        enrollments=_changed(before, after),
        sends=pd.concat(sends, ignore_index=True),
        tasks=pd.concat(tasks, ignore_index=True),
        phases=_phases(state.profiles),
        joined=joined,
        left=left,
    )


def _by_customer(profiles: pd.DataFrame) -> pd.DataFrame:
    return profiles.set_index("customer_id", drop=False).rename_axis(None).sort_index()


def _by_program(before: pd.DataFrame, specs: Specs) -> list[tuple[Program, pd.DataFrame]]:
    """Enrollments with the program they are pinned to; those of journeys that rest stay put."""
    found = []
    for (journey, version), rows in before.groupby(["journey", "version"], sort=True):
        program = specs.program(str(journey), str(version))
        if program is not None:
            known = rows["node"].isin(list(program.positions))
            found.append((program, rows[known]))
    return found


def _leave(
    program: Program, rows: pd.DataFrame, state: State, now: datetime, zone: str
) -> pd.DataFrame:
    """Hard stops and exits first, then goals: who leaves for a bad reason did not succeed."""
    active = rows["status"].eq(_ACTIVE).to_numpy()
    returned = active & rows["order_returned"].fillna(False).to_numpy(dtype=bool)
    exits = active & Standing(rows, state.profiles).applies(program.exit_when) & ~returned
    stays = ~(returned | exits)
    goal = np.zeros(len(rows), dtype=bool)
    if program.journey.goal is not None and len(rows):
        until = later(rows["anchor_at"], program.journey.goal.within, zone)
        goal = (rows["next_order_at"] <= until).to_numpy(dtype=bool) & stays
    goal &= rows["goal_at"].isna().to_numpy()
    if not (returned | exits | goal).any():
        return rows
    rows = rows.copy()
    for mask, status, reason in (
        (returned, EnrollmentStatus.EXITED, LeaveReason.ORDER_RETURNED),
        (exits, EnrollmentStatus.EXITED, LeaveReason.EXIT_WHEN),
        (goal & active, EnrollmentStatus.FINISHED, LeaveReason.GOAL),
    ):
        rows.loc[mask, ["status", "reason"]] = [status.value, reason.value]
        rows.loc[mask, "left_at"] = pd.Timestamp(now)
    rows.loc[goal, "goal_at"] = rows.loc[goal, "next_order_at"]
    return rows


def _entered(
    state: State, specs: Specs, now: datetime, first_ref: int
) -> list[tuple[Program, pd.DataFrame]]:
    found = []
    for program in sorted(specs.programs, key=lambda program: program.name):
        rows = entries(program, state, specs, now)
        rows.index = pd.RangeIndex(first_ref, first_ref + len(rows))
        first_ref += len(rows)
        found.append((program, rows))
    return found


def _active(
    standing: list[tuple[Program, pd.DataFrame]], among: pd.Index | None = None
) -> list[tuple[Program, pd.DataFrame]]:
    active = [(program, rows[rows["status"] == _ACTIVE]) for program, rows in standing]
    if among is None:
        return active
    return [(program, rows[rows.index.isin(among)]) for program, rows in active]


def _written_to(touches: pd.DataFrame, sends: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """What took the customers' attention, the messages of this run included."""
    gone = sends[sends["outcome"].isin([Outcome.QUEUED.value, Outcome.GHOST.value])]
    fresh = gone.assign(at=pd.Timestamp(now), enrollment_id=pd.NA)
    columns = FRAMES["touches"]
    return pd.concat([touches, fresh[list(columns)].astype(columns)], ignore_index=True)


def _advance(
    program: Program,
    rows: pd.DataFrame,
    state: State,
    now: datetime,
    zone: str,
    tasks: list[pd.DataFrame],
) -> pd.DataFrame:
    """Move those under way, adding the tasks they meet."""
    active = rows["status"] == _ACTIVE
    if not active.any():
        return rows
    going, met = advance(program, rows[active], state.profiles, now, zone)
    tasks += met
    return going if active.all() else pd.concat([rows[~active], going])


def _go_on(
    program: Program, rows: pd.DataFrame, settled: pd.DataFrame, now: datetime
) -> pd.DataFrame:
    """Whoever got a message, a ghost or a final no moves to the next node as of now."""
    rows = rows.copy()
    onward = {node.id: program.nodes[node.next].id for node in program.nodes}
    rows.loc[settled.index, "node"] = settled["node"].map(onward).astype("str")
    rows.loc[settled.index, ["arrived_at", "due_at"]] = pd.Timestamp(now)
    touched = settled.index[settled["outcome"].isin([Outcome.QUEUED.value, Outcome.GHOST.value])]
    rows.loc[touched, "first_touch_at"] = rows.loc[touched, "first_touch_at"].fillna(
        pd.Timestamp(now)
    )
    return rows


def _join(parts: list[pd.DataFrame], before: pd.DataFrame) -> pd.DataFrame:
    parts = [part for part in parts if len(part)]
    return pd.concat(parts).sort_index() if parts else before.head(0)


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Those who entered, and those under way for whom anything is different now."""
    if after.empty:
        return empty_standing().assign(ref=pd.Series(dtype="int64"))
    new = after["enrollment_id"].isna()
    old = after[~new]
    was = before.loc[old.index, _CHANGING]
    now = old[_CHANGING]
    differs = ((now != was) & ~(now.isna() & was.isna())).any(axis=1)
    kept = pd.concat([old[differs.to_numpy(dtype=bool)], after[new]])
    return kept.assign(ref=kept.index)[["ref", *DTYPES]].astype(DTYPES)


def _members(state: State, specs: Specs) -> tuple[pd.DataFrame, pd.DataFrame]:
    joined, left = [], []
    for name in sorted({s for p in specs.programs if (s := segments_entered_by(p))}):
        came, went = membership_change(name, state, specs)
        joined.append(pd.DataFrame({"segment": name, "customer_id": came}))
        left.append(pd.DataFrame({"segment": name, "customer_id": went}))
    empty = pd.DataFrame(
        {"segment": pd.Series(dtype="str"), "customer_id": pd.Series(dtype="int64")}
    )
    return (
        pd.concat([empty, *joined], ignore_index=True),
        pd.concat([empty, *left], ignore_index=True),
    )


def _phases(profiles: pd.DataFrame) -> pd.DataFrame:
    before = profiles[["phase_before", "quadrant_before"]]
    now = profiles[["phase", "quadrant"]]
    differs = (before.fillna("").to_numpy() != now.fillna("").to_numpy()).any(axis=1)
    columns = ["customer_id", "phase_before", "phase", "quadrant"]
    changed: pd.DataFrame = profiles.loc[differs, columns]
    return changed.reset_index(drop=True)
