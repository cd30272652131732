"""The ledger of decisions: every candidate of every run with its outcome and what decided it.

One block a run and shard. Its columns are coded to the smallest whole numbers, alike ones beside
one another, and compressed together; the words stand once in a header. A decision so takes a few
bytes, and a customer's are found by reading only blocks whose range covers the customer.
"""

import json
import zlib
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, insert, select

from flows.store.models import Ledger

_MOMENT = "datetime64[us, UTC]"
COLUMNS: dict[str, str] = {
    "customer_id": "int64",
    "enrollment_id": "Int64",
    "contact_id": "Int64",
    "journey": "str",
    "version": "str",
    "step": "str",
    "outcome": "str",
    "reason": "str",
    "outranked_by": "str",
    "why": "str",
    "due_at": _MOMENT,
}
"""Columns of a block, and their types as they come back."""

_TOGETHER = (
    ("journey", "version", "step"),
    ("outcome", "reason", "outranked_by", "why"),
)
"""Words that mostly come in the same few combinations."""

_ALONE = ("customer_id", "enrollment_id", "contact_id", "due_at")
_ORDER = ["journey", "version", "step", "customer_id", "contact_id"]
_LENGTH = 4
_EFFORT = 6

Array = np.ndarray[Any, Any]


def pack(rows: pd.DataFrame) -> bytes:
    """Decisions as one block; their order is lost."""
    places, verdicts = (_combined(rows, names) for names in _TOGETHER)
    contacts = rows["contact_id"].fillna(0).to_numpy("int64")
    customers = rows["customer_id"].to_numpy("int64")
    order = np.lexsort((verdicts[0], contacts, customers, places[0]))
    coded = [_packed({"words": words}, codes[order]) for codes, words in (places, verdicts)]
    coded += [_coded(name, rows[name].iloc[order]) for name in _ALONE]
    header = json.dumps(
        {"rows": len(rows), "columns": [column for column, _ in coded]},
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()
    body = b"".join(part for _, part in coded)
    return zlib.compress(len(header).to_bytes(_LENGTH, "big") + header + body, _EFFORT)


def unpack(block: bytes) -> pd.DataFrame:
    """The decisions of a block, with `COLUMNS`."""
    plain = memoryview(zlib.decompress(block))
    begin = _LENGTH + int.from_bytes(plain[:_LENGTH], "big")
    header = json.loads(bytes(plain[_LENGTH:begin]))
    columns: dict[str, Any] = {}
    coded = iter(header["columns"])
    for names in _TOGETHER:
        column = next(coded)
        codes, begin = _numbers(column, header["rows"], plain, begin)
        for name, words in zip(names, zip(*column["words"], strict=True), strict=False):
            columns[name] = pd.array(np.array(words, dtype=object)[codes], dtype="str")
    for name in _ALONE:
        columns[name], begin = _decoded(name, next(coded), header["rows"], plain, begin)
    return pd.DataFrame(columns).reindex(columns=list(COLUMNS)).astype(COLUMNS)


def write_ledger(
    connection: Connection, run_id: int, decided_at: datetime, rows: pd.DataFrame
) -> None:
    """Keep the decisions of a run about one shard; nothing where nothing was decided."""
    if rows.empty:
        return
    connection.execute(
        insert(Ledger).values(
            run_id=run_id,
            decided_at=decided_at,
            first_customer=int(rows["customer_id"].min()),
            last_customer=int(rows["customer_id"].max()),
            rows=len(rows),
            block=pack(rows),
        )
    )


def read_ledger(
    connection: Connection,
    customer_id: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> pd.DataFrame:
    """Every decision about a customer: run_id, decided_at and `COLUMNS`, the earliest first."""
    statement = select(Ledger.run_id, Ledger.decided_at, Ledger.block).where(
        Ledger.first_customer <= customer_id, Ledger.last_customer >= customer_id
    )
    if since is not None:
        statement = statement.where(Ledger.decided_at >= since)
    if until is not None:
        statement = statement.where(Ledger.decided_at <= until)
    parts = []
    for run_id, decided_at, block in connection.execute(statement):
        rows = unpack(block)
        own = rows[rows["customer_id"] == customer_id]
        parts.append(own.assign(run_id=run_id, decided_at=pd.Timestamp(decided_at)))
    dtypes = {"run_id": "int64", "decided_at": COLUMNS["due_at"], **COLUMNS}
    empty = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes.items()})
    found = pd.concat([part for part in parts if len(part)] or [empty])
    found = found[list(dtypes)].astype(dtypes)
    return found.sort_values(["decided_at", "run_id", *_ORDER], ignore_index=True)


