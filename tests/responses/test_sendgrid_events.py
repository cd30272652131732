"""SendGrid's events in our words, whatever they say."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.responses.sendgrid_events import read
from flows.store.inbox import Event, Refused
from segments.names import ResponseKind

RECEIVED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
AT = int(RECEIVED.timestamp()) - 60


def told(**changes: Any) -> Event | Refused:
    event = {
        "email": "ada@example.com",
        "event": "delivered",
        "timestamp": AT,
        "sg_event_id": "abc",
        "sg_message_id": "m.1",
        "stammkunde_send": "7",
    }
    (one,) = read(orjson.dumps([event | changes]), RECEIVED)
    return one


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("processed", ResponseKind.PROCESSED),
        ("delivered", ResponseKind.DELIVERED),
        ("deferred", ResponseKind.DEFERRED),
        ("dropped", ResponseKind.DROPPED),
        ("bounce", ResponseKind.BOUNCE),
        ("open", ResponseKind.OPEN),
        ("click", ResponseKind.CLICK),
        ("spamreport", ResponseKind.COMPLAINT),
        ("unsubscribe", ResponseKind.UNSUBSCRIBE),
        ("group_unsubscribe", ResponseKind.UNSUBSCRIBE),
        ("group_resubscribe", ResponseKind.UNKNOWN),
        ("account_status_change", ResponseKind.UNKNOWN),
    ],
)
def test_every_word_of_theirs_is_one_of_ours(word: str, kind: ResponseKind) -> None:
    event = told(event=word)
    assert isinstance(event, Event)
    assert (event.kind, event.send, event.key) == (kind, 7, "sendgrid:abc")
    assert event.at == datetime.fromtimestamp(AT, UTC)


def test_a_blocked_message_is_no_mailbox_that_is_not_there() -> None:
    blocked, bounced = told(event="bounce", type="blocked"), told(event="bounce", type="bounce")
    assert isinstance(blocked, Event)
    assert isinstance(bounced, Event)
    assert (blocked.detail["hard"], bounced.detail["hard"]) == (False, True)


@pytest.mark.parametrize(
    ("reason", "suppress"),
    [
        ("Bounced Address", "hard_bounce"),
        ("Invalid", "hard_bounce"),
        ("Spam Reporting Address", "spam_complaint"),
        ("Unsubscribed Address", "unsubscribe"),
        ("Spam Content (if Spam Checker app is enabled)", None),
    ],
)
def test_what_their_lists_forbid_is_forbidden_here(reason: str, suppress: str | None) -> None:
    event = told(event="dropped", reason=reason)
    assert isinstance(event, Event)
    assert event.detail.get("suppress") == suppress


def test_an_event_of_somebody_elses_mail_is_of_no_send() -> None:
    event = told(stammkunde_send=None)
    assert isinstance(event, Event)
    assert event.send == 0


def test_test_mails_are_passed_over() -> None:
    body = orjson.dumps([{"event": "delivered", "timestamp": AT, "stammkunde_test": "1"}])
    assert list(read(body, RECEIVED)) == []


def test_an_event_without_a_number_has_one_all_the_same() -> None:
    first, again = told(sg_event_id=None), told(sg_event_id=None)
    other = told(sg_event_id=None, timestamp=AT + 1)
    assert isinstance(first, Event)
    assert isinstance(again, Event)
    assert isinstance(other, Event)
    assert first.key == again.key != other.key


@pytest.mark.parametrize("timestamp", [None, "yesterday", True, 1e30, AT + 200_000])
def test_a_moment_that_cannot_be_is_refused(timestamp: Any) -> None:
    assert isinstance(told(timestamp=timestamp), Refused)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["event", "timestamp", "stammkunde_send", "sg_event_id", "type", "reason"])
        | st.text(max_size=8),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60) | JSON.map(lambda value: orjson.dumps(value)))
def test_no_batch_breaks_the_reader(body: bytes) -> None:
    for one in read(body, RECEIVED):
        assert isinstance(one, Event | Refused)
