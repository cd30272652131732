"""Raw rows held against the column contract: typed rows, and rejects with their reason."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flows.intake import cells
from flows.intake.cells import TEXT, Mask, Read, Writing
from flows.intake.sources import WATERMARK, Chunk
from flows.intake.spec import TableSource
from segments.frames import SOURCES, Kind
from segments.names import PermissionKind

CLIP = 200
HAPPENED = {
    "customers": "since",
    "orders": "ordered_at",
    "order_lines": "ordered_at",
    "complaints": "opened_at",
    "interactions": "at",
    "permissions": "at",
    "suppressions": "at",
    "task_results": "done_at",
}
"""The moment from which a row exists; before it the row waits for a later pull."""

_KNOWN_BEFORE = {"contract_end", "sales_lock_until"}
"""Moments agreed upon, which are known long before they come."""

KEYS = {"customers": "customer", "contacts": "contact", "orders": "order"}
_MASTER_DATA = ("customers", "contacts", "products")
_TELLING = {"note", "about", "fact", "proof", "notice", "source", "text_version"}
_LENGTHS = {
    "title": 60,
    "country": 60,
    "name": 300,
    "product_name": 300,
    "category": 200,
    "industry": 200,
    "first_name": 200,
    "last_name": 200,
}
_KEY_LENGTH = 120


_REJECT = pa.schema(
    [
        ("row", pa.int64()),
        ("column", TEXT),
        ("value", TEXT),
        ("reason", TEXT),
        ("whole", pa.bool_()),
    ]
)
"""`whole` says whether the row stayed outside or only that cell was left empty."""

_ASIDE = pa.schema([("key", TEXT), ("later", pa.bool_())])


@dataclass(frozen=True)
class Checked:
    """What one chunk came to."""

    good: pa.RecordBatch
    rejects: pa.RecordBatch
    aside: pa.RecordBatch
    lost: int = 0
    left_out: int = 0
    not_yet: int = 0
    waiting: pd.Timestamp | None = None
    ahead: bool = False
    """Whether a cell is left empty because what it tells is still to come."""


def needed(table: str, given: Mapping[str, object] | set[str]) -> set[str]:
    """Columns a row cannot do without, seeing which other tables there are."""
    columns = {name for name, column in SOURCES[table].items() if column.required}
    if table == "order_lines":
        return {"order"} if "orders" in given else {"customer", "ordered_at"}
    return columns


def check(
    table: str, chunk: Chunk, source: TableSource, demanded: set[str], writing: Writing
) -> Checked:
    """Type every cell. A wrong cell costs its row where a wrong fact would be worse than none.

    Events (orders, lines, complaints, permissions) lose the row; master data, suppressions and
    optional words lose the cell. An objection is never lost for a wrong date: it then holds from
    the beginning.
    """
    raw = _with_defaults(chunk, source)
    faults = [_line_faults(chunk)]
    raw, left = _left_out(table, raw, source, faults)
    names = [name for name in SOURCES[table] if name in raw.schema.names]
    if table == "order_lines" and "order" in names:
        demanded = demanded | {"order"}
    nowhere = np.zeros(len(raw), dtype=bool)
    spared = _objections(raw) if table == "permissions" else nowhere
    typed = {"row": raw["row"]}
    lost = nowhere.copy()
    for name in names:
        read = _read(table, name, raw[name], writing, name in chunk.native)
        typed[name] = read.typed
        costly = ~spared if _costs_the_row(table, name, demanded) else nowhere
        for found, reason in _reasons(read, name in demanded):
            faults.append(_rejects(raw, name, found, reason, costly))
            lost |= found & costly
    if table == "order_lines":
        lost |= _price(raw, typed, faults)
    if table == "permissions":
        undated = spared & cells.mask(pc.is_null(typed["at"]))
        typed["at"] = pc.if_else(pa.array(undated), cells.BEGINNING, typed["at"])
    for name in (name for name in typed if name in SOURCES[table]):
        if SOURCES[table][name].kind is Kind.MONEY:
            typed[name] = cells.minor(typed[name])
    if WATERMARK in raw.schema.names:
        native = WATERMARK in chunk.native
        typed[WATERMARK] = cells.moment(raw[WATERMARK], writing, native).typed
    later = _later(table, typed, writing) & ~lost
    ahead = _forget_future(table, typed, writing)
    if table == "order_lines" and "order" not in names:
        typed["order"] = _order_key(typed, writing.zone)
    rows = pa.RecordBatch.from_pydict(typed)
    waiting = rows.filter(pa.array(later)) if later.any() else rows.slice(0, 0)
    return Checked(
        good=rows.filter(pa.array(~(lost | later))) if (lost | later).any() else rows,
        rejects=_together(faults),
        aside=_together([left, _aside(table, waiting, later=True)]),
        lost=int(lost.sum()) + len(chunk.faults),
        left_out=len(chunk.cells) - len(raw),
        not_yet=len(waiting),
        waiting=_first(waiting),
        ahead=bool((ahead & ~lost & ~later).any()),
    )


def _with_defaults(chunk: Chunk, source: TableSource) -> pa.RecordBatch:
    raw = chunk.cells
    for name, default in source.defaults.items():
        written = str(default)
        if isinstance(default, float):
            sign = "." if name in chunk.native else source.decimal
            written = written.replace(".", sign)
        if name not in raw.schema.names:
            raw = raw.append_column(name, pa.repeat(pa.scalar(written, TEXT), len(raw)))
            continue
        empty = pa.array(~cells.filled(raw[name]))
        place = raw.schema.get_field_index(name)
        raw = raw.set_column(place, name, pc.if_else(empty, pa.scalar(written, TEXT), raw[name]))
    return raw


def _line_faults(chunk: Chunk) -> pa.RecordBatch:
    rows, values, reasons = zip(*chunk.faults, strict=True) if chunk.faults else ((), (), ())
    count = len(chunk.faults)
    columns = [rows, [""] * count, values, reasons, [True] * count]
    return pa.RecordBatch.from_pydict(
        dict(zip(_REJECT.names, columns, strict=True)), schema=_REJECT
    )


def _left_out(
    table: str, raw: pa.RecordBatch, source: TableSource, faults: list[pa.RecordBatch]
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    if source.without_customer == "leave_out" and "customer" in raw.schema.names:
        nobody = ~cells.filled(pc.utf8_trim_whitespace(raw["customer"]))
        if nobody.any():
            faults.append(
                _rejects(raw, "customer", nobody, "left out: it names no customer", nobody)
            )
            left = raw.filter(pa.array(nobody))
            return raw.filter(pa.array(~nobody)), _aside(table, left, later=False)
    return raw, _aside(table, raw.slice(0, 0), later=False)


def _read(table: str, name: str, values: pa.Array, writing: Writing, native: bool) -> Read:
    column = SOURCES[table][name]
    if name == "email":
        return cells.email(values)
    if name == "task":
        return cells.serial(values)
    if name == "currency":
        return cells.currency(values)
    if column.kind is Kind.WORD and column.words is not None:
        return cells.word(values, column.words)
    if column.kind is Kind.MOMENT:
        return cells.moment(values, writing, native, open_end=name != HAPPENED.get(table))
    if column.kind is Kind.MONEY:
        return cells.micro(values, writing.decimal, native)
    if column.kind is Kind.NUMBER:
        return cells.number(values, writing.decimal, native, column)
    longest = None if name in _TELLING else _LENGTHS.get(name, _KEY_LENGTH)
    return cells.text(values, longest)


def _reasons(read: Read, demanded: bool) -> list[tuple[Mask, str]]:
    found = [(wrong, reason) for wrong, reason in read.wrong if wrong.any()]
    if demanded and read.typed.null_count:
        blank = cells.mask(pc.is_null(read.typed))
        for wrong, _ in found:
            blank &= ~wrong
        if blank.any():
            found.append((blank, "is empty"))
    return found


def _costs_the_row(table: str, name: str, demanded: set[str]) -> bool:
    if name in demanded:
        return True
    if table == "permissions":
        return name != "proof"
    if name == "outcome":
        # Empty means that they were reached, which a word nobody knows does not say.
        return True
    if table == "suppressions":
        # Whatever else is wrong with it, somebody must not be written to.
        return False
    word_like = SOURCES[table][name].kind in (Kind.WORD, Kind.TEXT) and name != "currency"
    return not word_like and table not in _MASTER_DATA


def _rejects(
    raw: pa.RecordBatch, name: str, found: Mask, reason: str, whole: Mask
) -> pa.RecordBatch:
    rows = raw.filter(pa.array(found))
    value = pa.nulls(len(rows), TEXT)
    if name in raw.schema.names:
        clipped = pc.utf8_slice_codeunits(rows[name], 0, CLIP)
        value = cells.where(~cells.mask(pc.equal(clipped, "")), clipped)
    told = [pa.repeat(pa.scalar(word, TEXT), len(rows)) for word in (name, reason)]
    columns = [rows["row"], told[0], value, told[1], pa.array(whole[found])]
    return pa.RecordBatch.from_arrays(columns, schema=_REJECT)


def _price(raw: pa.RecordBatch, typed: dict[str, pa.Array], faults: list[pa.RecordBatch]) -> Mask:
    """Sum each line in millionths, to be rounded only then; no price is a reject."""
    nothing = np.full(len(raw), np.nan)
    quantity, amount, price = (
        cells.floats(typed[name]) if name in typed else nothing
        for name in ("quantity", "amount", "unit_price")
    )
    quantity = np.where(np.isnan(quantity), 1.0, quantity)
    amount = np.where(np.isnan(amount), np.round(price * quantity), amount)
    empty = np.isnan(amount)
    for name in ("amount", "unit_price", "quantity"):
        if name in typed and empty.any():
            # A price that makes no sense was rejected under its own name.
            empty &= ~(cells.filled(raw[name]) & cells.mask(pc.is_null(typed[name])))
    huge = np.abs(amount) > cells.LARGEST * cells.MICRO
    name = "unit_price" if "unit_price" in typed else "amount"
    for found, reason in (
        (empty, "is empty: the line has no price"),
        (huge, f"comes to more than {cells.LARGEST:,} in money"),
    ):
        if found.any():
            faults.append(_rejects(raw, name, found, reason, found))
    typed.pop("unit_price", None)
    typed["quantity"] = pa.array(quantity)
    typed["amount"] = pa.array(amount, mask=np.isnan(amount) | huge)
    return empty | huge


def _objections(raw: pa.RecordBatch) -> Mask:
    kinds = cells.word(raw["kind"], PermissionKind).typed
    contacts = cells.text(raw["contact"], _KEY_LENGTH).typed
    objects = cells.mask(pc.equal(kinds, PermissionKind.OBJECTION.value))
    return objects & cells.mask(pc.is_valid(contacts))


def _later(table: str, typed: Mapping[str, pa.Array], writing: Writing) -> Mask:
    name = HAPPENED.get(table)
    if name is None or name not in typed:
        return np.zeros(len(typed["row"]), dtype=bool)
    return _after_now(typed[name], writing)


def _after_now(moments: pa.Array, writing: Writing) -> Mask:
    return cells.mask(pc.greater(moments, pa.scalar(writing.now, cells.MOMENT)))


def _forget_future(table: str, typed: dict[str, pa.Array], writing: Writing) -> Mask:
    """What will be delivered, settled, cancelled or ended only after now is not known yet.

    Says in which rows there is such a cell.
    """
    ahead = np.zeros(len(typed["row"]), dtype=bool)
    for name, column in SOURCES[table].items():
        known_before = name == HAPPENED.get(table) or name in _KNOWN_BEFORE
        if name in typed and column.kind is Kind.MOMENT and not known_before:
            future = _after_now(typed[name], writing)
            typed[name] = cells.where(~future, typed[name])
            ahead |= future
    return ahead


def _aside(table: str, rows: pa.RecordBatch, *, later: bool) -> pa.RecordBatch:
    key = KEYS.get(table)
    keys = rows[key] if key in rows.schema.names else pa.nulls(0, TEXT)
    keys = keys.drop_null()
    return pa.RecordBatch.from_arrays([keys, pa.repeat(later, len(keys))], schema=_ASIDE)


def _together(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    filled = [part for part in parts if len(part)]
    return pa.concat_batches(filled) if len(filled) > 1 else (filled or parts)[0]


def _first(waiting: pa.RecordBatch) -> pd.Timestamp | None:
    if WATERMARK not in waiting.schema.names or not len(waiting):
        return None
    first = pc.min(waiting[WATERMARK]).as_py()
    return None if first is None else pd.Timestamp(first)


def _order_key(typed: Mapping[str, pa.Array], zone: str) -> pa.Array:
    local = typed["ordered_at"].to_pandas().dt.tz_convert(zone)
    day = pa.Array.from_pandas(local.dt.strftime("%Y-%m-%d").astype("str")).cast(TEXT)
    return pc.binary_join_element_wise(typed["customer"], day, pa.scalar(" ", TEXT))