def _combined(rows: pd.DataFrame, names: tuple[str, ...]) -> tuple[Array, list[list[str | None]]]:
    """Which combination of words each row has, and the combinations in their own order."""
    codes = np.zeros(len(rows), dtype="int64")
    different = []
    for name in names:
        own, words = pd.factorize(rows[name], sort=True)
        different.append([None, *map(str, words)])
        codes = codes * (len(words) + 1) + own + 1
    used, codes = np.unique(codes, return_inverse=True)
    columns = []
    for possible in reversed(different):
        columns.append([possible[place] for place in used % len(possible)])
        used = used // len(possible)
    return codes, [list(words) for words in zip(*reversed(columns), strict=True)]


def _coded(name: str, values: pd.Series) -> tuple[dict[str, Any], bytes]:
    """A column as whole numbers: what the header says of it, and its bytes."""
    missing = values.isna().to_numpy()
    if COLUMNS[name] != _MOMENT:
        numbers = values.ffill().fillna(0).to_numpy("int64")
        steps = np.diff(numbers, prepend=0)
        column, part = _packed({}, (steps << 1) ^ (steps >> 63))
    else:
        moments = values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
        numbers = moments.astype("int64")
        base = int(numbers[~missing].min()) if (~missing).any() else 0
        numbers = np.where(missing, 0, numbers - base)
        unit = max(int(np.gcd.reduce(numbers)) if len(numbers) else 0, 1)
        column, part = _packed({"base": base, "unit": unit}, numbers // unit)
    if missing.any():
        column["missing"] = True
        part += np.packbits(missing).tobytes()
    return column, part


def _packed(column: dict[str, Any], numbers: Array) -> tuple[dict[str, Any], bytes]:
    """Numbers of nought and more in the smallest type; first all lowest bytes, and so on."""
    kind = np.min_scalar_type(int(numbers.max()) if len(numbers) else 0).newbyteorder("<")
    column["kind"] = kind.str
    plain = np.ascontiguousarray(numbers.astype(kind)).view("u1").reshape(-1, kind.itemsize)
    return column, plain.T.tobytes()


def _numbers(column: dict[str, Any], rows: int, plain: memoryview, begin: int) -> tuple[Array, int]:
    """Whole numbers again, and where they end."""
    kind = np.dtype(column["kind"])
    end = begin + rows * kind.itemsize
    flat = np.frombuffer(plain[begin:end], "u1").reshape(kind.itemsize, rows)
    return np.ascontiguousarray(flat.T).view(kind).reshape(rows).astype("int64"), end


def _decoded(
    name: str, column: dict[str, Any], rows: int, plain: memoryview, begin: int
) -> tuple[Any, int]:
    """A column again, and where the next begins."""
    numbers, end = _numbers(column, rows, plain, begin)
    missing = np.zeros(rows, dtype=bool)
    if column.get("missing"):
        size = -(-rows // 8)
        bits = np.frombuffer(plain[end : end + size], "u1")
        missing, end = np.unpackbits(bits, count=rows).astype(bool), end + size
    if COLUMNS[name] != _MOMENT:
        steps = (numbers >> 1) ^ -(numbers & 1)
        return pd.arrays.IntegerArray(np.cumsum(steps), missing), end
    moments = (numbers * column["unit"] + column["base"]).view("datetime64[us]").copy()
    moments[missing] = np.datetime64("NaT")
    return pd.DatetimeIndex(moments).tz_localize("UTC"), end
