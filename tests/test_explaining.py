"""The account of one customer: complete, true to the plan, and ready for other programs."""

import json
from datetime import date
from pathlib import Path

import pytest

from flows import explaining
from flows.errors import ConfigError
from flows.stages.shop import open_shop
from flows.store.models import Customer, Enrollment, Send
from segments.frames import PROFILE
from tests.small import LAST, SHIPPED, copied
from tests.store.rows import rows_of


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lived-through project."""
    return copied(tmp_path_factory.mktemp("explaining"))


def told(folder: Path, customer: str, capsys: pytest.CaptureFixture[str], *more: str | None) -> str:
    """What `explain` prints as of the end of the last day that was lived through."""
    journey = more[0] if more else None
    explaining.explain_customer(folder, customer, journey, LAST.isoformat(), as_json=False)
    return capsys.readouterr().out


def somebody(folder: Path, journey: str) -> tuple[str, str]:
    """A customer who was in that journey, and the entry key."""
    engine = open_shop(folder).engine
    keys = dict(rows_of(engine, Customer, "id", "key"))
    rows = rows_of(engine, Enrollment, "id", "customer_id", "journey", "entry_key")
    return next((keys[row[1]], row[3]) for row in rows if row[2] == journey)


def test_every_gate_of_every_journey_is_told_with_its_values(
    lived: Path, capsys: pytest.CaptureFixture[str]
):
    customer, key = somebody(lived, "reassurance")
    out = told(lived, customer, capsys)
    for name in PROFILE:
        assert f"\n  {name} " in out
    for journey in SHIPPED:
        assert f"\nJourney {journey}: " in out
    assert "NO   on schedule" in out
    assert "order_value >= 500   order_value is " in out
    assert f"was in it: {key} from" in out
    assert f"entered: journey reassurance, entry_key {key}" in out


def test_a_customer_who_never_qualified_learns_what_was_missing(
    lived: Path, capsys: pytest.CaptureFixture[str]
):
    engine = open_shop(lived).engine
    inside = {row[1] for row in rows_of(engine, Enrollment, "id", "customer_id")}
    outside = next(
        key for number, key in rows_of(engine, Customer, "id", "key") if number not in inside
    )
    out = told(lived, outside, capsys, "revitalization")
    assert "Journey revitalization" in out
    assert "Journey reassurance" not in out
    assert "NO   on phase" in out
    assert out.count("not in it") == 1


def test_a_message_at_the_gates_shows_all_of_them(lived: Path, capsys: pytest.CaptureFixture[str]):
    """A day to come is told as if nothing happens until then."""
    customer, _ = somebody(lived, "reassurance")
    later = date(2024, 11, 8).isoformat()
    explaining.explain_customer(lived, customer, "reassurance", later, as_json=True)
    account = json.loads(capsys.readouterr().out)["journeys"][0]
    (standing,) = account["standings"]
    (message,) = standing["messages"]
    assert message["outcome"] in ("queued", "ghost", "skipped", "deferred")
    assert [gate["gate"] for gate in message["gates"]] == [
        "contact",
        "already_sent",
        "complaint_open",
        "complaint_hold",
        "sales_lock",
        "expired",
        "shadow",
        "quiet",
        "capped",
        "too_soon",
        "outranked",
        "held_out",
    ]
    assert all(gate["detail"] for gate in message["gates"])


def test_as_json_it_says_the_same_for_programs(lived: Path, capsys: pytest.CaptureFixture[str]):
    customer, _ = somebody(lived, "reassurance")
    explaining.explain_customer(lived, customer, None, LAST.isoformat(), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["customer"] == customer
    assert set(found["profile"]) == set(PROFILE)
    engine = open_shop(lived).engine
    number = {key: number for number, key in rows_of(engine, Customer, "id", "key")}[customer]
    sends = [row for row in rows_of(engine, Send, "id", "customer_id") if row[1] == number]
    assert len([each for each in found["history"] if each["what"] == "decided"]) == len(sends)
    assert {row["outcome"] for row in found["decisions"]} <= {
        "queued",
        "ghost",
        "skipped",
        "deferred",
    }
    conditions = [
        line
        for account in found["journeys"]
        for gate in account["gates"]
        for line in gate["conditions"]
    ]
    assert {"text", "values", "holds", "depth"} == set(conditions[0])


def test_explaining_writes_nothing(lived: Path, capsys: pytest.CaptureFixture[str]):
    engine = open_shop(lived).engine
    before = (
        rows_of(engine, Enrollment, "id", "node", "status"),
        rows_of(engine, Send, "id", "outcome"),
    )
    customer, _ = somebody(lived, "reassurance")
    told(lived, customer, capsys)
    after = (
        rows_of(engine, Enrollment, "id", "node", "status"),
        rows_of(engine, Send, "id", "outcome"),
    )
    assert before == after


@pytest.mark.parametrize(
    ("customer", "journey", "at", "why"),
    [
        ("1000", None, None, 'there is no customer "1000"'),
        ("10001", "newsleter", None, 'Did you mean "newsletter"'),
        ("10001", None, "some day", "is not a day"),
    ],
)
def test_what_cannot_be_explained_is_said(
    lived: Path, customer: str, journey: str | None, at: str | None, why: str
):
    with pytest.raises(ConfigError, match=why):
        explaining.explain_customer(lived, customer, journey, at, as_json=False)
