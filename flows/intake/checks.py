"""Raw rows held against the column contract: typed rows, and rejects with their reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from pandas.api.typing import NaTType

from flows.intake import cells
from flows.intake.cells import Read, Writing
from flows.intake.sources import WATERMARK, Chunk
from flows.intake.spec import TableSource
from segments.frames import SOURCES, Kind
from segments.names import PermissionKind

CLIP = 200
REJECTS = ["row", "column", "value", "reason", "whole"]
"""`whole` says whether the row stayed outside or only that cell was left empty."""

HAPPENED = {
    "customers": "since",
    "orders": "ordered_at",
    "order_lines": "ordered_at",
    "complaints": "opened_at",
    "interactions": "at",
    "permissions": "at",
}
"""The moment from which a row exists; before it the row waits for a later pull."""

_BEGINNING = pd.Timestamp(year=cells.FIRST_YEAR, month=1, day=1, tz="UTC")
KEYS = {"customers": "customer", "contacts": "contact", "orders": "order"}
_MASTER_DATA = ("customers", "contacts", "products")
_TELLING = {"note", "about", "fact", "proof"}
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


@dataclass(frozen=True)
class Checked:
    """What one chunk came to."""

    good: pd.DataFrame
    rejects: pd.DataFrame
    aside: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["key", "later"]))
    lost: int = 0
    left_out: int = 0
    not_yet: int = 0
    waiting: pd.Timestamp | NaTType = pd.NaT
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

    Events (orders, lines, complaints, permissions) lose the row; master data and optional words
    lose the cell. An objection is never lost for a wrong date: it then holds from the beginning.
    """
    raw = _with_defaults(chunk, source)
    faults = [_line_faults(chunk)]
    raw, left = _left_out(table, raw, source, faults)
    if table == "order_lines" and "order" in raw:
        demanded = demanded | {"order"}
    spared = _objections(raw) if table == "permissions" else _none(raw)
    typed = pd.DataFrame({"row": raw["row"]})
    lost = _none(raw)
    for name in (name for name in SOURCES[table] if name in raw):
        read = _read(table, name, raw[name], writing, name in chunk.native)
        typed[name] = read.typed
        costly = ~spared if _costs_the_row(table, name, demanded) else _none(raw)
        for mask, reason in _reasons(read, name in demanded):
            faults.append(_rejects(raw, name, mask, reason, costly))
            lost |= mask & costly
    if table == "order_lines":
        typed, unpriced = _priced(raw, typed, faults)
        lost |= unpriced
    if table == "permissions":
        typed["at"] = typed["at"].mask(spared & typed["at"].isna(), _BEGINNING)
    for name in (name for name in typed if name in SOURCES[table]):
        if SOURCES[table][name].kind is Kind.MONEY:
            typed[name] = cells.minor(typed[name])
    if WATERMARK in raw:
        typed[WATERMARK] = cells.moment(raw[WATERMARK], writing, WATERMARK in chunk.native).typed
    later = _later(table, typed, writing) & ~lost
    good, ahead = _without_future(table, typed[~lost & ~later], writing)
    if table == "order_lines" and "order" not in raw:
        good = good.assign(order=_order_key(good, writing.zone))
    return Checked(
        good=good,
        rejects=pd.concat(faults, ignore_index=True),
        aside=pd.concat([left, _aside(table, typed[later], later=True)], ignore_index=True),
        lost=int(lost.sum()) + len(chunk.faults),
        left_out=len(chunk.frame) - len(raw),
        not_yet=int(later.sum()),
        waiting=typed.loc[later, WATERMARK].min() if WATERMARK in typed else pd.NaT,
        ahead=ahead,
    )


