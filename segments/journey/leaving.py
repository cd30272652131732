"""Who is no longer to travel on: hard stops, exits and goals; and what a new version does."""

from datetime import datetime

import numpy as np
import pandas as pd

from segments.journey.moments import NEVER, moment, plain
from segments.journey.nodes import Program
from segments.journey.standing import ACTIVE, EXITED, FINISHED, Standing, standing_of
from segments.names import LeaveReason, Migrate
from segments.state import Specs, State


def leaving(
    program: Program, rows: pd.DataFrame, state: State, specs: Specs, now: datetime
) -> pd.DataFrame:
    """Enrollments of one program with whoever has to leave as of `now` taken out.

    status, reason, left_at and goal_at are set as a run of deciding would; the index stays. It
    needs the profiles of the customers, indexed by customer_id, and no more of the state.
    """
    standing = standing_of([(program, rows)], state.profiles)
    leave(standing, specs, moment(now))
    return standing.frame(np.arange(len(rows))).set_axis(rows.index)


def leave(standing: Standing, specs: Specs, now: np.datetime64) -> None:
    """Hard stops and exits first, then goals: who leaves for a bad reason did not succeed."""
    at = standing.active()
    returned = standing.rows["order_returned"].array.take(at).to_numpy(dtype=bool, na_value=False)
    standing.leave(at[returned], EXITED, LeaveReason.ORDER_RETURNED, now)
    at = at[~returned]
    numbers = standing.program[at]
    for number, program in enumerate(standing.programs):
        if program.exit_when is None:
            continue
        here = at[numbers == number]
        exits = here[standing.facts.holds(program.exit_when, here)]
        standing.leave(exits, EXITED, LeaveReason.EXIT_WHEN, now)
    _reach_goals(standing, specs, now)


def migrate(standing: Standing, specs: Specs, now: np.datetime64) -> np.ndarray:
    """Do with those in earlier versions what their journey says. Returns who begins anew.

    Who begins anew stands at the first step as of now, with no flag set; the moment that started
    the enrollment stays.
    """
    rows = standing.rows
    restarted = [np.zeros(0, dtype="int64")]
    under_way = standing.status == ACTIVE
    names, versions = rows["journey"], rows["version"]
    for number, program in enumerate(standing.programs):
        rule = program.journey.migrate
        if rule == Migrate.KEEP or program not in specs.programs:
            continue
        at = np.flatnonzero(
            under_way
            & (names == program.name).to_numpy(dtype=bool)
            & (versions != program.version).to_numpy(dtype=bool)
            & (standing.where >= 0)
        )
        if rule == Migrate.EXIT:
            standing.leave(at, EXITED, LeaveReason.NEW_VERSION, now)
            continue
        standing.program[at], standing.position[at] = number, 0
        standing.arrived[at] = standing.marked[at] = now
        standing.due[at] = NEVER
        standing.flags.clear(at)
        standing.moved_version[at] = True
        restarted.append(at)
    return np.concatenate(restarted)


def _reach_goals(standing: Standing, specs: Specs, now: np.datetime64) -> None:
    """An order in time is a success, also for who has come to the end before it."""
    bought = plain(standing.rows["next_order_at"])
    open_ = (standing.status != EXITED) & np.isnat(standing.goal) & ~np.isnat(bought)
    at = np.flatnonzero(open_ & (standing.program >= 0))
    numbers = standing.program[at]
    for number in np.unique(numbers):
        goal = standing.programs[number].journey.goal
        if goal is None:
            continue
        here = at[numbers == number]
        until = specs.calendar.later(standing.anchor[here], goal.within, standing.regions(here))
        in_time = (bought[here] <= until) & (bought[here] <= now)
        reached = here[in_time]
        standing.goal[reached] = bought[reached]
        active = reached[standing.status[reached] == ACTIVE]
        standing.leave(active, FINISHED, LeaveReason.GOAL, now)
