"""Who will stand at a message soon, if nothing happens until then."""

from datetime import datetime

import numpy as np
import pandas as pd

from segments.journey.advance import Journeying
from segments.journey.happenings import Happenings
from segments.journey.moments import moment, zoned
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
    people = standing_of(standing, state.profiles)
    at = people.active()
    at = at[~people.at_kind(at, NodeKind.SEND) & (people.due[at] <= moment(horizon))]
    if len(at):
        events = Happenings(state.events, moment(now))
        Journeying(people, state, specs, horizon, events).move(at, at[:0])
        at = at[people.at_kind(at, NodeKind.SEND) & (people.status[at] == ACTIVE)]
    return _told(people, at)


def _told(people: Standing, at: np.ndarray) -> pd.DataFrame:
    rows = people.frame(at)
    names = ["customer_id", "enrollment_id", "journey", "version", "entry_key", "node"]
    told: pd.DataFrame = rows[names].assign(
        due_at=zoned(people.due[at]).array, program_index=people.program[at]
    )
    return told.reset_index(drop=True)
