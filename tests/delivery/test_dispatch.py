"""A delivery from queue to receipt, and what is left when something breaks on the way."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import Connection, Engine, select, update

from flows.delivery.dispatch import LEASE, Compose, deliver
from flows.delivery.folder import FolderOutlet
from flows.delivery.outlet import Prepared, Receipt, RenderFailure
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from flows.store import outbox
from flows.store.models import Send
from segments.names import Outcome
from tests.delivery.rows import DAY, LIVE, NOW, column, furnish, outcomes, put, send


def mail(number: int, date: datetime = NOW, **changes: str) -> Outgoing:
    values = {
        "to_name": "Ada Example",
        "to_email": "ada@example.com",
        "subject": f"Hello {number}",
        "html": "<html><head></head><body><p>Hello</p></body></html>",
        "text": "Hello",
    }
    return Outgoing(
        send_id=number,
        from_name="Shop",
        from_email="shop@example.org",
        reply_to="shop@example.org",
        headers={"X-Stammkunde-Message": "hello"},
        message_id=f"<send.{number}@example.org>",
        date=date,
        **{**values, **changes},
    )


def composing(broken: Callable[[int], bool] = lambda number: False) -> Compose:
    def compose(
        connection: Connection, send_ids: list[int], now: datetime
    ) -> Iterator[Prepared | RenderFailure]:
        names = dict(connection.execute(select(Send.id, Send.message)).tuples().all())
        for number in send_ids:
            if broken(number):
                yield RenderFailure(number, names[number], "body.html:3 has no name")
            else:
                context = f'{{"number":{number}}}'
                yield Prepared(mail(number, now), names[number], "de", "t1", b"src", context)

    return compose


class Recorder:
    """An outlet that keeps what it is given, and can break at a message."""

    def __init__(self, breaks_at: int = 0, error: BaseException | None = None) -> None:
        self.taken: list[int] = []
        self.breaks_at = breaks_at
        self.error = error

    def deliver(self, messages: Sequence[Outgoing]) -> Iterator[Receipt]:
        for message in messages:
            if message.send_id == self.breaks_at:
                if self.error is None:
                    continue
                raise self.error
            self.taken.append(message.send_id)
            yield Receipt(message.send_id, Outcome.ACCEPTED, f"p{message.send_id}")

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def test_everything_due_goes_once_and_a_second_run_sends_nothing(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, priority=n) for n in range(1, 8)), send(8, due_at=NOW + DAY))
    outlet = Recorder()
    seen: list[tuple[int, int]] = []
    first = deliver(
        engine,
        outlet,
        composing(),
        now=NOW,
        live=LIVE,
        block=3,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert outlet.taken == [7, 6, 5, 4, 3, 2, 1]
    assert seen == [(3, 7), (6, 7), (7, 7)]
    assert (first.handed_over, first.outcomes[Outcome.ACCEPTED]) == (7, 7)
    assert first.by_message["hello", Outcome.ACCEPTED] == 7
    second = deliver(engine, outlet, composing(), now=NOW, live=LIVE)
    assert second.outcomes.total() == 0
    assert len(outlet.taken) == 7
    with engine.connect() as connection:
        shown = outbox.load_send(connection, 4)
    assert shown is not None
    assert (shown.context, shown.sources, shown.provider_id) == ('{"number":4}', b"src", "p4")
    assert shown.handed_over_at == NOW


def test_a_message_is_kept_before_it_is_handed_over(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1))
    kept: list[object] = []

    class Looking(Recorder):
        def deliver(self, messages: Sequence[Outgoing]) -> Iterator[Receipt]:
            with engine.connect() as connection:
                kept.append(column(connection, "context")[1])
                kept.append(column(connection, "template_version")[1])
            yield from super().deliver(messages)

    deliver(engine, Looking(), composing(), now=NOW, live=LIVE)
    assert kept == ['{"number":1}', "t1"]


def test_a_crash_after_the_claim_leaves_doubt_and_never_a_second_mail(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, valid_until=NOW + 9 * DAY) for n in range(1, 5)))
    outlet = Recorder(breaks_at=3, error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        deliver(engine, outlet, composing(), now=NOW, live=LIVE)
    assert outcomes(engine) == {1: "accepted", 2: "accepted", 3: "claimed", 4: "claimed"}
    deliver(engine, outlet, composing(), now=NOW + LEASE, live=LIVE)
    assert outcomes(engine)[3] == "claimed"
    report = deliver(engine, outlet, composing(), now=NOW + DAY, live=LIVE)
    assert report.found_stale == 2
    assert outcomes(engine) == {1: "accepted", 2: "accepted", 3: "in_doubt", 4: "in_doubt"}
    assert outlet.taken == [1, 2]


def test_after_an_unknown_failure_of_the_outlet_the_rest_of_the_block_is_in_doubt(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 5)))
    with pytest.raises(TimeoutError):
        deliver(engine, Recorder(2, TimeoutError()), composing(), now=NOW, live=LIVE, block=3)
    assert outcomes(engine) == {1: "accepted", 2: "in_doubt", 3: "in_doubt", 4: "queued"}


def test_an_outlet_that_takes_nothing_leaves_the_rest_in_the_queue(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 4)))
    with pytest.raises(DeliveryError):
        deliver(engine, Recorder(2, DeliveryError("full")), composing(), now=NOW, live=LIVE)
    assert outcomes(engine) == {1: "accepted", 2: "queued", 3: "queued"}


def test_a_message_without_a_receipt_is_in_doubt(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2))
    report = deliver(engine, Recorder(breaks_at=2), composing(), now=NOW, live=LIVE)
    assert outcomes(engine) == {1: "accepted", 2: "in_doubt"}
    assert report.by_message["hello", Outcome.IN_DOUBT] == 1


def test_who_a_message_fails_for_is_left_out_and_the_others_get_theirs(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 5)))
    report = deliver(engine, Recorder(), composing(lambda n: n == 2), now=NOW, live=LIVE)
    assert outcomes(engine) == {1: "accepted", 2: "render_failed", 3: "accepted", 4: "accepted"}
    assert [failure.send_id for failure in report.failures] == [2]
    with engine.connect() as connection:
        assert column(connection, "detail")[2] == "body.html:3 has no name"


def test_a_message_that_fails_too_often_is_set_aside_and_stays_queued(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 7)), send(7, message="fine", priority=1))
    report = deliver(
        engine,
        Recorder(),
        composing(lambda n: n in (2, 3, 4)),
        now=NOW,
        live=LIVE,
        block=4,
        max_render_errors=2,
    )
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
    with engine.connect() as connection:
        assert column(connection, "claimed_at")[4] is None


def test_a_send_nothing_was_composed_for_is_not_lost_from_sight(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1))
    deliver(engine, Recorder(), lambda *_: [], now=NOW, live=LIVE)
    assert outcomes(engine) == {1: "render_failed"}


def test_a_failure_while_composing_returns_the_block(engine: Engine) -> None:
    def compose(*_: object) -> list[Prepared | RenderFailure]:
        raise RuntimeError("no templates")

    furnish(engine)
    put(engine, send(1))
    with pytest.raises(RuntimeError, match="no templates"):
        deliver(engine, Recorder(), compose, now=NOW, live=LIVE)
    assert outcomes(engine) == {1: "queued"}


def test_a_stop_that_appears_after_the_queue_was_filled_is_heeded(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2))
    outlet = Recorder()
    report = deliver(engine, outlet, composing(), now=NOW, live=set())
    assert outlet.taken == []
    assert report.held_back == {"journey_not_live": 2}


def test_a_send_reset_by_hand_is_not_written_to_the_folder_twice(
    engine: Engine, tmp_path: Path
) -> None:
    furnish(engine)
    put(engine, send(1))
    with FolderOutlet(tmp_path / "mails") as outlet:
        deliver(engine, outlet, composing(), now=NOW, live=LIVE)
        with engine.begin() as connection:
            connection.execute(update(Send).values(outcome="queued"))
        deliver(engine, outlet, composing(), now=NOW, live=LIVE)
    assert outcomes(engine) == {1: "accepted"}
    assert len(list((tmp_path / "mails").glob("*/*.eml"))) == 1
    assert (tmp_path / "mails" / "index.html").read_text().count('class="mail"') == 1
