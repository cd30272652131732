"""Each rule of SendGrid's: broken alone, it is named; and nothing of the request is taken."""

import gzip

import orjson
import pytest

from tests.simulating.broken import BROKEN, FINE, Broken
from tests.simulating.posting import call, mail, person, post
from tests.simulator.answers import HELP
from tests.simulator.process import Simulator


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.rule for broken in BROKEN])
def test_a_broken_rule_is_named_and_nothing_is_taken(
    simulator_process: Simulator, broken: Broken
) -> None:
    before = simulator_process.stats()["accepted"]
    reply = post(simulator_process, broken.body)
    assert reply.status == 400
    assert broken.field in [error["field"] for error in reply.errors]
    assert all(error["help"].startswith(HELP) and error["message"] for error in reply.errors)
    assert simulator_process.stats()["accepted"] == before


@pytest.mark.parametrize("body", FINE.values(), ids=FINE)
def test_what_breaks_no_rule_is_taken(simulator: Simulator, body: dict) -> None:
    reply = post(simulator, body)
    assert (reply.status, reply.body) == (202, b"")
    assert reply.headers["x-message-id"]
    assert simulator.stats()["accepted"] == len(body["personalizations"])


def test_one_bad_address_fails_all_thousand(simulator: Simulator) -> None:
    people = [person(f"a{n}@example.com", n) for n in range(1000)]
    people[3]["substitutions"] = {"-a-": None}
    people[500]["to"][0]["email"] = "nobody"
    reply = post(simulator, mail(personalizations=people))
    assert [error["field"] for error in reply.errors] == [
        "personalizations.3.substitutions",
        "personalizations.500.to.0.email",
    ]
    assert simulator.accepted() == {}


def test_help_points_at_the_rule(simulator: Simulator) -> None:
    reply = post(simulator, mail(personalizations=[{"to": [{}]}]))
    assert reply.errors[0] == {
        "message": "The to email parameter is required.",
        "field": "personalizations.0.to.0.email",
        "help": f"{HELP}#message.personalizations.to",
    }


def test_only_sendgrid_finds_fault_with_some_addresses(simulator: Simulator) -> None:
    simulator.account(refused={"anna@example.com": True, "berta@example.com": False})
    named = post(simulator, mail())
    assert [error["field"] for error in named.errors] == ["personalizations.0.to.0.email"]
    unnamed = post(simulator, mail(personalizations=[person("Berta@example.com")]))
    assert unnamed.errors == [{"message": "Bad Request", "field": None, "help": None}]


def test_what_is_no_json_is_a_bad_request(simulator: Simulator) -> None:
    reply = post(simulator, b"{")
    assert (reply.status, reply.errors[0]["field"]) == (400, None)


def test_what_is_not_utf8_is_another_kind_of_thing(simulator: Simulator) -> None:
    reply = post(simulator, orjson.dumps(mail()).replace(b"Well chosen", b"Well \xff chosen"))
    assert (reply.status, reply.errors[0]["message"]) == (415, "Invalid UTF8 in request")
    assert post(simulator, mail(), content_type="text/plain").status == 415


def test_the_wrong_key_opens_nothing(simulator: Simulator) -> None:
    for header in ("Bearer SG.other", "Basic SG.simulator", None):
        reply = post(simulator, mail(), authorization=header)
        assert reply.status == 401
        assert "authorization grant is invalid" in reply.errors[0]["message"]


def test_a_key_that_may_not_send_is_forbidden_to(simulator: Simulator) -> None:
    simulator.account(keys={simulator.key: ["suppression.read"]})
    assert post(simulator, mail()).status == 403


def test_a_sender_nobody_verified_is_refused(simulator: Simulator) -> None:
    simulator.account(senders=["example.org", "owner@example.com"])
    reply = post(simulator, mail())
    assert (reply.status, reply.errors[0]["field"]) == (403, "from")
    assert "verified Sender Identity" in reply.errors[0]["message"]
    assert post(simulator, mail(**{"from": {"email": "a@example.org"}})).status == 202
    other = mail(**{"from": {"email": "owner@example.com"}})
    assert post(simulator, other).status == 202


def test_who_used_up_the_plan_is_told_so(simulator: Simulator) -> None:
    simulator.account(quota=1)
    assert post(simulator, mail()).status == 202
    reply = post(simulator, mail())
    assert (reply.status, "messaging limits" in reply.errors[0]["message"]) == (403, True)


def test_groups_and_pools_belong_to_the_account(simulator: Simulator) -> None:
    simulator.account(groups=[7], pools=["newsletter"])
    fine = mail(asm={"group_id": 7}, ip_pool_name="newsletter")
    assert post(simulator, fine).status == 202
    strange = mail(asm={"group_id": 8}, ip_pool_name="transactional")
    fields = {error["field"] for error in post(simulator, strange).errors}
    assert fields == {"asm.group_id", "ip_pool_name"}


def test_too_much_is_too_much(simulator: Simulator) -> None:
    simulator.account(body_bytes=2000)
    large = mail(subject="x" * 2000)
    reply = post(simulator, large)
    assert (reply.status, reply.errors[0]["message"]) == (413, "content too large")
    assert post(simulator, mail()).status == 202


def test_too_much_is_too_much_without_its_length_being_said(simulator: Simulator) -> None:
    simulator.account(body_bytes=2000)
    reply = post(simulator, iter([b"x" * 1500, b"x" * 1500]))
    assert reply.status == 413


def test_compressed_bodies_need_a_word_with_support(simulator: Simulator) -> None:
    packed = gzip.compress(orjson.dumps(mail()))
    assert post(simulator, packed, content_encoding="gzip").status != 202
    simulator.account(gzip=True)
    assert post(simulator, packed, content_encoding="gzip").status == 202


def test_the_sandbox_checks_and_takes_nothing(simulator: Simulator) -> None:
    sandbox = {"sandbox_mode": {"enable": True}}
    reply = post(simulator, mail(mail_settings=sandbox))
    assert (reply.status, reply.body, "x-message-id" in reply.headers) == (200, b"", False)
    assert post(simulator, mail(mail_settings=sandbox, subject="")).status == 400
    assert simulator.stats()["in_mailboxes"] == 0
    assert simulator.accepted() == {}


def test_sending_is_by_post_only(simulator: Simulator) -> None:
    assert call(simulator, "GET", "/v3/mail/send").status == 405
    assert call(simulator, "GET", "/v3/nowhere").status == 404
