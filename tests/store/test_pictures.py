"""What pictures are drawn from, on both databases and as of any day."""

from datetime import datetime

import pandas as pd
from sqlalchemy import Engine

from flows.store import pictures
from flows.store.models import (
    Customer,
    Enrollment,
    PhaseChange,
    QuadrantChange,
    Response,
    Run,
    Send,
)
from tests.store.rows import NOW, ago, people, put


def test_a_funnel_counts_how_far_enrollments_came(engine: Engine):
    people(engine, 4)
    put(
        engine,
        Enrollment,
        {"id": 1, "first_touch_at": ago(2), "goal_at": ago(1)},
        {"id": 2, "customer_id": 2, "first_touch_at": ago(2)},
        {"id": 3, "customer_id": 3},
        {"id": 4, "customer_id": 4, "arm": "held_out", "first_touch_at": ago(2)},
    )
    put(
        engine,
        Send,
        {"id": 1, "outcome": "delivered", "handed_over_at": ago(2), "decided_at": ago(2)},
        {"id": 2, "step": "again", "outcome": "skipped"},
        {"id": 3, "enrollment_id": 2, "outcome": "accepted", "handed_over_at": ago(1)},
        {"id": 4, "enrollment_id": 4, "outcome": "ghost"},
    )
    put(
        engine,
        Response,
        {"id": 1, "key": "a", "send_id": 1, "kind": "delivered", "at": ago(2)},
        {"id": 2, "key": "b", "send_id": 1, "kind": "click", "at": ago(0.5)},
    )
    assert funnel(engine, NOW) == {
        ("held_out", "entered"): 1,
        ("held_out", "due"): 1,
        ("held_out", "goal"): 0,
        ("treated", "entered"): 3,
        ("treated", "due"): 2,
        ("treated", "sent"): 2,
        ("treated", "delivered"): 1,
        ("treated", "answered"): 1,
        ("treated", "goal"): 1,
    }
    before = funnel(engine, ago(1.5))
    assert before["treated", "sent"] == 1
    assert before["treated", "answered"] == before["treated", "goal"] == 0
    assert funnel(engine, ago(3)) == {}


def test_the_matrix_stands_as_it_stood_on_a_past_day(engine: Engine):
    people(engine, 4)
    put(engine, Customer, {"id": 5, "quadrant": "top", "since": ago(1)})
    fields = {1: "top", 2: "small", 3: "premium"}
    with engine.begin() as connection:
        for number, field in fields.items():
            connection.execute(
                Customer.__table__.update()
                .where(Customer.__table__.c.id == number)
                .values(quadrant=field)
            )
    move = {"run_id": 1}
    put(
        engine,
        QuadrantChange,
        {"customer_id": 1, "at": ago(10), "before": "small", "after": "premium", **move},
        {"customer_id": 1, "at": ago(2), "before": "premium", "after": "top", **move},
        {"customer_id": 2, "at": ago(2), "before": None, "after": "small", **move},
    )
    with engine.connect() as connection:
        today = pictures.quadrant_counts(connection, NOW)
        then = pictures.quadrant_counts(connection, ago(5))
        moves = pictures.quadrant_moves(connection, ago(5), NOW)
    assert numbers(today, "quadrant") == {"top": 2, "small": 1, "premium": 1}
    assert numbers(then, "quadrant") == {"premium": 2}
    found = moves.astype(object).where(moves.notna(), None)
    assert sorted(found.itertuples(index=False, name=None), key=str) == [
        ("premium", "top", 1),
        (None, "small", 1),
    ]


def test_phases_add_up_to_what_customers_are_in(engine: Engine):
    put(engine, Run, {"id": 1, "as_of": ago(20)}, {"id": 2, "as_of": ago(10)})
    put(
        engine,
        Customer,
        {"id": 1, "phase": "maturity", "phase_since": ago(20), "since": ago(900)},
        {"id": 2, "phase": "at_risk", "phase_since": ago(10), "since": ago(900)},
        {"id": 3, "phase": "expansion", "phase_since": ago(1), "since": ago(15)},
        {"id": 4, "phase": "exploration", "phase_since": ago(10), "since": ago(11)},
        {"id": 5},
    )
    put(
        engine,
        PhaseChange,
        {"customer_id": 2, "at": ago(10), "before": "maturity", "after": "at_risk", "run_id": 2},
        {"customer_id": 3, "at": ago(8), "before": "prospect", "after": "exploration", "run_id": 2},
        {
            "customer_id": 3,
            "at": ago(1),
            "before": "exploration",
            "after": "expansion",
            "run_id": 2,
        },
    )
    with engine.connect() as connection:
        counts = pictures.phase_counts(connection, NOW)
        then = pictures.phase_counts(connection, ago(9))
        none = pictures.phase_counts(connection, ago(30))
    at = {moment: numbers(rows, "phase") for moment, rows in counts.groupby("at")}
    assert at[pd.Timestamp(ago(20))] == {"maturity": 2}
    assert at[pd.Timestamp(ago(15))] == {"maturity": 2, "prospect": 1}
    assert at[pd.Timestamp(ago(10))] == {
        "maturity": 1, "at_risk": 1, "prospect": 1, "exploration": 1,
    }  # fmt: skip
    assert at[pd.Timestamp(NOW)] == {
        "maturity": 1, "at_risk": 1, "expansion": 1, "exploration": 1,
    }  # fmt: skip
    last = then[then["at"] == then["at"].max()]
    assert numbers(last, "phase") == at[pd.Timestamp(ago(10))]
    assert none.empty


def test_what_did_not_go_is_counted_by_reason_and_journey(engine: Engine):
    people(engine)
    put(engine, Enrollment, {"id": 1}, {"id": 2, "journey": "other"})
    skipped = {"outcome": "skipped", "reason": "capped"}
    put(
        engine,
        Send,
        {"id": 1, "step": "a", **skipped},
        {"id": 2, "step": "b", **skipped},
        {"id": 3, "step": "c", **skipped, "decided_at": ago(40)},
        {"id": 4, "enrollment_id": 2, "journey": "other", **skipped},
    )
    with engine.connect() as connection:
        of_all = pictures.unsent_counts(connection, ago(30), NOW)
        of_one = pictures.unsent_counts(connection, ago(30), NOW, "care")
    assert of_all.to_dict("records") == [{"outcome": "skipped", "reason": "capped", "number": 3}]
    assert of_one.to_dict("records") == [{"outcome": "skipped", "reason": "capped", "number": 2}]


def funnel(engine: Engine, now: datetime) -> dict[tuple[str, str], int]:
    with engine.connect() as connection:
        counts = pictures.funnel_counts(connection, now)
    return dict(
        zip(zip(counts["arm"], counts["stage"], strict=True), counts["number"], strict=True)
    )


def numbers(counts: pd.DataFrame, by: str) -> dict[str, int]:
    found = counts[counts["number"] > 0]
    return dict(zip(found[by], found["number"], strict=True))
