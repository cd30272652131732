"""What happened around customers: events that start journeys or end waits, and our own messages.

Only what running journeys ask for is read.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    cast,
    exists,
    join,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.expression import Select

from flows.store.models import (
    Complaint,
    Enrollment,
    ManualEntry,
    Purchase,
    Response,
    Send,
    Task,
)
from flows.store.reading_touches import NOT_SENT
from flows.store.session import frame
from segments.journey.program import Program
from segments.names import EnrollmentStatus, Event, Migrate, OrderKind, ResponseKind
from segments.names import Trigger as On
from segments.spec import Choose, Split, Step, WaitUntil
from segments.state import FRAMES, Specs, empty

_TRIGGERS = {
    (On.COMPLAINT, "opened"): Event.COMPLAINT_OPENED,
    (On.COMPLAINT, "closed"): Event.COMPLAINT_CLOSED,
    (On.NPS, ""): Event.NPS,
    (On.MANUAL, ""): Event.MANUAL,
}


def events(
    connection: Connection, specs: Specs, now: datetime, first: int, last: int
) -> pd.DataFrame:
    """What happened to these customers that a running journey starts with or waits for.

    As far back as late data may start a journey, and for whoever is under way in a journey that
    waits, back to when it began for them.
    """
    wanted = awaited(specs)
    if not wanted:
        return empty("events")
    since = now - timedelta(days=specs.policy.late_data.days)
    running = [program.name for program in specs.programs]
    parts = []
    for kind, journeys in sorted(wanted.items()):
        source = _source(kind, now, running)
        mine = source.customer.between(first, last)
        parts.append(source.rows(kind).where(mine, source.at <= now, source.young(journeys, since)))
    rows = union_all(*parts).subquery()
    return frame(connection, select(rows))[list(FRAMES["events"])].astype(FRAMES["events"])


def awaited(specs: Specs) -> dict[Event, set[str]]:
    """Kinds of events to be read, each with the journeys that wait for it on the way."""
    found: dict[Event, set[str]] = {}
    for program in specs.programs:
        enter = program.journey.enter
        if (kind := _TRIGGERS.get((enter.on, enter.turn))) is not None:
            found.setdefault(kind, set())
    for program in (*specs.programs, *specs.earlier.values()):
        for step in walk(program.journey.steps):
            if isinstance(step, WaitUntil) and step.wait_until.event is not None:
                found.setdefault(Event(step.wait_until.event), set()).add(program.name)
    return found


def walk(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step, those inside others included."""
    for step in steps:
        yield step
        if isinstance(step, Choose):
            for way in step.choose:
                yield from walk(way.steps)
        elif isinstance(step, Split):
            for variant in step.split:
                yield from walk(variant.steps)


def sent(connection: Connection, specs: Specs, first: int, last: int) -> pd.DataFrame:
    """What those under way already got, in journeys that let them begin anew."""
    journeys = restarting(specs.programs)
    if not journeys:
        return empty("sent")
    statement = (
        select(Send.enrollment_id, Send.step.label("node"), Send.contact_id)
        .join(Enrollment, Enrollment.id == Send.enrollment_id)
        .where(
            Enrollment.customer_id.between(first, last),
            Enrollment.status == EnrollmentStatus.ACTIVE,
            Enrollment.journey.in_(journeys),
            Send.outcome.not_in(NOT_SENT),
            Send.contact_id.is_not(None),
        )
    )
    return frame(connection, statement).astype(FRAMES["sent"])


def restarting(programs: Iterable[Program]) -> list[str]:
    """Journeys of which a new version lets everybody begin anew."""
    return sorted(p.name for p in programs if p.journey.migrate == Migrate.RESTART)


@dataclass(frozen=True)
class _Source:
    """Where a kind of event stands in the store; what a column does not name is missing."""

    table: Any
    key: Any
    customer: Any
    at: Any
    where: tuple[ColumnElement[bool], ...] = ()
    enrollment: Any = None
    purchase: Any = None
    journey: Any = None
    score: Any = None

    def rows(self, kind: Event) -> Select[Any]:
        """All events of this kind, with the columns of a state's events."""
        number = cast(null(), BigInteger)
        return (
            select(
                literal(kind.value, String).label("kind"),
                self.customer.label("customer_id"),
                self.key.label("key"),
                self.at.label("at"),
                (number if self.enrollment is None else self.enrollment).label("enrollment_id"),
                (number if self.purchase is None else self.purchase).label("purchase_id"),
                (literal("", String) if self.journey is None else self.journey).label("journey"),
                (cast(null(), Integer) if self.score is None else self.score).label("score"),
            )
            .select_from(self.table)
            .where(*self.where)
        )

    def young(self, journeys: Iterable[str], since: datetime) -> ColumnElement[bool]:
        """Late data at most, or after the anchor of somebody under way in one of the journeys."""
        names = sorted(journeys)
        late: ColumnElement[bool] = self.at >= since
        if not names:
            return late
        waits = exists().where(
            Enrollment.status == EnrollmentStatus.ACTIVE,
            Enrollment.customer_id == self.customer,
            Enrollment.journey.in_(names),
            Enrollment.anchor_at <= self.at,
        )
        return or_(late, waits)


def _source(kind: Event, now: datetime, journeys: Collection[str]) -> _Source:
    answers = join(Response, Send, Response.send_id == Send.id)
    if kind in (Event.ORDER, Event.DELIVERED):
        stands = or_(Purchase.cancelled_at.is_(None), Purchase.cancelled_at > now)
        return _Source(
            Purchase,
            Purchase.key,
            Purchase.customer_id,
            Purchase.ordered_at if kind == Event.ORDER else Purchase.delivered_at,
            (Purchase.kind == OrderKind.SALE, Purchase.total > 0, stands),
            purchase=Purchase.id,
        )
    if kind in (Event.COMPLAINT_OPENED, Event.COMPLAINT_CLOSED):
        at = Complaint.opened_at if kind == Event.COMPLAINT_OPENED else Complaint.closed_at
        return _Source(
            Complaint, Complaint.key, Complaint.customer_id, at, purchase=Complaint.purchase_id
        )
    if kind == Event.TASK_DONE:
        return _Source(
            Task,
            cast(Task.id, String),
            Task.customer_id,
            Task.done_at,
            enrollment=Task.enrollment_id,
        )
    if kind == Event.MANUAL:
        return _Source(
            ManualEntry,
            ManualEntry.key,
            ManualEntry.customer_id,
            ManualEntry.at,
            (ManualEntry.journey.in_(sorted(journeys)),),
            journey=ManualEntry.journey,
        )
    which = (Response.kind == ResponseKind(kind.value),)
    if kind == Event.NPS:
        which = (Response.score.is_not(None),)
    return _Source(
        answers,
        Response.key,
        Send.customer_id,
        Response.at,
        which,
        enrollment=Send.enrollment_id,
        score=Response.score if kind == Event.NPS else None,
    )
