"""How likely a customer orders on a day, whether or not we wrote: the same for every life."""

import numpy as np
import pandas as pd

from flows.company.chance import Array
from flows.company.season import briskness
from flows.company.trade import DORMANT

_PROSPECT_RATE = 0.25


def chance(customers: pd.DataFrame, lift: Array | float, days: Array) -> Array:
    """The probability of an order on its day for each customer, who orders so much more often.

    `days` holds one day for all customers, or one for each.
    """
    active = np.where(customers["leaves"].to_numpy("datetime64[D]") > days, 1.0, DORMANT)
    interest = np.where(customers["prospect"].to_numpy(), _PROSPECT_RATE, active)
    rate = customers["rate"].to_numpy() * interest * (1 + lift) * briskness(days)
    return np.asarray(1 - np.exp(-rate))
