"""Rows as the company writes them, a chunk at a time: text files, Parquet files and databases."""

import difflib
import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from flows.errors import SourceError
from flows.intake import textfile
from flows.intake.cells import TEXT
from flows.intake.spec import TableSource
from segments.frames import SOURCES

SIZE = 50_000
WATERMARK = "watermark"
BEGINNING = "1900-01-01 00:00:00"
"""What `:since` is on the first pull."""


@dataclass(frozen=True)
class Chunk:
    """Some rows in our columns, all as text, each with the `row` it has in its source.

    `native` names the columns a typed source wrote: ISO dates and decimal points, whatever
    sources.yaml says about text. `faults` are lines that could not be taken apart at all.
    """

    cells: pa.RecordBatch
    native: frozenset[str] = frozenset()
    faults: list[textfile.Fault] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows were read, readable or not."""
        return len(self.cells) + len(self.faults)


def chunks(
    table: str,
    source: TableSource,
    project: Path,
    *,
    needed: Iterable[str] = (),
    since: str | None = None,
    size: int = SIZE,
) -> Iterator[Chunk]:
    """The rows of one table, `size` at a time; `needed` columns must be there.

    `since` is bound to `:since` of a database's statement; files are always read in full.
    """
    if source.csv is not None:
        return _from_text(table, source, project / source.csv, needed, size)
    if source.parquet is not None:
        return _from_parquet(table, source, project / source.parquet, needed, size)
    return _from_database(table, source, project, needed, since, size)


def _from_text(
    table: str, source: TableSource, path: Path, needed: Iterable[str], size: int
) -> Iterator[Chunk]:
    with textfile.opened(source, path, size) as file:
        names = _mapped(table, source, file.header, needed)
        places = [file.header.index(theirs) for theirs in names.values()]
        for block in file.read(places):
            columns = [_as_text(cells) for cells in block.columns]
            rows = pa.array(np.asarray(block.rows, dtype="int64"))
            whole = pa.RecordBatch.from_arrays([rows, *columns], ["row", *names])
            # Spreadsheets write lines of separators below the last row.
            widths = [pc.binary_length(column) for column in columns]
            blank = pc.equal(functools.reduce(pc.max_element_wise, widths), 0)
            if pc.any(blank).as_py():
                whole = whole.filter(pc.invert(blank))
            yield Chunk(whole, faults=block.faults)


def _from_parquet(
    table: str, source: TableSource, path: Path, needed: Iterable[str], size: int
) -> Iterator[Chunk]:
    try:
        with pq.ParquetFile(path) as file:
            names = _mapped(table, source, file.schema_arrow.names, needed)
            first = 1
            for batch in file.iter_batches(batch_size=size, columns=sorted(set(names.values()))):
                yield _typed(names, {name: batch.column(name) for name in names.values()}, first)
                first += batch.num_rows
    except FileNotFoundError as error:
        raise SourceError(
            f"{source.place} is not there. Paths in sources.yaml start at the project's folder"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{source.place} is not a readable Parquet file: {error}") from error


def _from_database(
    table: str,
    source: TableSource,
    project: Path,
    needed: Iterable[str],
    since: str | None,
    size: int,
) -> Iterator[Chunk]:
    path = project / source.place
    if not path.is_file():
        raise SourceError(f'{source.place} is not there; "sql: {source.sql}" asks for it')
    statement = text(path.read_text(encoding="utf-8").strip().removesuffix(";"))
    unknown = set(statement.compile().params) - {"since"}
    if unknown:
        raise SourceError(
            f"{source.place} asks for {', '.join(f':{name}' for name in sorted(unknown))}; "
            "only :since can be filled in"
        )
    binds = {"since": since or BEGINNING} if statement.compile().params else {}
    try:
        engine = create_engine(_address(table, source, project))
    except (ArgumentError, ImportError) as error:
        raise SourceError(
            f'sources.yaml, {table}: "url" is not an address this machine can use: {error}'
        ) from error
    try:
        with engine.connect().execution_options(stream_results=True, yield_per=size) as connection:
            result = connection.execute(statement, binds)
            header = list(result.keys())
            names = _mapped(table, source, header, needed)
            first = 1
            for part in result.partitions(size):
                columns = list(zip(*part, strict=True))
                yield _typed(
                    names,
                    {name: _array(columns[header.index(name)]) for name in names.values()},
                    first,
                )
                first += len(part)
    except DBAPIError as error:
        raise SourceError(f"{source.place}: the database answered: {error.orig}") from error
    except SQLAlchemyError as error:
        raise SourceError(f"{source.place}: {error}") from error
    finally:
        engine.dispose()


def _mapped(
    table: str, source: TableSource, header: Sequence[str], needed: Iterable[str]
) -> dict[str, str]:
    """Our columns found in the source, and what they are called there."""
    names = {ours: source.columns.get(ours, ours) for ours in SOURCES[table]}
    wanted = dict(source.columns)
    if source.watermark is not None:
        names[WATERMARK] = wanted[WATERMARK] = source.watermark
    faults = []
    for ours, theirs in wanted.items():
        if theirs not in header:
            near = difflib.get_close_matches(theirs, header, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            faults.append(f'there is no column "{theirs}" for our "{ours}".{hint}')
    for ours in needed:
        if ours not in wanted and ours not in header and ours not in source.defaults:
            faults.append(
                f'"{ours}" is missing. Write under columns which column it is: "{ours}: ..."'
            )
    if table == "order_lines" and not {"amount", "unit_price"} & (
        {ours for ours, theirs in names.items() if theirs in header} | set(source.defaults)
    ):
        faults.append('there is no price. Write under columns "amount: ..." or "unit_price: ..."')
    faults += [
        f'there are two columns "{theirs}"; which one is meant?'
        for theirs in dict.fromkeys(names.values())
        if list(header).count(theirs) > 1
    ]
    if faults:
        there = ", ".join(f'"{name}"' for name in list(header)[:40])
        raise SourceError(
            "\n".join(f"{source.place}: {fault}" for fault in faults)
            + f"\n{source.place} has the columns {there[:1500]}"
        )
    return {ours: theirs for ours, theirs in names.items() if theirs in header}


def _typed(names: dict[str, str], arrays: dict[str, pa.Array], first: int) -> Chunk:
    count = len(next(iter(arrays.values()))) if arrays else 0
    columns = {"row": pa.array(np.arange(first, first + count, dtype="int64"))}
    native = set()
    for ours, theirs in names.items():
        array = arrays[theirs]
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        if pa.types.is_floating(array.type):
            array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
        if pa.types.is_timestamp(array.type):
            array = array.cast(pa.timestamp("us", array.type.tz), safe=False)
        if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
            native.add(ours)
        columns[ours] = pc.fill_null(array.cast(TEXT), "")
    return Chunk(pa.RecordBatch.from_pydict(columns), frozenset(native))


def _as_text(cells: pa.ChunkedArray | Sequence[str]) -> pa.Array:
    if isinstance(cells, pa.ChunkedArray):
        return cells.combine_chunks()
    return pa.array(cells, TEXT)


def _array(values: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        return pa.array([None if value is None else str(value) for value in values])


def _address(table: str, source: TableSource, project: Path) -> URL:
    address = source.url or ""
    if "://" not in address:
        if address not in os.environ:
            raise SourceError(
                f'sources.yaml, {table}: "url: {address}" names an environment variable '
                "that is not set"
            )
        address = os.environ[address]
    url = make_url(address)
    if url.drivername == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        file = project / url.database
        # SQLite would make an empty database of a mistyped name.
        if not file.is_file():
            raise SourceError(f"sources.yaml, {table}: there is no database {url.database}")
        return url.set(database=str(file))
    return url
