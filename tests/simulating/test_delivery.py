"""What was taken arrives: values put in, headers whole, one message in each mailbox."""

import pytest

from tests.simulating.posting import Reply, mail, person, post
from tests.simulator.mailboxes import digest
from tests.simulator.process import Simulator, running


def test_a_message_arrives_as_it_was_written(simulator: Simulator) -> None:
    headers = {"List-Unsubscribe": "<https://example.com/u/1>"}
    written = mail(
        personalizations=[person(subject="Für Änne", headers=headers)],
        headers={"X-Journey": "reassurance", "List-Unsubscribe": "<https://example.com>"},
        categories=["reassurance"],
        custom_args={"stammkunde_request": "r1", "stammkunde_send": "0"},
    )
    reply = post(simulator, written)
    (got,) = simulator.mailbox("Anna@Example.com")
    assert got["from"] == written["from"]
    assert got["to"] == [{"email": "anna@example.com"}]
    assert got["reply_to"] == [{"email": "owner@example.com"}]
    assert (got["subject"], got["text"], got["html"]) == (
        "Für Änne",
        "Dear reader",
        "<p>Dear reader</p>",
    )
    assert got["headers"] == {"X-Journey": "reassurance", **headers}
    assert got["custom_args"] == {"stammkunde_request": "r1", "stammkunde_send": "7"}
    assert (got["send"], got["categories"]) == ("7", ["reassurance"])
    request_id = reply.headers["x-message-id"]
    assert got["sg_message_id"].startswith(f"{request_id}.recvd-sim-")
    assert got["sg_message_id"].endswith(".0")
    assert simulator.accepted() == {"7": {"accepted": 1, "withdrawn": 0, "copies": 1}}


def test_values_go_into_subject_bodies_and_reply_address_and_nowhere_else(
    simulator: Simulator,
) -> None:
    values = {"-n1-": "Änne", "-n2-": "<b>&</b>", "-id-": "4711"}
    post(
        simulator,
        mail(
            personalizations=[
                person(
                    substitutions=values,
                    headers={"X-Name": "-n1-"},
                    custom_args={"name": "-n1-"},
                )
            ],
            subject="Für -n1-",
            reply_to={"email": "reply+-id-@example.com", "name": "-n1-"},
            content=[
                {"type": "text/plain", "value": "-n1--n2- -n9-"},
                {"type": "text/html", "value": "<p>-n2-</p>"},
            ],
        ),
    )
    (got,) = simulator.mailbox("anna@example.com")
    assert got["subject"] == "Für Änne"
    assert got["text"] == "Änne<b>&</b> -n9-"
    assert got["html"] == "<p><b>&</b></p>"
    assert got["reply_to"] == [{"email": "reply+4711@example.com", "name": "Änne"}]
    assert got["headers"] == {"X-Name": "-n1-"}
    assert got["custom_args"] == {"name": "-n1-"}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"-a-": "b", "-ab-": "c"}, "b c"),
        ({"-a-": "-ab-", "-ab-": "x"}, "x x"),
        ({"-a-": "1-b-", "-b-": "2-c-", "-c-": "3-d-", "-d-": "4-e-", "-e-": "5"}, "1234-e- -ab-"),
        ({"-a-": "-a", "-ab-": "c"}, "-a c"),
        ({"": "x", "-a-": "y"}, "y -ab-"),
    ],
    ids=[
        "the longer tag first",
        "a value that is a tag",
        "four times at most",
        "half a tag",
        "an empty tag",
    ],
)
def test_values_are_looked_at_again_for_tags(
    simulator: Simulator, values: dict[str, str], text: str
) -> None:
    content = [{"type": "text/plain", "value": "-a- -ab-"}]
    post(simulator, mail(personalizations=[person(substitutions=values)], content=content))
    assert simulator.mailbox("anna@example.com")[0]["text"] == text


def test_each_recipient_has_values_of_his_own(simulator: Simulator) -> None:
    people = [
        person(f"a{n}@example.com", n, substitutions={"-n-": str(n), "-m-": "x" * n})
        for n in range(300)
    ]
    content = [{"type": "text/plain", "value": "Dear -n-, -m-"}]
    request_id = post(simulator, mail(personalizations=people, content=content)).headers[
        "x-message-id"
    ]
    for n in (0, 17, 299):
        (got,) = simulator.mailbox(f"a{n}@example.com")
        assert got["text"] == f"Dear {n}, {'x' * n}"
        assert got["sg_message_id"].endswith(f".{n}")
        assert request_id in got["message_id"]
    assert len({got["message_id"] for got in simulator.messages()}) == 1


