"""Where a send may go from where it stands: the table, the statements and the database agree."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from flows.store.machine import TRANSITIONS, may_become, move, origins, requeue, stands
from flows.store.models import Send
from segments.names import Outcome
from tests.delivery.rows import NOW, column, furnish, outcomes, put, send

LEFT = {Outcome.ACCEPTED, Outcome.DELIVERED, Outcome.BOUNCED, Outcome.DROPPED}
"""Nobody may write to them a second time."""


def refusal(connection: Connection, before: Outcome, after: Outcome) -> str | None:
    """What the database says to a send that stands at `before` being written as `after`."""
    mark = connection.begin_nested()
    try:
        connection.execute(insert(Send).values(send(1, outcome=before)))
        connection.execute(update(Send).values(outcome=after))
    except IntegrityError as error:
        return str(error.orig)
    else:
        return None
    finally:
        mark.rollback()


def test_every_outcome_has_its_place_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Outcome)


def test_the_database_agrees_with_the_table_about_every_pair(engine: Engine) -> None:
    furnish(engine)
    with engine.connect() as connection:
        for before in Outcome:
            for after in Outcome:
                said = refusal(connection, before, after)
                if may_become(before, after):
                    assert said is None, f"{before} -> {after}"
                else:
                    assert said is not None, f"{before} -> {after}"
                    assert f"a send that is {before} does not become {after}" in said


def test_one_forbidden_move_undoes_the_whole_statement(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1, outcome="claimed"), send(2, outcome="accepted"))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(update(Send).values(outcome=Outcome.QUEUED))
    assert outcomes(engine) == {1: "claimed", 2: "accepted"}


def test_a_word_nobody_knows_is_refused_as_well(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("UPDATE send SET outcome = 'lost'"))


def test_the_guard_does_not_mind_what_else_changes(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(number, outcome=word) for number, word in enumerate(Outcome, 1)))
    with engine.begin() as connection:
        changed = connection.execute(update(Send).values(outcome=Send.outcome, priority=1))
        assert changed.rowcount == len(Outcome)


def test_only_moves_of_the_table_move_a_send(engine: Engine) -> None:
    furnish(engine)
    words = list(Outcome)
    for target in words:
        with engine.connect() as connection:
            for number, start in enumerate(words, start=1):
                connection.execute(insert(Send).values(send(number, outcome=start)))
            connection.execute(move(target))
            after = column(connection, "outcome")
            connection.rollback()
        for number, start in enumerate(words, start=1):
            allowed = target in TRANSITIONS[start]
            assert after[number] == (target if allowed else start), f"{start} -> {target}"


def test_what_has_left_never_goes_back() -> None:
    reached = set(LEFT)
    while more := {after for word in reached for after in TRANSITIONS[word]} - reached:
        reached |= more
    assert reached == LEFT
    assert set(origins(Outcome.CLAIMED)) == {Outcome.QUEUED}


def test_what_turns_out_to_have_left_counts_from_when_it_was_taken(engine: Engine) -> None:
    furnish(engine)
    earlier = NOW - timedelta(hours=1)
    put(
        engine,
        send(1, outcome="claimed", claimed_at=NOW),
        send(2, outcome="accepted", claimed_at=NOW, handed_over_at=earlier),
        send(3, outcome="queued"),
    )
    with engine.begin() as connection:
        connection.execute(move(Outcome.DELIVERED))
        assert column(connection, "handed_over_at") == {1: NOW, 2: earlier, 3: None}


def test_only_sends_that_stand_there_are_requeued_and_nothing_is_left_on_them(
    engine: Engine,
) -> None:
    furnish(engine)
    taken = {
        "outlet": "folder",
        "claim_id": "c",
        "claimed_at": NOW,
        "lease_until": NOW,
        "request_id": "r",
        "batch_id": "b",
        "send_at": NOW,
        "handed_over_at": NOW,
        "provider_id": "p",
        "detail": "?",
    }
    put(engine, *(send(n, outcome=word, **taken) for n, word in enumerate(Outcome, 1)))
    with engine.begin() as connection:
        assert connection.execute(requeue(Outcome.IN_DOUBT)).rowcount == 1
        assert connection.execute(requeue(Outcome.CLAIMED)).rowcount == 1
        counted = select(func.count()).where(stands(Outcome.QUEUED))
        assert connection.scalar(counted.where(Send.claim_id.is_(None))) == 2
        for name in taken:
            empty = [value for value in column(connection, name).values() if value is None]
            assert len(empty) == 2, name
