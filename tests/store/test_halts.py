"""Halts: what stands still, for how long, and who is asked to look."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, select, text

from flows.store import halts, outbox
from flows.store.halts import Halts
from flows.store.models import Halt, Task
from flows.store.tasks import TaskResult, finish
from segments.names import HaltCause
from tests.delivery.rows import NOW, furnish, outcomes, put, send
from tests.store.claiming import line, take

SOON = NOW + timedelta(minutes=15)
LATER = NOW + timedelta(hours=2)
DOWN = "it does not answer"


def rest(connection: Connection, now: datetime = NOW, until: datetime = SOON) -> bool:
    """The outlet `mail` rests."""
    return halts.halt(
        connection, outlet="mail", cause=HaltCause.PROVIDER, why=DOWN, now=now, until=until
    )


def stop(connection: Connection, now: datetime = NOW, journey: str | None = None) -> bool:
    """Somebody stops a journey, or everything."""
    return halts.halt(connection, journey=journey, cause=HaltCause.HAND, why="asked to", now=now)


def open_at(connection: Connection, now: datetime) -> tuple[bool, set[str], set[str], set[str]]:
    """What stands still then: everything, which journeys, which outlets; and what is tried out."""
    found = halts.open_halts(connection, now)
    return found.everything is not None, {*found.journeys}, {*found.outlets}, {*found.trying}


def test_nothing_stands_still_where_nobody_stopped_anything(engine: Engine) -> None:
    with engine.connect() as connection:
        assert halts.open_halts(connection, NOW) == Halts()
        assert halts.history(connection, 9) == []


def test_everything_a_journey_and_an_outlet_stand_still_apart_from_one_another(
    engine: Engine,
) -> None:
    with outbox.side_by_side(engine) as connection:
        assert stop(connection)
        assert stop(connection, journey="welcome")
        assert rest(connection)
        assert open_at(connection, NOW) == (True, {"welcome"}, {"mail"}, set())
        assert halts.resume(connection, now=NOW) == 1
        assert open_at(connection, NOW) == (False, {"welcome"}, {"mail"}, set())
        assert halts.resume(connection, journey="other", now=NOW) == 0
        assert halts.resume(connection, journey="welcome", now=NOW) == 1
        assert open_at(connection, NOW) == (False, set(), {"mail"}, set())


def test_what_is_stopped_twice_is_one_halt_for_the_reason_given_last(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        assert stop(connection)
        assert not halts.halt(connection, cause=HaltCause.HAND, why="again", now=LATER)
        (known,) = halts.history(connection, 9)
        assert (known.why, known.since, known.until) == ("again", NOW, None)
        assert halts.resume(connection, now=LATER) == 1
        assert stop(connection, LATER)


def test_an_outlet_rests_for_a_while_and_is_then_tried_out(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        assert rest(connection)
        assert open_at(connection, SOON - timedelta(seconds=1))[2:] == ({"mail"}, set())
        assert open_at(connection, SOON)[2:] == (set(), {"mail"})
        assert not rest(connection, SOON, LATER)
        assert open_at(connection, SOON)[2:] == ({"mail"}, set())
        assert not rest(connection, SOON, SOON), "a rest does not get shorter"
        assert open_at(connection, SOON)[2:] == ({"mail"}, set())
        assert open_at(connection, LATER)[2:] == (set(), {"mail"})
        assert halts.resume(connection, outlet="mail", now=LATER) == 1
        assert open_at(connection, LATER)[2:] == (set(), set())


def test_of_several_causes_the_one_that_holds_longest_is_told(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        rest(connection)
        halts.halt(connection, outlet="mail", cause=HaltCause.KEY, why="refused", now=NOW)
        halts.halt(
            connection, outlet="mail", cause=HaltCause.BOUNCES, why="3 %", now=NOW, until=LATER
        )
        told = halts.open_halts(connection, LATER).outlets["mail"]
        assert (told.cause, told.why, told.until) == (HaltCause.KEY, "refused", None)
        assert not halts.open_halts(connection, LATER).trying
        ended = halts.resume(connection, outlet="mail", now=LATER, causes=[HaltCause.KEY])
        assert ended == 1
        assert halts.open_halts(connection, NOW).outlets["mail"].cause == HaltCause.BOUNCES
        assert halts.open_halts(connection, LATER).trying == {"mail"}


def test_a_halt_of_the_future_does_not_hold_yet(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        stop(connection, LATER)
        assert open_at(connection, NOW) == (False, set(), set(), set())


def test_the_history_tells_the_latest_first(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        stop(connection, journey="welcome")
        rest(connection, SOON, LATER)
        halts.resume(connection, journey="welcome", now=SOON)
        told = halts.history(connection, 9)
        assert [(each.journey, each.outlet, each.ended_at) for each in told] == [
            (None, "mail", None),
            ("welcome", None, SOON),
        ]
        assert halts.history(connection, 1) == told[:1]


def test_a_halt_is_not_of_a_journey_and_an_outlet_at_once(engine: Engine) -> None:
    with (
        outbox.side_by_side(engine) as connection,
        pytest.raises(ValueError, match="not of both"),
    ):
        halts.resume(connection, journey="welcome", outlet="mail", now=NOW)


def test_a_stop_between_two_blocks_holds_from_the_second_on(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1, priority=90), send(2), send(3, journey="other"))
    live = {"welcome", "other"}
    with outbox.side_by_side(engine) as delivering:
        resting = halts.open_halts(delivering, NOW).journeys
        assert take(delivering, 1, live=live, resting=resting) == [1]
        if engine.dialect.name == "postgresql":
            # While the block is on its way.
            with outbox.side_by_side(engine) as other:
                stop(other, journey="welcome")
    if engine.dialect.name == "sqlite":
        with outbox.side_by_side(engine) as other:
            stop(other, journey="welcome")
    with outbox.side_by_side(engine) as delivering:
        resting = halts.open_halts(delivering, NOW).journeys
        assert list(line(delivering, live=live, resting=resting).sends) == [3]
    assert outcomes(engine) == {1: "claimed", 2: "queued", 3: "queued"}


def test_two_who_notice_the_same_at_once_write_it_down_once(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with outbox.side_by_side(engine) as one, outbox.side_by_side(engine) as two:
        assert rest(one)
        two.execute(text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(Exception, match="lock timeout"):
            rest(two)
    with outbox.side_by_side(engine) as two:
        assert not rest(two)
        assert len(halts.history(two, 9)) == 1


def test_a_colleague_is_asked_once_until_the_task_is_done(engine: Engine) -> None:
    def ask(connection: Connection, about: str = "mail rests: " + DOWN) -> bool:
        return halts.task(connection, about=about, owner="kim", due_at=SOON)

    with outbox.side_by_side(engine) as connection:
        assert ask(connection)
        assert not ask(connection)
        assert ask(connection, "x" * 500)
        assert not ask(connection, "x" * 500)
        rows = connection.execute(select(Task).order_by(Task.id)).mappings().all()
        assert [(row["kind"], row["owner"], row["status"]) for row in rows] == [
            ("check", "kim", "open")
        ] * 2
        assert {row["enrollment_id"] for row in rows} == {None}
        assert finish(connection, [TaskResult(rows[0]["id"], SOON)], SOON) == 1
        assert ask(connection)


def test_halts_of_other_words_are_refused(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception, match="weather"):
        connection.execute(insert(Halt).values(cause="weather", why="it rains", since=NOW))
