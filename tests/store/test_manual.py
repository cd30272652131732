"""Customers put into journeys by hand, once each, and locks on them."""

from sqlalchemy import Engine

from flows.store.locks import lift_lock, locks, set_lock
from flows.store.manual import Entered, enter
from flows.store.models import ManualEntry, SalesLock
from tests.store.rows import NOW, ago, people, put, rows_of


def test_a_list_enters_everybody_once(engine: Engine):
    people(engine, 3)
    with engine.begin() as connection:
        first = enter(connection, "care", ["C1", "C2", "X", "C1"], "fair", ago(1))
        again = enter(connection, "care", ["C2", "C3"], "fair", NOW)
        other = enter(connection, "care", ["C2"], "another", NOW)
    assert (first, again, other) == (Entered(2, ["X"], 0), Entered(2, [], 1), Entered(1, [], 0))
    assert sorted(rows_of(engine, ManualEntry, "journey", "customer_id", "key", "at")) == [
        ("care", 1, "fair", ago(1)),
        ("care", 2, "another", NOW),
        ("care", 2, "fair", ago(1)),
        ("care", 3, "fair", NOW),
    ]


def test_a_long_list_is_entered_whole(engine: Engine):
    people(engine, 1)
    keys = [f"X{number}" for number in range(2_500)]
    with engine.begin() as connection:
        assert enter(connection, "care", [*keys, "C1"], "fair", NOW).known == 1


def test_a_lock_is_set_replaced_and_lifted(engine: Engine):
    people(engine, 2)
    with engine.begin() as connection:
        assert set_lock(connection, "C1", ago(-9), ago(3), note="offer")
        assert set_lock(connection, "C1", ago(-5), ago(2))
        assert not set_lock(connection, "X", ago(-5), ago(2))
        found = locks(connection, NOW)
        assert found.drop(columns="note").to_dict("split")["data"] == [
            ["C1", ago(2), ago(-5), "hand"]
        ]
        assert locks(connection, ago(-6)).empty
        assert lift_lock(connection, "C2", NOW) == []
        assert lift_lock(connection, "C1", NOW) == ["hand"]
        assert locks(connection, NOW).empty
        assert len(locks(connection, ago(1))) == 1


def test_lifting_ends_every_lock_and_names_where_it_came_from(engine: Engine):
    people(engine)
    theirs = {"id": 9, "customer_id": 1, "since": ago(1), "until": ago(-9), "source": "intake"}
    put(engine, SalesLock, theirs)
    with engine.begin() as connection:
        set_lock(connection, "C1", ago(-3), NOW)
        assert list(locks(connection, NOW)["source"]) == ["hand", "intake"]
        assert lift_lock(connection, "C1", NOW) == ["hand", "intake"]
        assert locks(connection, NOW).empty
