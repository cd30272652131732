"""How much confirmation a buyer needs after buying: doubt grows with the price.

The band of the order's value decides. It is raised by one step for a first purchase in its
category (where policy says so) and by one step more for a customer who last sounded annoyed or
angry. What lies below the lowest band that asks for anything is raised only from half of it on:
a box of pencils needs no letter, however new pencils are to the customer.
"""

import numpy as np
import pandas as pd

from segments.names import Mood, Reassurance
from segments.policy import ReassurancePolicy
from segments.rules import MINOR_UNITS

_STEPS = [Reassurance.NONE, Reassurance.LIGHT, Reassurance.FULL]
_DISCONTENT = [Mood.ANNOYED, Mood.ANGRY]


def reassurance_for(
    order_value: pd.Series,
    first_in_category: pd.Series,
    last_mood: pd.Series,
    policy: ReassurancePolicy,
) -> pd.Series:
    """none, light or full for each order; none where there is no order (value missing)."""
    value = order_value.to_numpy(dtype="float64", na_value=-1.0)
    starts = [band.at_least * MINOR_UNITS for band in policy.bands]
    needs = np.array([0, *(_STEPS.index(band.need) for band in policy.bands)])
    band = needs[np.searchsorted(starts, value, side="right")]
    asking = [start for start, need in zip(starts, needs[1:].tolist(), strict=True) if need > 0]
    raisable = (band > 0) | (value >= asking[0] / 2 if asking else np.zeros(len(value), bool))
    first = first_in_category.astype("boolean").to_numpy(dtype=bool, na_value=False)
    raised = (first & policy.raise_first_in_category).astype(int)
    raised += last_mood.isin(_DISCONTENT).to_numpy(dtype=bool).astype(int)
    need = np.minimum(band + np.where(raisable & (value >= 0), raised, 0), len(_STEPS) - 1)
    words = np.array([step.value for step in _STEPS], dtype=object)[need]
    return pd.Series(words, index=order_value.index, dtype="string")
