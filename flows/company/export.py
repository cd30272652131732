"""The company's export: CSV files, appended to as days go by, with the dirt real exports have."""

from pathlib import Path

import numpy as np
import pandas as pd

from flows.company.chance import Moment
from flows.company.project import WRITTEN, header
from flows.company.season import iso
from segments.names import Locale

MOMENTS: dict[str, tuple[str, ...]] = {
    "customers": ("since",),
    "contacts": ("since",),
    "orders": ("ordered_at", "cancelled_at", "delivered_at"),
    "order_lines": ("ordered_at",),
    "complaints": ("opened_at", "closed_at"),
    "interactions": ("at",),
    "permissions": ("at", "ended_at", "collected_at", "requested_at", "confirmed_at"),
}
"""Moments at which a row appears or changes, the first being its birth."""

DIRT_SHARE = 0.002
_NO_CUSTOMER = "0"
_DIRT: dict[str, tuple[dict[str, str], ...]] = {
    "customers": ({"customer": ""},),
    "contacts": ({"contact": "X-1", "customer": _NO_CUSTOMER}, {"contact": ""}),
    "orders": (
        {"order": "A1", "ordered_at": "2025-02-30T10:15:00+01:00"},
        {"order": "A2", "customer": _NO_CUSTOMER},
        {"order": "A3", "ordered_at": "00.00.0000"},
        {"order": "A4", "customer": ""},
    ),
    "order_lines": (
        {"order": "A5", "quantity": "-3"},
        {"quantity": "1O"},
        {"order": "A6", "unit_price": "12,,50"},
    ),
    "complaints": (
        {"complaint": "R1", "opened_at": "31.13.2025"},
        {"complaint": "R2", "customer": _NO_CUSTOMER},
    ),
    "interactions": (
        {"interaction": "I1", "customer": _NO_CUSTOMER},
        {"interaction": "I2", "at": "2025-13-01"},
        {"interaction": "I3", "channel": "fax"},
    ),
    "permissions": ({"contact": "X-2"}, {"kind": "maybe"}, {"at": "00.00.0000"}),
}


def visible(table: str, planned: pd.DataFrame, start: Moment, end: Moment) -> pd.DataFrame:
    """Rows that appear or change from `start` to before `end`, without what is still ahead."""
    moments = MOMENTS[table]
    touched = np.zeros(len(planned), dtype=bool)
    for column in moments:
        at = planned[column].to_numpy("datetime64[s]")
        touched |= (at >= start) & (at < end)
    shown = planned[touched]
    if len(shown) > 1:
        shown = shown.sort_values(moments[0], kind="stable")
    later = [column for column in moments[1:] if (shown[column] >= end).any()]
    return shown.assign(**{name: shown[name].where(shown[name] < end) for name in later})


def ahead(table: str, planned: pd.DataFrame, end: Moment) -> pd.DataFrame:
    """Rows that something is still to happen to."""
    still = np.zeros(len(planned), dtype=bool)
    for column in MOMENTS[table]:
        still |= planned[column].to_numpy("datetime64[s]") >= end
    return planned[still]


def append(
    rng: np.random.Generator,
    table: str,
    rows: pd.DataFrame,
    file: Path,
    locale: Locale,
    exported_at: Moment,
) -> None:
    """Add rows to a file, which begins with its header and says when each row was written."""
    new = not file.exists()
    if rows.empty and not new:
        return
    columns = list(WRITTEN[table])
    plain = rows.reindex(columns=columns)
    plain = plain.assign(
        **{
            name: iso(plain[name].to_numpy("datetime64[s]"))
            for name in MOMENTS.get(table, ())
            if name in columns
        }
    )
    written = iso(np.array([exported_at], dtype="datetime64[s]"))[0]
    with file.open("a", encoding="utf-8", newline="") as out:
        plain.assign(exported_at=written).to_csv(
            out,
            index=False,
            header=header(table, locale) if new else False,
            float_format="%.2f",
            lineterminator="\n",
        )
        spoiled = _dirt(rng, table, plain)
        if len(spoiled):
            spoiled = spoiled.assign(exported_at=written)
            spoiled.to_csv(out, index=False, header=False, lineterminator="\n")


def _dirt(rng: np.random.Generator, table: str, plain: pd.DataFrame) -> pd.DataFrame:
    """Spoiled copies of a few rows, as every grown system has them."""
    faults = _DIRT.get(table, ())
    count = int(len(plain) * DIRT_SHARE + rng.random()) if faults else 0
    if not count:
        return plain.iloc[:0]
    spoiled = plain.iloc[rng.integers(0, len(plain), count)].astype(object)
    turn = rng.integers(0, len(faults))
    for place in range(count):
        for column, value in faults[(turn + place) % len(faults)].items():
            spoiled.iloc[place, list(WRITTEN[table]).index(column)] = value
    return spoiled
