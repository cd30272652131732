"""Three-valued truth over rows: what surely holds, what surely does not, and the unknown rest."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from segments.frames import Kind


class Truth(NamedTuple):
    """Rows for which something surely holds, and rows for which it surely does not."""

    yes: np.ndarray
    no: np.ndarray


Judge = Callable[[pd.DataFrame], Truth]


def numeric(series: pd.Series) -> pd.Series:
    """Floats hold every amount below 90 trillion exactly, and NaN means missing."""
    values = series.to_numpy(dtype="float64", na_value=np.nan)
    return pd.Series(values, index=series.index)


def typed(values: Sequence[object], kind: Kind) -> pd.Series:
    """A column of a few values, None where one is missing, as frames of rules hold that kind."""
    match kind:
        case Kind.MOMENT:
            return pd.to_datetime(pd.Series(list(values), dtype="object"), utc=True)
        case Kind.FLAG:
            return pd.Series(values, dtype="boolean")
        case Kind.TEXT | Kind.WORD:
            return pd.Series(values, dtype="str")
    return pd.Series(values, dtype="float64")


def missing(value: Any, rows: int) -> np.ndarray:
    """Rows whose value is not known; infinity is not known either."""
    if isinstance(value, pd.Series):
        gone: np.ndarray = value.isna().to_numpy()
        if value.dtype.kind == "f":
            gone = gone | np.isinf(value.to_numpy())
        return gone
    return np.full(rows, value is None or (isinstance(value, float) and not np.isfinite(value)))


def finite(value: Any) -> Any:
    """Numbers as they are; infinity, as from a division by zero, becomes missing."""
    if isinstance(value, pd.Series):
        return value.where(np.isfinite(value.to_numpy()))
    return value if np.isfinite(value) else np.float64("nan")


def plain(value: Any, rows: int) -> np.ndarray:
    """Rows that are plainly true, one answer for all where `value` is a constant."""
    if isinstance(value, pd.Series):
        return value.fillna(False).to_numpy(dtype=bool)
    return np.full(rows, bool(value))


def flag(value: Any, rows: int) -> Truth:
    """A yes-or-no value as truth."""
    known = ~missing(value, rows)
    holds = plain(value, rows)
    return Truth(holds & known, ~holds & known)


def unknown(frame: pd.DataFrame) -> Truth:
    """Nothing is known of any row."""
    nobody = np.zeros(len(frame), dtype=bool)
    return Truth(nobody, nobody)


def opposite(judge: Judge) -> Judge:
    """What holds does not, what does not holds; the unknown stays unknown."""

    def turned(frame: pd.DataFrame) -> Truth:
        found = judge(frame)
        return Truth(found.no, found.yes)

    return turned


def all_of(parts: list[Judge]) -> Judge:
    """Kleene's and: surely true where all are, surely false where one is."""

    def judge(frame: pd.DataFrame) -> Truth:
        truths = [part(frame) for part in parts]
        return Truth(
            np.logical_and.reduce([t.yes for t in truths]),
            np.logical_or.reduce([t.no for t in truths]),
        )

    return judge


def any_of(parts: list[Judge]) -> Judge:
    """Kleene's or: surely true where one is, surely false where all are."""

    def judge(frame: pd.DataFrame) -> Truth:
        truths = [part(frame) for part in parts]
        return Truth(
            np.logical_or.reduce([t.yes for t in truths]),
            np.logical_and.reduce([t.no for t in truths]),
        )

    return judge
