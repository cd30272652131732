"""A report as of a past day is the same whenever it is asked for, and closed windows stay closed.

Lives are drawn from a number: orders come in late, are corrected and called off; messages go,
people complain and want no more and tasks are done, of which we may hear weeks later; costs and
the share of holdout change in the YAML, and so does the journey. Each day's report is kept and
asked for again at the end.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import Engine, insert, select, update

from flows.store import loading
from flows.store.effects import effect_windows
from flows.store.evidence import scores
from flows.store.inbox import Event, keep
from flows.store.loading import Reading
from flows.store.models import (
    ComplaintCorrection,
    Customer,
    Enrollment,
    Purchase,
    PurchaseCorrection,
    Response,
    Run,
    Send,
    Task,
)
from flows.store.pictures import funnel_counts
from flows.store.tasks import TaskResult, finish
from flows.store.terms import note_terms, read_terms
from segments.effect.estimate import estimate
from segments.effect.sums import FIGURES
from segments.names import ResponseKind
from segments.policy import Policy

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
PEOPLE = 12
WINDOW = 20
STEPS = (0, 9, 19, 24, 31, 43, 60)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def pull(engine: Engine, orders: dict[str, dict[str, Any]], now: datetime) -> None:
    """Bring these orders as they are told now, each with one line."""
    heads = [
        {
            "row": at + 2,
            "order": key,
            "customer": order["customer"],
            "ordered_at": pd.Timestamp(order["at"]),
            "cancelled_at": None if order["gone"] is None else pd.Timestamp(order["gone"]),
        }
        for at, (key, order) in enumerate(orders.items())
    ]
    lines = [
        {"row": at + 2, "order": key, "amount": order["amount"], "quantity": 1.0, "product": "desk"}
        for at, (key, order) in enumerate(orders.items())
    ]
    with engine.begin() as connection:
        run = insert(Run).values(kind="pull", as_of=now, started_at=now, counts={})
        run_id = int(connection.execute(run.returning(Run.id)).scalar_one())
    moments = {"ordered_at": pa.timestamp("us", "UTC"), "cancelled_at": pa.timestamp("us", "UTC")}
    with loading.staging(engine) as connection:
        with connection.begin():
            for table, rows in (("orders", heads), ("order_lines", lines)):
                names = list(rows[0])
                columns = {
                    name: pa.array([row[name] for row in rows], moments.get(name)) for name in names
                }
                loading.stage(connection, table, pa.RecordBatch.from_pydict(columns))
            loading.index(connection)
            loading.settle(connection, {"orders", "order_lines"})
        readings = {name: Reading(f"{name}.csv", len(heads)) for name in ("orders", "order_lines")}
        loading.merge(connection, set(readings), readings, now=now, run_id=run_id, currency="EUR")


def complain(engine: Engine, complaints: dict[str, dict[str, Any]], now: datetime) -> None:
    """Bring these complaints as they are told now."""
    opened = pa.array([each["at"] for each in complaints.values()], pa.timestamp("us", "UTC"))
    columns = {
        "row": pa.array(range(2, len(complaints) + 2)),
        "complaint": pa.array(complaints),
        "customer": pa.array([each["customer"] for each in complaints.values()]),
        "opened_at": opened,
    }
    with loading.staging(engine) as connection:
        with connection.begin():
            loading.stage(connection, "complaints", pa.RecordBatch.from_pydict(columns))
            loading.index(connection)
            loading.settle(connection, {"complaints"})
        reading = {"complaints": Reading("complaints.csv", len(complaints))}
        loading.merge(connection, set(reading), reading, now=now, run_id=1, currency="EUR")


def people(engine: Engine, rng: np.random.Generator) -> None:
    """Everybody reached once, each a variant of their own, so that sums tell them apart."""
    with engine.begin() as connection:
        connection.execute(
            insert(Customer), [{"id": at, "key": str(at)} for at in range(1, PEOPLE + 1)]
        )
        connection.execute(
            insert(Run).values(kind="plan", as_of=START, started_at=START, counts={})
        )
        touched = [day(float(number)) for number in rng.uniform(0, 30, PEOPLE)]
        shared = {"journey": "again", "version": "v1", "status": "active", "node": "n", "run_id": 1}
        times = ("arrived_at", "due_at", "anchor_at", "entered_at", "first_touch_at")
        connection.execute(
            insert(Enrollment),
            [
                {
                    **shared,
                    **dict.fromkeys(times, touched[at]),
                    "id": at + 1,
                    "customer_id": at + 1,
                    "entry_key": "first",
                    "arm": "held_out" if at % 2 else "treated",
                    "outcome_seconds": WINDOW * 86_400,
                    "drawn_share": 0.5,
                    "kept_out": bool(at % 3),
                    "variants": f"who=c{at + 1}",
                }
                for at in range(PEOPLE)
            ],
        )
        shared = {"journey": "again", "version": "v1", "run_id": 1, "step": "one"}
        shared |= {"message": "hello", "purpose": "survey", "outcome": "delivered"}
        times = ("due_at", "not_before", "valid_until", "decided_at", "handed_over_at")
        connection.execute(
            insert(Send),
            [
                {
                    **shared,
                    **dict.fromkeys(times, touched[at]),
                    "id": at + 1,
                    "priority": 50,
                    "enrollment_id": at + 1,
                    "customer_id": at + 1,
                }
                for at in range(0, PEOPLE, 2)
            ],
        )


def live(
    engine: Engine,
    rng: np.random.Generator,
    orders: dict[str, Any],
    complaints: dict[str, Any],
    now: datetime,
) -> None:
    """What became known since the last look."""
    for _ in range(int(rng.integers(2, 9))):
        back = float(rng.exponential(8))
        key = f"A{len(orders) + 1}"
        orders[key] = {
            "customer": str(rng.integers(1, PEOPLE + 1)),
            "at": now - timedelta(days=back),
            "amount": int(rng.integers(1, 9) * 1_000) * (-1 if rng.random() < 0.2 else 1),
            "gone": None,
        }
    for order in orders.values():
        if rng.random() < 0.15:
            order["amount"] = int(order["amount"] * 2)
        if rng.random() < 0.1:
            order["at"] += timedelta(days=float(rng.uniform(-9, 0)))
        if rng.random() < 0.1 and order["gone"] is None:
            order["gone"] = now - timedelta(days=float(rng.uniform(0, 9)))
    pull(engine, orders, now)
    # Chance of their own, so that what else happens stays as it is.
    (chance,) = rng.spawn(1)
    for complaint in complaints.values():
        if chance.random() < 0.3:
            complaint["at"] += timedelta(days=float(chance.uniform(-9, 9)))
        if chance.random() < 0.2:
            complaint["customer"] = str(chance.integers(1, PEOPLE + 1))
    for _ in range(3):
        at = now - timedelta(days=chance.exponential(8))
        customer = str(chance.integers(1, PEOPLE + 1))
        complaints[f"B{len(complaints) + 1}"] = {"customer": customer, "at": at}
    complain(engine, complaints, now)
    with engine.begin() as connection:
        said = {"costs": {"message": int(rng.integers(0, 3)), "return": int(rng.integers(0, 3))}}
        holdout = {"holdout": 0.1 * int(rng.integers(0, 2))}
        note_terms(connection, Policy.model_validate(said | holdout), now)
        customer = int(rng.integers(0, PEOPLE // 2)) * 2 + 1
        key = f"{now:%j}"
        back = [now - timedelta(days=float(days)) for days in rng.exponential(8, 4)]
        kind = ResponseKind(rng.choice(["complaint", "unsubscribe"]))
        answers = [Event(f"{key}:{at}", customer, kind, at) for at in back[:2]]
        answers.append(Event(f"{key}:nps", customer, ResponseKind.NPS, back[2], {}, 9))
        keep(connection, answers, now)
        task = insert(Task).values(
            enrollment_id=customer, customer_id=customer, step=key, kind="call", about="x",
            due_at=now, status="open", run_id=1,
        ).returning(Task.id)  # fmt: skip
        finish(connection, [TaskResult(connection.execute(task).scalar_one(), back[3])], now)
        # The journey is written anew, and those under way are taken along.
        moved = update(Enrollment).where(Enrollment.id == customer)
        connection.execute(moved.values(version=f"v{key}", flags="timed_out", status="finished"))


def report(engine: Engine, now: datetime) -> pd.DataFrame:
    with engine.connect() as connection:
        return effect_windows(connection, read_terms(connection, Policy(), now), now).sums(now)


def beside(engine: Engine, now: datetime) -> list[pd.DataFrame]:
    """What is told beside the effects: scores, and how far people came."""
    with engine.connect() as connection:
        return [scores(connection, now, timedelta(days=90)), funnel_counts(connection, now)]


@pytest.mark.briefly("postgresql")
@pytest.mark.parametrize("seed", range(2))
def test_a_report_of_a_past_day_stays_and_so_do_closed_windows(engine: Engine, seed: int):
    rng = np.random.default_rng(seed)
    people(engine, rng)
    orders: dict[str, Any] = {}
    complaints: dict[str, Any] = {}
    told, stood = {}, {}
    for number in STEPS:
        live(engine, rng, orders, complaints, day(number))
        told[number] = report(engine, day(number))
        stood[number] = beside(engine, day(number))
    with engine.connect() as connection:
        for corrected in (PurchaseCorrection, ComplaintCorrection):
            assert connection.execute(select(corrected.id).limit(1)).first() is not None
        late = Purchase.seen_at > Purchase.ordered_at
        assert connection.execute(select(Purchase.id).where(late).limit(1)).first() is not None
        heard = connection.execute(select(Response.seen_at, Response.at)).all()
        assert max(seen_at - at for seen_at, at in heard) > timedelta(days=WINDOW)
    for number, first in stood.items():
        for again, before in zip(beside(engine, day(number)), first, strict=True):
            pd.testing.assert_frame_equal(again, before)
    closed: dict[Any, Any] = {}
    compared = 0
    for number, first in told.items():
        again = report(engine, day(number))
        pd.testing.assert_frame_equal(again, first, rtol=1e-9)
        pd.testing.assert_frame_equal(estimate(again), estimate(first), rtol=1e-9)
        alone = first[first["part"].str.startswith("variant:who/", na=False)]
        alone = alone[alone["complete"] == 1]
        for key, row in alone.set_index(["part", "outcome"])[list(FIGURES)].iterrows():
            compared += key in closed
            assert closed.setdefault(key, row.tolist()) == pytest.approx(row.tolist())
    assert compared > 50
