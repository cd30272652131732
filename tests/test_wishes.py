"""Commands about wishes and rights, typed as people do."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from flows.stages.pulling import pull
from flows.stages.shop import Shop
from flows.store.models import Suppression
from tests.stages.tiny import NOW, Tiny
from tests.store.rows import rows_of
from tests.test_sending import Say, typed  # noqa: F401 - a fixture


@pytest.fixture
def house(store_url: str, tmp_path: Path) -> Iterator[Shop]:
    """The project of three customers, speaking English; nothing is pulled yet."""
    made = Tiny(tmp_path / "project")
    made.make(store_url)
    made.edit("policy.yaml", "locale: de", "locale: en")
    with made.open() as shop:
        yield shop


@pytest.fixture
def say(house: Shop, typed: Say) -> Say:  # noqa: F811
    """Types a command in that house."""
    return partial(typed, house.project.folder)


def test_an_address_is_suppressed_listed_and_lifted(say: Say, house: Shop):
    assert say(
        "suppress", "Info@X.example", "--purpose", "advertising", "--reason", "at a fair"
    ) == (
        0,
        "No advertising message goes to Info@X.example from now on\n",
        "",
    )
    again = say("suppress", "info@x.example", "--purpose", "advertising")
    assert again[1] == "info@x.example was suppressed so before; nothing changed\n"
    listed = json.loads(say("suppress", "--list", "--json")[1])
    assert [(row["who"], row["purpose"], row["note"]) for row in listed] == [
        ("info@x.example", "advertising", "at a fair")
    ]
    assert "at a fair" in say("suppress", "--list")[1]
    lifted = say("unsuppress", "info@x.example", "--why", "a mistake", "--by", "Kim")
    assert lifted == (0, "1 lifted for info@x.example; noted: Kim, a mistake\n", "")
    assert rows_of(house.engine, Suppression, "ended_by", "ended_why") == [("Kim", "a mistake")]
    assert say("suppress", "--list")[1] == "Nobody is suppressed.\n"
    gone = say("unsuppress", "info@x.example", "--why", "again")
    assert (gone[0], gone[2]) == (2, "unsuppress  info@x.example is not suppressed\n")


@pytest.mark.briefly("sqlite")
def test_a_german_house_is_spoken_to_in_german(say: Say, house: Shop):
    policy = house.project.folder / "config" / "policy.yaml"
    policy.write_text(policy.read_text("utf-8").replace("locale: en", "locale: de"), "utf-8")
    pull(house, NOW)
    advertising = ("--purpose", "advertising")
    for words, told in (
        (("suppress", "a@x.example", *advertising), "Ab jetzt geht an a@x.example nichts mehr zum"),
        (("suppress", "a@x.example", *advertising), "a@x.example war schon so gesperrt"),
        (("suppress", "--contact", "P1"), "Ab jetzt geht an Person P1 nichts mehr"),
        (("suppress", "--list"), "nicht für"),
        (("suppress", "--list"), "von Hand"),
        (("unsuppress", "a@x.example", "--why", "x"), "1 aufgehoben für a@x.example"),
        (("consent", "P2"), "P2"),
        (("erase", "P1", "--dry-run"), "Nichts wurde geändert."),
        (("erase", "P1", "--yes"), "P1 ist hier vergessen"),
        (("suppress", "--list"), "eine gelöschte Person"),
        (("suppress", "--list"), "Person 1 (gelöscht)"),
        (("customer", "K1"), "1 (gelöscht)"),
        (("retention", "--dry-run"), "Nichts wird geändert; dies würde gehen:"),
    ):
        code, out, why = say(*words)
        assert (code, why) == (0, "")
        assert told in out


@pytest.mark.briefly("sqlite")
def test_what_somebody_wanted_is_lifted_only_by_force(say: Say):
    say("suppress", "info@x.example", "--reason", "objection")
    code, _, why = say("unsuppress", "info@x.example", "--why", "please")
    assert code == 2
    assert "the person's own will" in why
    assert "--force" in why
    code, told, _ = say("unsuppress", "info@x.example", "--why", "noted by mistake", "--force")
    assert (code, told.startswith("1 lifted")) == (0, True)


def test_what_is_wrong_is_said_and_nothing_is_written(say: Say, house: Shop):
    assert say("suppress")[2] == (
        "suppress  name one: an address, --contact KEY or --customer KEY\n"
    )
    assert say("suppress", "info")[2] == 'suppress  "info" is no e-mail address\n'
    assert say("suppress", "--contact", "P77")[2] == 'suppress  there is no contact "P77"\n'
    wrong = say("suppress", "a@b.example", "--purpose", "advertisin")[2]
    assert wrong.endswith('Did you mean "advertising"?\n')
    assert say("unsuppress", "a@b.example", "--why", " ")[0] == 2
    assert say("consent")[0] == 2
    assert say("consent", "P77")[2] == 'consent  there is no contact "P77"\n'
    assert say("consent", "--request", "P77")[2].startswith("--source  say where they asked")
    assert say("export", "P77")[2] == 'export  there is no contact "P77" (any more)\n'
    assert say("erase", "P77")[2] == 'erase  there is no contact "P77" (any more)\n'
    assert rows_of(house.engine, Suppression, "id") == []


def test_a_list_is_taken_in_as_far_as_it_goes(say: Say, house: Shop, tmp_path: Path):
    pull(house, NOW)
    file = tmp_path / "list.csv"
    file.write_text(
        "email;contact;purpose;reason\n"
        "a@b.example;;;hard_bounce\n"
        ";P1;survey;asked by phone\n"
        ";P77;;\n"
        "\n"
        "A@B.example;;;hard_bounce\n",
        encoding="utf-8",
    )
    code, told, wrong = say("suppress", "--file", file)
    assert (code, told) == (2, "2 new, 1 stood on the list before\n")
    assert wrong == f'{file}:4  there is no contact "P77"\n'
    assert rows_of(house.engine, Suppression, "reason", "purpose", "note") == [
        ("hard_bounce", None, None),
        ("manual", "survey", "asked by phone"),
    ]
    file.write_text("name\nx\n", encoding="utf-8")
    assert 'needs a column "email"' in say("suppress", "--file", file)[2]


def test_consent_is_asked_for_and_its_proof_printed(say: Say, house: Shop):
    pull(house, NOW)
    code, _, why = say("consent", "--request", "P2", "--source", "fair")
    assert (code, "web: address" in why) == (2, True)
    settings = house.project.folder / "config" / "settings.yaml"
    settings.write_text(
        settings.read_text("utf-8") + "\nweb: {address: https://p.example}\n", "utf-8"
    )
    assert say("consent", "--request", "P2", "--source", "fair", "--purpose", "service")[0] == 2
    words = "--text", "v3", "--wording", "Yes, please."
    code, told, _ = say("consent", "--request", "P2", "--source", "fair", *words)
    assert (code, told.startswith("Noted for P2.")) == (0, True)
    assert "did not answer yet" in say("consent", "--request", "P2", "--source", "fair")[1]
    told = say("consent", "P2")[1]
    assert told.startswith("Proof of consent: P2, ")
    for line in (
        "Customer: K",
        "As of 2026-06-15 07:00:00 CEST",
        "consent: advertising (not in force)",
        "asked for at: 2026-06-15 07:00:00 CEST",
        "form or page: fair",
        "version of the wording: v3",
        "wording: Yes, please.",
        "link good until: 2026-06-29 07:00:00 CEST",
        "token of the link:",
    ):
        assert line in told
    (proof,) = json.loads(say("consent", "P2", "--json")[1])
    assert [step["kind"] for step in proof["steps"]] == ["requested", "mailed"]
    assert proof["good"] is False


@pytest.mark.briefly("sqlite")
def test_a_person_is_told_everything_and_then_forgotten(say: Say, house: Shop, tmp_path: Path):
    pull(house, NOW)
    code, told, _ = say("export", "P1", "--out", tmp_path / "out")
    assert (code, len(told.splitlines())) == (0, 2)
    found = json.loads((tmp_path / "out" / "data.json").read_text("utf-8"))
    assert found["tables"]["contact"][0]["email"] == "ada@alpha.example"
    page = (tmp_path / "out" / "data.html").read_text("utf-8")
    assert "ada@alpha.example" in page
    assert "<script" not in page
    code, told, _ = say("erase", "P1", "--dry-run")
    assert (code, told.endswith("Nothing was changed.\n")) == (0, True)
    assert "data/contacts.csv" in told
    assert say("export", "P1")[0] == 0
    assert say("erase", "P1", "--yes")[0] == 0
    assert say("export", "P1")[0] == 2
    Tiny(house.project.folder).table("customers", "customer,name\nK1,Alpha GmbH\nK2,B\nK3,C\n")
    pull(house, NOW)
    assert say("export", "P1")[0] == 2
    assert say("unsuppress", "ada@alpha.example", "--why", "please")[2].count("forgotten") == 1


@pytest.mark.briefly("sqlite")
def test_old_records_are_counted_before_they_go(say: Say):
    code, told, _ = say("retention", "--dry-run")
    assert (code, told.startswith("Nothing is changed; this would go:")) == (0, True)
    assert "raw_events" in told
    assert say("retention", "--plain")[0] == 0
