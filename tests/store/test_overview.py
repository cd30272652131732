"""Where journeys stand: numbers as of a moment, from a few rows whose sums one can see."""

from sqlalchemy import Engine

from flows.store import overview
from flows.store.models import Enrollment, Send, Task
from tests.store.rows import NOW, ago, people, put


def lived(engine: Engine) -> None:
    """Three customers: one under way, one held out, one who reached the goal and left."""
    people(engine, 3)
    put(
        engine,
        Enrollment,
        {"id": 1, "customer_id": 1},
        {"id": 2, "customer_id": 2, "arm": "held_out", "node": "call", "version": "v2"},
        {"id": 3, "customer_id": 3, "status": "finished", "left_at": ago(1), "goal_at": ago(1)},
        {"id": 4, "customer_id": 3, "entered_at": ago(-1), "anchor_at": ago(-1)},
    )
    put(
        engine,
        Send,
        {"id": 1, "enrollment_id": 1, "outcome": "delivered", "handed_over_at": ago(1)},
        {"id": 2, "enrollment_id": 1, "step": "again", "outcome": "queued", "review": "pending"},
        {"id": 3, "enrollment_id": 2, "customer_id": 2, "outcome": "ghost", "version": "v2"},
        {"id": 4, "enrollment_id": 3, "customer_id": 3, "outcome": "deferred"},
        {"id": 5, "enrollment_id": 3, "customer_id": 3, "step": "x", "outcome": "skipped"},
        {"id": 6, "enrollment_id": 4, "customer_id": 3, "decided_at": ago(-1)},
    )
    put(
        engine,
        Task,
        {
            "id": 1,
            "enrollment_id": 2,
            "customer_id": 2,
            "step": "call",
            "kind": "call",
            "about": "?",
            "due_at": NOW,
            "status": "open",
            "run_id": 1,
        },
    )


def test_a_journey_is_counted_as_of_a_moment(engine: Engine):
    lived(engine)
    with engine.connect() as connection:
        (row,) = overview.journeys(connection, NOW).to_dict("records")
    assert row == {
        "journey": "care",
        "entered": 3,
        "standing": 2,
        "treated": 2,
        "goals": 1,
        "waiting": 2,
        "review": 1,
        "sent": 1,
        "ghosts": 1,
    }


def test_a_journey_is_counted_node_by_node_and_version_by_version(engine: Engine):
    lived(engine)
    with engine.connect() as connection:
        rows = overview.nodes(connection, "care", NOW).to_dict("records")
    found = {
        (row.pop("version"), row.pop("node")): {what: n for what, n in row.items() if n}
        for row in rows
    }
    assert found == {
        ("v1", "again"): {"waiting": 1},
        ("v1", "thanks"): {"standing": 1, "sent": 1, "waiting": 1},
        ("v1", "x"): {"held_back": 1},
        ("v2", "call"): {"standing": 1, "tasks": 1},
        ("v2", "thanks"): {"ghosts": 1},
    }


def test_an_empty_store_has_no_journeys(engine: Engine):
    with engine.connect() as connection:
        assert overview.journeys(connection, NOW).empty
        assert overview.nodes(connection, "care", NOW).empty
