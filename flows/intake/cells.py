"""Cells read by kind: text in, typed values and the cells that make no sense out.

Columns are Arrow arrays: on the few rows of a day an operation of pandas costs a hundred times as
much as one of Arrow's, and on millions they take the same time.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flows.intake import words
from segments.frames import Column

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

TEXT = pa.large_string()
MOMENT = pa.timestamp("us", "UTC")

MICRO = 1_000_000
"""Prices are read in millionths, so that a tenth of a cent survives until the line is summed."""

LARGEST = 1_000_000_000
FIRST_YEAR = 1970
YEARS_AHEAD = 10
_NOTHING = pa.array(["", "null", "none", "nan", "nat", "n/a", "#n/a", "\\n", "-"], TEXT)
_NO_TEXT = pa.array(["", "NULL", "\\N"], TEXT)
_CONTROL = r"[\x00-\x1f\x7f]"
BEGINNING = pa.scalar(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), MOMENT)
_SPACE = r"\s\x0b\x{85}\pZ"
_CURRENCY_SIGNS = rf"[{_SPACE}'’€$£]|EUR|USD|GBP|CHF"
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
_EMAIL = (
    rf"[^@{_SPACE}<>,;:\"\\()\[\]]{{1,64}}"
    r"@[a-z0-9äöüß]([a-z0-9äöüß.-]*[a-z0-9äöüß])?\.[a-z]{2,24}"
)
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

    typed: pa.Array
    wrong: list[tuple[Mask, str]] = field(default_factory=list)


def mask(found: pa.Array) -> Mask:
    """Where something is true; the unknown is not."""
    yes: Mask = pc.fill_null(found, False).to_numpy(zero_copy_only=False)
    return yes


def where(keep: Mask, values: pa.Array) -> pa.Array:
    """Values less those that are not to be kept."""
    return values if keep.all() else pc.if_else(pa.array(keep), values, _none(values))


def matches(cells: pa.Array, pattern: str) -> Mask:
    """Where a pattern describes the whole cell."""
    return mask(pc.match_substring_regex(cells, f"^(?:{pattern})$"))


def filled(cells: pa.Array) -> Mask:
    """Where a cell holds anything; "NULL" and the like are nothing."""
    return ~mask(pc.is_in(pc.utf8_lower(cells), value_set=_NOTHING))


def text(cells: pa.Array, longest: int | None) -> Read:
    """Text as it is, on one line; formulas stay the text they are."""
    if pc.any(pc.match_substring_regex(cells, _CONTROL)).as_py():
        cells = pc.replace_substring_regex(cells, f"{_CONTROL}+", " ")
    values = pc.utf8_trim_whitespace(cells)
    values = where(~mask(pc.is_in(values, value_set=_NO_TEXT)), values)
    if longest is None:
        return Read(values)
    long = mask(pc.greater(pc.utf8_length(values), longest))
    return Read(where(~long, values), [(long, f"is longer than {longest} signs")])


def serial(cells: pa.Array) -> Read:
    """A number we gave, as text of nothing but digits; "12.0" of a spreadsheet is 12."""
    values = pc.replace_substring_regex(pc.utf8_trim_whitespace(cells), r"^([0-9]+)[.,]0+$", r"\1")
    right = matches(values, r"[0-9]{1,18}")
    wrong = ~right & filled(values)
    return Read(where(right, values), [(wrong, "is not a number we gave")])


def word(cells: pa.Array, allowed: type[StrEnum]) -> Read:
    """One of our words, or what people write for it."""
    cells = pc.utf8_lower(pc.utf8_trim_whitespace(cells))
    written, meanings = _dictionary(allowed)
    meant = pc.take(meanings, pc.index_in(cells, value_set=written))
    if allowed.__name__ == "Locale":
        language = pc.utf8_slice_codeunits(cells, 0, 2)
        meant = pc.coalesce(meant, pc.take(meanings, pc.index_in(language, value_set=written)))
    wrong = mask(pc.is_null(meant)) & filled(cells)
    return Read(meant, [(wrong, f"is none of {', '.join(word.value for word in allowed)}")])


def number(cells: pa.Array, decimal: str, native: bool, column: Column | None = None) -> Read:
    """A number with a decimal point or comma, grouped or not."""
    values, wrong = _numbers(cells, decimal, native)
    least, most = (column.at_least, column.at_most) if column else (None, None)
    if least is not None and most is not None:
        outside = ((values < least) | (values > most)) & np.isfinite(values)
        wrong.append((outside, f"is not between {least:,.0f} and {most:,.0f}"))
    return Read(_floats(values, wrong), wrong)


def micro(cells: pa.Array, decimal: str, native: bool) -> Read:
    """Money in millionths, exact: below a billion a double holds every one of them."""
    values, wrong = _numbers(cells, decimal, native)
    large = np.isfinite(values) & (np.abs(values) > LARGEST)
    wrong.append((large, f"is more than {LARGEST:,} in money"))
    return Read(_floats(np.round(values * MICRO), wrong), wrong)


def minor(millionths: pa.Array) -> pa.Array:
    """Millionths as integer minor units, halves away from zero, as people round money."""
    values = floats(millionths)
    whole = np.nan_to_num(values).astype("int64")
    cents = np.sign(whole) * ((np.abs(whole) + 5_000) // 10_000)
    return pa.array(cents, mask=np.isnan(values))


def floats(values: pa.Array) -> Floats:
    """Numbers for numpy, with what is missing as NaN."""
    found: Floats = values.to_numpy(zero_copy_only=False)
    return found


def moment(cells: pa.Array, writing: Writing, native: bool, *, open_end: bool = False) -> Read:
    """A moment in UTC; without an offset it is meant in the zone of the source.

    With `open_end` it may lie as far ahead as it likes: 9999-12-31 is how many say "not yet".
    """
    cells = pc.utf8_trim_whitespace(cells)
    present = filled(cells)
    if not present.any():
        return Read(pa.nulls(len(cells), MOMENT))
    iso = native or writing.dates == "iso"
    parsed = _exact(where(present, cells)) if iso else None
    if parsed is None:
        named = cells.to_pandas().astype("str")
        moments = _iso(named, writing.zone) if iso else _patterned(named, present, writing)
        parsed = pa.Array.from_pandas(moments.astype("datetime64[us, UTC]"))
    wrong = present & mask(pc.is_null(parsed))
    early = mask(pc.less(parsed, BEGINNING))
    last = writing.now + timedelta(days=366 * YEARS_AHEAD)
    far = mask(pc.greater(parsed, pa.scalar(last, MOMENT))) & (not open_end)
    return Read(
        where(~(early | far), parsed),
        [
            (
                wrong,
                f"is not a date such as {_example(writing, iso)} "
                '("dates" in sources.yaml names the form)',
            ),
            (early, f"is before {FIRST_YEAR}"),
            (far, f"is more than {YEARS_AHEAD} years ahead"),
        ],
    )


def email(cells: pa.Array) -> Read:
    """An address that can exist, in lower case, so that it is found again among those stopped."""
    bare = pc.replace_substring_regex(pc.utf8_lower(cells), "^mailto:", "")
    read = text(bare, 320)
    plausible = matches(read.typed, _EMAIL) & ~mask(pc.match_substring(read.typed, ".."))
    wrong = mask(pc.is_valid(read.typed)) & ~plausible
    return Read(
        where(~wrong, read.typed),
        [*read.wrong, (wrong, "cannot be an e-mail address; nobody will be written to there")],
    )


def currency(cells: pa.Array) -> Read:
    """Three letters as ISO 4217 has them."""
    read = text(pc.utf8_upper(cells), None)
    wrong = mask(pc.is_valid(read.typed)) & ~matches(read.typed, "[A-Z]{3}")
    return Read(where(~wrong, read.typed), [(wrong, "is not a currency such as EUR")])


def has_offset(cells: pa.Array) -> bool:
    """Whether any of these moments says how far from UTC it is."""
    return bool(pc.any(pc.match_substring_regex(cells, _OFFSET)).as_py())


def _none(values: pa.Array) -> pa.Scalar:
    return pa.scalar(None, values.type)


@cache
def _dictionary(allowed: type[StrEnum]) -> tuple[pa.Array, pa.Array]:
    known = words.known(allowed)
    return pa.array(list(known), TEXT), pa.array(list(known.values()), TEXT)


def _numbers(cells: pa.Array, decimal: str, native: bool) -> tuple[Floats, list[tuple[Mask, str]]]:
    cells = pc.utf8_trim_whitespace(cells)
    present = filled(cells)
    if not present.any():
        return np.full(len(cells), np.nan), []
    simple = matches(cells, _NATIVE_NUMBER if native else _SIMPLE[decimal])
    values = floats(pc.cast(where(simple, cells), pa.float64()))
    rest = present & ~simple
    if rest.any():
        values = np.where(rest, _written_number(where(rest, cells), decimal, native), values)
    # An infinite number is what a text of thousands of digits becomes.
    return values, [(present & ~np.isfinite(values), _not_a_number(decimal, native))]


def _floats(values: Floats, wrong: list[tuple[Mask, str]]) -> pa.Array:
    gone = np.isnan(values)
    for found, _ in wrong:
        gone |= found
    return pa.array(values, mask=gone)


def _written_number(cells: pa.Array, decimal: str, native: bool) -> Floats:
    decimal = "." if native else decimal
    bare = pc.replace_substring_regex(cells, _CURRENCY_SIGNS, "")
    bare = pc.replace_substring(bare, "−", "-")
    # Accounting programs write the sign of a credit behind it.
    bare = pc.replace_substring_regex(bare, r"^([^+-].*)-$", r"-\1")
    good = matches(bare, _NUMBERS[decimal])
    bare = pc.replace_substring(bare, "," if decimal == "." else ".", "")
    bare = pc.replace_substring(bare, decimal, ".")
    return floats(pc.cast(where(good, bare), pa.float64()))


def _not_a_number(decimal: str, native: bool) -> str:
    if native:
        return "is not a number"
    example = "1,234.50" if decimal == "." else "1.234,50"
    return f'is not a number such as {example} ("decimal" in sources.yaml names the sign)'


def _example(writing: Writing, iso: bool) -> str:
    if iso:
        return _EXAMPLES["iso"]
    return _EXAMPLES.get(writing.dates) or writing.now.strftime(writing.dates)


def _exact(cells: pa.Array) -> pa.Array | None:
    """Moments where every one is written to the second with its offset: nearly always."""
    if not pc.all(pc.match_substring_regex(cells, f"^(?:{_EXACT})$")).as_py():
        return None
    try:
        return pc.cast(cells, MOMENT)
    except pa.ArrowInvalid:
        return None


def _patterned(cells: pd.Series, present: Mask, writing: Writing) -> pd.Series:
    parsed = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    for pattern in _PATTERNS.get(writing.dates, (writing.dates,)):
        open_ = parsed.isna() & present
        if not open_.any():
            break
        parsed[open_] = pd.to_datetime(cells[open_], format=pattern, errors="coerce").astype(
            "datetime64[us]"
        )
    return _localized(parsed, writing.zone)


def _iso(cells: pd.Series, zone: str) -> pd.Series:
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
