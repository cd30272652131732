"""A pull: every table of sources.yaml read, checked, settled and merged into the store."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import perf_counter

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine

from flows.intake import cells, fingerprint, marks
from flows.intake.cells import Writing, has_offset
from flows.intake.checks import Checked, check, needed
from flows.intake.report import (
    MOST_REASONS,
    PullReport,
    Reason,
    TableReport,
    freshness,
    too_many_rejects,
)
from flows.intake.sources import WATERMARK, Chunk, chunks
from flows.intake.spec import Sources, TableSource
from flows.store import loading
from flows.store.load_erased import Erased
from flows.store.loading import Counts, Reading, Settled

Progress = Callable[[str, int], None]
"""Told the table and how many of its rows have been read so far."""

_DERIVED = ("customers", "products", "orders")


def pull(
    engine: Engine,
    sources: Sources,
    project: Path,
    *,
    now: datetime,
    run_id: int,
    currency: str,
    zone: str,
    progress: Progress | None = None,
    erased: Erased | None = None,
) -> PullReport:
    """Bring the company's data up to date. A `SourceError` leaves the store as it was.

    Too many rejects keep everything out except the rejects themselves, for somebody to look at.
    `erased` says who was erased and must not come in again.
    """
    started = perf_counter()
    given = sources.given
    with loading.staging(engine) as connection:
        tallies, alone = _read_all(connection, sources, project, now, zone, currency, progress)
        with connection.begin():
            reports = _settle(connection, given, tallies, erased)
        readings = {
            table: Reading(
                tally.place,
                tally.read,
                tally.reached(),
                tally.print if reports[table].in_full and not tally.ahead else None,
            )
            for table, tally in tallies.items()
        }
        refusal = too_many_rejects(reports.values(), sources.max_reject_share)
        if refusal is not None:
            loading.save_rejects(connection, readings, run_id)
            raise refusal
        counts = loading.merge(
            connection, given, readings, now=now, run_id=run_id, currency=currency
        )
        with connection.begin():
            newest = loading.newest_order(connection, now)
    stale, message = freshness(newest, sources, now)
    told = reports | {
        table: TableReport(table, given[table].place, unchanged=rows, left_alone=True)
        for table, rows in alone.items()
    }
    return PullReport(
        tables=tuple(_written([told[table] for table in given], counts)),
        newest_order_at=newest,
        stale=stale,
        message=message,
        seconds=perf_counter() - started,
    )


class _Tally:
    """One table while it is read: what its rows came to, and how far it reached."""

    def __init__(self, source: TableSource, writing: Writing, mark: str | None) -> None:
        self.source = source
        self.writing = writing
        self.mark = mark
        self.since = marks.restart(mark, writing)
        self.start = marks.parsed(self.since, writing)
        self.print: str | None = None
        self.ahead = False
        self.read = self.good = self.old = self.lost = self.left_out = self.not_yet = 0
        self._newest: list[pd.Timestamp] = []
        self._waiting: list[pd.Timestamp] = []
        self._aware = False

    @property
    def place(self) -> str:
        """The source's place; rows of a database count anew from each watermark."""
        if self.source.sql is not None and self.since is not None:
            return f"{self.source.place} since {self.since}"
        return self.source.place

    def without_old(self, chunk: Chunk) -> Chunk:
        """The chunk less the rows that came in before; checking those again would cost most."""
        if self.start is None:
            return chunk
        stamps = cells.moment(chunk.cells[WATERMARK], self.writing, WATERMARK in chunk.native)
        old = cells.mask(pc.less(stamps.typed, self.start))
        gone = int(old.sum())
        self.read += gone
        self.good += gone
        self.old += gone
        return replace(chunk, cells=chunk.cells.filter(pa.array(~old)))

    def add(self, chunk: Chunk, checked: Checked) -> None:
        """Count a chunk and note how far it goes."""
        self.read += chunk.rows
        self.good += len(checked.good)
        self.lost += checked.lost
        self.left_out += checked.left_out
        self.not_yet += checked.not_yet
        self.ahead |= checked.ahead
        if WATERMARK in checked.good.schema.names:
            self._aware |= has_offset(chunk.cells[WATERMARK])
            newest = pc.max(checked.good[WATERMARK]).as_py()
            self._newest += [] if newest is None else [pd.Timestamp(newest)]
            self._waiting += [] if checked.waiting is None else [checked.waiting]

    def reached(self) -> str | None:
        """The mark to go on from; it never passes a row that waits, nor the present."""
        if not self._newest:
            return self.mark
        newest = min([max(self._newest), pd.Timestamp(self.writing.now), *self._waiting])
        return marks.written(newest, self.writing, aware=self._aware)


