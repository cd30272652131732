"""Forgetting and telling: every table is looked at, nothing of the person stays, figures do."""

import json
from datetime import date
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    Engine,
    Float,
    Integer,
    LargeBinary,
    insert,
    select,
)
from sqlalchemy.schema import Column, Table

from flows.erased import hash_of
from flows.exporting import everything
from flows.settings import link_secrets
from flows.stages.measuring import day, effects, measure
from flows.stages.pulling import pull
from flows.stages.responding import respond
from flows.store.erasing import erase
from flows.store.holdings import HELD, IMPERSONAL, READ_OTHERWISE, TABLES, person
from flows.store.session import writing
from flows.store.types import Utc, Word
from tests.stages.tiny import NOW, Tiny, after
from tests.stages.tiny import TABLES as FILES
from tests.store.rows import ago

EMAIL, FIRST, LAST = "zora.quell@alpha.example", "Zora", "Quell"
MARKS = (EMAIL, FIRST, LAST, f"{FIRST} {LAST}")
SECRET = b"a secret for tests"
_FREE = {
    "note",
    "about",
    "detail",
    "why",
    "known",
    "notice",
    "source",
    "proof",
    "wording",
    "answer",
}


def hashed(text: str) -> str:
    return hash_of(SECRET, text)


def value_of(column: Column[Any], table: Table) -> Any:
    """Something for a cell; free text names the person."""
    kind = column.type
    if isinstance(kind, Utc):
        return ago(3)
    if isinstance(kind, Word):
        return next(iter(kind.words)).value
    if isinstance(kind, JSON):
        return (
            {}
            if table.name in IMPERSONAL
            else {"email": EMAIL, "text": f"yours, {FIRST} {LAST}", "hard": True}
        )
    if isinstance(kind, Date):
        return date(2026, 6, 1)
    if isinstance(kind, LargeBinary) and table.name in IMPERSONAL:
        return b"x"
    if isinstance(kind, LargeBinary):
        return json.dumps([{"email": EMAIL.upper(), "send": 1}, {"email": "x@y.example"}]).encode()
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Float | Integer):
        return 1
    if column.name in {*_FREE, "answer"} and table.name not in IMPERSONAL:
        return f"{FIRST} {LAST} <{EMAIL}> said so"
    return "x1"


GIVEN: dict[str, dict[str, Any]] = {
    "contact": {"key": "K", "email": EMAIL, "first_name": FIRST, "last_name": LAST},
    "customer": {"key": "C", "name": f"Praxis {LAST}"},
    "suppression": {"email": EMAIL, "customer_id": None, "contact_id": None, "email_hash": None},
    "send": {"outcome": "delivered", "context": f'{{"email": "{EMAIL}"}}'},
    "reject": {"source": "contacts", "value": EMAIL, "reason": f"{EMAIL} cannot be an address"},
    "purchase_line": {"quantity": 1.0},
    "enrollment": {"flags": None, "variants": None},
    "purchase": {"credit_of_id": None, "contact_id": 1},
    "permission": {"ended_at": None},
    "event_batch": {"source": "sendgrid"},
}


def fill(connection: Connection) -> None:
    """One row of everything, all about one person; only then can something be forgotten."""
    for table in next(iter(TABLES.values())).metadata.sorted_tables:
        if table.name == "ledger":
            continue
        row = {
            column.name: value_of(column, table)
            for column in table.columns
            if column.name not in ("id", "ended_at")
        }
        row |= GIVEN.get(table.name, {})
        if "id" in table.c:
            row["id"] = 1
        if table.name == "suppression":
            row.pop("key")
            row["id"] = 1_000
        connection.execute(insert(table).values(row))


def contents(connection: Connection) -> str:
    """Everything the store holds, as text."""
    found = []
    for table in TABLES.values():
        for row in connection.execute(select(table)).mappings():
            for name, value in row.items():
                told = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                found.append(f"{table.name}.{name}={told}")
    return "\n".join(found)


def test_every_table_is_covered_by_export_and_erasure():
    """A new table tells of nobody, or says where its people stand."""
    assert not set(HELD) & IMPERSONAL
    assert set(HELD) | IMPERSONAL == set(TABLES)
    people = {"customer_id", "contact_id", "send_id", "enrollment_id", "purchase_id", "email"}
    for name in IMPERSONAL - {"owner"}:
        assert not people & set(TABLES[name].columns.keys()), name


def test_nothing_of_the_person_is_left_in_any_table(engine: Engine):
    with writing(engine) as connection:
        fill(connection)
        assert all(mark.lower() in contents(connection).lower() for mark in MARKS)
        who = person(connection, "K")
        assert who is not None
        done = erase(connection, who, NOW, hashed)
        left = [
            line
            for line in contents(connection).splitlines()
            if any(mark.lower() in line.lower() for mark in MARKS)
        ]
        assert left == []
        assert done.changed["contact"] == 1
        assert person(connection, "K") is None


