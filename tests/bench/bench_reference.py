"""What does deciding in sets save, and what do more steps cost?

A base with three months of history is drawn and planned as of yesterday; what the store hands out
today is decided by the engine, and for some of the customers by the plain reference of the tests.
Then everybody is put on journeys of five and of twenty steps.
"""

import tempfile
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

from flows.config import load
from flows.shipping import shipped
from flows.stages import planning
from flows.stages.shop import Shop
from flows.store.session import open_store
from segments.decide import decide
from segments.journey.nodes import Program
from segments.journey.standing import DTYPES
from segments.state import Specs, State, empty
from tests import builders
from tests.bench import base, journeys
from tests.bench.report import figure
from tests.reference import people
from tests.reference.decide import decide as decide_plainly

CUSTOMERS = 100_000
PLAINLY = 500
ORDERS_EACH = 10
FASTER = 50.0
LONGER = 2.5


def main() -> None:
    """Customers by the engine and by the reference; then 5 steps and 20."""
    state, specs = _today()
    whole = _best(lambda: decide(state, specs, base.NOW)) / CUSTOMERS
    figure("reference", f"engine, {CUSTOMERS:,} customers: each", whole * 1e6, "us")
    few = _some(state, PLAINLY)
    seconds = []
    for _ in range(3):
        # Reading the frames is left out: the reference is measured at its best.
        plain = people.read(few)
        began = process_time()
        decide_plainly(plain, specs, base.NOW)
        seconds.append(process_time() - began)
    plainly = min(seconds) / len(few.profiles)
    figure("reference", f"reference, {PLAINLY} customers: each", plainly * 1e6, "us")
    figure("reference", "customers decided", plainly / whole, "times as many/s", FASTER)
    short, long = (_best(_travelling(state, blocks)) for blocks in (1, 4))
    figure("reference", f"5 steps, {CUSTOMERS:,} customers", short, "s")
    figure(
        "reference", f"20 steps, {CUSTOMERS:,} customers", long, "s", LONGER * short, long / short
    )


def _best(work: Callable[[], Any]) -> float:
    """Seconds of the quickest of five."""
    seconds = []
    for _ in range(5):
        began = process_time()
        work()
        seconds.append(process_time() - began)
    return min(seconds)


def _today() -> tuple[State, Specs]:
    """What the store hands out on the second day."""
    caught: list[tuple[State, Specs]] = []

    def watched(state: State, specs: Specs, *more: Any, **named: Any) -> Any:
        caught.append((state, specs))
        return decide(state, specs, *more, **named)

    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(f"sqlite:///{Path(folder) / 'base.db'}")
        live = {program.name: program for program in journeys.programs()}
        base.fill(engine, CUSTOMERS, CUSTOMERS * ORDERS_EACH, programs=tuple(live.values()))
        project = replace(load(shipped()), journeys=live, segments=journeys.SEGMENTS)
        shop = Shop(project, engine)
        planning.plan(shop, base.NOW - timedelta(days=1))
        planning.decide = watched
        planning.plan(shop, base.NOW)
        planning.decide = decide
        engine.dispose()
    states = [state for state, _ in caught]
    together = {
        each.name: pd.concat([getattr(state, each.name) for state in states])
        for each in fields(State)
        if isinstance(getattr(states[0], each.name), pd.DataFrame)
    }
    return replace(states[0], **together), caught[0][1]


def _some(state: State, count: int) -> State:
    """So many customers, spread over the base."""
    known = np.sort(state.profiles["customer_id"].to_numpy())
    chosen = known[:: max(len(known) // count, 1)][:count]
    mine = state.enrollments["customer_id"].isin(chosen)
    enrollments = state.enrollments.loc[mine, "enrollment_id"]
    people = state.contacts.loc[state.contacts["customer_id"].isin(chosen), "contact_id"]

    def cut(frame: pd.DataFrame) -> pd.DataFrame:
        for name, kept in (
            ("customer_id", chosen),
            ("enrollment_id", enrollments),
            ("contact_id", people),
        ):
            if name in frame:
                return frame[frame[name].isin(kept)]
        return frame

    frames = {each.name: getattr(state, each.name) for each in fields(State)}
    return replace(
        state,
        **{name: cut(each) for name, each in frames.items() if isinstance(each, pd.DataFrame)},
    )


_BLOCK = [
    {"wait": "2 days"},
    {"choose": [{"when": 'quadrant == "top"', "steps": []}, {"else": []}]},
    {"set": "reached"},
    {"send": "thanks"},
    {"task": {"call": "owner", "about": "Hello"}},
]


def _travelling(state: State, blocks: int) -> Callable[[], Any]:
    """Everybody stands at one of the waits of a journey of five steps a block, and it is over."""
    program = builders.program(steps=_BLOCK * blocks)
    specs = builders.specs(program.journey.model_dump(by_alias=True, exclude_unset=True))
    quiet = replace(
        state,
        **{name: empty(name) for name in ("touches", "events", "sent")},
        enrollments=_standing(program, state.profiles["customer_id"].to_numpy()),
        orders=state.orders.head(0),
        past=state.past.head(0),
        deferred=state.deferred.head(0),
    )
    return lambda: decide(quiet, specs, base.NOW)


def _standing(program: Program, customers: np.ndarray) -> pd.DataFrame:
    waits = [node.id for node in program.nodes if node.id.startswith("wait")]
    count, began = len(customers), pd.Timestamp(base.NOW - timedelta(days=2))
    given: dict[str, Any] = {
        "enrollment_id": np.arange(1, count + 1),
        "customer_id": customers,
        "journey": program.name,
        "version": program.version,
        "entry_key": [f"A{number}" for number in range(count)],
        "arm": "treated",
        "status": "active",
        "node": np.array(waits, dtype=object)[np.arange(count) % len(waits)],
        "due_at": pd.Timestamp(base.NOW) - timedelta(hours=4),
        "flags": "",
        **dict.fromkeys(("arrived_at", "anchor_at", "entered_at"), began),
    }
    rows = pd.DataFrame({name: given.get(name) for name in DTYPES}, index=range(count))
    return rows.astype(DTYPES)


if __name__ == "__main__":
    main()
