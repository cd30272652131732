"""From the company's files to a consent confirmed, a list obeyed and old records gone."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from flows import tokens
from flows.settings import secret
from flows.stages.delivering import deliver
from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.stages.retaining import preview, retain
from flows.stages.shop import Shop
from flows.store import retention
from flows.store.consent_mails import lapse
from flows.store.consents import Confirmation, asked, confirm
from flows.store.models import (
    Base,
    ConsentStep,
    EventBatch,
    Interaction,
    Ledger,
    Permission,
    Response,
    Send,
    Suppression,
)
from flows.store.proofs import contact_id, proofs, still_good
from flows.store.session import writing
from tests.stages.house import Sends
from tests.stages.tiny import NOW, Tiny, after
from tests.store.rows import put

ASKS = """\
contact,kind,purpose,at,requested_at,confirmed_at,source,text_version
P1,consent,advertising,2026-06-14 09:00,2026-06-14 09:00,,https://alpha.example/news,v3
P1,consent,survey,2026-06-14 09:00,2026-06-14 09:00,,https://alpha.example/news,v3
P2,consent,advertising,2026-05-01 09:00,2026-05-01 09:00,,fair,v2
"""


@pytest.fixture
def asking(tiny: Tiny) -> Tiny:
    """Ada asked yesterday for offers and surveys; Bob weeks ago, and is not mailed any more."""
    tiny.table("permissions", ASKS)
    file = tiny.folder / "config" / "settings.yaml"
    text = file.read_text("utf-8")
    file.write_text(f"{text}\nweb:\n  address: https://post.example\n", encoding="utf-8")
    return tiny


def mails(tiny: Tiny, subject: str) -> list[Path]:
    return [file for file in tiny.mails() if subject in file.read_text("utf-8", "replace")]


def confirmations(tiny: Tiny) -> list[tuple[Any, ...]]:
    return [
        row
        for row in tiny.rows("send", "journey", "outcome", "purpose", "contact_id", "id")
        if row[0] == "confirm_consent"
    ]


@pytest.mark.briefly("sqlite")
def test_whoever_asked_gets_one_mail_and_confirms_by_a_click(asking: Tiny):
    asking.live_a_day()
    ((_, outcome, purpose, person, send),) = confirmations(asking)
    assert (outcome, purpose) == ("accepted", "legal")
    (mail,) = mails(asking, "confirm_consent")
    text = mail.read_text("utf-8", "replace")
    assert "List-Unsubscribe" not in text
    asking.table("permissions", ASKS + "P2,objection,advertising,2026-06-14 09:00,,,,\n")
    asking.live_a_day(after(1))
    assert len(confirmations(asking)) == 1
    with asking.open() as shop:
        with writing(shop.engine) as connection:
            request = connection.scalar(
                select(ConsentStep.permission_id).where(ConsentStep.kind == "mailed")
            )
            assert request is not None
            made = tokens.make_for(secret(asking.folder), tokens.Kind.CONFIRM, request)
            folded = text.replace("=\r\n", "").replace("=\n", "")
            assert made in folded or made in _decoded(mail)
            told = asked(connection, request, after(1))
            assert told is not None
            assert [*told.purposes, told.contact_id, told.state] == [
                "advertising",
                "survey",
                person,
                None,
            ]
            assert confirm(connection, request, after(1), via="page") is Confirmation.CONFIRMED
            assert confirm(connection, request, after(2)) is Confirmation.ALREADY
            assert confirm(connection, 10**9, after(2)) is Confirmation.UNKNOWN
        asking.table("permissions", ASKS + "P2,consent,survey,2026-06-15 09:00,,,fair,v2\n")
        pull(shop, after(2))
        with shop.engine.connect() as connection:
            number = contact_id(connection, "P1")
            assert number is not None
            found = proofs(connection, number)
    # The company's own file still says nothing of a confirmation, and does not undo it.
    assert [still_good(each, after(2)) for each in found] == [True, True]
    assert not any(still_good(each, NOW) for each in found)
    for each in found:
        steps = {step["kind"]: step for step in each.steps}
        assert list(steps) == ["requested", "mailed", "confirmed"]
        assert steps["requested"]["at"] == each.permission["requested_at"]
        assert steps["confirmed"]["at"] == each.permission["confirmed_at"] == after(1)
        assert steps["mailed"]["send_id"] == steps["confirmed"]["send_id"] == send
        assert steps["mailed"]["handed_over_at"] is not None
        assert {step["source"] for step in each.steps} == {"https://alpha.example/news", "page"}


def _decoded(mail: Path) -> str:
    message = message_from_bytes(mail.read_bytes(), policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_what_nobody_confirms_lapses(asking: Tiny):
    asking.live_a_day()
    with asking.open() as shop, writing(shop.engine) as connection:
        request = connection.scalar(
            select(ConsentStep.permission_id).where(ConsentStep.kind == "mailed")
        )
        assert request is not None
        assert lapse(connection, after(13)) == 0
        assert confirm(connection, request, after(15)) is Confirmation.EXPIRED
        assert lapse(connection, after(15)) == 2
        assert lapse(connection, after(16)) == 0
        given = select(func.count()).where(Permission.confirmed_at.is_not(None))
        assert connection.scalar(given) == 0


@pytest.mark.briefly("sqlite")
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("settings.yaml", "web:\n  address: https://post.example\n", ""),
        ("policy.yaml", "ask_to_confirm: true", "ask_to_confirm: false"),
        ("policy.yaml", "double_opt_in: true", "double_opt_in: false"),
    ],
)
def test_nobody_is_asked_where_nobody_may_be(asking: Tiny, file: str, old: str, new: str):
    asking.edit(file, old, new)
    asking.live_a_day()
    assert confirmations(asking) == []


def test_a_suppressed_person_is_not_even_asked(asking: Tiny):
    with asking.open() as shop:
        pull(shop, NOW)
        put(shop.engine, Suppression, {"id": 1, "email": "ada@alpha.example", "at": after(-1)})
        deliver(shop, NOW)
    assert [row[1] for row in confirmations(asking)] == ["cancelled"]


LIST = """\
email,contact,customer,purpose,reason,at,note
BOB@beta.example,,,,bounce,2026-06-01,from the old tool
,P1,,werbung,,2026-06-01,
,,K3,,widerspruch,not a day,
nobody@x.example,P77,,,,,
,P78,,,,,
,,,,,,empty
"""


def test_a_list_of_the_company_is_obeyed_and_lifts_nothing(tiny: Tiny):
    sources = tiny.folder / "config" / "sources.yaml"
    text = sources.read_text("utf-8").replace("max_reject_share: 0%", "max_reject_share: 90%")
    sources.write_text(f"{text}  suppressions:\n    csv: data/suppressions.csv\n", "utf-8")
    tiny.table("suppressions", LIST)
    with tiny.open() as shop:
        pull(shop, NOW)
        report = {table.table: table for table in pull(shop, NOW).tables}["suppressions"]
        assert report.new == 0
    columns = "email", "contact_id", "customer_id", "purpose", "reason", "note"
    found = tiny.rows("suppression", *columns)
    ids = {row[0]: row[1] for row in tiny.rows("contact", "key", "id")}
    customers = {row[0]: row[1] for row in tiny.rows("customer", "key", "id")}
    assert set(found) == {
        ("bob@beta.example", None, None, None, "hard_bounce", "from the old tool"),
        (None, ids["P1"], None, "advertising", "manual", None),
        (None, None, customers["K3"], None, "objection", None),
        ("nobody@x.example", None, None, None, "manual", None),
    }
    assert len(tiny.rows("reject", "reason")) == 4
    tiny.table("suppressions", LIST.splitlines()[0] + "\n,P1,,werbung,,2026-06-02,\n")
    with tiny.open() as shop:
        pull(shop, after(1))
        plan(shop, after(1))
        deliver(shop, after(1))
    assert tiny.rows("suppression", *columns) == found
    mailed = [row for row in tiny.rows("send", "contact_id", "outcome") if row[1] == "accepted"]
    assert [row[0] for row in mailed] == [ids["P1"]]


OLD = -1_000


def old_and_new(shop: Shop, sends: Sends) -> None:
    """One of each that is too old, and one that is not."""
    old, new = sends.went(2)
    with shop.engine.begin() as connection:
        for number, at in ((old, after(OLD)), (new, after(-1))):
            said = {"handed_over_at": at, "context": '{"email": "a@b.example"}'}
            connection.execute(update(Send).where(Send.id == number).values(said))
            for table, row in (
                (EventBatch, {"source": "sendgrid", "received_at": at, "body": b"[]"}),
                (
                    Response,
                    {
                        "key": f"r{number}",
                        "send_id": number,
                        "kind": "bounce",
                        "detail": {"hard": True, "reason": "a@b.example is unknown"},
                    },
                ),
                (
                    Interaction,
                    {
                        "key": f"i{number}",
                        "customer_id": 1,
                        "channel": "call",
                        "mood": "content",
                        "note": "said hello",
                    },
                ),
                (
                    Ledger,
                    {
                        "run_id": 1,
                        "decided_at": at,
                        "first_customer": number,
                        "last_customer": number,
                        "rows": 0,
                        "block": b"",
                    },
                ),
            ):
                if "at" in table.__table__.c:
                    row = row | {"at": at}
                if table is EventBatch:
                    row = row | {"applied_at": at}
                connection.execute(insert(table).values(row))
        # What nobody worked through yet stays, however old it is.
        waiting = {"source": "sendgrid", "received_at": after(OLD), "body": b"[1]"}
        connection.execute(insert(EventBatch).values(waiting))


def test_old_records_go_and_figures_stay(
    house: Shop, sends: Sends, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    old_and_new(house, sends)
    would = preview(house, NOW).gone
    done = retain(house, NOW).gone
    assert done == would
    assert {name: number for name, number in done.items() if number} == {
        "raw_events": 1,
        "rendered": 1,
        "response_detail": 1,
        "replies": 1,
        "ledger": 1,
    }
    assert sum(retain(house, NOW).gone.values()) == 0
    with house.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(EventBatch)) == 2
        contexts = connection.scalars(select(Send.context).order_by(Send.id)).all()
        details = connection.scalars(select(Response.detail).order_by(Response.id)).all()
        notes = connection.execute(
            select(Interaction.note, Interaction.mood).order_by(Interaction.id)
        ).all()
    assert [context is None for context in contexts] == [True, False]
    assert details[0] == {"hard": True}
    assert details[1]["reason"]
    assert [tuple(row) for row in notes] == [(None, "content"), ("said hello", "content")]


def test_retention_breaks_no_table_it_does_not_name(house: Shop, sends: Sends):
    old_and_new(house, sends)

    def counted() -> dict[str, int]:
        with house.engine.connect() as connection:
            return {
                name: int(connection.scalar(select(func.count()).select_from(table)) or 0)
                for name, table in Base.metadata.tables.items()
            }

    before = counted()
    retain(house, NOW)
    changed = {name for name, number in counted().items() if number < before[name]}
    assert changed <= {"event_batch", "ledger", "reject", "doubt", "quota"}
