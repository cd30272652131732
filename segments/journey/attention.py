"""Nobody gets two messages on one day: who goes first, and by whom the rest was outranked."""

import pandas as pd


def outranked_by(candidates: pd.DataFrame, today: pd.DataFrame) -> pd.Series:
    """For each candidate the journey that goes before it, or missing where it may go itself.

    candidates: customer_id, journey, priority, valid_until, entry_key. today: customer_id, journey
    of whoever was already written to today. The highest priority goes first, then what would
    become stale first; ties break by name and key, never by the order of rows.
    """
    ranked = candidates.sort_values(
        ["customer_id", "priority", "valid_until", "journey", "entry_key"],
        ascending=[True, False, True, True, True],
        kind="stable",
    )
    winner = ranked.groupby("customer_id", sort=False)["journey"].transform("first")
    loses = ranked.duplicated("customer_id")
    earlier = ranked["customer_id"].map(
        today.drop_duplicates("customer_id").set_index("customer_id")["journey"]
    )
    return earlier.where(earlier.notna(), winner.where(loses)).reindex(candidates.index)
