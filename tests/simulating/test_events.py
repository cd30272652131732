"""What the webhook tells: each event signed, in SendGrid's words, whatever goes wrong."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.simulating.listener import Listener, Posted
from tests.simulating.posting import mail, person, post
from tests.simulator.process import Simulator, running

NOON = 1_790_000_000


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody who listens to events."""
    with Listener() as server:
        yield server


def test_a_delivered_message_tells_of_itself(simulator: Simulator, listener: Listener) -> None:
    simulator.set_clock(NOON)
    simulator.webhook(url=listener.url)
    reply = post(simulator, mail(categories=["reassurance", "step_1"], ip_pool_name="service"))
    simulator.flush()
    simulator.advance(10)
    simulator.flush()
    processed, delivered = listener.events
    assert (processed["event"], delivered["event"]) == ("processed", "delivered")
    assert (processed["timestamp"], delivered["timestamp"]) == (NOON, NOON + 3)
    for event in (processed, delivered):
        assert event["email"] == "anna@example.com"
        assert event["stammkunde_send"] == "7"
        assert "custom_args" not in event
        assert event["category"] == ["reassurance", "step_1"]
        assert event["sg_message_id"].startswith(reply.headers["x-message-id"])
        assert event["smtp-id"] == simulator.mailbox("anna@example.com")[0]["message_id"]
    assert processed["pool"] == {"name": "service", "id": "1"}


def test_batches_are_signed_and_written_as_sendgrid_does(
    simulator: Simulator, listener: Listener
) -> None:
    simulator.webhook(url=listener.url, batch=3)
    people = [person(f"a{n}@example.com", n) for n in range(4)]
    post(simulator, mail(personalizations=people, categories=["reassurance"]))
    simulator.flush(everything=True)
    assert [len(posted.events) for posted in listener.posted] == [3, 3, 2]
    for posted in listener.posted:
        assert posted.body.startswith(b"[{")
        assert posted.body.endswith(b"}]\r\n")
        assert posted.body.count(b"},\r\n{") == len(posted.events) - 1
        assert posted.signed_by(simulator.public_key)
        tampered = posted._replace(body=posted.body.replace(b"@", b"%", 1))
        assert not tampered.signed_by(simulator.public_key)


def test_every_kind_of_event_comes_in_its_own_words(
    simulator: Simulator, listener: Listener
) -> None:
    simulator.set_clock(NOON)
    simulator.webhook(url=listener.url)
    fates = {
        "a": ["deferred", "delivered", "open", "click"],
        "b": ["bounce"],
        "c": ["blocked"],
        "d": ["delivered", "spamreport"],
        "e": ["delivered", "unsubscribe"],
        "f": ["delivered", "group_unsubscribe"],
        "g": ["async_bounce"],
        "h": ["dropped"],
    }
    for who, fate in fates.items():
        simulator.fate(f"{who}@example.com", *fate)
    people = [person(f"{who}@example.com") for who in fates]
    html = '<a href="https://example.com/offer?a=1">'
    content = [{"type": "text/html", "value": html}]
    post(simulator, mail(personalizations=people, content=content, asm={"group_id": 7}))
    simulator.flush(everything=True)
    told = {who: [] for who in fates}
    for event in listener.events:
        told[event["email"][0]].append(event["event"])
    assert told == {
        "a": ["processed", "deferred", "delivered", "open", "click"],
        "b": ["processed", "bounce"],
        "c": ["processed", "bounce"],
        "d": ["processed", "delivered", "spamreport"],
        "e": ["processed", "delivered", "unsubscribe"],
        "f": ["processed", "delivered", "group_unsubscribe"],
        "g": ["processed", "delivered", "bounce"],
        "h": ["dropped"],
    }
    by_kind = {(event["email"][0], event["event"]): event for event in listener.events}
    assert by_kind["a", "click"]["url"] == "https://example.com/offer?a=1"
    assert (by_kind["b", "bounce"]["type"], by_kind["c", "bounce"]["type"]) == ("bounce", "blocked")
    assert by_kind["b", "bounce"]["bounce_classification"] == "Invalid Address"
    assert by_kind["f", "group_unsubscribe"]["asm_group_id"] == 7
    ids = [event["sg_event_id"] for event in listener.events]
    assert len(set(ids)) == len(ids)
    assert all(len(one) <= 100 for one in ids)


def test_what_is_yet_to_come_is_not_told(simulator: Simulator, listener: Listener) -> None:
    simulator.set_clock(NOON)
    simulator.webhook(url=listener.url)
    simulator.fate("anna@example.com", "delivered", "open")
    post(simulator, mail())
    simulator.advance(10)
    simulator.flush()
    assert [event["event"] for event in listener.events] == ["processed", "delivered"]
    assert simulator.flush(everything=True)["events"] == 1
    assert listener.events[2]["timestamp"] == NOON + 10


def test_a_suppressed_message_is_dropped(simulator: Simulator, listener: Listener) -> None:
    simulator.webhook(url=listener.url)
    simulator.suppress("anna@example.com", "spam_reports")
    post(simulator, mail())
    simulator.flush()
    (event,) = listener.events
    assert (event["event"], event["reason"]) == ("dropped", "Spam Reporting Address")


