"""Customers, contacts and permissions of the demo company."""

import pytest

from tests.company.conftest import Tables, moments


def test_everybody_lives_at_an_address_nobody_can_have(young: Tables, grown: Tables) -> None:
    for company in (young, grown):
        emails = company.raw["contacts"]["email"]
        written = emails[emails != ""]
        assert written.str.fullmatch(r"[a-z0-9.\-]+@[a-z0-9\-]+\.example").all()
        assert written[company.clean["contacts"].index.intersection(written.index)].is_unique


def test_customers_have_one_to_four_contacts_and_one_buyer(young: Tables) -> None:
    contacts = young.clean["contacts"].groupby("customer")
    assert contacts.size().between(1, 4).all()
    assert contacts["role"].agg(lambda roles: (roles == "buyer").sum()).eq(1).all()
    assert len(contacts) == len(young.clean["customers"])


@pytest.mark.parametrize(
    ("column", "word", "low", "high"),
    [
        ("country", "DE", 0.75, 0.88),
        ("country", "AT", 0.05, 0.12),
        ("country", "CH", 0.03, 0.08),
        ("locale", "de", 0.88, 0.97),
        ("owner", "lindner", 0.25, 0.45),
        ("owner", "yilmaz", 0.2, 0.4),
    ],
)
def test_customers_are_mixed_as_planned(
    young: Tables, column: str, word: str, low: float, high: float
) -> None:
    assert low < young.clean["customers"][column].eq(word).mean() < high


def test_some_people_cannot_be_written_to(young: Tables) -> None:
    contacts = young.clean["contacts"]
    mute = contacts.assign(mute=contacts["email"].eq("")).groupby("customer")["mute"].all()
    assert 0.02 < mute.mean() < 0.08
    assert 0.04 < contacts["email"].eq("").mean() < 0.12
    assert 0.02 < contacts["last_name"].eq("").mean() < 0.06
    nameless = contacts[contacts["last_name"] == ""]
    assert nameless["salutation"].eq("none").all()
    assert nameless["first_name"].eq("").all()


def test_about_half_of_the_contacts_consented_and_the_proof_says_how(young: Tables) -> None:
    permissions, contacts = young.clean["permissions"], young.clean["contacts"]
    people = permissions.groupby("kind")["contact"].nunique() / len(contacts)
    assert 0.48 < people["consent"] < 0.62
    assert 0.35 < people["existing_customer"] < 0.52
    assert 0.01 < people["objection"] < 0.04
    consents = permissions[permissions["kind"] == "consent"]
    assert consents["proof"].str.contains("Double-Opt-in").all()
    assert consents[["source", "text_version"]].ne("").all(axis=None)
    assert 0.01 < consents["ended_at"].ne("").mean() < 0.08
    ended = consents[consents["ended_at"] != ""]
    assert (moments(ended["ended_at"]) > moments(ended["at"])).all()


def test_most_who_asked_for_letters_confirmed_it_within_minutes(young: Tables) -> None:
    consents = young.clean["permissions"].query("kind == 'consent'")
    confirmed = consents[consents["confirmed_at"] != ""]
    assert 0.94 < len(confirmed) / len(consents) < 0.99
    took = moments(confirmed["confirmed_at"]) - moments(confirmed["requested_at"])
    assert took.between("30s", "1h").all()


def test_nobody_without_an_address_consented(young: Tables) -> None:
    silent = young.clean["contacts"].query("email == ''")["contact"]
    assert not young.clean["permissions"]["contact"].isin(silent).any()


def test_whoever_ordered_with_an_address_is_an_existing_customer(young: Tables) -> None:
    silent = young.clean["contacts"].query("email == ''")["contact"]
    sales = young.clean["orders"].query("kind == 'sale'")
    sales = sales[~sales["contact"].isin(silent)].set_index("order")
    granted = young.clean["permissions"].query("kind == 'existing_customer'").set_index("order")
    assert set(granted.index) <= set(sales.index)
    assert len(granted) > 0.97 * len(sales)
    assert granted["contact"].eq(sales["contact"].reindex(granted.index)).all()
    assert granted["collected_at"].eq(sales["ordered_at"].reindex(granted.index)).all()
    assert granted["notice"].ne("").all()
