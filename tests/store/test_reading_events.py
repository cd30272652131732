"""Events and messages got before: what running journeys ask for, and nothing else."""

from typing import Any

import pytest
from sqlalchemy import Engine

from flows.store.models import (
    Base,
    Complaint,
    Enrollment,
    ManualEntry,
    Product,
    Purchase,
    PurchaseLine,
    Response,
    Send,
    Task,
)
from flows.store.reading import read_state
from flows.store.reading_events import awaited
from segments.state import FRAMES, Specs, State
from tests.builders import profiles, specs
from tests.store.rows import NOW, ago, people, put


def state(engine: Engine, spec: Specs) -> State:
    with engine.connect() as connection:
        return read_state(connection, profiles({}), spec, NOW, 1, 99, None)


def waiting_for(event: str) -> dict[str, Any]:
    """A journey under way since yesterday that waits for this."""
    inside = {"wait_until": {"event": event, "timeout": "9 days"}}
    ways = [{"when": "orders > 1", "steps": [inside]}, {"else": [{"send": "thanks"}]}]
    return {"steps": [{"choose": ways}]}


ANSWER = {"id": 1, "key": "R1", "send_id": 1, "at": ago(1)}
TASK = {"enrollment_id": 1, "customer_id": 1, "step": "call", "kind": "call", "about": "x"}
TASK |= {"due_at": ago(1), "status": "done", "run_id": 1}
ARRIVED = {"id": 7, "ordered_at": ago(4), "delivered_at": ago(1)}
ON_MANUAL = {"enter": {"on": "manual"}}
ON_NPS = {"enter": {"on": "nps"}}
ON_CLOSED = {"enter": {"on": "complaint", "change": "closed"}}
CASES: dict[str, tuple[dict[str, Any], type[Base], dict[str, Any], dict[str, Any]]] = {
    "reply": (waiting_for("reply"), Response, {**ANSWER, "kind": "reply"}, {"key": "R1"}),
    "click": (waiting_for("click"), Response, {**ANSWER, "kind": "click"}, {"enrollment_id": 1}),
    "nps": (ON_NPS, Response, {**ANSWER, "kind": "nps", "score": 4}, {"score": 4}),
    "order": (waiting_for("order"), Purchase, {"id": 7}, {"key": "P7", "purchase_id": 7}),
    "delivered": (waiting_for("delivered"), Purchase, ARRIVED, {"key": "P7", "purchase_id": 7}),
    "task_done": (
        waiting_for("task_done"),
        Task,
        {"id": 3, **TASK, "done_at": ago(1)},
        {"key": "3", "enrollment_id": 1},
    ),
    "complaint_opened": (
        {"enter": {"on": "complaint"}},
        Complaint,
        {"id": 1, "customer_id": 1, "opened_at": ago(1)},
        {"key": "C1"},
    ),
    "complaint_closed": (
        ON_CLOSED,
        Complaint,
        {"id": 1, "customer_id": 1, "opened_at": ago(90), "closed_at": ago(1)},
        {"key": "C1"},
    ),
    "manual": (
        ON_MANUAL,
        ManualEntry,
        {"id": 1, "journey": "care", "customer_id": 1, "key": "list", "at": ago(1)},
        {"key": "list", "journey": "care"},
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_an_event_is_read_where_a_journey_asks_for_it(engine: Engine, kind: str):
    journey, model, row, expected = CASES[kind]
    people(engine)
    put(engine, Enrollment, {"id": 1})
    put(engine, Send, {"id": 1, "outcome": "delivered"})
    put(engine, model, row)
    found = state(engine, specs(journey)).events
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == FRAMES["events"]
    assert list(found["kind"]) == [kind]
    assert list(found["at"]) == [ago(1)]
    event = found.iloc[0].to_dict()
    assert {name: event[name] for name in expected} == expected
    assert event["customer_id"] == 1
    assert state(engine, specs({})).events.empty


def test_nothing_is_asked_where_no_journey_waits(engine: Engine):
    assert awaited(specs({})) == {}


@pytest.mark.parametrize(
    ("orders", "enrollment", "seen"),
    [
        ([{"ordered_at": ago(40)}], {}, []),
        ([{"ordered_at": ago(40)}], {"anchor_at": ago(50)}, ["P1"]),
        ([{"ordered_at": ago(40)}], {"anchor_at": ago(30)}, []),
        ([{"ordered_at": ago(40)}], {"anchor_at": ago(50), "status": "exited"}, []),
        ([{"ordered_at": ago(40)}], {"anchor_at": ago(50), "journey": "other"}, []),
        ([{"ordered_at": ago(2), "cancelled_at": ago(1)}], {}, []),
        ([{"ordered_at": ago(2), "cancelled_at": ago(-1)}], {}, ["P1"]),
        ([{"ordered_at": ago(-1)}], {}, []),
        ([{"ordered_at": ago(2), "kind": "credit", "total": -1}], {}, []),
    ],
    ids=[
        "too long ago",
        "since somebody waits for it",
        "before they did",
        "nobody waits any more",
        "another journey waits",
        "cancelled",
        "cancelled tomorrow",
        "tomorrow",
        "given back",
    ],
)
def test_events_reach_back_as_far_as_somebody_waits(
    engine: Engine, orders: list[dict[str, Any]], enrollment: dict[str, Any], seen: list[str]
):
    people(engine)
    put(engine, Enrollment, {"id": 1, **enrollment})
    put(engine, Purchase, *({"id": number, **row} for number, row in enumerate(orders, start=1)))
    assert list(state(engine, specs(waiting_for("order"))).events["key"]) == seen


@pytest.mark.parametrize(
    ("journey", "enrollment", "outcome", "rows"),
    [
        ({"migrate": "restart"}, {}, "delivered", 1),
        ({"migrate": "restart"}, {}, "ghost", 1),
        ({"migrate": "restart"}, {}, "queued", 1),
        ({"migrate": "restart"}, {}, "skipped", 0),
        ({"migrate": "restart"}, {"status": "exited"}, "delivered", 0),
        ({"migrate": "keep"}, {}, "delivered", 0),
    ],
)
def test_what_those_who_begin_anew_already_got(
    engine: Engine, journey: dict[str, Any], enrollment: dict[str, Any], outcome: str, rows: int
):
    people(engine)
    put(engine, Enrollment, {"id": 1, **enrollment})
    put(engine, Send, {"id": 1, "outcome": outcome})
    found = state(engine, specs(journey)).sent
    assert (
        found.to_dict("records") == [{"enrollment_id": 1, "node": "thanks", "contact_id": 1}][:rows]
    )
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == FRAMES["sent"]


@pytest.mark.parametrize(
    ("journey", "products", "categories"),
    [
        ({}, "", ""),
        ({"enter": {"on": "order", "product": ["P1", "P9"]}}, "P1", ""),
        ({"enter": {"on": "order", "category": ["tables"]}}, "", "chairs\ntables"),
        ({"purpose": "advertising", "categories": "order"}, "", "chairs\ntables"),
    ],
    ids=["nobody asks", "for an article", "for a category", "for what it is about"],
)
def test_what_was_bought_is_read_where_a_journey_asks_for_it(
    engine: Engine, journey: dict[str, Any], products: str, categories: str
):
    people(engine)
    put(
        engine,
        Product,
        {"id": 1, "category": "chairs"},
        {"id": 2, "category": "tables"},
        {"id": 3},
    )
    put(engine, Purchase, {"id": 1, "category": "chairs"}, {"id": 2, "category": "lamps"})
    lines = [{"purchase_id": 1, "line": n, "product_id": n % 3 + 1} for n in range(1, 7)]
    put(engine, PurchaseLine, *({"quantity": 1, "amount": 1, **line} for line in lines))
    found = state(engine, specs(journey)).orders.sort_values("purchase_id")
    assert found["products"].tolist() == [products, ""]
    together = ["\n".join(sorted(text.split("\n"))) for text in found["categories"]]
    assert together == [categories, "lamps" if categories else ""]