def test_an_address_twice_in_a_request_is_taken_and_seen_once(simulator: Simulator) -> None:
    people = [person("a@example.com", 1), person("A@example.com", 2)]
    assert post(simulator, mail(personalizations=people)).status == 202
    shown = [(got["send"], got["shown"]) for got in simulator.mailbox("a@example.com")]
    assert shown == [("1", True), ("2", False)]
    assert simulator.stats()["hidden"] == 1
    assert simulator.accepted() == {
        "1": {"accepted": 1, "withdrawn": 0, "copies": 1},
        "2": {"accepted": 1, "withdrawn": 0, "copies": 0},
    }


def test_the_same_message_twice_is_two_copies(simulator: Simulator) -> None:
    ids = {post(simulator, mail()).headers["x-message-id"] for _ in range(2)}
    assert len(ids) == 2
    assert simulator.accepted()["7"] == {"accepted": 2, "withdrawn": 0, "copies": 2}


def test_everybody_in_copy_has_a_message_of_his_own(simulator: Simulator) -> None:
    copied = person(cc=[{"email": "c@example.com"}], bcc=[{"email": "d@example.com"}])
    post(simulator, mail(personalizations=[copied]))
    ids = [simulator.mailbox(f"{who}@example.com")[0]["sg_message_id"] for who in ("anna", "c")]
    assert [one.rsplit(".", 1)[1] for one in ids] == ["0", "1"]
    assert simulator.accepted()["7"]["accepted"] == 1


def test_whoever_is_suppressed_gets_202_and_nothing_else(simulator: Simulator) -> None:
    simulator.suppress("anna@example.com", "bounces")
    simulator.suppress("b@example.com", "blocks")
    simulator.suppress("c@example.com", 7)
    people = [person(), person("b@example.com"), person("c@example.com")]
    assert post(simulator, mail(personalizations=people)).status == 202
    assert simulator.mailbox("anna@example.com") == []
    assert len(simulator.mailbox("b@example.com")) == 1
    assert len(simulator.mailbox("c@example.com")) == 1
    post(simulator, mail(personalizations=people, asm={"group_id": 7}))
    assert len(simulator.mailbox("c@example.com")) == 1
    bypass = {"bypass_list_management": {"enable": True}}
    post(simulator, mail(mail_settings=bypass))
    assert len(simulator.mailbox("anna@example.com")) == 1


def test_digests_tell_messages_apart_and_take_no_room() -> None:
    with running(keep="digest", every=0) as simulator:
        people = [person("a@example.com", 8), person("b@example.com", None)]
        people[0]["headers"] = {"X-B": "2", "X-A": "1"}
        named = person("c@example.com", None, custom_args={"stammkunde_send": "K-1"})
        post(simulator, mail(personalizations=[*people, named]))
        first, second, third = simulator.messages()
        assert first == {
            "address": "a@example.com",
            "send": "8",
            "shown": True,
            "subject": digest("Well chosen"),
            "text": digest("Dear reader"),
            "html": digest("<p>Dear reader</p>"),
            "headers": digest({"X-A": "1", "X-B": "2"}),
        }
        assert (second["send"], third["send"]) == (None, "K-1")
        assert simulator.mailbox("B@example.com") == [second]
        assert simulator.requests() == []
        assert set(simulator.accepted()) == {"8", "K-1"}


def test_whoever_only_counts_keeps_nothing_else() -> None:
    with running(keep="counts", every=0) as simulator:
        post(simulator, mail(personalizations=[person("a@example.com", 8)]))
        assert simulator.messages() == []
        assert simulator.accepted() == {"8": {"accepted": 1, "withdrawn": 0, "copies": 1}}
        assert simulator.stats()["in_mailboxes"] == 1


def test_every_answer_says_how_many_requests_are_left(simulator: Simulator) -> None:
    def told(reply: Reply) -> list[str]:
        return [name for name in reply.headers if name.startswith("x-ratelimit-")]

    assert len(told(post(simulator, mail()))) == 3
    assert len(told(post(simulator, b"{"))) == 3
