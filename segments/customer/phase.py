"""Where the relationship with a customer stands, by thresholds with hysteresis.

The first line whose condition holds decides, so every customer is in exactly one phase.

| phase | condition | leaves when |
| --- | --- | --- |
| prospect | `orders` = 0 | the first order |
| ended | `days_since_last_order` > `ended_days` | the next order |
| at_risk | `overdue` >= `at_risk_overdue` and `days_since_last_order` >= `at_risk_days` | the next order, or `overdue` < `at_risk_overdue` x (1 - `hysteresis`) |
| revitalization | was ended and has ordered since | `revitalization_days` after it began, or at risk again |
| maturity | `orders` >= `maturity_orders` and `tenure_days` >= `maturity_days` | at risk |
| expansion | `orders` >= `expansion_orders` | maturity, or at risk |
| exploration | everybody else: at least one order | expansion, or at risk |

Thresholds stand in `policy.yaml` under `phases`. `overdue` is `days_since_last_order` divided by
`typical_gap_days`; where no gap is known yet, nobody is at risk. An order that is cancelled or
given back in full stops counting, and its customer may fall back. "Since" allows for orders that
arrive late by `late_data`.
"""  # noqa: E501

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from segments.names import Phase
from segments.policy import PhasePolicy


def phases(
    bought: pd.DataFrame,
    before: pd.Series,
    since: pd.Series,
    policy: PhasePolicy,
    *,
    late_days: float,
    now: datetime,
) -> pd.Series:
    """The phase of each customer, given the one before and since when.

    Needs of `bought`: orders, last_order_at, days_since_last_order, tenure_days, overdue.
    """
    orders = bought["orders"].to_numpy(dtype="int64", na_value=0)
    days = bought["days_since_last_order"].to_numpy(dtype="int64", na_value=0)
    tenure = bought["tenure_days"].to_numpy(dtype="int64", na_value=0)
    overdue = bought["overdue"].to_numpy(dtype="float64", na_value=-1.0)
    ordered_since = (bought["last_order_at"] > since).to_numpy(dtype=bool)
    came_back = (before == Phase.ENDED) & (
        bought["last_order_at"] > since - timedelta(days=late_days)
    )
    still_new = (before == Phase.REVITALIZATION) & (
        since > pd.Timestamp(now) - timedelta(days=policy.revitalization_days)
    )
    was_at_risk = (before == Phase.AT_RISK).to_numpy(dtype=bool, na_value=False)
    falls = (overdue >= policy.at_risk_overdue) & (days >= policy.at_risk_days)
    stays = (
        was_at_risk & ~ordered_since & (overdue >= policy.at_risk_overdue * (1 - policy.hysteresis))
    )
    conditions = {
        Phase.PROSPECT: orders == 0,
        Phase.ENDED: days > policy.ended_days,
        Phase.AT_RISK: falls | stays,
        Phase.REVITALIZATION: (came_back | still_new).to_numpy(dtype=bool, na_value=False),
        Phase.MATURITY: (orders >= policy.maturity_orders) & (tenure >= policy.maturity_days),
        Phase.EXPANSION: orders >= policy.expansion_orders,
    }
    words = np.select(list(conditions.values()), list(conditions), Phase.EXPLORATION)
    return pd.Series(words, index=bought.index, dtype="string")
