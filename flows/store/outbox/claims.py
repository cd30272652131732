"""Taking sends out of the queue, and returning those that certainly did not leave."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, String, Text, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.machine import move, requeue, stands, still
from flows.store.models import Base
from flows.store.outbox.receipts import clean, open_doubts
from flows.store.session import alone
from flows.store.sets import Types, among, update_each
from flows.store.types import Utc
from segments.names import Outcome, SkipReason

_send = Base.metadata.tables["send"]
_versions = Base.metadata.tables["template_version"]

_NOBODY_KNOWS = "the process that took this send ended before it noted what became of it"
_ON_THE_DISK = text(
    "SELECT set_config('synchronous_commit', 'on', true) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)
_CLAIM: Types = {
    "its_id": BigInteger(),
    "its_outlet": String(60),
    "its_request": String(40),
    "its_batch": String(100),
    "its_send_at": Utc(),
    "its_locale": String(30),
    "its_version": String(32),
    "its_context": Text(),
}


@dataclass(frozen=True)
class Claimed:
    """A message as it will be handed over: what it is made of, and which way it goes."""

    send_id: int
    message: str
    locale: str
    template_version: str
    sources: bytes
    context: str
    outlet: str
    request_id: str
    batch_id: str | None = None
    send_at: datetime | None = None


@contextmanager
def side_by_side(engine: Engine) -> Iterator[Connection]:
    """A write transaction beside others: row locks on PostgreSQL, one at a time on SQLite.

    It is on the disk before it counts as committed: after a power cut, a claim that was forgotten
    would be a message that goes twice.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            # Not possible within a transaction, which everything but the driver's own call begins.
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA synchronous=FULL")
            try:
                with alone(connection):
                    yield connection
            finally:
                driver.execute("PRAGMA synchronous=NORMAL")
    else:
        with engine.begin() as connection:
            connection.execute(_ON_THE_DISK)
            yield connection


def claim(
    connection: Connection,
    claimed: Sequence[Claimed],
    claim_id: str,
    now: datetime,
    lease_until: datetime,
) -> int:
    """Make sends that `foremost` locked ours, with all it takes to show them again.

    How many they are. Raises RuntimeError where one of them is not in the queue (any more):
    nothing may be handed over then, and the transaction must not be committed.
    """
    if not claimed:
        return 0
    _keep_sources(connection, claimed)
    rows = [
        {
            "its_id": each.send_id,
            "its_outlet": each.outlet,
            "its_request": each.request_id,
            "its_batch": each.batch_id,
            "its_send_at": each.send_at,
            "its_locale": each.locale,
            "its_version": each.template_version,
            "its_context": each.context,
        }
        for each in claimed
    ]
    moved = update_each(
        connection,
        lambda fresh: (
            update(_send)
            .where(_send.c.id == fresh["its_id"], still(Outcome.QUEUED))
            .values(
                outcome=Outcome.CLAIMED,
                claim_id=claim_id,
                claimed_at=now,
                lease_until=lease_until,
                outlet=fresh["its_outlet"],
                request_id=fresh["its_request"],
                batch_id=fresh["its_batch"],
                send_at=fresh["its_send_at"],
                locale=fresh["its_locale"],
                template_version=fresh["its_version"],
                context=fresh["its_context"],
                # A journey begun anew brings back what was refused once.
                **dict.fromkeys(("handed_over_at", "provider_id", "detail")),
            )
        ),
        _CLAIM,
        rows,
    )
    if moved != len(claimed):
        raise RuntimeError(f"{len(claimed) - moved} of {len(claimed)} sends are not in the queue")
    return moved


def fail(connection: Connection, failures: Mapping[int, str]) -> int:
    """Sends in the queue that do not render, each with what is wrong with it. How many moved."""
    return update_each(
        connection,
        lambda fresh: (
            update(_send)
            .where(_send.c.id == fresh["its_id"], still(Outcome.QUEUED))
            .values(
                outcome=Outcome.RENDER_FAILED,
                reason=SkipReason.TEMPLATE_ERROR,
                detail=fresh["its_detail"],
            )
        ),
        {"its_id": BigInteger(), "its_detail": Text()},
        [{"its_id": number, "its_detail": clean(why)} for number, why in failures.items()],
    )


def put_back(
    connection: Connection,
    send_ids: Collection[int],
    claim_id: str,
    *,
    not_before: datetime | None = None,
) -> int:
    """Return claimed sends to the queue. Only for messages that were certainly not handed over.

    They go again from `not_before` on, at once without it. How many they are.
    """
    statement = requeue(Outcome.CLAIMED).where(
        among(connection, _send.c.id, send_ids), _send.c.claim_id == claim_id
    )
    if not_before is not None:
        statement = statement.values(not_before=not_before)
    return connection.execute(statement).rowcount


def put_off(connection: Connection, send_ids: Collection[int], not_before: datetime) -> int:
    """Leave sends in the queue for later. How many they are."""
    statement = update(_send).where(among(connection, _send.c.id, send_ids), still(Outcome.QUEUED))
    return connection.execute(statement.values(not_before=not_before)).rowcount


def stale_claims(connection: Connection, now: datetime) -> int:
    """Claims whose lease is over were left by a process that died: nobody knows, so in doubt."""
    over = select(_send.c.id).where(stands(Outcome.CLAIMED), _send.c.lease_until < now)
    ids = connection.scalars(over.with_for_update(skip_locked=True)).all()
    statement = move(Outcome.IN_DOUBT).where(among(connection, _send.c.id, ids))
    connection.execute(statement.values(detail=_NOBODY_KNOWS))
    open_doubts(connection, ids, now)
    return len(ids)


def _keep_sources(connection: Connection, claimed: Sequence[Claimed]) -> None:
    bundles = {each.template_version: each for each in claimed}
    known = select(_versions.c.version).where(_versions.c.version.in_(sorted(bundles)))
    # In order, so that two who keep the same ones do not wait for each other.
    new = sorted(bundles.keys() - set(connection.scalars(known)))
    if not new:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    names = ("message", "locale", "sources")
    connection.execute(
        insert(_versions).on_conflict_do_nothing(index_elements=[_versions.c.version]),
        [
            {"version": version, **{name: getattr(bundles[version], name) for name in names}}
            for version in new
        ],
    )
