"""Watermarks: how far a source was read, written the way the source writes its moments."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pyarrow as pa

from flows.intake import cells
from flows.intake.cells import Writing

OVERLAP = timedelta(hours=2)
"""How far behind its mark reading starts again: late commits, and the hour that comes twice."""

_AWARE = "+00:00"
_FORM = "%Y-%m-%d %H:%M:%S.%f"


def parsed(mark: str | None, writing: Writing) -> pd.Timestamp | None:
    """The moment a stored mark means."""
    if mark is None:
        return None
    if mark.endswith(_AWARE):
        return pd.Timestamp(mark)
    iso = replace(writing, dates="iso")
    cell = pa.array([mark], cells.TEXT)
    return pd.Timestamp(cells.moment(cell, iso, native=True).typed[0].as_py())


def written(moment: pd.Timestamp, writing: Writing, *, aware: bool) -> str:
    """With an offset where the source has one, else on the clock of its zone."""
    if aware:
        return moment.tz_convert("UTC").strftime(_FORM) + _AWARE
    return moment.tz_convert(writing.zone).strftime(_FORM)


def restart(mark: str | None, writing: Writing) -> str | None:
    """Where reading begins again after a stored mark."""
    moment = parsed(mark, writing)
    if moment is None or mark is None:
        return None
    return written(moment - OVERLAP, writing, aware=mark.endswith(_AWARE))
