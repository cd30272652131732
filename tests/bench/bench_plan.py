"""How long does it take to plan a day, stage by stage?

A base with three months of history is drawn, planned as of yesterday, when everybody is seen for
the first time, and then as of today, which is the day that is measured: the flow's own stages,
watched from outside. Ten journeys are live. Every case has a process of its own, so that its peak
memory is its own. On PostgreSQL shards are planned two at a time, so that the stages together take
longer than the whole.
"""

import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

from flows.config import load
from flows.shipping import shipped
from flows.stages import planning
from flows.stages.shop import Shop
from flows.store.session import open_store
from tests import postgres
from tests.bench import base, journeys
from tests.bench.report import figure, peak_memory_mb

ORDERS_EACH = 10
SQLITE_BUDGET_S = 15.0

_ALONE = Lock()
_STAGES = {
    "everybodys_figures": "load purchases",
    "customer_figures": "load customers",
    "whole_base": "profile",
    "profiles": "profile",
    "read_state": "load state",
    "decide": "decide",
    "apply_plan": "apply",
}


def main() -> None:
    """100,000 customers and a million orders, on both kinds of store."""
    with tempfile.TemporaryDirectory() as folder:
        case(f"sqlite:///{Path(folder) / 'base.db'}", "SQLite", 100_000, SQLITE_BUDGET_S)
    with database() as address:
        if address:
            case(address, "PostgreSQL", 100_000)


@contextmanager
def database() -> Iterator[str | None]:
    """An empty database of a PostgreSQL server of its own; None where there is no PostgreSQL."""
    if postgres.programs() is None:
        print("PostgreSQL's programs are not installed, so nothing is measured on it")
        yield None
        return
    with postgres.server() as address:
        yield f"{address}/postgres"


def case(
    url: str,
    store: str,
    customers: int,
    budget_s: float | None = None,
    memory_mb: float | None = None,
) -> float:
    """Fill an empty store, plan on it, print where the time went. Seconds of the measured day."""
    name = f"{store}, {customers:,} customers, {customers * ORDERS_EACH:,} orders"
    figure("plan", f"{name}: fill", _apart(_fill, url, customers), "s")
    first, whole, seconds, counts, memory = _apart(_measure, url)
    figure("plan", f"{name}: first plan ever", first, "s")
    for stage, value in seconds.items():
        figure("plan", f"{name}: {stage}", value, "s")
    for what in ("entered", "candidates", "queued"):
        figure("plan", f"{name}: {what}", counts[what], "rows")
    figure("plan", f"{name}: all stages", whole, "s", budget_s)
    figure("plan", f"{name}: peak memory", memory, "MB", memory_mb)
    return whole


def _apart(work: Callable[..., Any], *given: Any) -> Any:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *given).result()


def _fill(url: str, customers: int) -> float:
    began = perf_counter()
    engine = open_store(url)
    base.fill(engine, customers, customers * ORDERS_EACH, programs=journeys.programs())
    engine.dispose()
    return perf_counter() - began


def _measure(url: str) -> tuple[float, float, dict[str, float], dict[str, Any], float]:
    """Seconds of the first plan, of the second, of that by stage, its counts, peak memory."""
    live = {program.name: program for program in journeys.programs()}
    project = replace(load(shipped()), journeys=live, segments=journeys.SEGMENTS)
    shop = Shop(project, open_store(url))
    began = perf_counter()
    planning.plan(shop, base.NOW - timedelta(days=1))
    first = perf_counter() - began
    seconds: Counter[str] = Counter()
    for function, stage in _STAGES.items():
        setattr(planning, function, _timed(getattr(planning, function), stage, seconds))
    began = perf_counter()
    counts = planning.plan(shop, base.NOW)
    whole = perf_counter() - began
    shop.engine.dispose()
    return first, whole, dict(seconds), counts, peak_memory_mb()


def _timed(work: Callable[..., Any], stage: str, seconds: Counter[str]) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        began = perf_counter()
        try:
            return work(*given, **named)
        finally:
            with _ALONE:
                seconds[stage] += perf_counter() - began

    return timed


if __name__ == "__main__":
    main()
