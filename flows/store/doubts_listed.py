"""What is in doubt, as people look at it: in all, and one by one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, true

from flows.store.machine import stands
from flows.store.models import Base
from segments.names import Outcome

_send = Base.metadata.tables["send"]
_customer = Base.metadata.tables["customer"]
_doubt = Base.metadata.tables["doubt"]


@dataclass(frozen=True)
class DoubtGroup:
    """How many sends of a journey through an outlet are in doubt, and since when the first is.

    `open` are those still asked about; of the others nothing more is to be learnt.
    """

    journey: str
    outlet: str | None
    number: int
    open: int
    since: datetime


@dataclass(frozen=True)
class DoubtRow:
    """A send in doubt, for the reader; without `settled_at` it is still being asked about.

    `customer` is the key the company knows the customer by.
    """

    send_id: int
    journey: str
    version: str
    message: str
    customer: str
    outlet: str | None
    send_at: datetime | None
    handed_over_at: datetime | None
    lease_until: datetime | None
    since: datetime
    why: str
    asked_at: datetime | None
    known: str | None
    settled_at: datetime | None
    settled_as: str | None


@dataclass(frozen=True)
class DoubtOverview:
    """Everything that is in doubt: by journey and outlet, and the first of them one by one."""

    groups: list[DoubtGroup]
    rows: list[DoubtRow]


def overview(
    connection: Connection, *, limit: int = 100, journey: str | None = None
) -> DoubtOverview:
    """What is in doubt, of all journeys or of one, whether still asked about or given up."""
    still = (
        stands(Outcome.IN_DOUBT),
        or_(_doubt.c.settled_at.is_(None), _doubt.c.settled_as == Outcome.IN_DOUBT),
        true() if journey is None else _send.c.journey == journey,
    )
    together = _doubt.join(_send, _send.c.id == _doubt.c.send_id)
    by = (_send.c.journey, _send.c.outlet)
    groups = connection.execute(
        select(
            *by,
            func.count().label("number"),
            (func.count() - func.count(_doubt.c.settled_at)).label("open"),
            func.min(_doubt.c.since).label("since"),
        )
        .select_from(together)
        .where(*still)
        .group_by(*by)
        .order_by(*by)
    )
    of_doubt = {"send_id", "since", "why", "asked_at", "known", "settled_at", "settled_as"}
    columns = [
        (_doubt if name in of_doubt else _send).c[name]
        if name != "customer"
        else _customer.c.key.label(name)
        for name in DoubtRow.__dataclass_fields__
    ]
    rows = connection.execute(
        select(*columns)
        .select_from(together.join(_customer, _customer.c.id == _send.c.customer_id))
        .where(*still)
        .order_by(_doubt.c.since, _doubt.c.send_id)
        .limit(limit)
    )
    return DoubtOverview(
        [DoubtGroup(**row) for row in groups.mappings()],
        [DoubtRow(**row) for row in rows.mappings()],
    )
