"""Results as columns are the same from both kinds of store, missing values and all."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import psycopg
import pytest
from sqlalchemy import (
    Boolean,
    Engine,
    Float,
    Integer,
    and_,
    case,
    cast,
    event,
    func,
    insert,
    select,
)

from flows.store import columnar
from flows.store.models import Customer, Run
from flows.store.session import frame
from segments.names import Phase

MOMENT = datetime(1969, 7, 20, 20, 17, 40, 123456, tzinfo=UTC)


def _fill(engine: Engine) -> None:
    rows = [
        {"id": 1, "key": "K1", "name": "Müller & Söhne 🙂", "since": MOMENT, "phase": "ended"},
        {"id": 2, "key": "K2", "name": None, "since": None, "phase": None},
        {"id": 3, "key": "K3", "name": "", "since": datetime(2026, 6, 1, tzinfo=UTC)},
    ]
    with engine.begin() as connection:
        for row in rows:
            connection.execute(insert(Customer).values(**row))


def test_words_moments_and_numbers_come_as_columns_with_what_is_missing(engine: Engine) -> None:
    _fill(engine)
    known = Customer.name.is_not(None)
    statement = select(
        Customer.id,
        Customer.name,
        Customer.phase,
        Customer.since,
        case((known, Customer.id)).label("known_id"),
        case((known, cast(Customer.id, Float) / 2)).label("half"),
        cast(case((known, Customer.id > 1)), Boolean).label("later"),
    )
    with engine.connect() as connection:
        found = frame(connection, statement).sort_values("id", ignore_index=True)
    expected = pd.DataFrame(
        {
            "id": pd.array([1, 2, 3], "Int64"),
            "name": pd.array(["Müller & Söhne 🙂", None, ""], "str"),
            "phase": pd.array([Phase.ENDED.value, None, None], "str"),
            "since": pd.to_datetime([MOMENT, None, "2026-06-01 00:00+00:00"], utc=True),
            "known_id": pd.array([1, None, 3], "Int64"),
            "half": [0.5, None, 1.5],
            "later": pd.array([False, None, True], "boolean"),
        }
    ).astype({"since": "datetime64[us, UTC]"})
    pd.testing.assert_frame_equal(found, expected)


def test_columns_of_nobody_have_their_types(engine: Engine) -> None:
    statement = select(Customer.id, Customer.name, Customer.since).where(Customer.id < 0)
    with engine.connect() as connection:
        found = frame(connection, statement)
    assert found.empty
    assert [str(dtype) for dtype in found.dtypes] == ["Int64", "str", "datetime64[us, UTC]"]


def test_sums_and_counts_are_whole_numbers(engine: Engine) -> None:
    _fill(engine)
    total = func.sum(Customer.id).label("total")
    flags = func.sum(cast(case((Customer.id > 1, 1), else_=0), Integer)).label("flags")
    with engine.connect() as connection:
        found = frame(connection, select(total, flags, func.count().label("rows")))
    assert found.to_dict("records") == [{"total": 6, "flags": 2, "rows": 3}]


def test_what_is_neither_text_nor_number_comes_row_by_row(engine: Engine) -> None:
    row = {"kind": "plan", "as_of": MOMENT, "started_at": MOMENT, "counts": {"sent": 1}}
    with engine.begin() as connection:
        connection.execute(insert(Run).values(row))
        found = frame(connection, select(Run.as_of, Run.ended_at, Run.counts))
    assert found["as_of"].tolist() == [pd.Timestamp(MOMENT)]
    assert found["ended_at"].isna().all()


@pytest.mark.parametrize("asked", [Customer.key, Run.counts])
def test_no_cursor_is_left_open_to_take_rows_from_the_next(engine: Engine, asked: Any) -> None:
    """One that was left took the row of the next that asked the same, now and then."""
    used: list[Any] = []
    with engine.connect() as connection:
        connection.execute(insert(Customer), [{"id": at, "key": f"K{at}"} for at in (1, 2, 3)])
        event.listen(engine, "after_cursor_execute", lambda _, cursor, *__: used.append(cursor))
        for _ in range(2):
            columnar.read(connection, select(asked))
        assert len(used) == 2
        for cursor in used:
            with pytest.raises((sqlite3.Error, psycopg.Error), match="closed"):
                cursor.fetchone()


def test_a_question_with_bound_values_sees_the_transaction_it_is_asked_in(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(insert(Customer).values(id=7, key="50% of it"))
        wanted = select(Customer.key).where(
            and_(Customer.key.like("50%"), Customer.id.in_([6, 7, 8]))
        )
        assert list(columnar.read(connection, wanted)["key"]) == ["50% of it"]
        connection.rollback()
        assert not len(columnar.read(connection, wanted)["key"])
