"""The company's data into the store: staged in bulk, settled, then merged in one transaction.

`staging` opens a connection with temporary stages; `stage` and its like fill them; `settle`
drops what cannot be kept; `merge` writes the rest at once, so that a crash leaves the store as it
was. A second pull of the same rows changes nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    Select,
    delete,
    func,
    insert,
    literal,
    select,
)

from flows.store.load_corrections import note_corrections, remember_orders
from flows.store.load_events import (
    merge_complaints,
    merge_interactions,
    merge_permissions,
    merge_task_results,
)
from flows.store.load_master import merge_contacts, merge_customers, merge_locks, merge_products
from flows.store.load_orders import merge_lines, merge_orders
from flows.store.load_refused import Settled
from flows.store.load_settle import keep_new_orders, settle
from flows.store.load_stage import (
    REJECTS,
    holds,
    index,
    stage,
    stage_aside,
    stage_rejects,
    staging,
)
from flows.store.load_suppressions import merge_suppressions
from flows.store.load_upsert import Counts, upsert
from flows.store.models import (
    Purchase,
    Reject,
    SourceState,
)
from flows.store.session import alone
from segments.names import OrderKind

__all__ = [
    "Counts",
    "Known",
    "Reading",
    "RejectReason",
    "Settled",
    "index",
    "keep_new_orders",
    "known",
    "merge",
    "newest_order",
    "reject_reasons",
    "save_rejects",
    "settle",
    "stage",
    "stage_aside",
    "stage_rejects",
    "staging",
]


@dataclass(frozen=True)
class Reading:
    """How far one source was read: its place, its rows, and the newest change seen."""

    place: str
    rows: int
    watermark: str | None = None
    fingerprint: str | None = None
    """Of a file kept in full; `None` where another look may find more."""


@dataclass(frozen=True)
class Known:
    """How far a source was read the last time, and when."""

    watermark: str | None
    fingerprint: str | None
    rows: int
    read_at: datetime


@dataclass(frozen=True)
class RejectReason:
    """How often cells of one column were rejected for one reason, with or without their row."""

    column: str
    reason: str
    whole: bool
    rows: int
    first_row: int


def known(connection: Connection) -> dict[str, Known]:
    """What is known of each source from pulls before."""
    state = SourceState
    rows = connection.execute(
        select(state.source, state.watermark, state.fingerprint, state.rows, state.read_at)
    )
    return {source: Known(*rest) for source, *rest in rows}


def newest_order(connection: Connection, now: datetime) -> datetime | None:
    """When the newest order known at that moment was placed."""
    return connection.execute(
        select(func.max(Purchase.ordered_at)).where(
            Purchase.ordered_at <= now, Purchase.kind == OrderKind.SALE
        )
    ).scalar_one_or_none()


def reject_reasons(connection: Connection, source: str) -> list[RejectReason]:
    """Why rows or cells of a source were rejected, the most frequent reason first."""
    if not holds(connection, REJECTS):
        return []
    count = func.count()
    rows = connection.execute(
        select(REJECTS.c.column, REJECTS.c.reason, REJECTS.c.whole, count, func.min(REJECTS.c.row))
        .where(REJECTS.c.source == source)
        .group_by(REJECTS.c.column, REJECTS.c.reason, REJECTS.c.whole)
        .order_by(count.desc(), REJECTS.c.column, REJECTS.c.reason)
    )
    return [RejectReason(*row) for row in rows]


def merge(
    connection: Connection,
    given: Collection[str],
    readings: Mapping[str, Reading],
    *,
    now: datetime,
    run_id: int,
    currency: str,
) -> dict[str, Counts]:
    """Write everything staged and settled in one transaction; new and changed rows per source.

    `given` are the tables the company brings, of which `readings` says what was read.
    """
    with alone(connection):
        counts = {"customers": merge_customers(connection, given)}
        merge_locks(connection, given, now)
        counts["products"] = merge_products(connection, given)
        counts["contacts"] = merge_contacts(connection)
        remember_orders(connection)
        counts["orders"] = merge_orders(connection, given, currency, now)
        counts["order_lines"] = merge_lines(connection, given)
        note_corrections(connection, now)
        counts["complaints"] = merge_complaints(connection, now)
        counts["interactions"] = merge_interactions(connection)
        counts["permissions"] = merge_permissions(connection)
        counts["suppressions"] = merge_suppressions(connection, now)
        counts["task_results"] = merge_task_results(connection, now)
        _save_rejects(connection, readings, run_id)
        _save_readings(connection, readings, now)
    return counts


def save_rejects(connection: Connection, readings: Mapping[str, Reading], run_id: int) -> None:
    """Keep the rejects of a pull that was refused as a whole."""
    with alone(connection):
        _save_rejects(connection, readings, run_id)


def _save_rejects(connection: Connection, readings: Mapping[str, Reading], run_id: int) -> None:
    rejected = set()
    if holds(connection, REJECTS):
        rejected = set(connection.execute(select(REJECTS.c.source).distinct()).scalars())
    for source, reading in readings.items():
        if source not in rejected:
            continue
        rows = _rejects(source, reading, run_id)
        upsert(connection, Reject, rows, ["source", "place", "row", "column"], kept={"run_id"})


def _rejects(source: str, reading: Reading, run_id: int) -> Select[tuple[int, str, str]]:
    return (
        select(
            literal(run_id).label("run_id"),
            literal(source).label("source"),
            literal(reading.place).label("place"),
            REJECTS.c.row,
            REJECTS.c.column,
            func.max(REJECTS.c.value).label("value"),
            func.max(REJECTS.c.reason).label("reason"),
        )
        .where(REJECTS.c.source == source)
        .group_by(REJECTS.c.row, REJECTS.c.column)
    )


def _save_readings(connection: Connection, readings: Mapping[str, Reading], now: datetime) -> None:
    if not readings:
        return
    connection.execute(delete(SourceState).where(SourceState.source.in_(readings)))
    connection.execute(
        insert(SourceState),
        [
            {
                "source": source,
                "watermark": reading.watermark,
                "fingerprint": reading.fingerprint,
                "read_at": now,
                "rows": reading.rows,
            }
            for source, reading in readings.items()
        ],
    )