def _read_all(
    connection: Connection,
    sources: Sources,
    project: Path,
    now: datetime,
    zone: str,
    currency: str,
    progress: Progress | None,
) -> tuple[dict[str, _Tally], dict[str, int]]:
    """What came of the tables read, and how many rows the tables left alone have."""
    meant = fingerprint.meaning(sources, zone, currency)
    with connection.begin():
        known = loading.known(connection)
    looks = {table: fingerprint.look(source, project) for table, source in sources.given.items()}
    prints = {
        table: fingerprint.fingerprint(table, source, project, meant)
        for table, source in sources.given.items()
    }
    # A pull as of an earlier day must not see what a later one knew already.
    kept = {table: state.fingerprint for table, state in known.items() if state.read_at <= now}
    changed = {table for table, made in prints.items() if made is None or made != kept.get(table)}
    tallies: dict[str, _Tally] = {}
    for table, source in sources.given.items():
        news = {other for other, tally in tallies.items() if tally.good > tally.old}
        if not fingerprint.to_read(table, changed, news):
            continue
        mark = known[table].watermark if source.watermark and table in known else None
        writing = Writing(source.dates, source.decimal, source.zone or zone, now)
        tallies[table] = _Tally(source, writing, mark)
        _read(connection, table, sources, project, tallies[table], progress)
        if fingerprint.look(source, project) == looks[table]:
            tallies[table].print = prints[table]
    alone = {table: known[table].rows for table in sources.given if table not in tallies}
    return tallies, alone


def _read(
    connection: Connection,
    table: str,
    sources: Sources,
    project: Path,
    tally: _Tally,
    progress: Progress | None,
) -> None:
    source = tally.source
    demanded = needed(table, sources.given)
    with connection.begin():
        for chunk in chunks(table, source, project, needed=demanded, since=tally.since):
            # An order is known by all its lines, so those are sorted out only where all are seen.
            fresh = chunk if table == "order_lines" else tally.without_old(chunk)
            if fresh.rows:
                checked = check(table, fresh, source, demanded, tally.writing)
                tally.add(fresh, checked)
                loading.stage(connection, table, checked.good)
                loading.stage_rejects(connection, table, checked.rejects)
                loading.stage_aside(connection, table, checked.aside)
            if progress is not None:
                progress(table, tally.read)


def _settle(
    connection: Connection,
    given: Collection[str],
    tallies: Mapping[str, _Tally],
    erased: Erased | None,
) -> dict[str, TableReport]:
    loading.index(connection)
    lines = tallies.get("order_lines")
    if lines is not None and lines.start is not None:
        lines.old = loading.keep_new_orders(connection, lines.start)
    settled = loading.settle(connection, given, erased)
    return {
        table: _report(table, tally, settled[table], loading.reject_reasons(connection, table))
        for table, tally in tallies.items()
    }


def _report(
    table: str, tally: _Tally, settled: Settled, reasons: list[loading.RejectReason]
) -> TableReport:
    outside = settled.duplicates + settled.rejected + settled.left_out + settled.not_yet
    return TableReport(
        table=table,
        place=tally.place,
        read=tally.read,
        unchanged=tally.good - outside,
        rejected=tally.lost + settled.rejected,
        emptied=sum(reason.rows for reason in reasons if not reason.whole),
        left_out=tally.left_out + settled.left_out,
        not_yet=tally.not_yet + settled.not_yet,
        duplicates=settled.duplicates,
        reasons=tuple(
            Reason(reason.column, reason.reason, reason.rows, reason.first_row)
            for reason in reasons[:MOST_REASONS]
        ),
    )


def _written(reports: list[TableReport], counts: Mapping[str, Counts]) -> Iterator[TableReport]:
    given = {report.table for report in reports}
    for report in reports:
        count = counts[report.table]
        yield replace(
            report,
            new=count.new,
            changed=count.changed,
            unchanged=report.unchanged - count.new - count.changed,
        )
    for table in _DERIVED:
        if table not in given:
            yield TableReport(table, new=counts[table].new, changed=counts[table].changed)
