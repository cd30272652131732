"""A gate: whom it holds back, what becomes of them, and the values that decided, in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from segments.names import Outcome, SkipReason

FEW = 256
"""So few rows are worked off one by one sooner than in sets."""

Why = Callable[[np.ndarray], np.ndarray]
"""Texts for the rows at these places. Made only for those that are asked about."""


@dataclass(frozen=True)
class Gate:
    """One gate over all candidates. `why` tells the values, whether it holds or not.

    outcome and reason are one word for all, or one a row; `by` names for these rows the journey
    that goes first, where there is one.
    """

    name: str
    holds: np.ndarray
    outcome: Outcome | np.ndarray
    reason: SkipReason | np.ndarray | None
    why: Why
    by: Why | None = None

    def outcomes(self, rows: np.ndarray) -> np.ndarray:
        """What becomes of these rows if the gate decides."""
        return _of(self.outcome, rows)

    def reasons(self, rows: np.ndarray) -> np.ndarray:
        """Why, in one word; None where there is nothing to say."""
        return _of(self.reason, rows)


def texts(make: Callable[..., str], *columns: np.ndarray) -> np.ndarray:
    """`make` of the values of each row, called once for rows that are alike."""
    if len(columns[0]) < FEW:
        made = np.empty(len(columns[0]), dtype=object)
        made[:] = [make(*values) for values in zip(*columns, strict=True)]
        return made
    alike = np.zeros(len(columns[0]), dtype="int64")
    for column in columns:
        codes, known = pd.factorize(column)
        # Codes are made dense again each time, so that they never outgrow the number of rows.
        alike = pd.factorize(alike * (len(known) + 1) + codes)[0]
    first = np.zeros(int(alike.max(initial=-1)) + 1, dtype="int64")
    first[alike[::-1]] = np.arange(len(alike))[::-1]
    made = np.empty(len(first), dtype=object)
    made[:] = [make(*(column[place] for column in columns)) for place in first]
    told: np.ndarray = made[alike]
    return told


def in_days(count: float) -> str:
    """ "1 day", "2 days"."""
    return f"{count:g} {'day' if count == 1 else 'days'}"


def none_of(count: int) -> np.ndarray:
    """Nobody is held back."""
    return np.zeros(count, dtype=bool)


def _of(value: Any, rows: np.ndarray) -> np.ndarray:
    if isinstance(value, np.ndarray):
        found: np.ndarray = value[rows]
        return found
    return np.full(len(rows), None if value is None else value.value, dtype=object)
