"""The lists of suppressions: who gets on them, how they are read, how one gets off."""

import pytest

from tests.simulating.posting import call, mail, person, post
from tests.simulator.process import Simulator
from tests.simulator.suppressions import LISTS

NOON = 1_790_000_000


def emails(simulator: Simulator, name: str, asked: str = "") -> list[str]:
    """Addresses on a list."""
    return [one["email"] for one in call(simulator, "GET", f"/v3/suppression/{name}{asked}").said]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_by_time_by_beginning_and_in_pages(simulator: Simulator, name: str) -> None:
    simulator.set_clock(NOON)
    for n in range(5):
        simulator.suppress(f"a{n}@example.com", name, created=NOON - n)
    everybody = [f"a{n}@example.com" for n in range(5)]
    assert emails(simulator, name) == everybody
    assert emails(simulator, name, f"?start_time={NOON - 2}") == everybody[:3]
    assert emails(simulator, name, f"?end_time={NOON - 3}") == everybody[3:]
    assert emails(simulator, name, "?limit=2&offset=1") == everybody[1:3]
    assert emails(simulator, name, "?email=a3") == everybody[3:4]
    assert call(simulator, "GET", f"/v3/suppression/{name}?limit=501").status == 400
    assert call(simulator, "GET", f"/v3/suppression/{name}?offset=x").status == 400


@pytest.mark.parametrize("name", [name for name in LISTS if name != "unsubscribes"])
def test_addresses_get_off_a_list(simulator: Simulator, name: str) -> None:
    for n in range(4):
        simulator.suppress(f"a{n}@example.com", name)
    where = f"/v3/suppression/{name}"
    assert len(call(simulator, "GET", f"{where}/a0@example.com").said) == 1
    assert call(simulator, "DELETE", f"{where}/A0@example.com").status == 204
    assert call(simulator, "DELETE", f"{where}/a0@example.com").status == 404
    assert call(simulator, "DELETE", where, {"emails": ["a1@example.com"]}).status == 204
    assert emails(simulator, name) == ["a2@example.com", "a3@example.com"]
    assert call(simulator, "DELETE", where, {"delete_all": True}).status == 204
    assert emails(simulator, name) == []


def test_whoever_bounced_is_written_to_no_more(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    simulator.fate("anna@example.com", "bounce")
    post(simulator, mail())
    assert emails(simulator, "bounces") == []
    simulator.advance(60)
    (entry,) = call(simulator, "GET", "/v3/suppression/bounces").said
    assert (entry["email"], entry["created"], entry["status"]) == (
        "anna@example.com",
        NOON + 3,
        "5.1.1",
    )
    simulator.fate("anna@example.com", "delivered")
    post(simulator, mail())
    assert simulator.mailbox("anna@example.com") == []


def test_each_reaction_has_its_list(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    fates = {
        "blocks": ("blocked",),
        "bounces": ("async_bounce",),
        "spam_reports": ("delivered", "spamreport"),
        "unsubscribes": ("delivered", "unsubscribe"),
    }
    for name, fate in fates.items():
        simulator.fate(f"{name}@example.com", *fate)
    people = [person(f"{name}@example.com") for name in fates]
    post(simulator, mail(personalizations=people))
    simulator.advance(86400)
    for name in fates:
        assert emails(simulator, name) == [f"{name}@example.com"]


def test_groups_have_lists_of_their_own(simulator: Simulator) -> None:
    where = "/v3/asm/groups/7/suppressions"
    both = {"recipient_emails": ["a@example.com", "b@example.com"]}
    assert call(simulator, "POST", where, both).status == 201
    assert call(simulator, "GET", where).said == both["recipient_emails"]
    asked = {"recipient_emails": ["B@example.com", "c@example.com"]}
    assert call(simulator, "POST", f"{where}/search", asked).said == ["B@example.com"]
    everybody = call(simulator, "GET", "/v3/asm/suppressions").said
    assert [(one["email"], one["group_id"]) for one in everybody] == [
        ("a@example.com", 7),
        ("b@example.com", 7),
    ]
    assert call(simulator, "GET", "/v3/asm/groups").said[0]["unsubscribes"] == 2
    assert call(simulator, "DELETE", f"{where}/a@example.com").status == 204
    assert call(simulator, "GET", where).said == ["b@example.com"]


def test_a_reader_who_leaves_a_group_gets_no_more_of_it(simulator: Simulator) -> None:
    simulator.fate("anna@example.com", "delivered", "group_unsubscribe")
    post(simulator, mail(asm={"group_id": 7}))
    simulator.advance(7200)
    post(simulator, mail(asm={"group_id": 7}))
    post(simulator, mail(asm={"group_id": 8}))
    assert len(simulator.mailbox("anna@example.com")) == 2


def test_who_wants_nothing_any_more_is_on_the_global_list(simulator: Simulator) -> None:
    where = "/v3/asm/suppressions/global"
    assert call(simulator, "POST", where, {"recipient_emails": ["no"]}).status == 400
    wanted = {"recipient_emails": ["anna@example.com"]}
    assert call(simulator, "POST", where, wanted).said == wanted
    assert emails(simulator, "unsubscribes") == ["anna@example.com"]
    found = call(simulator, "GET", f"{where}/anna@example.com").said
    assert found == {"recipient_email": "anna@example.com"}
    assert call(simulator, "GET", f"{where}/b@example.com").said == {}
    post(simulator, mail())
    assert simulator.mailbox("anna@example.com") == []
    assert call(simulator, "DELETE", f"{where}/anna@example.com").status == 204
    post(simulator, mail())
    assert len(simulator.mailbox("anna@example.com")) == 1


def test_a_key_opens_what_it_is_for(simulator: Simulator) -> None:
    simulator.account(keys={simulator.key: ["mail.send", "suppression.read"]})
    assert call(simulator, "GET", "/v3/suppression/blocks").status == 200
    assert call(simulator, "GET", "/v3/scopes").said["scopes"] == ["mail.send", "suppression.read"]
    assert call(simulator, "GET", "/v3/user/scheduled_sends").status == 403
    assert call(simulator, "GET", "/v3/scopes", authorization=None).status == 401
