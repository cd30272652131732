"""Days of an example on which a run could not change anything, so that they are passed over."""

from datetime import date, datetime, time, timedelta

import numpy as np

from segments.journey.calendar import last_occurrence
from segments.journey.moments import moment, plain
from segments.journey.nodes import Program
from segments.names import Trigger
from segments.rehearsal.book import Book
from segments.rehearsal.story import RUN_AT, Story
from segments.spec import WaitUntil
from segments.state import Specs

_DRIFTING = frozenset(
    {
        "since",
        "net_revenue_12m",
        "margin_12m",
        "days_since_last_order",
        "tenure_days",
        "overdue",
        "days_since_complaint",
        "days_since_last_contact",
        "emails_30d",
        "responses_90d",
        "quadrant",
        "phase",
    }
)
"""Columns that change by the mere passing of days, and not only when something happens."""

_EVENTFUL = {
    Trigger.ORDER: "order",
    Trigger.COMPLAINT: "complaint",
    Trigger.NPS: "nps",
    Trigger.MANUAL: "by_hand",
}
"""What has to happen for these journeys to begin."""


def quiet(day: date, story: Story, book: Book, specs: Specs) -> bool:
    """Whether a run of that day could not change anything: nothing happens, is due, or waits."""
    tomorrow = story.moment(day + timedelta(days=1), time())
    if day in story.turning_days or book.waiting or book.due < tomorrow:
        return False
    return not any(_restless(program, story, book, specs, day) for program in specs.programs)


def _restless(program: Program, story: Story, book: Book, specs: Specs, day: date) -> bool:
    """Whether the journey may concern the customer on that day though nothing happens."""
    enter = program.journey.enter
    now = story.moment(day, RUN_AT)
    drifting = _DRIFTING.difference(story.facts(now))
    asked = set() if program.exit_when is None else set(program.exit_when.columns)
    if any(isinstance(n.step, WaitUntil) and n.step.wait_until.date for n in program.nodes):
        return True
    if enter.on == Trigger.SCHEDULE:
        if last_occurrence(str(enter.every), enter.day, day, enter.month) == day:
            return True
    elif enter.on in _EVENTFUL:
        asked |= set() if program.enter_when is None else set(program.enter_when.columns)
        if enter.reentry.mode == "after" and _may_come_back(program, story, book, specs, now):
            return True
    elif enter.on == Trigger.PHASE:
        asked.add("phase")
    else:
        return True
    return bool(asked & drifting)


def _may_come_back(program: Program, story: Story, book: Book, specs: Specs, now: datetime) -> bool:
    """Whether something is left to enter by, and the time since the last one is over."""
    span, entered = program.journey.enter.reentry.span, book.entered_by(program.name)
    if span is None or not entered:
        return False
    kind = _EVENTFUL[program.journey.enter.on]
    if all(
        entered & {each.key, f"{each.key}:{each.told.complaint}"} for each in story.known(kind, now)
    ):
        return False
    rows = book.enrollments[(book.enrollments["journey"] == program.name).to_numpy(dtype=bool)]
    regions = np.full(len(rows), book.region(specs, now), dtype=object)
    over = specs.calendar.later(plain(rows["entered_at"]), span, regions) <= moment(now)
    return bool((over & rows["left_at"].notna().to_numpy()).all())
