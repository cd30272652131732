"""What waits for approval, what saying yes or no does, and what a change of status does to it."""

from typing import Any

import pytest
from sqlalchemy import Engine

from flows.store import review
from flows.store.models import Enrollment, Run, Send
from segments.names import JourneyStatus
from tests.store.rows import NOW, ago, people, put, rows_of

WHO = review.Decided("brandt", NOW, "fine")
WAITS = {"outcome": "queued", "review": "pending"}


@pytest.fixture
def queue(engine: Engine) -> Engine:
    """Two runs of `care` and one of `news`, beside what does not wait."""
    people(engine, 2)
    put(engine, Run, {"id": 2, "as_of": NOW})
    put(engine, Enrollment, {"id": 1}, {"id": 2, "customer_id": 2}, {"id": 3, "journey": "news"})
    news = {"enrollment_id": 3, "journey": "news"}
    put(
        engine,
        Send,
        {"id": 1, **WAITS, "valid_until": ago(-3)},
        {"id": 2, "enrollment_id": 2, "customer_id": 2, **WAITS},
        {"id": 3, "step": "more", **WAITS, "run_id": 2},
        {"id": 4, **news, **WAITS, "run_id": 2},
        {"id": 5, **news, "step": "more", "outcome": "queued"},
        {"id": 6, "step": "else", "outcome": "expired", "review": "pending"},
    )
    return engine


def test_what_waits_is_told_by_journey_and_run(queue: Engine):
    with queue.connect() as connection:
        found = review.waiting(connection)
    assert found.to_dict("split")["data"] == [
        ["care", 1, ago(1), 2, 2, ago(-3)],
        ["care", 2, NOW, 1, 1, ago(-9)],
        ["news", 2, NOW, 1, 1, ago(-9)],
    ]


@pytest.mark.parametrize(
    ("which", "approved"),
    [
        ({"journey": "care"}, [1, 2, 3]),
        ({"run_id": 2}, [3, 4]),
        ({"journey": "care", "run_id": 2}, [3]),
        ({"journey": "other"}, []),
    ],
)
def test_approving_lets_a_journey_a_run_or_both_go(
    queue: Engine, which: dict[str, Any], approved: list[int]
):
    with queue.begin() as connection:
        assert review.approve(connection, WHO, **which) == len(approved)
        assert review.approve(connection, WHO, **which) == 0
    rows = rows_of(queue, Send, "id", "review", "outcome")
    assert [number for number, word, _ in rows if word == "approved"] == approved
    assert {outcome for number, _, outcome in rows if number in approved} <= {"queued"}


def test_rejecting_withdraws_for_good(queue: Engine):
    with queue.begin() as connection:
        assert review.reject(connection, WHO, journey="care") == 3
        assert review.approve(connection, WHO, journey="care") == 0
    rows = rows_of(queue, Send, "id", "outcome", "reason", "review")
    assert [row[0] for row in rows if row[1:] == ("cancelled", "not_approved", "rejected")] == [
        1,
        2,
        3,
    ]


def test_nothing_is_approved_without_saying_what(queue: Engine):
    with queue.begin() as connection, pytest.raises(ValueError, match="say which"):
        review.approve(connection, WHO)


def test_whoever_goes_live_waits_for_nobody(queue: Engine):
    with queue.begin() as connection:
        assert review.release(connection, {"care"}) == 3
        assert list(review.waiting(connection)["journey"]) == ["news"]


LIVE, REVIEW = JourneyStatus.LIVE, JourneyStatus.REVIEW


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        ({"care": REVIEW, "news": REVIEW}, ["news: 1 message was queued or approved before"]),
        ({"care": LIVE, "news": LIVE}, ["care: 3 messages wait", "news: 1 message waits"]),
        ({"care": JourneyStatus.PAUSED, "news": REVIEW}, ["care: 3 messages are", "news: 1"]),
        ({"care": JourneyStatus.SHADOW, "news": REVIEW}, ["care: 3 messages are", "news: 1"]),
        ({"news": LIVE}, ["care: 3 messages are queued; the journey is gone", "news: 1"]),
    ],
    ids=["in review", "live", "paused", "shadow", "gone"],
)
def test_what_a_status_does_to_those_waiting_is_said(
    queue: Engine, statuses: dict[str, JourneyStatus], told: list[str]
):
    with queue.connect() as connection:
        found = review.changes(connection, statuses)
    assert len(found) == len(told)
    assert all(sentence.startswith(begin) for sentence, begin in zip(found, told, strict=True))
