"""Doubts: what nobody knows the fate of is asked about, and settled once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from flows.store import doubts, outbox
from flows.store.doubts_listed import overview
from flows.store.machine import move
from flows.store.models import Contact, Doubt, Send
from flows.store.outbox import Result
from segments.names import Outcome
from tests.delivery.rows import NOW, column, furnish, outcomes, put, send
from tests.store.claiming import LEASE, made, take

LATER = NOW + timedelta(minutes=20)
WHY = "no answer for 30 seconds"


@contextmanager
def in_doubt(engine: Engine, number: int = 1) -> Iterator[Connection]:
    """So many sends, all claimed and handed over into silence."""
    furnish(engine)
    put(engine, *(send(n) for n in range(1, number + 1)))
    with outbox.side_by_side(engine) as connection:
        ids = take(connection, number)
        silence = [Result(each, Outcome.IN_DOUBT, detail=WHY) for each in ids]
        outbox.record(connection, silence, NOW, claim_id="c1")
    with outbox.side_by_side(engine) as connection:
        yield connection


def ends(connection: Connection) -> dict[int, tuple[str | None, datetime | None]]:
    """As what and when the doubt about each send was settled."""
    rows = select(Doubt.send_id, Doubt.settled_as, Doubt.settled_at)
    return {row.send_id: (row.settled_as, row.settled_at) for row in connection.execute(rows)}


def test_a_doubt_tells_all_it_takes_to_ask(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2, purpose="service", contact_id=None))
    with outbox.side_by_side(engine) as connection:
        claimed = [made(1, batch_id="b1", send_at=LATER), made(2)]
        outbox.claim(connection, claimed, "c1", NOW, NOW + LEASE)
        silence = [Result(n, Outcome.IN_DOUBT, detail=WHY) for n in (1, 2)]
        outbox.record(connection, silence, NOW)
        first, second = doubts.open_doubts(connection, NOW, limit=9)
        assert (first.send_id, first.journey, first.message) == (1, "welcome", "hello")
        assert (first.purpose, first.outlet, first.email) == (
            "advertising",
            "folder",
            "Ada@example.com",
        )
        assert (first.request_id, first.batch_id, first.send_at) == ("r1", "b1", LATER)
        assert (first.claimed_at, first.handed_over_at, first.since) == (NOW, NOW, NOW)
        assert (first.why, first.asked_at, first.known, first.composed) == (WHY, None, None, True)
        assert (second.send_id, second.email, second.batch_id) == (2, None, None)
        assert doubts.open_doubts(connection, NOW - timedelta(seconds=1), limit=9) == []


def test_many_doubts_are_read_page_by_page(engine: Engine) -> None:
    with in_doubt(engine, 5) as connection:
        met, last = [], 0
        while page := doubts.open_doubts(connection, NOW, limit=2, after_id=last):
            met += [each.send_id for each in page]
            last = page[-1].doubt_id
    assert met == [1, 2, 3, 4, 5]


def test_what_is_learnt_is_kept_and_the_doubt_stays(engine: Engine) -> None:
    with in_doubt(engine, 2) as connection:
        doubts.note(connection, {1: "not in the log yet", 99: "?"}, LATER)
        doubts.note(connection, {}, LATER)
        first, second = doubts.open_doubts(connection, LATER, limit=9)
        assert (first.known, first.asked_at) == ("not in the log yet", LATER)
        assert (second.known, second.asked_at) == (None, None)


def test_each_doubt_ends_as_what_the_evidence_says(engine: Engine) -> None:
    with in_doubt(engine, 4) as connection:
        verdict = {1: Outcome.ACCEPTED, 2: Outcome.QUEUED, 3: Outcome.IN_DOUBT, 99: Outcome.QUEUED}
        known = {1: "it is in the log", 2: "its batch was withdrawn"}
        closed = doubts.settle(connection, verdict, LATER, known, provider_ids={1: "p1"})
        assert closed == Counter([Outcome.ACCEPTED, Outcome.QUEUED, Outcome.IN_DOUBT])
        assert ends(connection) == {
            1: ("accepted", LATER),
            2: ("queued", LATER),
            3: ("in_doubt", LATER),
            4: (None, None),
        }
        assert column(connection, "provider_id") == {1: "p1", 2: None, 3: None, 4: None}
        assert column(connection, "handed_over_at") == {1: NOW, 2: None, 3: NOW, 4: NOW}
        assert column(connection, "claim_id")[2] is None
        said = connection.execute(select(Doubt.send_id, Doubt.known)).all()
        assert {row.send_id: row.known for row in said} == {**known, 3: None, 4: None}
        assert doubts.settle(connection, verdict, LATER, known) == Counter()
    assert outcomes(engine) == {1: "accepted", 2: "queued", 3: "in_doubt", 4: "in_doubt"}


def test_what_goes_again_may_come_to_be_in_doubt_again(engine: Engine) -> None:
    with in_doubt(engine) as connection:
        doubts.settle(connection, {1: Outcome.QUEUED}, LATER, {})
        assert take(connection, claim_id="c2") == [1]
        outbox.record(connection, [Result(1, Outcome.IN_DOUBT)], LATER, claim_id="c2")
        (again,) = doubts.open_doubts(connection, LATER, limit=9)
        assert (again.since, again.why) == (LATER, "the outlet did not say why")


@pytest.mark.parametrize("outcome", [Outcome.DELIVERED, Outcome.REJECTED, Outcome.CANCELLED])
def test_a_doubt_does_not_end_as_anything_else(engine: Engine, outcome: Outcome) -> None:
    with in_doubt(engine) as connection, pytest.raises(ValueError, match=outcome):
        doubts.settle(connection, {1: outcome}, LATER, {})


def test_an_event_that_came_meanwhile_knows_better(engine: Engine) -> None:
    with in_doubt(engine, 2) as connection:
        connection.execute(move(Outcome.BOUNCED).where(Send.id == 1))
        assert [each.send_id for each in doubts.open_doubts(connection, LATER, limit=9)] == [2]
        verdict = {1: Outcome.QUEUED, 2: Outcome.QUEUED}
        closed = doubts.settle(connection, verdict, LATER, {})
        assert closed == Counter([Outcome.BOUNCED, Outcome.QUEUED])
        assert ends(connection) == {1: ("bounced", LATER), 2: ("queued", LATER)}
    assert outcomes(engine) == {1: "bounced", 2: "queued"}


def test_doubts_that_events_have_answered_are_closed_together(engine: Engine) -> None:
    with in_doubt(engine, 3) as connection:
        connection.execute(move(Outcome.DELIVERED).where(Send.id == 1))
        connection.execute(move(Outcome.DROPPED).where(Send.id == 2))
        assert doubts.close_answered(connection, LATER) == 2
        assert doubts.close_answered(connection, LATER) == 0
        assert ends(connection) == {
            1: ("delivered", LATER),
            2: ("dropped", LATER),
            3: (None, None),
        }


def test_one_send_is_asked_about_once_at_a_time(engine: Engine) -> None:
    with in_doubt(engine) as connection, pytest.raises(IntegrityError):
        connection.execute(insert(Doubt).values(send_id=1, since=NOW, why="again"))


def test_the_overview_counts_what_is_asked_about_and_what_was_given_up(engine: Engine) -> None:
    with in_doubt(engine, 5) as connection:
        connection.execute(update(Send).where(Send.id == 5).values(outlet="mail"))
        doubts.note(connection, {1: "not in the log yet"}, NOW)
        verdict = {2: Outcome.IN_DOUBT, 3: Outcome.ACCEPTED}
        doubts.settle(connection, verdict, LATER, {2: "nobody knows"})
        found = overview(connection, limit=2)
        assert [(g.journey, g.outlet, g.number, g.open) for g in found.groups] == [
            ("welcome", "folder", 3, 2),
            ("welcome", "mail", 1, 1),
        ]
        assert {group.since for group in found.groups} == {NOW}
        assert [(row.send_id, row.known, row.settled_at) for row in found.rows] == [
            (1, "not in the log yet", None),
            (2, "nobody knows", LATER),
        ]
        assert [row.send_id for row in overview(connection).rows] == [1, 2, 4, 5]


def test_what_expired_meanwhile_goes_back_and_is_held_back_there(engine: Engine) -> None:
    with in_doubt(engine) as connection:
        connection.execute(update(Send).values(valid_until=NOW - timedelta(minutes=1)))
        connection.execute(update(Contact).values(email="new@example.com"))
        doubts.settle(connection, {1: Outcome.QUEUED}, LATER, {})
        assert take(connection) == []
    assert outcomes(engine) == {1: "expired"}