@pytest.mark.briefly("sqlite")
def test_figures_flags_and_orders_stay(engine: Engine):
    with writing(engine) as connection:
        fill(connection)
        before = {name: connection.execute(select(TABLES[name])).mappings().one() for name in KEPT}
        who = person(connection, "K")
        assert who is not None
        erase(connection, who, NOW, hashed)
        after = {name: connection.execute(select(TABLES[name])).mappings().one() for name in KEPT}
    for name, columns in KEPT.items():
        for column in columns:
            assert before[name][column] == after[name][column], (name, column)
    assert after["response"]["detail"] == {"hard": True}
    assert after["purchase"]["contact_id"] is None


KEPT = {
    "purchase": ("customer_id", "ordered_at", "total", "kind", "key"),
    "response": ("kind", "at", "score", "send_id"),
    "send": ("outcome", "handed_over_at", "customer_id", "contact_id", "journey", "decided_at"),
    "enrollment": ("customer_id", "arm", "entered_at", "goal_at", "first_touch_at"),
    "interaction": ("at", "mood", "channel"),
    "complaint": ("opened_at", "closed_at"),
    "phase_change": ("at", "after"),
}


def test_the_export_shows_every_row_of_every_table(tiny: Tiny):
    with tiny.open() as shop, writing(shop.engine) as connection:
        for table in reversed(next(iter(TABLES.values())).metadata.sorted_tables):
            connection.execute(table.delete())
        fill(connection)
        who = person(connection, "K")
        assert who is not None
        found = everything(shop, connection, who, NOW)
    for name in HELD:
        if name not in READ_OTHERWISE:
            assert len(found["tables"][name]) == 1, name
    assert found["tables"]["interaction"][0]["mood"]
    assert found["events_as_posted"][0]["content"] == [{"email": EMAIL.upper(), "send": 1}]
    assert json.loads(json.dumps(found))["about"]["rights"]
    assert found["consents"]


def test_a_person_who_was_erased_does_not_come_back_and_is_no_fault(tiny: Tiny):
    """No row may be rejected in this house: max_reject_share is 0 %."""
    tiny.live_a_day()
    before = tiny.rows("purchase", "key", "total", "customer_id")
    with tiny.open() as shop:
        newest = link_secrets(shop.project.folder)[0]
        with writing(shop.engine) as connection:
            who = person(connection, "P1")
            assert who is not None
            erase(connection, who, NOW, lambda text: hash_of(newest, text))
    # The same row under its old number, and the same address under a new one.
    again = FILES["contacts"] + "P9,K3,Ada@Alpha.example,ms,Ada,Albers,buyer,de\n"
    tiny.table("contacts", again)
    tiny.table("permissions", FILES["permissions"] + "P9,consent,advertising,2026-01-01,form\n")
    tiny.table("orders", FILES["orders"] + "A9,K1,2026-06-14,P1,\n")
    tiny.table("order_lines", FILES["order_lines"] + "A9,S1,1,800.00\n")
    with tiny.open() as shop:
        report = pull(shop, NOW)
    told = {table.table: table for table in report.tables}
    assert told["contacts"].left_out == 2
    assert told["contacts"].rejected == told["permissions"].rejected == 0
    assert {row[0] for row in tiny.rows("contact", "email")} == {None, "bob@beta.example"}
    assert set(before) < set(tiny.rows("purchase", "key", "total", "customer_id"))
    values = [row[0] for row in tiny.rows("reject", "value")]
    assert not any(value and "ada" in value.lower() for value in values)
    reasons = {row[0] for row in tiny.rows("reject", "reason")}
    assert any("erased" in reason for reason in reasons)


@pytest.mark.briefly("sqlite")
@pytest.mark.parametrize("key", ["nobody", "erased 1"])
def test_nobody_is_found_under_a_number_that_is_none(engine: Engine, key: str):
    with engine.connect() as connection:
        assert person(connection, key) is None


@pytest.mark.briefly("postgresql")
def test_reports_of_the_past_say_the_same_before_and_after(tiny: Tiny):
    for number in range(3):
        tiny.live_a_day(after(number))
    accepted = [row[0] for row in tiny.rows("send", "id", "outcome") if row[1] == "accepted"]
    tiny.answer(
        *(
            {"key": f"e{number}", "send": number, "kind": "delivered", "at": after(3).isoformat()}
            for number in accepted
        )
    )
    with tiny.open() as shop:
        respond(shop, after(3))
        measure(shop, after(3))
    moments = [after(number) for number in range(4)]

    def told() -> list[Any]:
        with tiny.open() as shop:
            found = [effects(shop, at) for at in moments] + [day(shop, at) for at in moments]
        return [
            {
                name: value.to_dict("list") if isinstance(value, pd.DataFrame) else value
                for name, value in vars(each).items()
            }
            for each in found
        ]

    before = told()
    with tiny.open() as shop, writing(shop.engine) as connection:
        for key in ("P1", "P2"):
            who = person(connection, key)
            assert who is not None
            erase(connection, who, after(5), hashed)
    assert str(told()) == str(before)
    with tiny.open() as shop:
        pulled = pull(shop, after(5))
    assert {table.table: table.rejected for table in pulled.tables}["contacts"] == 0