def _none(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(False, index=frame.index)


def _with_defaults(chunk: Chunk, source: TableSource) -> pd.DataFrame:
    raw = chunk.frame
    for name, default in source.defaults.items():
        written = str(default)
        if isinstance(default, float):
            sign = "." if name in chunk.native else source.decimal
            written = written.replace(".", sign)
        raw = raw.assign(
            **{name: raw[name].where(cells.filled(raw[name]), written) if name in raw else written}
        )
        raw[name] = raw[name].astype("str")
    return raw


def _line_faults(chunk: Chunk) -> pd.DataFrame:
    rows = [(row, "", value, reason, True) for row, value, reason in chunk.faults]
    return pd.DataFrame(rows, columns=REJECTS).astype({"row": "int64", "whole": "bool"})


def _left_out(
    table: str, raw: pd.DataFrame, source: TableSource, faults: list[pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if source.without_customer != "leave_out" or "customer" not in raw:
        return raw, _aside(table, raw[:0], later=False)
    nobody = ~cells.filled(raw["customer"].str.strip())
    faults.append(_rejects(raw, "customer", nobody, "left out: it names no customer", nobody))
    return raw[~nobody], _aside(table, raw[nobody], later=False)


def _read(table: str, name: str, values: pd.Series, writing: Writing, native: bool) -> Read:
    column = SOURCES[table][name]
    if name == "email":
        return cells.email(values)
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


def _reasons(read: Read, demanded: bool) -> list[tuple[pd.Series, str]]:
    found = [(mask, reason) for mask, reason in read.wrong if mask.any()]
    if demanded:
        blank = read.typed.isna()
        for mask, _ in found:
            blank &= ~mask
        if blank.any():
            found.append((blank, "is empty"))
    return found


def _costs_the_row(table: str, name: str, demanded: set[str]) -> bool:
    if name in demanded:
        return True
    if table == "permissions":
        return name != "proof"
    word_like = SOURCES[table][name].kind in (Kind.WORD, Kind.TEXT) and name != "currency"
    return not word_like and table not in _MASTER_DATA


def _rejects(
    raw: pd.DataFrame, name: str, mask: pd.Series, reason: str, whole: pd.Series
) -> pd.DataFrame:
    found = raw.loc[mask]
    return pd.DataFrame(
        {
            "row": found["row"],
            "column": name,
            "value": found[name].str[:CLIP].mask(found[name].eq("")) if name in found else None,
            "reason": reason,
            "whole": whole[mask],
        },
        columns=REJECTS,
    )


def _priced(
    raw: pd.DataFrame, typed: pd.DataFrame, faults: list[pd.DataFrame]
) -> tuple[pd.DataFrame, pd.Series]:
    """Sum each line in millionths, to be rounded only then; no price is a reject."""
    nothing = pd.Series(np.nan, index=typed.index, dtype="float64")
    quantity = typed.get("quantity", nothing).fillna(1.0)
    amount = typed.get("amount", nothing)
    amount = amount.fillna((typed.get("unit_price", nothing) * quantity).round())
    empty = amount.isna()
    for name in ("amount", "unit_price", "quantity"):
        if name in raw:
            # A price that makes no sense was rejected under its own name.
            empty &= ~(cells.filled(raw[name]) & typed[name].isna())
    huge = amount.abs() > cells.LARGEST * cells.MICRO
    name = "unit_price" if "unit_price" in raw else "amount"
    for mask, reason in (
        (empty, "is empty: the line has no price"),
        (huge, f"comes to more than {cells.LARGEST:,} in money"),
    ):
        if mask.any():
            faults.append(_rejects(raw, name, mask, reason, mask))
    priced = typed.drop(columns="unit_price", errors="ignore")
    return priced.assign(quantity=quantity, amount=amount.mask(huge)), empty | huge


def _objections(raw: pd.DataFrame) -> pd.Series:
    kinds = cells.word(raw["kind"], PermissionKind).typed
    contacts = cells.text(raw["contact"], _KEY_LENGTH).typed
    return kinds.eq(PermissionKind.OBJECTION).fillna(False).astype(bool) & contacts.notna()


def _later(table: str, typed: pd.DataFrame, writing: Writing) -> pd.Series:
    name = HAPPENED.get(table)
    if name is None or name not in typed:
        return pd.Series(False, index=typed.index)
    return typed[name].gt(pd.Timestamp(writing.now)).fillna(False).astype(bool)


def _without_future(table: str, good: pd.DataFrame, writing: Writing) -> tuple[pd.DataFrame, bool]:
    """What will be delivered, settled, cancelled or ended only after now is not known yet."""
    names = [
        name
        for name, column in SOURCES[table].items()
        if column.kind is Kind.MOMENT and name != HAPPENED.get(table) and name in good
    ]
    now = pd.Timestamp(writing.now)
    ahead = {name: mask for name in names if (mask := good[name].gt(now)).any()}
    if not ahead:
        return good, False
    return good.assign(**{name: good[name].mask(mask) for name, mask in ahead.items()}), True


def _aside(table: str, rows: pd.DataFrame, *, later: bool) -> pd.DataFrame:
    key = KEYS.get(table)
    keys = rows[key] if key in rows else pd.Series(dtype="str")
    return pd.DataFrame({"key": keys, "later": later}).dropna()


def _order_key(good: pd.DataFrame, zone: str) -> pd.Series:
    day = good["ordered_at"].dt.tz_convert(zone).dt.strftime("%Y-%m-%d")
    key: pd.Series = good["customer"] + " " + day
    return key
