"""Email Logs: what was sent, found again by what is known of it."""

import pytest

from tests.simulating.posting import Reply, call, mail, person, post
from tests.simulator.process import Simulator

NOON = 1_790_000_000  # 2026-09-21 14:13:20 UTC


@pytest.fixture
def sent(simulator: Simulator) -> Simulator:
    """A simulator that sent four messages, at noon and an hour later."""
    simulator.set_clock(NOON)
    simulator.fate("b@example.com", "bounce")
    people = [person(f"{who}@example.com", n) for n, who in enumerate("abc")]
    post(simulator, mail(personalizations=people, categories=["reassurance", "step_1"]))
    simulator.advance(3600)
    post(simulator, mail(personalizations=[person("a@example.com", 3)], subject="It's 5 o'clock"))
    return simulator


def search(simulator: Simulator, query: str, **more: int) -> Reply:
    """Ask Email Logs."""
    return call(simulator, "POST", "/v3/logs", {"query": query, **more})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a", "c", "b", "a"]),
        ("to_email = 'a@example.com'", ["a", "a"]),
        ("subject = \"It's 5 o'clock\"", ["a"]),
        ("status IN ('bounced', 'blocked')", ["b"]),
        ("status IN ('delivered') AND to_email = 'c@example.com'", ["c"]),
        ("categories IN ('step_1', 'step_2')", ["c", "b", "a"]),
        ('sg_message_id_created_at > TIMESTAMP "2026-09-21T14:30:00Z"', ["a"]),
        ('sg_message_id_created_at <= TIMESTAMP "2026-09-21T14:13:20Z"', ["c", "b", "a"]),
        (
            "to_email = 'a@example.com' AND sg_message_id_created_at < "
            'TIMESTAMP "2026-09-21T15:00:00+00:00"',
            ["a"],
        ),
        ("reason = '550 5.1.1 The email account that you tried to reach does not exist.'", ["b"]),
    ],
)
def test_messages_are_found_by_what_is_known_of_them(
    sent: Simulator, query: str, found: list[str]
) -> None:
    reply = search(sent, query)
    assert [one["to_email"][0] for one in reply.said["messages"]] == found


@pytest.mark.parametrize(
    "query",
    [
        "to_email = a@example.com",
        "to_email LIKE 'a%'",
        "to_email IN ('a')",
        "status = 'bounced'",
        "status IN ('lost')",
        "status IN 'bounced'",
        "status IN ('bounced'",
        "custom_args = 'x'",
        "to_email = 'a' OR to_email = 'b'",
        "(to_email = 'a')",
        "to_email = 'a' AND",
        "sg_message_id_created_at > '2026-09-21'",
        'sg_message_id_created_at > TIMESTAMP "yesterday"',
    ],
)
def test_what_the_grammar_does_not_know_is_refused(sent: Simulator, query: str) -> None:
    assert search(sent, query).status == 400


def test_ten_are_shown_unless_more_are_asked_for(simulator: Simulator) -> None:
    people = [person(f"a{n}@example.com") for n in range(30)]
    post(simulator, mail(personalizations=people))
    assert len(search(simulator, "").said["messages"]) == 10
    assert len(search(simulator, "", limit=20).said["messages"]) == 20
    assert search(simulator, "", limit=1001).status == 400


def test_a_message_is_shown_with_its_arguments_and_events(sent: Simulator) -> None:
    sent.advance(10)
    (found,) = search(sent, "status IN ('bounced')").said["messages"]
    whole = call(sent, "GET", f"/v3/logs/{found['sg_message_id']}").said
    assert whole["custom_args"] == {"stammkunde_send": "1"}
    assert whole["category"] == ["reassurance", "step_1"]
    assert [event["event"] for event in whole["events"]] == ["processed", "bounce"]
    assert {event["custom_args"]["stammkunde_send"] for event in whole["events"]} == {"1"}
    assert call(sent, "GET", "/v3/logs/unknown").status == 404


def test_the_logs_may_lag_behind(sent: Simulator) -> None:
    sent.account(log_delay=120)
    assert len(search(sent, "").said["messages"]) == 3
    sent.advance(120)
    assert len(search(sent, "").said["messages"]) == 4


def test_the_logs_forget_after_thirty_days(sent: Simulator) -> None:
    sent.advance(30 * 86400 - 1800)
    assert len(search(sent, "").said["messages"]) == 1
