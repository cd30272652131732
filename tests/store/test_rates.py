"""Rates: which messages count, from when on, and where a share is of interest."""

from datetime import datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine

from flows.store.models import Enrollment, Halt, Response, Send
from flows.store.rates import Asked, Rate, Scope, Waiting, rates, waiting
from segments.names import HaltCause
from tests.store.rows import NOW, ago, people, put

CARE, NEWS = Scope(journey="care"), Scope(journey="news")
MAIN, SPARE = Scope(outlet="main"), Scope(outlet="spare")
_NUMBERS = count(1)


@pytest.fixture(autouse=True)
def furnished(engine: Engine) -> None:
    people(engine)
    put(engine, Enrollment, {"id": 1})


def rate(scope: Scope, hits: int, of: int, since: datetime | None = None) -> Rate:
    return Rate(scope, hits, of, since or ago(7))


def asked(**changes: Any) -> Asked:
    values = {
        "journeys": {"care", "news"},
        "outlets": {"main", "spare"},
        "since": ago(7),
        "share": 0.1,
        "of_at_least": 2,
    }
    return Asked(**(values | changes))


def went(engine: Engine, number: int, outcome: str = "delivered", **changes: Any) -> list[int]:
    """So many sends handed over a day ago; their numbers."""
    ids = [next(_NUMBERS) for _ in range(number)]
    values = {"outcome": outcome, "outlet": "main", "handed_over_at": ago(1)} | changes
    put(engine, Send, *({"id": each, "step": f"s{each}"} | values for each in ids))
    return ids


def found(engine: Engine, cause: HaltCause = HaltCause.BOUNCES, **changes: Any) -> list[Rate]:
    with engine.connect() as connection:
        return rates(connection, cause, asked(**changes), NOW)


def report(engine: Engine, *send_ids: int, at: datetime = NOW, kind: str = "complaint") -> None:
    put(
        engine,
        Response,
        *(
            {"key": f"R{next(_NUMBERS)}", "send_id": each, "kind": kind, "at": at}
            for each in send_ids
        ),
    )


def test_bounces_are_counted_by_journey_and_by_way_out(engine: Engine):
    went(engine, 3)
    went(engine, 2, "bounced")
    went(engine, 4, journey="news", outlet="spare")
    went(engine, 1, "bounced", journey="news", outlet="spare")
    went(engine, 5, journey="news")
    assert found(engine) == [
        rate(MAIN, 2, 10),
        rate(SPARE, 1, 5),
        rate(CARE, 2, 5),
        rate(NEWS, 1, 10),
    ]


def test_only_what_reached_somebody_counts(engine: Engine):
    went(engine, 4, "bounced")
    went(engine, 3, "accepted")
    went(engine, 5, "in_doubt")
    went(engine, 5, "dropped")
    went(engine, 5, "claimed", handed_over_at=None)
    assert found(engine) == [rate(MAIN, 4, 7), rate(CARE, 4, 7)]


def test_what_went_before_or_is_still_to_go_does_not_count(engine: Engine):
    went(engine, 2, "bounced", handed_over_at=ago(7))
    went(engine, 2, "bounced", handed_over_at=ago(-0.1))
    went(engine, 2, "bounced", handed_over_at=NOW)
    assert found(engine) == [rate(MAIN, 2, 2), rate(CARE, 2, 2)]


def test_shares_below_what_is_asked_for_and_few_messages_are_of_no_interest(engine: Engine):
    went(engine, 21)
    went(engine, 2, "bounced")
    assert found(engine) == []
    assert found(engine, share=0.08) == [rate(MAIN, 2, 23), rate(CARE, 2, 23)]
    assert found(engine, share=0.08, of_at_least=24) == []
    assert found(engine, journeys={"other"}, share=0.01) == []


def test_nothing_that_came_back_is_no_rate_even_where_any_share_is_asked_for(engine: Engine):
    went(engine, 3)
    assert found(engine, share=0.0) == []
    went(engine, 1, "bounced")
    assert found(engine, share=0.0) == [rate(MAIN, 1, 4), rate(CARE, 1, 4)]


def test_a_complaint_counts_once_a_message_and_from_when_it_came(engine: Engine):
    first, second, third, *_ = went(engine, 10)
    report(engine, first, first, second)
    report(engine, third, at=ago(-1))
    report(engine, third, kind="click")
    assert found(engine, HaltCause.COMPLAINTS) == [rate(MAIN, 2, 10), rate(CARE, 2, 10)]
    assert found(engine) == []


RESUMED = {"why": "test", "since": ago(2.5), "ended_at": ago(2)}


@pytest.mark.parametrize(
    ("halt", "counted"),
    [
        ({"journey": "care", "cause": "bounces"}, [rate(MAIN, 1, 4), rate(CARE, 1, 4, ago(2))]),
        ({"outlet": "main", "cause": "bounces"}, [rate(MAIN, 1, 4, ago(2)), rate(CARE, 1, 4)]),
        ({"journey": "care", "cause": "complaints"}, [rate(MAIN, 6, 9), rate(CARE, 6, 9)]),
        ({"outlet": "spare", "cause": "bounces"}, [rate(MAIN, 6, 9), rate(CARE, 6, 9)]),
    ],
    ids=["its journey", "its way out", "for another cause", "another way out"],
)
def test_what_went_before_its_scope_was_resumed_does_not_count_again(
    engine: Engine, halt: dict[str, str], counted: list[Rate]
):
    went(engine, 5, "bounced", handed_over_at=ago(3))
    went(engine, 1, "bounced")
    went(engine, 3)
    put(engine, Halt, halt | RESUMED)
    assert found(engine) == counted


def test_what_waits_is_counted_but_for_what_waits_for_a_yes(engine: Engine):
    went(engine, 2, "queued", handed_over_at=None)
    went(engine, 1, "queued", handed_over_at=None, not_before=ago(-1))
    went(engine, 1, "queued", handed_over_at=None, review="approved", purpose="advertising")
    went(engine, 4, "queued", handed_over_at=None, review="pending")
    with engine.connect() as connection:
        assert waiting(connection, NOW) == [
            Waiting("care", "advertising", 1, 1),
            Waiting("care", "service", 3, 2),
        ]
