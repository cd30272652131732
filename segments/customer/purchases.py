"""How a customer buys: how often, how recently, for how much, at what discount."""

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

_SECONDS_A_DAY = 86_400


def purchases(
    figures: pd.DataFrame, base_gap: float | None, gap_weight: int, now: datetime
) -> pd.DataFrame:
    """What follows from the figures of each customer's orders.

    Columns: orders, first_order_at, last_order_at, days_since_last_order, tenure_days,
    typical_gap_days, overdue, last_order_vs_usual, discount_share.
    """
    days_since = whole_days(figures["last_order_at"], now)
    typical = typical_gap_days(figures["gap_days"], figures["gaps"], base_gap, gap_weight)
    earlier = figures["orders"] - 1
    mean = (figures["order_value_total"] - figures["last_order_value"]) / earlier.where(earlier > 0)
    return pd.DataFrame(
        {
            "orders": figures["orders"],
            "first_order_at": figures["first_order_at"],
            "last_order_at": figures["last_order_at"],
            "days_since_last_order": days_since,
            "tenure_days": whole_days(figures["first_order_at"], now),
            "typical_gap_days": typical,
            "expected_order_at": _days_after(figures["last_order_at"], typical),
            "overdue": days_since.astype("Float64") / typical,
            "last_order_vs_usual": figures["last_order_value"] / mean,
            "discount_share": figures["discounted_orders"]
            / figures["priced_orders"].where(figures["priced_orders"] > 0),
        }
    )


def whole_days(moments: pd.Series, now: datetime) -> pd.Series:
    """Days of 24 hours that have passed in full, missing where there is no moment."""
    seconds = (pd.Timestamp(now) - moments).dt.total_seconds().to_numpy()
    return numbers(seconds // _SECONDS_A_DAY, moments.index).astype("Int64")


def _days_after(moments: pd.Series, days: pd.Series) -> pd.Series:
    spans = pd.to_timedelta(days.to_numpy(dtype="float64", na_value=np.nan), unit="D")
    return (moments + pd.Series(spans, index=moments.index)).astype("datetime64[us, UTC]")


def typical_gap_days(
    own: pd.Series, gaps: pd.Series, base_gap: float | None, weight: int
) -> pd.Series:
    """Own median gap, pulled towards the base's: (own * gaps + base * weight) / (gaps + weight).

    Who has no gap yet has the base's, and who stands in a base without any has none.
    """
    counts = gaps.to_numpy(dtype="float64", na_value=0.0)
    medians = own.to_numpy(dtype="float64", na_value=np.nan)
    has_own = counts > 0
    if base_gap is None:
        shrunk = np.where(has_own, medians, np.nan)
    else:
        mixed = np.where(has_own, medians, 0.0) * counts + base_gap * weight
        shrunk = np.where(has_own, mixed / np.maximum(counts + weight, 1), base_gap)
    return numbers(shrunk, own.index)


def numbers(values: npt.NDArray[np.float64], index: pd.Index) -> pd.Series:
    """Floats as a nullable column, not-a-number as missing."""
    return pd.Series(values, index=index).astype("Float64")
