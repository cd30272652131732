"""The inbox worked through: once, twice, in any order, it ends the same."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, update

from flows.responses.apply import respond
from flows.store.models import (
    Base,
    Contact,
    Customer,
    Permission,
    Reject,
    Response,
    Send,
    Suppression,
    Task,
)
from flows.store.session import open_store
from tests.delivery.rows import DAY, NOW, column, furnish, outcomes, put, send

HOUR = timedelta(hours=1)


def event(key: str, number: int, kind: str, hours: float = 1, **detail: Any) -> dict[str, Any]:
    at = (NOW - hours * HOUR).isoformat()
    return {"key": key, "send": number, "kind": kind, "at": at, "detail": detail}


def drop(inbox: Path, name: str, *lines: dict[str, Any] | str) -> None:
    inbox.mkdir(exist_ok=True)
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)
    (inbox / name).write_text(text, encoding="utf-8")


def accepted(number: int, **changes: Any) -> dict[str, Any]:
    return send(number, outcome="accepted", handed_over_at=NOW - DAY, **changes)


def state(engine: Engine) -> list[Any]:
    """All that responses may change, without the numbers rows happen to get."""
    with engine.connect() as connection:
        return [
            sorted(column(connection, "outcome").items()),
            *(
                sorted(
                    tuple(str(value) for value in row)
                    for row in connection.execute(
                        select(*(c for c in table.__table__.c if c.name != "id"))
                    )
                )
                for table in (Response, Suppression, Permission)
            ),
        ]


def test_scores_and_tasks_done_come_the_same_way(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    put(engine, accepted(1))
    task = {"enrollment_id": 1, "customer_id": 1, "step": "call", "kind": "call", "about": "?"}
    with engine.begin() as connection:
        values = {**task, "id": 7, "due_at": NOW, "status": "open", "run_id": 1}
        connection.execute(insert(Task).values(values))
    done = {"task": 7, "done": (NOW - HOUR).isoformat()}
    drop(tmp_path / "inbox", "a.jsonl", {**event("e1", 1, "nps"), "score": 9}, done)
    report = respond(engine, tmp_path / "inbox", now=NOW, run_id=1)
    assert (report.tasks_done, sum(report.new.values())) == (1, 1)
    with engine.connect() as connection:
        assert connection.execute(select(Response.kind, Response.score)).all() == [("nps", 9)]
        found = connection.execute(select(Task.status, Task.done_at)).all()
    assert found == [("done", NOW - HOUR)]


def test_events_move_their_sends_and_stop_further_mail(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    put(engine, *(accepted(n) for n in range(1, 6)), send(6, outcome="in_doubt"))
    drop(
        tmp_path / "inbox",
        "a.jsonl",
        event("e1", 1, "delivered"),
        event("e2", 2, "bounce", hard=True),
        event("e3", 3, "bounce", hard=False),
        event("e4", 4, "complaint"),
        event("e5", 5, "unsubscribe"),
        event("e6", 6, "click"),
    )
    report = respond(engine, tmp_path / "inbox", now=NOW, run_id=1)
    assert outcomes(engine) == {
        1: "delivered",
        2: "bounced",
        3: "bounced",
        4: "delivered",
        5: "delivered",
        6: "delivered",
    }
    assert (report.new.total(), report.suppressed, report.objected) == (6, 3, 1)
    with engine.connect() as connection:
        stops = connection.execute(
            select(Suppression.email, Suppression.reason, Suppression.purpose, Suppression.source)
        ).all()
        objection = connection.execute(
            select(Permission.kind, Permission.purpose, Permission.at, Permission.proof)
        ).one()
    assert sorted(map(tuple, stops), key=str) == [
        ("ada@example.com", "hard_bounce", None, "send 2"),
        ("ada@example.com", "spam_complaint", None, "send 4"),
        ("ada@example.com", "unsubscribe", "advertising", "send 5"),
    ]
    assert tuple(objection)[:3] == ("objection", "advertising", NOW - HOUR)
    assert "send 5" in (objection.proof or "")
    assert [file.name for file in (tmp_path / "inbox" / "done").iterdir()] == ["a.jsonl"]
    assert not list((tmp_path / "inbox").glob("*.jsonl"))


def test_the_same_file_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    put(engine, accepted(1))
    inbox = tmp_path / "inbox"
    lines = (event("e1", 1, "unsubscribe"), event("e1", 1, "unsubscribe"), "{broken")
    drop(inbox, "a.jsonl", *lines)
    respond(engine, inbox, now=NOW, run_id=1)
    before = state(engine)
    drop(inbox, "a.jsonl", *lines)
    report = respond(engine, inbox, now=NOW, run_id=1)
    assert state(engine) == before
    assert (report.new.total(), report.repeated, report.suppressed, report.objected) == (0, 2, 0, 0)
    assert {file.name for file in (inbox / "done").iterdir()} == {"a.jsonl", "a-2.jsonl"}


def test_lines_that_are_no_events_are_kept_with_place_and_reason(
    engine: Engine, tmp_path: Path
) -> None:
    furnish(engine)
    put(engine, accepted(1))
    drop(tmp_path / "inbox", "a.jsonl", "{broken", event("e1", 1, "reply"), '{"key": "e2"}')
    report = respond(engine, tmp_path / "inbox", now=NOW, run_id=1)
    assert (report.refused, report.new.total(), report.files_done) == (2, 1, 1)
    with engine.connect() as connection:
        rows = connection.execute(
            select(Reject.source, Reject.place, Reject.row, Reject.column, Reject.value)
        ).all()
    assert sorted(map(tuple, rows), key=str) == [
        ("responses", "inbox/done/a.jsonl", 1, "", "{broken"),
        ("responses", "inbox/done/a.jsonl", 3, "kind", '{"key": "e2"}'),
    ]


@pytest.mark.parametrize("number", [99, 0, -1, 2**70])
def test_an_event_of_a_send_we_do_not_know_is_kept_with_its_number(
    engine: Engine, tmp_path: Path, number: int
) -> None:
    furnish(engine)
    drop(tmp_path / "inbox", "a.jsonl", event("e1", number, "bounce", hard=True))
    report = respond(engine, tmp_path / "inbox", now=NOW, run_id=1)
    assert report.unknown_sends == 1
    with engine.connect() as connection:
        row = connection.execute(select(Response.send_id, Response.detail)).one()
    assert tuple(row) == (None, {"hard": True, "send": number})


def test_what_lies_after_now_waits_in_its_file(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    put(engine, accepted(1), accepted(2))
    inbox = tmp_path / "inbox"
    drop(inbox, "a.jsonl", event("e1", 1, "delivered", 1), event("e2", 2, "delivered", -24))
    early = respond(engine, inbox, now=NOW, run_id=1)
    assert (early.waiting, early.files_done) == (1, 0)
    assert outcomes(engine) == {1: "delivered", 2: "accepted"}
    late = respond(engine, inbox, now=NOW + DAY, run_id=1)
    assert (late.waiting, late.files_done, late.new.total()) == (0, 1, 1)
    assert outcomes(engine) == {1: "delivered", 2: "delivered"}


def test_an_inbox_that_is_empty_or_missing_is_fine(engine: Engine, tmp_path: Path) -> None:
    assert respond(engine, tmp_path / "none", now=NOW, run_id=1).files == 0


def test_an_event_names_the_address_it_is_about(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    put(engine, accepted(1))
    lines = event("e1", 1, "bounce", hard=True, email="Old@Example.com")
    drop(tmp_path / "inbox", "a.jsonl", lines)
    respond(engine, tmp_path / "inbox", now=NOW, run_id=1)
    with engine.connect() as connection:
        assert connection.execute(select(Suppression.email)).scalar_one() == "old@example.com"


KINDS = ["delivered", "bounce", "complaint", "unsubscribe", "reply", "click", "opened"]
EVENTS = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.sampled_from(KINDS),
        st.integers(1, 3),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('law') / 'store.db'}")
    Base.metadata.create_all(opened)
    furnish(opened)
    with opened.begin() as connection:
        connection.execute(insert(Customer).values(id=2, key="C2"))
        values = {"id": 2, "key": "K2", "customer_id": 2, "email": "bo@example.com"}
        connection.execute(insert(Contact).values(values))
    start = ["accepted", "accepted", "in_doubt", "claimed"]
    put(opened, *(send(n, contact_id=1 + n % 2, outcome=o) for n, o in enumerate(start, 1)))
    return opened


@settings(max_examples=25, deadline=None)
@given(told=EVENTS, dice=st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_end_the_same(
    one_store: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[int, str, int, bool]],
    dice: random.Random,
) -> None:
    lines = [
        event(f"e{at}", number, kind, hours, hard=hard)
        for at, (number, kind, hours, hard) in enumerate(told)
    ]
    again = [*lines, *dice.choices(lines, k=4)]
    dice.shuffle(again)
    cut = dice.randrange(len(again) + 1)
    ends = []
    for files in ([lines], [again[:cut], again[cut:]]):
        inbox = tmp_path_factory.mktemp("inbox")
        for number, content in enumerate(files):
            drop(inbox, f"{number}.jsonl", *content)
            respond(one_store, inbox, now=NOW, run_id=1)
        ends.append(state(one_store))
        with one_store.begin() as connection:
            for table in (Response, Suppression, Permission):
                connection.execute(delete(table))
            for number, outcome in enumerate(["accepted", "accepted", "in_doubt", "claimed"], 1):
                connection.execute(update(Send).where(Send.id == number).values(outcome=outcome))
    assert ends[0] == ends[1]