def test_opens_and_clicks_are_told_only_where_tracked(
    simulator: Simulator, listener: Listener
) -> None:
    simulator.webhook(url=listener.url)
    simulator.behaviour(open=1, click=1, unsubscribe=1, group_unsubscribe=1)
    off = {"open_tracking": {"enable": False}, "click_tracking": {"enable": False}}
    post(simulator, mail(tracking_settings=off))
    simulator.flush(everything=True)
    assert [event["event"] for event in listener.events] == ["processed", "delivered"]
    post(simulator, mail())
    simulator.flush(everything=True)
    assert [event["event"] for event in listener.events[2:]] == [
        "processed",
        "delivered",
        "open",
        "click",
    ]


def test_the_same_messages_meet_the_same_fates_in_any_order(
    simulator: Simulator, listener: Listener
) -> None:
    def bounced(order: list[int]) -> set[str]:
        simulator.reset()
        listener.posted.clear()
        simulator.webhook(url=listener.url)
        simulator.behaviour(bounce=0.2, deferred=0.1)
        for n in order:
            post(simulator, mail(personalizations=[person(f"a{n}@example.com", n)]))
        simulator.flush(everything=True)
        return {event["email"] for event in listener.events if event["event"] == "bounce"}

    first = bounced(list(range(60)))
    assert 3 <= len(first) <= 25
    assert bounced(list(reversed(range(60)))) == first


def test_duplicates_disorder_and_delays_change_no_event(
    simulator: Simulator, listener: Listener
) -> None:
    simulator.set_clock(NOON)
    simulator.webhook(url=listener.url, duplicates=0.5, reordered=1, delayed=0.5)
    people = [person(f"a{n}@example.com", n) for n in range(50)]
    post(simulator, mail(personalizations=people))
    simulator.advance(30)
    simulator.flush()
    early = {event["sg_event_id"] for event in listener.events}
    assert 20 < len(early) < 100
    stamps = [event["timestamp"] for event in listener.events]
    assert stamps != sorted(stamps)
    simulator.advance(600)
    simulator.flush()
    told = Counter(event["sg_event_id"] for event in listener.events)
    assert len(told) == 100
    assert {1, 2} == set(told.values())


def test_forgeries_come_beside_the_truth(simulator: Simulator, listener: Listener) -> None:
    simulator.webhook(url=listener.url, forged=1)
    post(simulator, mail())
    listener.answers = [204, 401]
    simulator.flush(everything=True)
    good, forged = listener.posted
    assert good.signed_by(simulator.public_key)
    assert not forged.signed_by(simulator.public_key)
    assert [event["event"] for event in forged.events] == ["spamreport"] * 2
    told = simulator.stats()["webhook"]
    assert (told["forged"], told.get("forged_and_believed", 0), told["refused"]) == (1, 0, 0)


def test_a_late_bounce_may_have_lost_its_message_id(
    simulator: Simulator, listener: Listener
) -> None:
    simulator.webhook(url=listener.url, lost_message_ids=1)
    simulator.fate("anna@example.com", "async_bounce")
    post(simulator, mail())
    simulator.flush(everything=True)
    bounce = listener.events[-1]
    assert ("sg_message_id" in bounce, bounce["stammkunde_send"]) == (False, "7")


def test_what_is_refused_comes_again_for_a_day(simulator: Simulator, listener: Listener) -> None:
    simulator.set_clock(NOON)
    simulator.webhook(url=listener.url)
    listener.answers = [500, 302, 503]
    post(simulator, mail())
    simulator.flush(everything=True)
    simulator.flush()
    assert len(listener.posted) == 1
    for pause in (60, 120, 240):
        simulator.advance(pause)
        simulator.flush()
    assert len(listener.posted) == 4
    assert len({posted.body for posted in listener.posted}) == 1
    assert simulator.stats()["webhook"]["waiting"] == 0
    listener.answers = [500] * 50
    post(simulator, mail())
    for _ in range(30):
        simulator.flush(everything=True)
        simulator.advance(3600)
    assert simulator.stats()["webhook"]["given_up"] == 1


def test_events_come_by_themselves_at_their_interval(listener: Listener) -> None:
    with running(webhook=listener.url, every=0.1) as simulator:
        post(simulator, mail())
        for _ in range(100):
            if listener.posted:
                break
            threading.Event().wait(0.05)
        assert listener.events[0]["event"] == "processed"


def test_without_a_listener_they_are_written_to_a_folder(tmp_path: Path) -> None:
    with running(folder=tmp_path / "events", every=0) as simulator:
        post(simulator, mail())
        simulator.flush(everything=True)
        (file,) = (tmp_path / "events").glob("*.json")
        kept = orjson.loads(file.read_bytes())
        written = Posted.of(kept["body"].encode(), kept["headers"])
        assert written.signed_by(simulator.public_key)
        assert len(written.events) == 2
