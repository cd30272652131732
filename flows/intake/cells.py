"""Cells read by kind: text in, typed values and the cells that make no sense out."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
import pandas as pd

from flows.intake import words
from segments.frames import Column

MICRO = 1_000_000
"""Prices are read in millionths, so that a tenth of a cent survives until the line is summed."""

LARGEST = 1_000_000_000
FIRST_YEAR = 1970
YEARS_AHEAD = 10
_NOTHING = ["", "null", "none", "nan", "nat", "n/a", "#n/a", "\\n", "-"]
_CURRENCY_SIGNS = r"[\s\u00a0\u202f'’€$£]|EUR|USD|GBP|CHF"
_NUMBERS = {
    ".": r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?",
    ",": r"[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?",
}
_SIMPLE = {".": r"-?[0-9]+(\.[0-9]+)?", ",": r"-?[0-9]+"}
_NATIVE_NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_ISO = r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?)?( ?(Z|[+-]\d\d:?(\d\d)?))?"
_EXACT = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)"
_OFFSET = r"\d\d:\d\d.*(?:Z|[+-]\d\d:?(?:\d\d)?)$"
_PATTERNS = {
    "german": ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d.%m.%y"),
    "us": (
        "%m/%d/%Y %H:%M:%S",
        "%m/%d/%Y %I:%M:%S %p",
        "%m/%d/%Y %H:%M",
        "%m/%d/%Y %I:%M %p",
        "%m/%d/%Y",
        "%m/%d/%y",
    ),
}
_EMAIL = r"[^@\s<>,;:\"\\()\[\]]{1,64}@[a-z0-9äöüß]([a-z0-9äöüß.-]*[a-z0-9äöüß])?\.[a-z]{2,24}"
_EXAMPLES = {"iso": "2026-12-31", "german": "31.12.2026", "us": "12/31/2026"}


@dataclass(frozen=True)
class Writing:
    """How the cells of a source are written, and the moment they are read at."""

    dates: str
    decimal: str
    zone: str
    now: datetime


@dataclass(frozen=True)
class Read:
    """Typed values, missing where a cell is empty or wrong, and why it is wrong."""

    typed: pd.Series
    wrong: list[tuple[pd.Series, str]] = field(default_factory=list)


def filled(cells: pd.Series) -> pd.Series:
    """Where a cell holds anything; "NULL" and the like are nothing."""
    return ~cells.str.lower().isin(_NOTHING)


def text(cells: pd.Series, longest: int | None) -> Read:
    """Text as it is, on one line; formulas stay the text they are."""
    values = cells
    if values.str.contains(r"[\x00-\x1f\x7f]", regex=True).any():
        values = values.str.replace(r"[\x00-\x1f\x7f]+", " ", regex=True)
    values = values.str.strip()
    values = values.mask(values.isin(["", "NULL", "\\N"]))
    if longest is None:
        return Read(values)
    long = values.str.len().gt(longest).fillna(False).astype(bool)
    return Read(values.mask(long), [(long, f"is longer than {longest} signs")])


def word(cells: pd.Series, allowed: type[StrEnum]) -> Read:
    """One of our words, or what people write for it."""
    cells = cells.str.strip().str.lower()
    meant = cells.map(words.known(allowed)).astype("str")
    if allowed.__name__ == "Locale":
        meant = meant.fillna(cells.str[:2].map(words.known(allowed)).astype("str"))
    wrong = meant.isna() & filled(cells)
    return Read(meant, [(wrong, f"is none of {', '.join(word.value for word in allowed)}")])


def number(cells: pd.Series, decimal: str, native: bool, column: Column | None = None) -> Read:
    """A number with a decimal point or comma, grouped or not."""
    cells = cells.str.strip()
    present = filled(cells)
    if not present.any():
        return Read(pd.Series(np.nan, index=cells.index, dtype="float64"))
    simple = cells.str.fullmatch(_NATIVE_NUMBER if native else _SIMPLE[decimal])
    values = pd.Series(np.nan, index=cells.index, dtype="float64")
    values[simple] = cells[simple].astype("float64")
    rest = present & ~simple
    if rest.any():
        values[rest] = _written_number(cells[rest], "." if native else decimal)
    # An infinite number is what a text of thousands of digits becomes.
    wrong = [(present & ~np.isfinite(values), _not_a_number(decimal, native))]
    least, most = (column.at_least, column.at_most) if column else (None, None)
    if least is not None and most is not None:
        outside = (values < least) | (values > most)
        wrong.append(
            (outside & np.isfinite(values), f"is not between {least:,.0f} and {most:,.0f}")
        )
    values = values.mask(_any(wrong, cells))
    return Read(values, wrong)


def micro(cells: pd.Series, decimal: str, native: bool) -> Read:
    """Money in millionths, exact: below a billion a double holds every one of them."""
    read = number(cells, decimal, native)
    large = read.typed.abs() > LARGEST
    values = (read.typed * MICRO).round().mask(large)
    return Read(values, [*read.wrong, (large, f"is more than {LARGEST:,} in money")])


def minor(millionths: pd.Series) -> pd.Series:
    """Millionths as integer minor units, halves away from zero, as people round money."""
    whole = millionths.fillna(0).astype("int64")
    cents = (whole.abs() + 5_000) // 10_000
    return cents.where(whole.ge(0), -cents).astype("Int64").mask(millionths.isna())


def moment(cells: pd.Series, writing: Writing, native: bool, *, open_end: bool = False) -> Read:
    """A moment in UTC; without an offset it is meant in the zone of the source.

    With `open_end` it may lie as far ahead as it likes: 9999-12-31 is how many say "not yet".
    """
    cells = cells.str.strip()
    present = filled(cells)
    if not present.any():
        return Read(pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us, UTC]"))
    if native or writing.dates == "iso":
        parsed = _iso(cells, writing.zone)
        example = _EXAMPLES["iso"]
    else:
        parsed = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
        for pattern in _PATTERNS.get(writing.dates, (writing.dates,)):
            open_ = parsed.isna() & present
            if not open_.any():
                break
            parsed[open_] = pd.to_datetime(cells[open_], format=pattern, errors="coerce").astype(
                "datetime64[us]"
            )
        parsed = _localized(parsed, writing.zone)
        example = _EXAMPLES.get(writing.dates) or writing.now.strftime(writing.dates)
    wrong = present & parsed.isna()
    early = parsed.dt.year.lt(FIRST_YEAR)
    far = parsed.gt(pd.Timestamp(writing.now + timedelta(days=366 * YEARS_AHEAD)))
    return Read(
        parsed,
        [
            (wrong, f'is not a date such as {example} ("dates" in sources.yaml names the form)'),
            (early, f"is before {FIRST_YEAR}"),
            (far & (not open_end), f"is more than {YEARS_AHEAD} years ahead"),
        ],
    )


def email(cells: pd.Series) -> Read:
    """An address that can exist, in lower case, so that it is found again among those stopped."""
    read = text(cells.str.lower().str.removeprefix("mailto:"), 320)
    plausible = read.typed.str.fullmatch(_EMAIL) & ~read.typed.str.contains("..", regex=False)
    wrong = read.typed.notna() & ~plausible.fillna(False).astype(bool)
    return Read(
        read.typed.mask(wrong),
        [*read.wrong, (wrong, "cannot be an e-mail address; nobody will be written to there")],
    )


def currency(cells: pd.Series) -> Read:
    """Three letters as ISO 4217 has them."""
    read = text(cells.str.upper(), None)
    wrong = read.typed.notna() & ~read.typed.str.fullmatch("[A-Z]{3}").fillna(False).astype(bool)
    return Read(read.typed.mask(wrong), [(wrong, "is not a currency such as EUR")])


def has_offset(cells: pd.Series) -> bool:
    """Whether any of these moments says how far from UTC it is."""
    return bool(cells.str.contains(_OFFSET, regex=True).fillna(False).any())


def _written_number(cells: pd.Series, decimal: str) -> pd.Series:
    bare = cells.str.replace(_CURRENCY_SIGNS, "", regex=True).str.replace("−", "-", regex=False)
    # Accounting programs write the sign of a credit behind it.
    bare = bare.str.replace(r"^([^+-].*)-$", r"-\1", regex=True)
    good = bare.str.fullmatch(_NUMBERS[decimal])
    group = "," if decimal == "." else "."
    bare = bare.str.replace(group, "", regex=False).str.replace(decimal, ".", regex=False)
    return bare.where(good).astype("float64")


def _not_a_number(decimal: str, native: bool) -> str:
    if native:
        return "is not a number"
    example = "1,234.50" if decimal == "." else "1.234,50"
    return f'is not a number such as {example} ("decimal" in sources.yaml names the sign)'


def _iso(cells: pd.Series, zone: str) -> pd.Series:
    if cells.str.fullmatch(_EXACT).all():
        exact = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
        return exact.astype("datetime64[us, UTC]")
    cells = cells.where(cells.str.fullmatch(_ISO))
    aware = cells.str.contains(_OFFSET, regex=True).fillna(False).astype(bool)
    parsed = _localized(
        pd.to_datetime(cells.mask(aware), format="ISO8601", errors="coerce").astype(
            "datetime64[us]"
        ),
        zone,
    )
    if aware.any():
        parsed[aware] = pd.to_datetime(
            cells[aware], format="ISO8601", errors="coerce", utc=True
        ).astype("datetime64[us, UTC]")
    return parsed


def _localized(naive: pd.Series, zone: str) -> pd.Series:
    summer = np.ones(len(naive), dtype=bool)
    # Beyond these years zones have no rules and the cell is refused anyway.
    known = naive.where(naive.dt.year.between(1900, 2200))
    local = known.dt.tz_localize(zone, ambiguous=summer, nonexistent="shift_forward")
    moments: pd.Series = local.dt.tz_convert("UTC")
    far = naive.notna() & known.isna()
    return moments.mask(far, naive.dt.tz_localize("UTC")) if far.any() else moments


def _any(wrong: list[tuple[pd.Series, str]], cells: pd.Series) -> pd.Series:
    found = pd.Series(False, index=cells.index)
    for mask, _ in wrong:
        found |= mask
    return found
