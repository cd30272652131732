"""How long does it take to plan a day, stage by stage?

Each measurement has a process of its own, so that peak memory is its alone.
`--store URL` measures on a store elsewhere, which must be empty.
"""

import argparse
import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import Engine

from flows.store.figures import base_figures, customer_figures, everybody_figures
from flows.store.session import open_store
from segments.customer.profile import base as base_of
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


def in_shards(engine: Engine, customers: int) -> dict[str, float]:
    """Everybody's profile shard by shard, as workers on several machines do it."""
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


def in_one_piece(engine: Engine, customers: int) -> dict[str, float]:
    """Everybody's profile from one reading."""
    stages = Stages()
    with engine.connect() as connection:
        with stages.stage("load"):
            figures = everybody_figures(connection, base.NOW)
        with stages.stage("profile"):
            whole = base_of(figures, POLICY, base.NOW)
            for first in range(1, customers + 1, SHARD):
                shard = figures[figures["customer_id"].between(first, first + SHARD - 1)]
                profiles(shard, whole, POLICY, base.NOW)
    return dict(stages.seconds)


WAYS = {"in shards": in_shards, "in one piece": in_one_piece}


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` returns from a process that does nothing else."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def main() -> None:
    """Measure a tenth of the base first, to see whether cost grows with the number only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--purchases", type=int, default=1_000_000)
    parser.add_argument("--store", help="address of an empty store; a passing SQLite file if not")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tenth = asked.customers // 10, asked.purchases // 10
        small = f"sqlite:///{Path(folder) / 'small.db'}"
        url = asked.store or f"sqlite:///{Path(folder) / 'base.db'}"
        alone(_fill, small, *tenth)
        alone(_fill, url, asked.customers, asked.purchases)
        for way in WAYS:
            each = sum(alone(_measured, way, small, tenth[0])[0].values()) / tenth[0]
            seconds, processor, memory = alone(_measured, way, url, asked.customers)
            case = f"{asked.customers} customers, {asked.purchases} purchases, {way}"
            for stage, value in seconds.items():
                figure("plan", f"{case}: {stage}", value, "s")
            whole = sum(seconds.values())
            ratio = None if asked.store else whole / asked.customers / each
            figure("plan", f"{case}: all stages", whole, "s", BUDGET_S, ratio)
            figure("plan", f"{case}: processor time", processor, "s")
            figure("plan", f"{case}: peak memory", memory, "MB")


def _fill(url: str, customers: int, purchases: int) -> None:
    base.fill(open_store(url), customers, purchases)


def _measured(way: str, url: str, customers: int) -> tuple[dict[str, float], float, float]:
    engine = open_store(url)
    begin = process_time()
    seconds = WAYS[way](engine, customers)
    processor = process_time() - begin
    engine.dispose()
    return seconds, processor, peak_memory_mb()


if __name__ == "__main__":
    main()
