"""Purchases out of the store and their figures, everybody's at once or those of some customers.

Purchases are summed up in numpy, because what is asked of them is their order in time, their
credit notes and a median, and those cost SQLite twice and PostgreSQL three times as much.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, case, func, select

from flows.store import columnar
from flows.store.models import Customer, Purchase
from segments.customer.orders import Purchases, order_figures
from segments.names import OrderKind

_READ = 500_000
_SHARD = 20_000
_CREDIT, _CANCELLED = 1, 2

_WHOLE = ("customer_id", "purchase_id", "credit_of_id", "total", "list_total", "cost")

Columns = dict[str, Any]


def everybodys_figures(connection: Connection, now: datetime) -> pd.DataFrame:
    """`order_figures` of everybody with a purchase, by customer_id.

    Every purchase is read once, in the order of the table, and laid aside in about 60 bytes until
    all of a shard are there.
    """
    ends = select(func.min(Customer.id), func.max(Customer.id))
    low, high = connection.execute(ends).one()
    last = connection.execute(select(func.max(Purchase.id))).scalar() or 0
    ranges = [(begin, begin + _READ - 1) for begin in range(1, last + 1, _READ)]
    words: dict[str, int] = {}
    shards: list[list[Columns]] = [[_NOTHING] for _ in range(low or 1, (high or 1) + 1, _SHARD)]

    def block_of(these: tuple[int, int]) -> Columns:
        return _read(connection, now, Purchase.id.between(*these), words)

    for block in _ahead(connection, block_of, ranges):
        for place, rows in _by_shard(block, low):
            shards[place].append(rows)
    figures = []
    for place, parts in enumerate(shards):
        figures.append(order_figures(_together(parts, words), now))
        shards[place] = []
    return pd.concat(figures)


def figures_of(connection: Connection, now: datetime, first: int, last: int) -> pd.DataFrame:
    """The same of customers with first <= id <= last, in blocks that bound the memory."""
    figures = []
    for begin in range(first, max(last, first) + 1, _SHARD):
        words: dict[str, int] = {}
        these = Purchase.customer_id.between(begin, min(begin + _SHARD - 1, last))
        rows = _read(connection, now, these, words)
        figures.append(order_figures(Purchases(**rows, words=list(words)), now))
    return pd.concat(figures)


def _read(
    connection: Connection, now: datetime, which: ColumnElement[bool], words: dict[str, int]
) -> Columns:
    """Some purchases as arrays; `words` learns the categories it has not seen yet."""
    state = case((Purchase.kind == OrderKind.CREDIT, _CREDIT), else_=0)
    cancelled = case((Purchase.cancelled_at <= now, _CANCELLED), else_=0)
    found = columnar.read(
        connection,
        select(
            Purchase.customer_id,
            Purchase.id.label("purchase_id"),
            Purchase.ordered_at,
            Purchase.credit_of_id,
            Purchase.total,
            Purchase.list_total,
            Purchase.cost,
            Purchase.category,
            (state + cancelled).label("state"),
        ).where(which, Purchase.ordered_at <= now),
        complete=("customer_id", "purchase_id", "ordered_at", "total", "state"),
    )
    codes, unique = pd.factorize(found.pop("category"))
    places = [words.setdefault(word, len(words)) for word in unique]
    state = found.pop("state").astype(np.int8)
    return {
        **found,
        "category": np.array([*places, -1], dtype=np.int32)[codes],
        "is_credit": (state & _CREDIT) > 0,
        "is_cancelled": (state & _CANCELLED) > 0,
    }


def _ahead(
    connection: Connection,
    read: Callable[[tuple[int, int]], Columns],
    ranges: list[tuple[int, int]],
) -> Iterator[Columns]:
    """Each range read while the one before is worked on, where the database has a server."""
    if connection.dialect.name == "sqlite" or len(ranges) < 2:
        yield from map(read, ranges)
        return
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(read, ranges[0])
        for following in ranges[1:]:
            block = coming.result()
            coming = reader.submit(read, following)
            yield block
        yield coming.result()


def _by_shard(block: Columns, low: int) -> Iterator[tuple[int, Columns]]:
    """The rows of each shard of customers."""
    shard = ((block["customer_id"] - low) // _SHARD).astype(np.uint16)
    order = np.argsort(shard, kind="stable")
    many = np.bincount(shard)
    ends = np.cumsum(many)
    block = {name: values[order] for name, values in block.items()}
    for place in np.flatnonzero(many).tolist():
        these = slice(ends[place] - many[place], ends[place])
        yield place, {name: values[these] for name, values in block.items()}


def _together(parts: list[Columns], words: dict[str, int]) -> Purchases:
    columns = {name: np.concatenate([part[name] for part in parts]) for name in _NOTHING}
    return Purchases(**columns, words=list(words))


_NOTHING: Columns = {
    **dict.fromkeys(_WHOLE, np.array([], dtype=np.int64)),
    "ordered_at": np.array([], dtype="datetime64[us]"),
    "category": np.array([], dtype=np.int32),
    "is_credit": np.array([], dtype=bool),
    "is_cancelled": np.array([], dtype=bool),
}
