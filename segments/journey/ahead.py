"""Who will stand at a message soon, if nothing happens until then."""

from datetime import datetime

import numpy as np
import pandas as pd

from segments.journey.advance import Journeying
from segments.journey.happenings import Happenings
from segments.journey.moments import moment
from segments.journey.nodes import NodeKind, Program
from segments.journey.standing import ACTIVE, Standing, standing_of
from segments.state import Specs, State


def arrivals(
    standing: list[tuple[Program, pd.DataFrame]],
    state: State,
    specs: Specs,
    now: datetime,
    horizon: datetime,
) -> pd.DataFrame:
    """Those under way who come to a send by `horizon`, those who stand at one left out.

    Nothing new happens on the way: profiles and events are those of `now`, and nobody gets a
    task. A send behind another one is not looked at. `program_index` are places in `standing`.
    """
    return coming(standing_of(standing, state.profiles), state, specs, now, horizon)


def coming(
    standing: Standing,
    state: State,
    specs: Specs,
    now: datetime,
    horizon: datetime,
    among: np.ndarray | None = None,
) -> pd.DataFrame:
    """The same for enrollments that are arrays already, or for those at some places of them.

    Nothing of `standing` is changed.
    """
    at = soon(standing, standing.active() if among is None else among, horizon)
    at = at[~standing.at_kind(at, NodeKind.SEND)]
    people = standing.copy()
    if len(at):
        events = Happenings(state.events, moment(now))
        Journeying(people, state, specs, horizon, events).move(at, at[:0])
        at = at[people.at_kind(at, NodeKind.SEND) & (people.status[at] == ACTIVE)]
    names = ["customer_id", "enrollment_id", "journey", "version", "entry_key", "node"]
    rows = people.frame(at, [*names, "due_at"]).reset_index(drop=True)
    return rows.assign(program_index=people.program[at])


def soon(standing: Standing, at: np.ndarray, horizon: datetime) -> np.ndarray:
    """Which of these may go on by `horizon`: whoever waits for a date may long before the end."""
    over = standing.due[at] <= moment(horizon)
    found: np.ndarray = at[over | standing.at_kind(at, NodeKind.WAIT_UNTIL)]
    return found
