"""How long does it take to plan a day, stage by stage?

A base of customers is drawn by a process of its own, so that peak memory is the plan's alone.
`--store URL` measures on a store elsewhere, which must be empty.
"""

import argparse
import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine

from flows.store.figures import base_figures, customer_figures
from flows.store.session import open_store
from segments.customer.profile import profiles
from segments.spec import Policy
from tests.bench import base
from tests.bench.report import figure, peak_memory_mb

SHARD = 5_000
BUDGET_S = 20.0
POLICY = Policy()


class Stages:
    """Seconds spent in each stage, over all shards."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time until the block is left to this stage."""
        begin = perf_counter()
        yield
        self.seconds[name] += perf_counter() - begin


def measure(engine: Engine, customers: int) -> dict[str, float]:
    """Plan everybody once, shard by shard, as the daily run does."""
    stages = Stages()
    with engine.connect() as connection:
        with stages.stage("base"):
            whole = base_figures(connection, base.NOW, POLICY)
        for first in range(1, customers + 1, SHARD):
            with stages.stage("load"):
                figures = customer_figures(connection, base.NOW, first, first + SHARD - 1)
            with stages.stage("profile"):
                profiles(figures, whole, POLICY, base.NOW)
    return dict(stages.seconds)


def run(url: str, customers: int, purchases: int) -> dict[str, float]:
    """Fill an empty store and measure on it."""
    filling = multiprocessing.get_context("spawn").Process(
        target=_fill, args=(url, customers, purchases)
    )
    filling.start()
    filling.join()
    if filling.exitcode:
        raise SystemExit(0)
    engine = open_store(url)
    seconds = measure(engine, customers)
    engine.dispose()
    return seconds


def main() -> None:
    """Measure a tenth of the base first, to see whether cost grows with the number only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--purchases", type=int, default=1_000_000)
    parser.add_argument("--store", help="address of an empty store; a passing SQLite file if not")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tenth = asked.customers // 10, asked.purchases // 10
        small = sum(run(f"sqlite:///{Path(folder) / 'small.db'}", *tenth).values()) / tenth[0]
        url = asked.store or f"sqlite:///{Path(folder) / 'base.db'}"
        seconds = run(url, asked.customers, asked.purchases)
    case = f"{asked.customers} customers, {asked.purchases} purchases"
    for stage, value in seconds.items():
        figure("plan", f"{case}: {stage}", value, "s")
    whole = sum(seconds.values())
    each = None if asked.store else whole / asked.customers / small
    figure("plan", f"{case}: all stages", whole, "s", BUDGET_S, each)
    figure("plan", f"{case}: peak memory", peak_memory_mb(), "MB")


def _fill(url: str, customers: int, purchases: int) -> None:
    base.fill(open_store(url), customers, purchases)


if __name__ == "__main__":
    main()
