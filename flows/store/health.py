"""What the store knows of how things stand, read by whoever only looks.

Neither pandas nor the models of all tables are needed, so that a look takes no time; a test holds
the columns named here against the models.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    String,
    TableClause,
    and_,
    case,
    column,
    create_engine,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from flows.store.types import Utc
from segments.names import HaltCause, Outcome, Review, TaskStatus

_PATIENCE = 3


def _table(name: str, words: str, moments: str) -> TableClause:
    columns = [column(each, String()) for each in words.split()]
    return table(name, *columns, *(column(each, Utc()) for each in moments.split()))


RUN = _table("run", "id kind failed", "as_of started_at ended_at")
SEND = _table("send", "id outcome review", "not_before lease_until")
DOUBT = _table("doubt", "id", "since settled_at")
HALT = _table("halt", "id journey outlet cause why", "since until ended_at")
TASK = _table("task", "id status", "due_at escalated_at")
PURCHASE = _table("purchase", "id", "ordered_at")
BATCH = _table("event_batch", "id problem", "received_at applied_at")
SOURCE = _table("source_state", "source", "read_at")
ALERT = _table("alert", "id kind subject said", "since told_at ended_at")
TABLES = (RUN, SEND, DOUBT, HALT, TASK, PURCHASE, BATCH, SOURCE, ALERT)


@dataclass(frozen=True)
class RunNote:
    """The last run of a stage as the store notes it, and as of when one last went well."""

    kind: str
    as_of: datetime
    began_at: datetime
    ended_at: datetime | None
    failed: str | None
    went_well: datetime | None


@dataclass(frozen=True)
class Queue:
    """Messages that wait: due by now, later, for approval; and those taken, of them abandoned."""

    due: int = 0
    later: int = 0
    review: int = 0
    taken: int = 0
    abandoned: int = 0


@dataclass(frozen=True)
class Doubts:
    """Messages still asked about: how many, and since when the first is."""

    open: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Still:
    """Something that stands still, and why; everything where neither is named."""

    journey: str | None
    outlet: str | None
    cause: HaltCause
    why: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Tasks:
    """What colleagues are to do: open, handed on, and of the open ones by due moment."""

    open: int
    handed_on: int
    due: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True)
class Batches:
    """Events that came and are not worked through, since when, and those that cannot be."""

    waiting: int = 0
    since: datetime | None = None
    odd: int = 0


@dataclass(frozen=True)
class Standing:
    """Something that needs a person, the sentence for it, and whether anybody was told."""

    subject: str
    said: str
    since: datetime
    told_at: datetime | None


@contextmanager
def looking(address: str) -> Iterator[Connection]:
    """A connection that can only read, and gives up soon; a file that is not there stays away."""
    url = make_url(address)
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgres(url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only=ON")
            yield connection
    finally:
        engine.dispose()


def file_of(address: str) -> Path | None:
    """The file of a store that is one."""
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def version_of(connection: Connection) -> tuple[int, ...]:
    """Which SQLite or PostgreSQL it is."""
    return connection.dialect.server_version_info or ()


def moment_of(connection: Connection) -> datetime | None:
    """What time it is for the database server; None for a file, which has no clock of its own."""
    if connection.dialect.name != "postgresql":
        return None
    told: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return told


def runs(connection: Connection, kinds: tuple[str, ...]) -> dict[str, RunNote]:
    """The last run of each stage that ever ran."""
    found = {}
    for kind in kinds:
        newest = select(RUN).where(RUN.c.kind == kind).order_by(RUN.c.id.desc()).limit(1)
        last = connection.execute(newest).mappings().one_or_none()
        if last is None:
            continue
        well = newest.where(RUN.c.ended_at.is_not(None), RUN.c.failed.is_(None))
        went_well = connection.execute(well).mappings().one_or_none()
        found[kind] = RunNote(
            kind,
            last["as_of"],
            last["started_at"],
            last["ended_at"],
            last["failed"],
            went_well["as_of"] if went_well else None,
        )
    return found


def queue(connection: Connection, now: datetime) -> Queue:
    """Messages that wait, and those a process has taken."""
    waits, claimed = _stands(Outcome.QUEUED), _stands(Outcome.CLAIMED)
    asks = and_(SEND.c.review.is_not(None), SEND.c.review == Review.PENDING)
    due = SEND.c.not_before <= now
    waiting = connection.execute(
        select(_sum(~asks & due), _sum(~asks & ~due), _sum(asks)).select_from(SEND).where(waits)
    ).one()
    taken = connection.execute(
        select(func.count(), _sum(SEND.c.lease_until < now)).select_from(SEND).where(claimed)
    ).one()
    return Queue(*(number or 0 for number in (*waiting, *taken)))


def doubts(connection: Connection) -> Doubts:
    """Messages nobody knows the fate of, yet."""
    asked = select(func.count(), func.min(DOUBT.c.since)).where(DOUBT.c.settled_at.is_(None))
    number, since = connection.execute(asked).one()
    return Doubts(number, since)


def standing_still(connection: Connection, now: datetime) -> list[Still]:
    """What stands still at this moment, the longest first."""
    names = ("journey", "outlet", "cause", "why", "since", "until")
    rows = connection.execute(
        select(*(HALT.c[name] for name in names))
        .where(
            HALT.c.ended_at.is_(None),
            HALT.c.since <= now,
            or_(HALT.c.until.is_(None), HALT.c.until > now),
        )
        .order_by(HALT.c.since, HALT.c.id)
    ).mappings()
    return [Still(**{**row, "cause": HaltCause(row["cause"])}) for row in rows]


def tasks(connection: Connection, now: datetime) -> Tasks:
    """What is open, and by when what is due was to be done."""
    still = TASK.c.status == TaskStatus.OPEN
    number, handed_on = connection.execute(
        select(func.count(), func.count(TASK.c.escalated_at)).select_from(TASK).where(still)
    ).one()
    due = connection.execute(
        select(TASK.c.due_at, func.count())
        .where(still, TASK.c.due_at <= now)
        .group_by(TASK.c.due_at)
        .order_by(TASK.c.due_at)
    )
    return Tasks(number, handed_on, tuple((at, many) for at, many in due))


def newest_order(connection: Connection, now: datetime) -> datetime | None:
    """When the latest order up to now was placed."""
    asked = select(func.max(PURCHASE.c.ordered_at)).where(PURCHASE.c.ordered_at <= now)
    found: datetime | None = connection.scalar(asked)
    return found


def batches(connection: Connection, since: datetime) -> Batches:
    """Events that wait to be worked through, and those nobody could read from `since` on."""
    waits = BATCH.c.applied_at.is_(None)
    number, first = connection.execute(
        select(func.count(), func.min(BATCH.c.received_at)).where(waits)
    ).one()
    lately = BATCH.c.applied_at >= since
    odd = connection.scalar(select(func.count()).where(lately, BATCH.c.problem.is_not(None)))
    return Batches(number, first, odd or 0)


def alerts(connection: Connection) -> list[Standing]:
    """What needs a person and is not over, the longest first."""
    names = ("subject", "said", "since", "told_at")
    asked = select(*(ALERT.c[name] for name in names)).where(ALERT.c.ended_at.is_(None))
    rows = connection.execute(asked.order_by(ALERT.c.since, ALERT.c.id)).mappings()
    return [Standing(**row) for row in rows]


def polls(connection: Connection) -> dict[str, datetime]:
    """When each list of others, and each source, was read."""
    return {row.source: row.read_at for row in connection.execute(select(SOURCE))}


def _sqlite(url: URL) -> Engine:
    # Quoted, as a name may hold signs that mean something in an address.
    name = Path(url.database or "").resolve().as_uri()
    return create_engine(
        f"sqlite:///{name}?mode=ro&uri=true",
        poolclass=NullPool,
        connect_args={"timeout": _PATIENCE},
    )


def _postgres(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    limits = f"-c default_transaction_read_only=on -c statement_timeout={_PATIENCE * 1000}"
    return create_engine(
        url,
        poolclass=NullPool,
        connect_args={"connect_timeout": _PATIENCE, "options": limits},
    )


def _stands(outcome: Outcome) -> ColumnElement[bool]:
    """Written out, so that the index that holds only these is used."""
    return SEND.c.outcome == literal_column(f"'{outcome.value}'", String())


def _sum(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))
