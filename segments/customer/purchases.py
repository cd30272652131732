"""How a customer buys: how often, how recently, for how much, at what discount."""

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

_MICROSECONDS_A_DAY = 86_400_000_000


def purchases(
    figures: pd.DataFrame, base_gap: float | None, gap_weight: int, now: datetime
) -> pd.DataFrame:
    """What follows from the figures of each customer's orders.

    Columns: orders, first_order_at, last_order_at, days_since_last_order, tenure_days,
    typical_gap_days, overdue, last_order_vs_usual, discount_share.
    """
    days_since = whole_days(figures["last_order_at"], now)
    typical = typical_gap_days(figures["gap_days"], figures["gaps"], base_gap, gap_weight)
    value = plain(figures["last_order_value"])
    earlier = plain(figures["orders"]) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (plain(figures["order_value_total"]) - value) / np.where(
            earlier > 0, earlier, np.nan
        )
        priced = plain(figures["priced_orders"])
        share = plain(figures["discounted_orders"]) / np.where(priced > 0, priced, np.nan)
        overdue, usual = plain(days_since) / plain(typical), value / mean
    return pd.DataFrame(
        {
            "orders": figures["orders"].array,
            "first_order_at": figures["first_order_at"].array,
            "last_order_at": figures["last_order_at"].array,
            "days_since_last_order": days_since.array,
            "tenure_days": whole_days(figures["first_order_at"], now).array,
            "typical_gap_days": typical.array,
            "expected_order_at": _days_after(figures["last_order_at"], typical),
            "overdue": _nullable(overdue),
            "last_order_vs_usual": _nullable(usual),
            "discount_share": _nullable(share),
        },
        index=figures.index,
        copy=False,
    )


def whole_days(moments: pd.Series, now: datetime) -> pd.Series:
    """Days of 24 hours that have passed in full, missing where there is no moment."""
    at = moments.to_numpy(dtype="datetime64[us]").astype(np.int64)
    missing = moments.isna().to_numpy()
    until = np.datetime64(pd.Timestamp(now).tz_convert(None), "us").astype(np.int64)
    days = np.where(missing, 0, until - at) // _MICROSECONDS_A_DAY
    return pd.Series(pd.arrays.IntegerArray(days, missing), index=moments.index)


def _days_after(moments: pd.Series, days: pd.Series) -> pd.DatetimeIndex:
    microseconds = plain(days) * _MICROSECONDS_A_DAY
    unknown = np.isnan(microseconds)
    spans = np.where(unknown, 0, microseconds).round().astype("timedelta64[us]")
    spans[unknown] = np.timedelta64("NaT")
    return pd.DatetimeIndex(moments.to_numpy(dtype="datetime64[us]") + spans).tz_localize("UTC")


def typical_gap_days(
    own: pd.Series, gaps: pd.Series, base_gap: float | None, weight: int
) -> pd.Series:
    """Own median gap, pulled towards the base's: (own * gaps + base * weight) / (gaps + weight).

    Who has no gap yet has the base's, and who stands in a base without any has none.
    """
    counts = gaps.to_numpy(dtype="float64", na_value=0.0)
    medians = plain(own)
    has_own = counts > 0
    if base_gap is None:
        shrunk = np.where(has_own, medians, np.nan)
    else:
        mixed = np.where(has_own, medians, 0.0) * counts + base_gap * weight
        shrunk = np.where(has_own, mixed / np.maximum(counts + weight, 1), base_gap)
    return numbers(shrunk, own.index)


def plain(values: pd.Series) -> npt.NDArray[np.float64]:
    """Numbers as floats, not-a-number where they are missing."""
    floats: npt.NDArray[np.float64] = values.to_numpy(dtype="float64", na_value=np.nan)
    return floats


def numbers(values: npt.NDArray[np.float64], index: pd.Index) -> pd.Series:
    """Floats as a nullable column, not-a-number as missing."""
    return pd.Series(_nullable(values), index=index)


def _nullable(values: npt.NDArray[np.float64]) -> pd.arrays.FloatingArray:
    return pd.arrays.FloatingArray(values, np.isnan(values))
