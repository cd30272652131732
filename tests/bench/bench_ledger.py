"""How many bytes does the ledger take for a decision, and how long do writing and finding take?

A million decisions of a day as a base of a million customers has them: shards of 20,000, ten
journeys, a third of it decided again from the day before, reasons in the shares the benchmark's
journeys have. The last line says what a year takes in which every twentieth customer is decided
about every day.
"""

import argparse
import zlib
from time import perf_counter

import numpy as np
import pandas as pd

from flows.store.ledger import COLUMNS, pack, unpack
from tests.bench.report import figure

SHARD = 20_000
NOW = np.datetime64("2026-06-30T06:00", "us")
BUDGET_BYTES = 8.0
ENDS = {
    ("queued", None): 0.42,
    ("ghost", None): 0.05,
    ("deferred", "outranked"): 0.12,
    ("deferred", "capped"): 0.10,
    ("deferred", "too_soon"): 0.08,
    ("deferred", "quiet"): 0.03,
    ("deferred", "complaint_open"): 0.02,
    ("skipped", "no_permission"): 0.12,
    ("skipped", "suppressed"): 0.03,
    ("skipped", "expired"): 0.03,
}


def decisions(rng: np.random.Generator, first: int, many: int) -> pd.DataFrame:
    """So many candidates of one shard."""
    customers = first + rng.integers(0, SHARD, many)
    journeys = rng.integers(0, 10, many)
    steps = rng.integers(0, 3, many)
    ends = list(ENDS)
    end = rng.choice(len(ends), many, p=np.array(list(ENDS.values())) / sum(ENDS.values()))
    reason = np.array([reason for _, reason in ends], dtype=object)[end]
    fresh = rng.random(many) < 0.66
    # Those who enter now get numbers one behind the other; the others theirs from months before.
    enrollment = np.where(fresh, 50_000_000 + np.arange(many), rng.integers(1, 40_000_000, many))
    midnight = NOW.astype("datetime64[D]").astype("datetime64[us]")
    bought = NOW - (rng.random(many) * 86_400).astype("timedelta64[s]").astype("timedelta64[us]")
    waited = midnight - rng.integers(0, 7, many).astype("timedelta64[D]")
    due = np.where(steps == 0, bought, waited)
    return pd.DataFrame(
        {
            "customer_id": customers,
            "enrollment_id": enrollment,
            "contact_id": customers * 3 // 2 + rng.integers(0, 2, many),
            "journey": np.array([f"journey_{n}" for n in range(10)], dtype=object)[journeys],
            "version": np.array([f"{n:012x}" for n in range(10)], dtype=object)[journeys],
            "step": np.array(["thanks", "how_is_it", "news"], dtype=object)[steps],
            "outcome": np.array([outcome for outcome, _ in ends], dtype=object)[end],
            "reason": reason,
            "outranked_by": np.where(reason == "outranked", "journey_1", None),
            "why": _why(rng, reason),
            "due_at": pd.DatetimeIndex(due).tz_localize("UTC"),
        }
    ).astype(COLUMNS)


def _why(rng: np.random.Generator, reason: np.ndarray) -> np.ndarray:
    several = np.array([f"{n} of {n} in 7 days" for n in range(1, 4)], dtype=object)
    higher = np.array([f"service 80 > repeat {n}" for n in range(20, 61, 10)], dtype=object)
    gaps = np.array([f"{n} days since the last" for n in range(5)], dtype=object)
    why = np.full(len(reason), None, dtype=object)
    for word, texts in {"capped": several, "outranked": higher, "too_soon": gaps}.items():
        here = np.flatnonzero(reason == word)
        why[here] = rng.choice(texts, len(here))
    return why


def main() -> None:
    """Pack a million decisions shard by shard, look at one customer, and say what it takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    asked = parser.parse_args()
    rng = np.random.default_rng(7)
    shards = asked.decisions // SHARD
    blocks, plain, packing = [], 0, 0.0
    for shard in range(shards):
        rows = decisions(rng, shard * SHARD + 1, SHARD)
        plain += len(zlib.compress(rows.to_csv(index=False).encode(), 9)) if shard == 0 else 0
        begin = perf_counter()
        blocks.append(pack(rows))
        packing += perf_counter() - begin
    begin = perf_counter()
    for block in blocks[:20]:
        unpack(block)
    unpacking = (perf_counter() - begin) / min(len(blocks), 20)
    size = sum(map(len, blocks)) / (shards * SHARD)
    case = f"{shards * SHARD} decisions in {shards} shards"
    figure("ledger", f"{case}: a decision", size, "bytes", BUDGET_BYTES, size / (plain / SHARD))
    figure("ledger", f"{case}: packing", packing, "s")
    figure("ledger", f"{case}: reading a block of {SHARD}", unpacking * 1000, "ms")
    year = 365 * 50_000 * size / 1e6
    figure("ledger", "a year, 50,000 decisions a day", year, "MB")
    figure("ledger", "a year, 1,000,000 decisions a day", year * 20, "MB")


if __name__ == "__main__":
    main()
