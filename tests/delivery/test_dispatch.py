"""A delivery from queue to receipt, and what is left when something breaks on the way."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text, update
from sqlalchemy.exc import OperationalError

from flows.delivery.block import Moment, take
from flows.delivery.folder import FolderOutlet
from flows.delivery.outlet import Parcel, Prepared, Receipt, RenderFailure
from flows.errors import PipelineError
from flows.stages.told import told
from flows.store import outbox
from flows.store.models import Doubt, Send
from segments.names import Locale, Outcome
from tests.delivery.outlets import (
    ACCEPTED,
    IN_DOUBT,
    QUEUED,
    Way,
    composing,
    deliver,
    settings,
    terms,
)
from tests.delivery.rows import DAY, NOW, column, furnish, outcomes, put, send


def test_everything_due_goes_once_and_a_second_run_sends_nothing(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, priority=n) for n in range(1, 8)), send(8, due_at=NOW + DAY))
    way = Way()
    seen: list[int] = []
    first = deliver(engine, way, rules=terms(block=3), progress=seen.append)
    assert way.taken == [7, 6, 5, 4, 3, 2, 1]
    assert seen == [3, 6, 7]
    assert (first.handed_over, first.outcomes[ACCEPTED]) == (7, 7)
    assert first.by_message["hello", ACCEPTED] == first.by_outlet["main", ACCEPTED] == 7
    second = deliver(engine, way)
    assert second.outcomes.total() == 0
    assert len(way.taken) == 7
    with engine.connect() as connection:
        shown = outbox.load_send(connection, 4)
    assert shown is not None
    assert (shown.context, shown.sources, shown.provider_id) == ('{"number":4}', b"src", "p4")
    assert (shown.handed_over_at, shown.outlet, shown.request_id) == (NOW, "main", "r2.0")


def test_a_message_is_kept_and_claimed_before_it_is_handed_over(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1))
    kept: list[object] = []

    class Looking(Way):
        def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Receipt]:
            with engine.connect() as connection:
                for name in ("outcome", "context", "template_version", "request_id", "claim_id"):
                    kept.append(column(connection, name)[1])
            yield from super().deliver(parcels)

    deliver(engine, Looking())
    assert kept[:4] == ["claimed", '{"number":1}', "t1", "r1.0"]
    assert kept[4]


def test_an_interruption_leaves_doubt_about_one_message_and_the_rest_in_the_queue(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 5)))
    way = Way(lambda n: KeyboardInterrupt() if n == 3 else ACCEPTED)
    with pytest.raises(KeyboardInterrupt):
        deliver(engine, way)
    assert outcomes(engine) == {1: "accepted", 2: "accepted", 3: "in_doubt", 4: "queued"}
    with engine.connect() as connection:
        assert column(connection, "detail")[3] == "the outlet failed: KeyboardInterrupt"


def test_claims_a_dead_process_left_come_back_as_doubt_once_their_lease_is_over(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, *(send(n, valid_until=NOW + 9 * DAY) for n in range(1, 3)))
    lease = timedelta(minutes=10)
    moment = Moment("dead", NOW, NOW + lease, 0)
    with outbox.side_by_side(engine) as connection:
        take(connection, {"main": Way()}, composing(), terms(), moment, 200, Counter())
    assert deliver(engine, way := Way(), now=NOW + lease).found_stale == 0
    assert outcomes(engine) == {1: "claimed", 2: "claimed"}
    assert deliver(engine, way, now=NOW + lease + timedelta(seconds=1)).found_stale == 2
    assert outcomes(engine) == {1: "in_doubt", 2: "in_doubt"}
    assert way.taken == []


def test_after_an_unknown_failure_only_what_was_taken_is_in_doubt(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 5)))
    way = Way(lambda n: TimeoutError() if n == 2 else ACCEPTED)
    with pytest.raises(TimeoutError):
        deliver(engine, way, rules=terms(block=3))
    assert outcomes(engine) == {1: "accepted", 2: "in_doubt", 3: "queued", 4: "queued"}


def test_a_message_without_a_receipt_is_in_doubt(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2))
    report = deliver(engine, Way(lambda n: None if n == 2 else ACCEPTED))
    assert outcomes(engine) == {1: "accepted", 2: "in_doubt"}
    assert report.by_message["hello", IN_DOUBT] == report.in_doubt == 1
    with engine.connect() as connection:
        assert connection.execute(Doubt.__table__.select()).one().send_id == 2


def test_what_an_outlet_did_not_take_is_tried_again_a_little_later(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2), send(3))
    patience = timedelta(minutes=15)
    said = {2: QUEUED, 3: Receipt(3, QUEUED, detail="450 come again", later=patience)}
    way = Way(lambda n: said.get(n, ACCEPTED))
    report = deliver(engine, way)
    assert outcomes(engine) == {1: "accepted", 2: "queued", 3: "queued"}
    assert report.again == 2
    with engine.connect() as connection:
        later = column(connection, "not_before")
        assert (later[2], later[3]) == (NOW + timedelta(minutes=1), NOW + patience)
        assert column(connection, "claim_id")[2] is None
    said.clear()
    deliver(engine, way, now=NOW + timedelta(minutes=1))
    assert way.taken == [1, 2]
    deliver(engine, way, now=NOW + patience)
    assert way.taken == [1, 2, 3]


def test_nothing_leaves_after_its_lease_and_what_is_left_leaves_with_a_new_one(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 5)))
    seconds = [0.0]

    def slow(_: int) -> Outcome:
        seconds[0] += 400
        return ACCEPTED

    deliver(engine, Way(slow), passing=lambda: seconds[0])
    assert set(outcomes(engine).values()) == {"accepted"}
    with engine.connect() as connection:
        requests = column(connection, "request_id")
    # Who is slow gets smaller blocks, too.
    assert requests == {1: "r1.0", 2: "r1.1", 3: "r2.0", 4: "r3.0"}


def test_once_asked_to_stop_nothing_more_leaves_and_nothing_is_lost(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 7)))
    way = Way()
    deliver(engine, way, rules=terms(block=4), stopping=lambda: len(way.taken) >= 2)
    assert way.taken == [1, 2]
    assert set(outcomes(engine).values()) == {"accepted", "queued"}
    deliver(engine, way)
    assert way.taken == [1, 2, 3, 4, 5, 6]


def test_who_a_message_fails_for_is_left_out_and_the_others_get_theirs(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 5)))
    report = deliver(engine, Way(), composing(lambda n: n == 2))
    assert outcomes(engine) == {1: "accepted", 2: "render_failed", 3: "accepted", 4: "accepted"}
    assert [failure.send_id for failure in report.failures] == [2]
    with engine.connect() as connection:
        assert column(connection, "detail")[2] == "body.html:3 has no name"


def test_a_message_that_fails_too_often_is_set_aside_and_stays_queued(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 7)), send(7, message="fine", priority=1))
    rules = terms(settings(max_render_errors=2), block=4)
    report = deliver(engine, Way(), composing(lambda n: n in (2, 3, 4)), rules)
    assert outcomes(engine) == {
        1: "accepted",
        2: "render_failed",
        3: "render_failed",
        4: "queued",
        5: "queued",
        6: "queued",
        7: "accepted",
    }
    assert report.left_in_queue == {"hello": 3}
    assert len(report.failures) == 3
    assert (
        told(report, Locale.EN)[-1]
        == "hello fails for too many people and was set aside; 3 of it wait"
    )


def test_a_send_nothing_was_composed_for_is_not_lost_from_sight(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1))
    deliver(engine, Way(), lambda *_: [])
    assert outcomes(engine) == {1: "render_failed"}


def test_a_failure_while_composing_leaves_the_block_where_it_was(engine: Engine) -> None:
    def compose(*_: object) -> list[Prepared | RenderFailure]:
        raise RuntimeError("no templates")

    furnish(engine)
    put(engine, send(1))
    with pytest.raises(RuntimeError, match="no templates"):
        deliver(engine, Way(), compose)
    assert outcomes(engine) == {1: "queued"}


def test_a_stop_that_appears_after_the_queue_was_filled_is_heeded(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2))
    way = Way()
    report = deliver(engine, way, rules=terms(live=set()))
    assert way.taken == []
    assert report.held_back == {"journey_not_live": 2}


def test_what_becomes_stale_while_others_leave_does_not_leave(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1, priority=60), send(2, valid_until=NOW + timedelta(minutes=2)))
    minutes = count()
    way = Way()
    report = deliver(
        engine,
        way,
        rules=terms(block=1),
        tick=lambda: NOW + next(minutes) * timedelta(minutes=1),
    )
    assert way.taken == [1]
    assert report.held_back == {"expired": 1}


def test_a_rejected_message_says_why_and_a_missing_mailbox_is_written_to_no_more(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, send(1, priority=60), send(2))
    way = Way(lambda n: Receipt(n, Outcome.REJECTED, detail="550 no such user", hard=True))
    report = deliver(engine, way, rules=terms(block=1))
    assert outcomes(engine) == {1: "rejected", 2: "cancelled"}
    assert report.held_back == {"suppressed": 1}
    with engine.connect() as connection:
        assert column(connection, "detail")[1] == "550 no such user"


@pytest.mark.briefly("postgresql")
def test_a_database_that_goes_away_for_a_moment_stops_nothing(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no server that could go away")
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 7)))
    made = composing()
    cut = iter([True, False, True])

    def compose(connection: Connection, *given: object) -> Iterator[Prepared | RenderFailure]:
        yield from made(connection, *given)  # type: ignore[arg-type]
        if next(cut, False):
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
            with engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    way = Way()
    deliver(engine, way, compose, terms(block=3))
    assert way.taken == [1, 2, 3, 4, 5, 6]


def test_a_database_that_stays_away_ends_the_run_with_a_clear_word(engine: Engine) -> None:
    def gone(*_: object) -> list[Prepared | RenderFailure]:
        raise OperationalError("SELECT 1", {}, ConnectionRefusedError("connection refused"))

    furnish(engine)
    put(engine, send(1))
    with pytest.raises(PipelineError, match=r"does not answer \(ConnectionRefusedError\)"):
        deliver(engine, Way(), gone, patience=[0, 0])
    assert outcomes(engine) == {1: "queued"}


def test_a_send_that_is_sent_anew_is_not_written_to_the_folder_twice(
    engine: Engine, tmp_path: Path
) -> None:
    class Interrupted(FolderOutlet):
        def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Receipt]:
            for _ in super().deliver(parcels):
                raise KeyboardInterrupt

    furnish(engine)
    put(engine, send(1))
    with Interrupted(tmp_path / "mails") as outlet, pytest.raises(KeyboardInterrupt):
        deliver(engine, outlet)
    with engine.begin() as connection:
        connection.execute(update(Send).where(Send.outcome == "in_doubt").values(outcome="queued"))
    with FolderOutlet(tmp_path / "mails") as outlet:
        deliver(engine, outlet)
    assert outcomes(engine) == {1: "accepted"}
    assert len(list((tmp_path / "mails").glob("*/*.eml"))) == 1
    assert (tmp_path / "mails" / "index.html").read_text().count('class="mail"') == 1
