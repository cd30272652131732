"""What a company brings to be allowed to write: consents, grounds and objections."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.store.models import Permission, Purchase, Reject
from tests.intake.puller import NOW, Project

LINES = "order,customer,ordered_at,product,unit_price\nA1,100,2026-02-01,P1,10\n"
CONTACTS = "contact,customer,email\nK1,100,ada@example.com\n"
HEAD = "contact,kind,purpose,at,requested_at,confirmed_at,source,text_version\n"
ASKED = "K1,Double-Opt-in,Werbung,2026-02-03T10:00:01+01:00,2026-02-03T10:00:01+01:00,"


@pytest.fixture
def company(project: Project) -> Project:
    project.csv("order_lines", LINES)
    project.csv("contacts", CONTACTS)
    return project


def test_a_request_and_its_confirmation_are_one_row_to_the_second(company: Project) -> None:
    company.csv("permissions", f"{HEAD}{ASKED},www.example.com/form,V3\n")
    company.pull()
    columns = ("kind", "at", "requested_at", "confirmed_at", "source", "text_version")
    asked = datetime(2026, 2, 3, 9, 0, 1, tzinfo=UTC)
    row = ("consent", asked, asked, None, "www.example.com/form", "V3")
    assert company.rows(Permission, *columns) == [row]
    company.csv("permissions", f"{HEAD}{ASKED}2026-02-03T10:04:05+01:00,www.example.com/form,V3\n")
    company.pull()
    confirmed = asked + timedelta(minutes=4, seconds=4)
    assert company.rows(Permission, *columns) == [(*row[:3], confirmed, *row[4:])]


def test_what_is_confirmed_only_later_is_not_confirmed_yet(company: Project) -> None:
    company.csv("permissions", f"{HEAD}{ASKED}2026-03-09,,\n")
    company.pull()
    assert company.rows(Permission, "confirmed_at") == [(None,)]
    company.pull(NOW + timedelta(days=30))
    assert company.rows(Permission, "confirmed_at") == [(datetime(2026, 3, 8, 23, tzinfo=UTC),)]


def test_the_form_a_consent_was_given_on_may_have_a_long_address(company: Project) -> None:
    page = "https://www.example.com/" + "a" * 300
    company.csv("permissions", f"{HEAD}{ASKED},{page},V3\n")
    company.pull()
    assert company.rows(Permission, "source") == [(page,)]


GROUNDS = "contact,kind,at,order,category,notice,collected_at\n"


def test_an_existing_customer_comes_with_the_order_and_the_notice(company: Project) -> None:
    company.csv("permissions", f"{GROUNDS}K1,Bestandskunde,2026-02-01,A1,chairs,V7,2026-02-01\n")
    company.pull()
    ((order,),) = company.rows(Purchase, "id")
    when = datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert company.rows(
        Permission, "kind", "purpose", "purchase_id", "category", "notice", "collected_at"
    ) == [("existing_customer", "advertising", order, "chairs", "V7", when)]


def test_an_order_nobody_knows_is_left_empty_and_said(company: Project) -> None:
    company.csv("permissions", f"{GROUNDS}K1,Bestandskunde,2026-02-01,A9,chairs,V7,2026-02-01\n")
    company.pull()
    assert company.rows(Permission, "purchase_id", "category") == [(None, "chairs")]
    assert company.rows(Reject, "source", "column", "value", "reason") == [
        ("permissions", "order", "A9", "there is no such order")
    ]


def test_the_columns_of_before_are_enough_for_a_consent(company: Project) -> None:
    company.csv(
        "permissions",
        "contact,kind,purpose,at,ended_at,proof\n"
        "K1,Einwilligung,Umfrage,2026-01-05,,signed form 12\nK1,Abmeldung,,2026-01-09,,\n",
    )
    company.pull()
    assert company.rows(Permission, "kind", "purpose", "proof", "requested_at") == [
        ("consent", "survey", "signed form 12", None),
        ("objection", "advertising", None, None),
    ]


@pytest.mark.parametrize("word", ["tracking", "Tracking-Einwilligung", "Erfolgsmessung"])
def test_leave_to_see_what_is_opened_comes_like_any_other(company: Project, word: str) -> None:
    company.csv("permissions", f"contact,kind,at,ended_at\nK1,{word},2026-01-05,2026-02-05\n")
    company.pull()
    given, ended = (datetime(2026, month, 4, 23, tzinfo=UTC) for month in (1, 2))
    assert company.rows(Permission, "kind", "purpose", "at", "ended_at") == [
        ("tracking", "advertising", given, ended)
    ]


def test_leave_to_see_what_is_opened_without_its_day_is_none(company: Project) -> None:
    company.csv("permissions", "contact,kind,at\nK1,tracking,some day\n")
    company.pull()
    assert company.rows(Permission, "id") == []


@pytest.mark.parametrize("column", ["requested_at", "confirmed_at", "collected_at"])
def test_a_moment_that_makes_no_sense_costs_the_permission(company: Project, column: str) -> None:
    company.csv("permissions", f"contact,kind,at,{column}\nK1,consent,2026-01-05,some day\n")
    company.pull()
    assert company.rows(Permission, "id") == []
    assert company.rows(Reject, "source", "column") == [("permissions", column)]
