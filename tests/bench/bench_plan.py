"""How long does it take to plan a day, stage by stage?

A base of customers is drawn by a process of its own, so that peak memory is the plan's alone.
The shipped journeys are all live and the base is seen for the first time, which is the most work
a plan can be. `--store URL` measures on a store elsewhere, which must be empty.
"""

import argparse
import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine

from flows import clock
from flows.config import load
from flows.shipping import shipped
from flows.store import runs
from flows.store.figures import everybody_figures
from flows.store.reading import read_state
from flows.store.session import open_store, writing
from flows.store.writes import apply_plan
from segments.customer.profile import base as whole_base
from segments.customer.profile import profiles
from segments.decide import decide
from segments.journey.program import Program, compile_journey
from segments.names import JourneyStatus
from segments.state import Specs
from tests.bench import base
from tests.bench.report import figure, peak_memory_mb

SHARD = 20_000
BUDGET_S = 20.0


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
    programs = _live()
    specs = Specs(
        load(shipped()).policy,
        programs,
        started={program.name: base.NOW - timedelta(days=60) for program in programs},
    )
    with writing(engine) as connection:
        run_id = runs.begin_run(connection, "plan", base.NOW, clock.now())
        runs.note_versions(connection, programs, base.NOW)
    with engine.connect() as connection, stages.stage("load"):
        figures = everybody_figures(connection, base.NOW)
    with stages.stage("profile"):
        whole = whole_base(figures, specs.policy, base.NOW)
    for first in range(1, customers + 1, SHARD):
        last = first + SHARD - 1
        with stages.stage("profile"):
            own = figures[figures["customer_id"].between(first, last)]
            people = profiles(own, whole, specs.policy, base.NOW)
        with writing(engine) as connection:
            with stages.stage("state"):
                state = read_state(connection, people, specs, base.NOW, first, last, None)
            with stages.stage("decide"):
                plan = decide(state, specs, base.NOW)
            with stages.stage("apply"):
                apply_plan(connection, plan, state.enrollments, run_id, base.NOW)
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


def _live() -> tuple[Program, ...]:
    return tuple(
        compile_journey(program.journey.model_copy(update={"status": JourneyStatus.LIVE}), {})
        for program in load(shipped()).journeys.values()
    )


def _fill(url: str, customers: int, purchases: int) -> None:
    base.fill(open_store(url), customers, purchases)


if __name__ == "__main__":
    main()
