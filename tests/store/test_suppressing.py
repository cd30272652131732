"""Suppressions: scopes and purposes, the same end in any order, and lifts that are remembered."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, insert, select, text, update

from flows.store import outbox
from flows.store.consent_mails import queue_mails
from flows.store.consents import confirm, request_consent
from flows.store.models import Contact, Customer, Permission, Send, Suppression
from flows.store.session import writing
from flows.store.suppressed import standing_rows
from flows.store.suppressing import Bar, lift, suppress, suppress_all
from flows.store.unsubscribing import unsubscribe
from segments.names import Purpose, SkipReason, SuppressionReason
from tests.delivery.rows import DAY, NOW, furnish, outcomes, put, send
from tests.store.claiming import line, take

HOUR = timedelta(hours=1)
BOUNCE, BY_HAND = SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL


def bar(connection: Connection, **changes: Any) -> bool:
    values = {"reason": BY_HAND, "source": "test", "at": NOW - DAY}
    return suppress(connection, **values | changes)


SCOPES = [{"email": " ADA@example.com"}, {"contact_id": 1}, {"customer_id": 1}]


@pytest.mark.parametrize("scope", SCOPES, ids=["address", "contact", "customer"])
@pytest.mark.parametrize(
    ("purpose", "left"),
    [
        (None, []),
        (Purpose.ADVERTISING, ["legal", "service"]),
        (Purpose.SERVICE, ["advertising", "legal", "survey"]),
        (Purpose.LEGAL, ["advertising", "service", "survey"]),
    ],
)
def test_each_scope_holds_back_its_purpose(
    engine: Engine, scope: dict[str, Any], purpose: Purpose | None, left: list[str]
):
    furnish(engine)
    kinds = ["advertising", "legal", "service", "survey"]
    put(engine, *(send(number, purpose=kind) for number, kind in enumerate(kinds, start=1)))
    with writing(engine) as connection:
        assert bar(connection, **scope, purpose=purpose)
        assert not bar(connection, **scope, purpose=purpose)
    with outbox.side_by_side(engine) as connection:
        found = line(connection)
    # A survey counts as advertising for whoever did not agree to surveys.
    assert [kinds[number - 1] for number in found.sends] == left
    assert set(found.held_back) <= {SkipReason.SUPPRESSED}


def test_colleagues_of_a_suppressed_person_are_written_to(engine: Engine):
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(Contact).values(id=2, key="K2", customer_id=1, email="bob@example.com")
        )
        connection.execute(insert(Customer).values(id=2, key="C2"))
    put(engine, send(1, contact_id=1), send(2, contact_id=2))
    with writing(engine) as connection:
        bar(connection, contact_id=1)
        bar(connection, customer_id=2)
    with outbox.side_by_side(engine) as connection:
        assert list(line(connection).sends) == [2]


def test_the_earliest_word_counts_in_any_order(engine: Engine):
    bars = [
        Bar(BOUNCE, "send 2", NOW - DAY, email="a@b.example"),
        Bar(BOUNCE, "send 1", NOW - 2 * DAY, email="A@b.example "),
        Bar(BOUNCE, "send 1", NOW - 2 * DAY, email="a@b.example", purpose=Purpose.SURVEY),
    ]
    ends = []
    for order in (bars, bars[::-1], [bars[1], *bars]):
        with engine.connect() as connection:
            assert suppress_all(connection, order) == 2
            assert suppress_all(connection, order) == 0
            columns = Suppression.email, Suppression.purpose, Suppression.at, Suppression.source
            ends.append(set(connection.execute(select(*columns)).tuples()))
            connection.rollback()
    assert ends[0] == ends[1] == ends[2]
    assert ("a@b.example", None, NOW - 2 * DAY, "send 1") in ends[0]


def test_what_was_lifted_stays_with_who_and_why_and_a_new_word_bars_anew(engine: Engine):
    with writing(engine) as connection:
        bar(connection, email="a@b.example", reason=BOUNCE, at=NOW - 3 * DAY)
        (row,) = standing_rows(connection, NOW, email="a@b.example")
        assert lift(connection, [row["id"]], NOW - 2 * DAY, by="Kim", why="mailbox is back") == 1
        assert lift(connection, [row["id"]], NOW, by="Kim", why="again") == 0
        assert not bar(connection, email="a@b.example", reason=BOUNCE, at=NOW - 4 * DAY)
        assert standing_rows(connection, NOW, email="a@b.example") == []
        assert len(standing_rows(connection, NOW - 2.5 * DAY, email="a@b.example")) == 1
        assert bar(connection, email="a@b.example", reason=BOUNCE, at=NOW - DAY)
        kept = connection.execute(
            select(Suppression.ended_by, Suppression.ended_why).order_by(Suppression.id)
        ).all()
    assert [tuple(row) for row in kept] == [("Kim", "mailbox is back"), (None, None)]


def test_one_bar_names_one_of_them():
    with pytest.raises(ValueError, match="names"):
        Bar(BOUNCE, "test", NOW)
    with pytest.raises(ValueError, match="names"):
        Bar(BOUNCE, "test", NOW, email="a@b.example", contact_id=1)


def test_thousands_are_suppressed_at_once(engine: Engine):
    bars = [Bar(BOUNCE, "list", NOW, email=f"p{number}@b.example") for number in range(2_500)]
    with writing(engine) as connection:
        assert suppress_all(connection, bars) == 2_500
        assert suppress_all(connection, bars) == 0
        assert connection.scalar(select(func.count()).select_from(Suppression)) == 2_500


REASONS = st.sampled_from([BOUNCE, BY_HAND])
PURPOSES = st.sampled_from([None, Purpose.ADVERTISING, Purpose.SERVICE])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["event", "list", "lift", "import"]),
        st.integers(0, 2),
        PURPOSES,
        REASONS,
        st.integers(0, 5),
    ),
    max_size=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whoever_is_suppressed_is_never_claimed_whatever_came_in_which_order(
    engine: Engine, steps: list[tuple[str, int, Purpose | None, SuppressionReason, int]]
):
    """Held against the plainest account of it: a word counts unless somebody lifted it since."""
    with engine.connect() as connection:
        if connection.scalar(select(func.count()).select_from(Customer)) == 0:
            connection.rollback()
            furnish(engine)
    words: dict[Any, list[Any]] = defaultdict(list)
    lifts: dict[Any, Any] = {}
    with engine.connect() as connection:
        for number, (what, scope, purpose, reason, late) in enumerate(steps):
            at = NOW - (len(steps) - number) * HOUR
            key = (scope, purpose, reason)
            if what == "import":
                theirs = update(Contact).where(Contact.id == 1)
                connection.execute(theirs.values(email="ada@example.com", first_name=f"A{number}"))
            elif what == "lift":
                found = [
                    row["id"]
                    for row in standing_rows(connection, at, **SCOPES[scope])
                    if (row["purpose"], row["reason"]) == (purpose, reason)
                ]
                if lift(connection, found, at, by="test", why="test"):
                    lifts[key] = at
            else:
                said = at - late * HOUR if what == "event" else at
                suppress(
                    connection,
                    **SCOPES[scope],
                    purpose=purpose,
                    reason=reason,
                    source=what,
                    at=said,
                )
                if key not in lifts or said > lifts[key]:
                    words[key].append(said)
        barred = {
            key[1]
            for key, said in words.items()
            if any(key not in lifts or at > lifts[key] for at in said)
        }
        rows = [send(1, purpose="advertising"), send(2, purpose="service")]
        for row in rows:
            connection.execute(insert(Send).values(row))
        going = set(line(connection).sends)
        connection.rollback()
    assert (1 in going) == (not barred & {None, Purpose.ADVERTISING})
    assert (2 in going) == (not barred & {None, Purpose.SERVICE})


def test_a_withdrawal_during_a_run_stops_what_was_not_handed_over(engine: Engine):
    """P9: two transactions; the one that sends goes block by block and listens before each."""
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(Contact).values(id=2, key="K2", customer_id=1, email="bob@example.com")
        )
    put(engine, *(send(number, contact_id=1 + number % 2) for number in range(1, 7)))
    with outbox.side_by_side(engine) as delivering:
        first = take(delivering, 2)
    with writing(engine) as page:
        unsubscribe(page, 1, NOW - HOUR / 60, "unsubscribe link")
    with outbox.side_by_side(engine) as delivering:
        rest = take(delivering, 10, "c2")
    theirs = {number for number in range(1, 7) if 1 + number % 2 == 1}
    assert not theirs.intersection(rest)
    assert {number for number, outcome in outcomes(engine).items() if outcome == "cancelled"} == (
        theirs - set(first)
    )


def test_a_withdrawal_committed_while_a_block_is_being_taken_is_heard(engine: Engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    furnish(engine)
    put(engine, send(1), send(2, purpose="service"))
    with outbox.side_by_side(engine) as delivering:
        assert outbox.waiting(delivering, NOW) == 2
        with writing(engine) as page:
            unsubscribe(page, 1, NOW - HOUR, "unsubscribe link")
            # Another block is being taken beside it and waits for nobody.
        found = line(delivering)
    assert list(found.sends) == [2]
    assert found.held_back[SkipReason.SUPPRESSED] == 1


def test_asking_again_and_confirming_takes_back_ones_own_unsubscribe_only(engine: Engine):
    furnish(engine)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("ALTER SEQUENCE enrollment_id_seq RESTART WITH 100"))
    asked_at = NOW - HOUR
    with writing(engine) as connection:
        unsubscribe(connection, 1, NOW - DAY, "unsubscribe link")
        bar(connection, email="ada@example.com", reason=BOUNCE)
        (number,) = request_consent(
            connection, 1, [Purpose.ADVERTISING], asked_at, 14 * DAY, source="fair"
        )
        assert queue_mails(connection, asked_at, 14 * DAY, 1) == 1
        assert confirm(connection, number, NOW) == "confirmed"
        reasons = [row["reason"] for row in standing_rows(connection, NOW, email="ada@example.com")]
        assert reasons == ["hard_bounce"]
        objections = connection.execute(
            select(Permission.ended_at).where(Permission.kind == "objection")
        ).scalars()
        assert list(objections) == [NOW]
