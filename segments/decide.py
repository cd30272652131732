"""The heart: from what is so and what is written follows what is to be done."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd

from segments.journey.advance import Journeying
from segments.journey.ahead import coming, soon
from segments.journey.candidates import Watch, decide_candidates
from segments.journey.enter import Entries, entries, segments_entered_by
from segments.journey.happenings import Happenings
from segments.journey.leaving import leave, migrate
from segments.journey.moments import moment
from segments.journey.nodes import NodeKind
from segments.journey.occasions import Occasions
from segments.journey.standing import DTYPES, Standing
from segments.journey.upcoming import Ahead
from segments.names import Outcome
from segments.state import FRAMES, Plan, Specs, State

_TOUCHED = [Outcome.QUEUED.value, Outcome.GHOST.value]


def decide(state: State, specs: Specs, now: datetime, watch: Watch | None = None) -> Plan:
    """What to do about every customer of this shard as of `now`.

    The order is the same for everyone: returned orders and exits, goals, new versions, entries,
    steps, then for whoever stands at a send the gates of `candidates`, and on to the next wait.
    Pure: the same arguments give the same plan, whatever the order of rows. `watch` is shown the
    gates, for whoever wants to know why.
    """
    state = replace(state, profiles=_by_customer(state.profiles))
    events = Happenings(state.events, moment(now))
    occasions = Occasions(state, specs, now, events)
    entered = entries(state, specs, occasions)
    standing, before = _standing(state, specs, entered)
    leave(standing, specs, moment(now))
    restarted = migrate(standing, specs, moment(now))
    journeying = Journeying(standing, state, specs, now, events)
    journeying.move(standing.active(), np.union1d(restarted, np.arange(before, len(standing))))
    sends = _decide_sends(standing, journeying, state, specs, now, watch)
    joined, left = _members(occasions)
    changed = standing.changed()
    enrollments = standing.frame(changed)
    enrollments.insert(0, "ref", changed)
    return Plan(
        enrollments=enrollments,
        sends=sends,
        tasks=journeying.tasks(),
        phases=_phases(state.profiles),
        joined=joined,
        left=left,
        backfilled=entered.backfilled,
    )


def _by_customer(profiles: pd.DataFrame) -> pd.DataFrame:
    return profiles.set_index("customer_id", drop=False).rename_axis(None).sort_index()


def _standing(state: State, specs: Specs, entered: Entries) -> tuple[Standing, int]:
    """Enrollments with the programs they are pinned to, then those who enter; how many were there.

    Those of journeys that rest, or of versions that are not known any more, stay where they are.
    """
    before = state.enrollments
    journeys, names = pd.factorize(before["journey"])
    versions, hashes = pd.factorize(before["version"])
    pairs, each = pd.factorize(journeys * (len(hashes) + 1) + versions)
    programs = list(entered.programs)
    places = np.full(len(each) + 1, -1, dtype="int64")
    for place, pair in enumerate(each):
        journey, version = divmod(int(pair), len(hashes) + 1)
        program = specs.program(str(names[journey]), str(hashes[version]))
        if program is not None:
            if program not in programs:
                programs.append(program)
            places[place] = programs.index(program)
    both = np.concatenate([places[pairs], entered.program])
    rows = before
    if len(entered.rows):
        rows = pd.concat([before[list(DTYPES)], entered.rows], ignore_index=True)
    return Standing(programs, both, rows, state.profiles), len(before)


def _decide_sends(
    standing: Standing,
    journeying: Journeying,
    state: State,
    specs: Specs,
    now: datetime,
    watch: Watch | None,
) -> pd.DataFrame:
    """Decide who stands at a send, and move on whoever is through.

    Whoever is through with one message may stand at the next: it is decided today as well, so
    that deciding again changes nothing. Programs run forward, so this comes to an end.
    """
    decided: list[pd.DataFrame] = []
    waits = np.zeros(0, dtype="int64")
    while True:
        everybody = np.setdiff1d(standing.active(), waits)
        at_send = everybody[standing.at_kind(everybody, NodeKind.SEND)]
        if decided and not len(at_send):
            return pd.concat(decided, ignore_index=True)
        if decided:
            touches = _written_to(state.touches, decided[-1], standing, now)
            state = replace(state, touches=touches)
        ahead = _ahead(standing, state, specs, now)
        sends = decide_candidates(standing.by_program(at_send), state, specs, now, ahead, watch)
        decided.append(sends)
        ref = sends["ref"].to_numpy()
        # Whoever waits for one of several people stays; those who were reached count all the same.
        waits = np.union1d(waits, ref[(sends["outcome"] == Outcome.DEFERRED.value).to_numpy()])
        through = np.setdiff1d(ref, waits)
        touched = np.unique(ref[sends["outcome"].isin(_TOUCHED).to_numpy()])
        _go_on(standing, through, touched, moment(now))
        journeying.move(through, through)


def _ahead(standing: Standing, state: State, specs: Specs, now: datetime) -> Ahead:
    """Tells who of some customers comes to a message soon; nobody is asked about in vain."""

    def told(customers: np.ndarray, until: datetime) -> pd.DataFrame:
        waits = soon(standing, standing.active(), until)
        waits = waits[np.isin(standing.customer[waits], customers)]
        return coming(standing, state, specs, now, until, waits)

    return told


def _go_on(
    standing: Standing, through: np.ndarray, touched: np.ndarray, now: np.datetime64
) -> None:
    """Whoever got a message, a ghost or a final no goes on to the next node.

    That is as of now, or as of later today where the message is due only then.
    """
    stops, first = np.unique(standing.stop(through), return_inverse=True)
    onward = []
    for stop in stops:
        program, place = standing.place(int(stop))
        onward.append(program.nodes[place].next)
    standing.arrived[through] = np.maximum(standing.due[through], now)
    standing.position[through] = np.array(onward, dtype="int64")[first]
    standing.marked[touched] = now
    untouched = touched[np.isnat(standing.first_touch[touched])]
    standing.first_touch[untouched] = now


def _written_to(
    touches: pd.DataFrame, sends: pd.DataFrame, standing: Standing, now: datetime
) -> pd.DataFrame:
    """What took the customers' attention, the messages of this run included."""
    gone = sends[sends["outcome"].isin(_TOUCHED)].drop_duplicates("ref")
    if gone.empty:
        return touches
    numbers = standing.rows["enrollment_id"].array.take(gone["ref"].to_numpy())
    at = gone["not_before"].where(gone["not_before"] > pd.Timestamp(now), pd.Timestamp(now))
    columns = FRAMES["touches"]
    fresh = gone.assign(at=at, enrollment_id=numbers)[list(columns)].astype(columns)
    return pd.concat([touches, fresh], ignore_index=True)


def _members(occasions: Occasions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Who came into and who left the segments that start journeys."""
    watched = {segments_entered_by(program) for program in occasions.specs.programs}
    customers = occasions.state.profiles["customer_id"].to_numpy()
    names = sorted(name for name in watched if name is not None)
    changes = [occasions.change(name) for name in names]

    def told(side: int) -> pd.DataFrame:
        parts = [np.zeros(0, dtype="int64"), *(change[side] for change in changes)]
        counts = [len(part) for part in parts[1:]]
        segment = pd.array(np.repeat(np.array(names, dtype=object), counts), dtype="str")
        return pd.DataFrame({"segment": segment, "customer_id": customers[np.concatenate(parts)]})

    return told(0), told(1)


def _phases(profiles: pd.DataFrame) -> pd.DataFrame:
    differs = np.zeros(len(profiles), dtype=bool)
    for name in ("phase", "quadrant"):
        before = profiles[f"{name}_before"].to_numpy(dtype=object, na_value="")
        differs |= before != profiles[name].to_numpy(dtype=object, na_value="")
    columns = ["customer_id", "phase_before", "phase", "quadrant_before", "quadrant"]
    changed: pd.DataFrame = profiles.loc[differs, columns]
    return changed.reset_index(drop=True)
