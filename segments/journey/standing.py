"""Enrollments as a frame, with the facts rules need about the customers behind them."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from segments.frames import ORDER
from segments.rules import Rule

_MOMENT = "datetime64[us, UTC]"
DTYPES: dict[str, str] = {
    "enrollment_id": "Int64",
    "customer_id": "int64",
    "journey": "str",
    "version": "str",
    "entry_key": "str",
    "arm": "str",
    "status": "str",
    "reason": "str",
    "node": "str",
    "arrived_at": _MOMENT,
    "due_at": _MOMENT,
    "anchor_at": _MOMENT,
    "entered_at": _MOMENT,
    "left_at": _MOMENT,
    "first_touch_at": _MOMENT,
    "goal_at": _MOMENT,
    "next_order_at": _MOMENT,
    "marked_at": _MOMENT,
    "flags": "str",
    "purchase_id": "Int64",
    "contact_id": "Int64",
    "order_value": "Int64",
    "order_category": "str",
    "order_discounted": "boolean",
    "order_returned": "boolean",
}
"""Columns of a frame of enrollments; see `segments.state.State`."""


def empty_standing() -> pd.DataFrame:
    """No enrollments, with all columns."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in DTYPES.items()})


class Standing:
    """Enrollments together with their customers' profiles (indexed by customer_id)."""

    def __init__(self, rows: pd.DataFrame, profiles: pd.DataFrame) -> None:
        self.rows = rows
        self._profiles = profiles
        self._where = profiles.index.get_indexer(pd.Index(rows["customer_id"]))

    def facts(self, columns: Iterable[str], at: np.ndarray | None = None) -> pd.DataFrame:
        """These columns for the rows at these places: an order's own, else the profile's."""
        places = np.arange(len(self.rows)) if at is None else at
        return pd.DataFrame(
            {
                name: self.rows[name].array.take(places)
                if name in ORDER
                else self._profiles[name].array.take(self._where[places])
                for name in columns
            },
            index=range(len(places)),
        )

    def applies(self, rule: Rule | None, at: np.ndarray | None = None) -> np.ndarray:
        """Whether the rule surely holds, row by row; no rule holds for nobody."""
        count = len(self.rows) if at is None else len(at)
        if rule is None:
            return np.zeros(count, dtype=bool)
        return rule.applies(self.facts(sorted(rule.columns), at))
