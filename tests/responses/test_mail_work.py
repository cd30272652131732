"""Mail worked through: a reply finds its message and its owner; machines never count as one."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from flows import tokens
from flows.responses.apply import ResponseReport, respond
from flows.responses.mail_work import MailDesk
from flows.store.batches import keep_batches
from flows.store.models import (
    Contact,
    Customer,
    EventBatch,
    Interaction,
    Permission,
    Response,
    Suppression,
    Task,
)
from segments.names import Locale, ResponseKind
from tests.delivery.rows import DAY, NOW, furnish, outcomes, put, send
from tests.responses.mails import SECRET, mail, message_id, posted, report

DESK = MailDesk([b"the newest secret", SECRET], "lena", Locale.DE)


def accepted(number: int, days: float = 1, **changes: Any) -> dict[str, Any]:
    return send(number, outcome="accepted", handed_over_at=NOW - days * DAY, **changes)


def came(engine: Engine, nowhere: Path, *forms: bytes) -> ResponseReport:
    """These were posted, and are worked through."""
    with engine.begin() as connection:
        keep_batches(connection, [("inbound", one) for one in forms], NOW - timedelta(hours=1))
    return respond(engine, nowhere, now=NOW, run_id=1, desk=DESK)


def rows(engine: Engine, *columns: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns))]


@pytest.fixture
def shop(engine: Engine) -> Engine:
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(update(Customer).values(owner="katrin"))
        connection.execute(insert(Customer).values(id=2, key="C2"))
        values = {"id": 2, "key": "K2", "customer_id": 2, "email": "bo@example.com"}
        connection.execute(insert(Contact).values(values))
        same = {"id": 3, "key": "K3", "customer_id": 1, "email": "Col@Example.com"}
        connection.execute(insert(Contact).values(same))
    put(engine, accepted(1, 2), accepted(2, 1), accepted(3, 40, contact_id=2, customer_id=2))
    return engine


@pytest.mark.parametrize("how", ["reply_to", "in_reply_to", "references"])
def test_a_reply_is_matched_to_its_message_and_told_to_the_owner(
    shop: Engine, tmp_path: Path, how: str
) -> None:
    first = message_id(1)
    to, headers = {
        "reply_to": ([f"antwort+{first[1:-1].split('@')[0]}@parse.example.com"], {}),
        "in_reply_to": ([], {"In_Reply_To": first}),
        "references": ([], {"References": f"<x@y.example> {first}"}),
    }[how]
    report = came(shop, tmp_path, posted(mail(**headers), to=to))
    assert (report.mails, report.tasks, report.new) == (1, 1, Counter({ResponseKind.REPLY: 1}))
    assert rows(shop, Response.send_id, Response.kind) == [(1, "reply")]
    assert outcomes(shop)[1] == "delivered"
    assert outcomes(shop)[2] == "accepted"
    ((customer, contact, channel, direction, note),) = rows(
        shop,
        Interaction.customer_id,
        Interaction.contact_id,
        Interaction.channel,
        Interaction.direction,
        Interaction.note,
    )
    assert (customer, contact, channel, direction) == (1, 1, "mail", "in")
    assert note == "Re: Ihre Bestellung\n\nVielen Dank!"
    ((owner, kind, about, due, escalates),) = rows(
        shop, Task.owner, Task.kind, Task.about, Task.due_at, Task.escalate_at
    )
    assert (owner, kind) == ("katrin", "write")
    assert about == "Antwort beantworten: Re: Ihre Bestellung"
    assert NOW < due < escalates


def test_without_a_trace_the_sender_answers_the_latest_message(
    shop: Engine, tmp_path: Path
) -> None:
    forged = "<s1.000000000000@nordholz.example>"
    came(shop, tmp_path, posted(mail(sender="ADA@example.com", In_Reply_To=forged)))
    assert rows(shop, Response.send_id, Response.kind) == [(2, "reply")]


def test_an_answer_to_nothing_recent_is_kept_with_the_customer(
    shop: Engine, tmp_path: Path
) -> None:
    came(shop, tmp_path, posted(mail(sender="bo@example.com")))
    assert rows(shop, Response.send_id, Response.kind) == [(None, "reply")]
    assert rows(shop, Interaction.customer_id, Interaction.contact_id) == [(2, 2)]
    assert rows(shop, Task.owner, Task.customer_id) == [("lena", 2)]


@pytest.mark.parametrize(("sender", "contact"), [("col@example.com", 3), ("who@example.com", None)])
def test_a_colleague_may_answer(
    shop: Engine, tmp_path: Path, sender: str, contact: int | None
) -> None:
    came(shop, tmp_path, posted(mail(sender=sender, In_Reply_To=message_id(1))))
    assert rows(shop, Response.send_id) == [(1,)]
    assert rows(shop, Interaction.customer_id, Interaction.contact_id) == [(1, contact)]


def test_a_stranger_is_told_to_whoever_looks_after_what_is_nobodys(
    shop: Engine, tmp_path: Path
) -> None:
    came(shop, tmp_path, posted(mail(sender="who@else.example")))
    assert rows(shop, Interaction.id) == []
    ((owner, customer, about),) = rows(shop, Task.owner, Task.customer_id, Task.about)
    assert (owner, customer) == ("lena", None)
    assert about.startswith("Mail von who@else.example, zu der kein Kunde bekannt ist")


def test_the_same_mail_again_changes_nothing(shop: Engine, tmp_path: Path) -> None:
    one = posted(mail(In_Reply_To=message_id(1)))
    came(shop, tmp_path, one, one)
    report = came(shop, tmp_path, one)
    assert (report.mails, report.tasks, report.new.total()) == (0, 0, 0)
    assert len(rows(shop, Task.id)) == len(rows(shop, Interaction.id)) == 1
    assert all(applied for (applied,) in rows(shop, EventBatch.applied_at))


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        ("ada@example.com", {"Auto_Submitted": "auto-replied (vacation)"}),
        ("ada@example.com", {"Precedence": "bulk"}),
        ("ada@example.com", {"X_Autoreply": "yes"}),
        ("ada@example.com", {"X_Autorespond": "x"}),
        ("ada@example.com", {"List_Id": "<l.example>"}),
        ("ada@example.com", {"Return_Path": "<>"}),
        ("ada@example.com", {"Subject": "Automatische Antwort: Ihre Bestellung"}),
        ("ada@example.com", {"Subject": "=?utf-8?q?Abwesenheit?="}),
        ("MAILER-DAEMON@example.com", {}),
        ("", {}),
    ],
)
def test_what_a_machine_answers_is_no_reply(
    shop: Engine, tmp_path: Path, sender: str, headers: dict[str, str]
) -> None:
    written = mail(sender=sender or "ada@example.com", In_Reply_To=message_id(1), **headers)
    report = came(shop, tmp_path, posted(written, sender))
    assert report.new == Counter({ResponseKind.UNKNOWN: 1})
    assert outcomes(shop)[1] == "accepted"
    assert rows(shop, Task.id) == rows(shop, Interaction.id) == []


def test_auto_submitted_no_is_a_person(shop: Engine, tmp_path: Path) -> None:
    report = came(shop, tmp_path, posted(mail(Auto_Submitted="No")))
    assert report.new == Counter({ResponseKind.REPLY: 1})


@pytest.mark.parametrize(
    ("status", "action", "outcome", "barred"),
    [
        ("5.1.1", "failed", "bounced", ["ada@example.com"]),
        ("5.2.2", "failed", "bounced", []),
        ("4.4.1", "delayed", "accepted", []),
        ("2.0.0", "delivered", "delivered", []),
    ],
)
def test_a_report_of_what_did_not_arrive_works_as_an_answer_of_the_server_does(
    shop: Engine, tmp_path: Path, status: str, action: str, outcome: str, barred: list[str]
) -> None:
    came(shop, tmp_path, posted(report(1, status, action), sender=""))
    assert outcomes(shop)[1] == outcome
    assert [email for (email,) in rows(shop, Suppression.email)] == barred
    assert rows(shop, Task.id) == rows(shop, Interaction.id) == []


def test_a_report_that_names_no_message_of_ours_bars_nobody(shop: Engine, tmp_path: Path) -> None:
    forged = report(1, original="<s1.000000000000@nordholz.example>")
    found = came(shop, tmp_path, posted(forged, sender="ada@example.com"))
    assert found.unknown_sends == 1
    assert outcomes(shop)[1] == "accepted"
    assert rows(shop, Suppression.email) == []


def test_a_provider_that_passes_on_a_complaint_is_heard(shop: Engine, tmp_path: Path) -> None:
    came(shop, tmp_path, posted(report(1, kind="feedback-report"), sender="fbl@example.com"))
    assert rows(shop, Response.send_id, Response.kind) == [(1, "complaint")]
    assert rows(shop, Suppression.reason) == [("spam_complaint",)]


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("Bitte abmelden!", True),
        ("please unsubscribe me", True),
        ("Wir möchten keine weiteren Mails.", True),
        ("Danke!\n\nAm 1. März 2026 schrieb Nordholz:\n> Hier abmelden", False),
        ("Danke!\n> unsubscribe", False),
        ("Ich möchte den Tisch abholen.", False),
    ],
)
def test_a_wish_to_hear_no_more_is_proposed_and_not_guessed(
    shop: Engine, tmp_path: Path, text: str, proposed: bool
) -> None:
    came(shop, tmp_path, posted(mail(text, In_Reply_To=message_id(1))))
    ((about,),) = rows(shop, Task.about)
    assert ("keine Mails mehr" in about) is proposed
    assert rows(shop, Suppression.id) == rows(shop, Permission.id) == []


def test_a_mail_program_that_follows_the_link_to_unsubscribe_is_obeyed(
    shop: Engine, tmp_path: Path
) -> None:
    token = tokens.make(SECRET, 1, "advertising")
    came(shop, tmp_path, posted(mail("", Subject=f"Abmelden {token}")))
    assert rows(shop, Suppression.email, Suppression.purpose) == [
        ("ada@example.com", "advertising")
    ]
    assert rows(shop, Permission.kind) == [("objection",)]
    assert rows(shop, Task.id) == []


def test_what_holds_no_mail_is_kept_with_what_is_wrong(shop: Engine, tmp_path: Path) -> None:
    found = came(
        shop,
        tmp_path,
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\nnothing",
        b"",
        b"\xff",
    )
    assert (found.refused, found.mails) == (3, 0)
    assert {problem for (problem,) in rows(shop, EventBatch.problem)} == {"there is no mail in it"}


def test_mail_that_came_after_the_moment_asked_for_waits(shop: Engine, tmp_path: Path) -> None:
    with shop.begin() as connection:
        keep_batches(connection, [("inbound", posted(mail()))], NOW)
    early = respond(shop, tmp_path, now=NOW - DAY, run_id=1, desk=DESK)
    assert (early.waiting, early.mails) == (1, 0)
    assert respond(shop, tmp_path, now=NOW, run_id=1, desk=DESK).mails == 1
