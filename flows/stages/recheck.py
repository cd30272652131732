"""Before messages go: what was decided some time ago is looked at once more.

Whoever reached the goal since or must leave gets nothing; what missed its hours waits for others.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from flows.calendars import holidays_around, regions, zones
from flows.stages.shop import Shop
from flows.stages.versions import specs_of
from flows.store import leaving as store
from flows.store import runs
from flows.store.figures import customer_figures
from flows.store.purchases import everybodys_figures
from flows.store.reading import enrollments
from flows.store.session import writing
from segments.customer.profile import Base, profiles
from segments.customer.profile import base as whole_base
from segments.journey.calendar import Calendar, local_day
from segments.journey.leaving import leaving
from segments.journey.standing import DTYPES
from segments.names import EnrollmentStatus, SkipReason
from segments.rules import RuleDataError
from segments.state import Specs, State

_AGAINST_ALL = {"typical_gap_days", "expected_order_at", "overdue", "abc", "quadrant", "phase"}
"""Columns that measure a customer against the whole base, which takes long to read."""

_APART = 1_000
"""Customers whose numbers are closer than this are read together."""

_AT_ONCE = 100_000
"""Messages that are looked at together, however many wait."""

_log = logging.getLogger(__name__)


def recheck(shop: Shop, now: datetime) -> Counter[SkipReason]:
    """Ask exits and goals once more about everybody with a message to go; what was cancelled.

    Nothing is read where nothing can have changed: the plan is of this very moment, or of this
    day and neither data nor answers came in since.
    """
    with shop.engine.connect() as connection:
        planned = runs.previous_run(connection, "plan", now)
        zone = shop.project.policy.zone
        if planned is None or planned == now:
            return Counter()
        same_day = local_day(planned, zone) == local_day(now, zone)
        if same_day and not store.changed_since_plan(connection):
            return Counter()
        specs, _ = specs_of(shop, connection, now)
        asking = {p.name for p in specs.programs if p.exit_when or p.journey.goal}
        due = store.due_enrollments(connection, now, asking)
        if due.empty:
            return Counter()
        left = _left(connection, specs, due, now)
    if left.empty:
        return Counter()
    with writing(shop.engine) as connection:
        return Counter(store.take_out(connection, left))


def postpone(shop: Shop, now: datetime) -> int:
    """What was decided for an hour that has passed unused waits for the next one allowed."""
    with shop.engine.connect() as connection:
        kinds = store.due_kinds(connection, now)
    if kinds.empty or (_allowed(shop, kinds, now) <= pd.Timestamp(now)).all():
        return 0
    postponed = last = 0
    while True:
        with shop.engine.connect() as connection:
            due = store.due_sends(connection, now, last, _AT_ONCE)
        if due.empty:
            return postponed
        last = int(due["id"].max())
        allowed = _allowed(shop, due, now)
        later = due[["id"]].assign(not_before=allowed)[allowed > pd.Timestamp(now)]
        if not later.empty:
            with writing(shop.engine) as connection:
                postponed += store.postpone(connection, later)


def _allowed(shop: Shop, due: pd.DataFrame, now: datetime) -> pd.Series:
    """The next moment, not before `now`, at which each may arrive where it goes."""
    policy = shop.project.policy
    where = due["country"], due["state"]
    return Calendar(policy, holidays_around(now, policy)).next_allowed(
        pd.Series(pd.Timestamp(now), index=due.index).astype("datetime64[us, UTC]"),
        due["purpose"],
        zones(due["zone"], *where, policy),
        regions(*where, policy),
    )


def _left(connection: Connection, specs: Specs, due: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Enrollments of those with something to go that are to leave, and as what they stood before.

    Whoever came to the end of the journey counts as under way until the last message is gone.
    """
    base = _base(connection, specs, now)
    names = [program.name for program in specs.programs]
    active = EnrollmentStatus.ACTIVE.value
    found = []
    for first, last in _ranges(due["customer_id"].to_numpy("int64")):
        rows = enrollments(connection, names, now, first, last)
        rows = rows[rows["enrollment_id"].isin(due["enrollment_id"])]
        never = pd.Series(pd.NaT, index=rows.index)
        rows = rows.assign(was=rows["status"], status=active, reason=None, left_at=never)
        rows = rows.astype({"status": "str", "reason": "str"}).reset_index(drop=True)
        rows["left_at"] = rows["left_at"].dt.tz_localize("UTC").astype(DTYPES["left_at"])
        figures = customer_figures(connection, now, first, last)
        people = profiles(figures, base, specs.policy, now)
        people["region"] = regions(people["country"], people["state"], specs.policy)
        state = _state(people.set_index("customer_id", drop=False).rename_axis(None))
        for (journey, version), own in rows.groupby(["journey", "version"], sort=True):
            program = specs.program(str(journey), str(version))
            if program is None:
                continue
            try:
                after = leaving(program, own.drop(columns="was"), state, specs, now)
            except RuleDataError as error:
                _log.warning("%s is not asked about exits: %s", journey, error)
                continue
            found.append(after.assign(was=own["was"])[after["status"] != active])
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _base(connection: Connection, specs: Specs, now: datetime) -> Base:
    """The whole base, if any exit measures a customer against it."""
    every = (*specs.programs, *specs.earlier.values())
    used = {name for program in every if program.exit_when for name in program.exit_when.columns}
    if not used & _AGAINST_ALL:
        return Base()
    return whole_base(everybodys_figures(connection, now), specs.policy, now)


def _ranges(customers: np.ndarray) -> Iterator[tuple[int, int]]:
    """Ranges of numbers that hold all these customers, with no wide gap inside."""
    ids = np.unique(customers)
    for part in np.split(ids, np.flatnonzero(np.diff(ids) > _APART) + 1):
        yield int(part[0]), int(part[-1])


def _state(people: pd.DataFrame) -> State:
    nothing = pd.DataFrame()
    return State(people, nothing, nothing, nothing, nothing, nothing, nothing)
