"""The outbox: who is next, and what claiming writes."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text, update

from flows.store import outbox
from flows.store.models import Contact, Send, TemplateVersion
from flows.store.outbox import Foremost, Result
from flows.store.stops import hold_back
from segments.names import Outcome, SkipReason
from tests.delivery.rows import DAY, LIVE, NOW, column, furnish, outcomes, put, send
from tests.store.claiming import LEASE, claim, line, made, take

LATER = NOW + timedelta(hours=1)


def test_the_most_important_goes_first_then_the_longest_due(engine: Engine) -> None:
    furnish(engine)
    put(
        engine,
        send(1, priority=10),
        send(2, priority=90),
        send(3, priority=90, due_at=NOW - 2 * DAY),
        send(4, priority=90),
        send(5, priority=99, due_at=NOW + DAY),
    )
    with outbox.side_by_side(engine) as connection:
        assert take(connection, 3, "c1") == [3, 2, 4]
        assert take(connection, 3, "c2") == [1]
        assert take(connection, 3, "c3") == []
    assert outcomes(engine)[5] == "queued"


def test_each_purpose_takes_its_way_and_waits_where_it_has_none(engine: Engine) -> None:
    furnish(engine)
    put(
        engine,
        send(1, purpose="service"),
        send(2, purpose="advertising"),
        send(3, purpose="survey"),
    )
    with outbox.side_by_side(engine) as connection:
        ways = {"service": "fast", "advertising": "slow"}
        assert line(connection, ways=ways) == Foremost({1: "fast", 2: "slow"}, Counter())
        assert line(connection, ways={}) == Foremost({}, Counter())
    assert set(outcomes(engine).values()) == {"queued"}


def test_what_rests_is_passed_over_and_stays_in_the_queue(engine: Engine) -> None:
    furnish(engine)
    put(
        engine,
        send(1, journey="halted", priority=90),
        send(2, message="broken", priority=90),
        send(3),
        send(4, journey="halted", valid_until=NOW - DAY),
    )
    live = {*LIVE, "halted"}
    with outbox.side_by_side(engine) as connection:
        found = line(connection, live=live, resting={"halted"}, passing_over={"broken"})
        assert found == Foremost({3: "folder"}, Counter())
        assert list(line(connection, live=live).sends) == [1, 2, 3]
    assert outcomes(engine) == {1: "queued", 2: "queued", 3: "queued", 4: "expired"}


def test_what_waits_for_approval_is_not_taken(engine: Engine) -> None:
    furnish(engine)
    put(
        engine,
        send(1, review="pending", priority=90),
        send(2, review="approved"),
        send(3),
        send(4, review="pending", valid_until=NOW - DAY),
    )
    with outbox.side_by_side(engine) as connection:
        assert outbox.waiting(connection, NOW) == 2
        assert outbox.waiting_by_message(connection, NOW, {"hello"}) == {"hello": 2}
        assert hold_back(connection, NOW, LIVE) == Counter({SkipReason.EXPIRED: 1})
        assert take(connection) == [2, 3]
    assert outcomes(engine) == {1: "queued", 2: "claimed", 3: "claimed", 4: "expired"}


def test_a_block_full_of_stopped_sends_does_not_end_the_search(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, priority=90, valid_until=NOW - DAY) for n in range(1, 6)), send(6))
    with outbox.side_by_side(engine) as connection:
        found = line(connection, 2)
    assert found == Foremost({6: "folder"}, Counter({SkipReason.EXPIRED: 5}))


def test_two_senders_at_once_never_take_the_same_and_do_not_wait(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 11)))
    with outbox.side_by_side(engine) as one, outbox.side_by_side(engine) as two:
        two.execute(text("SET LOCAL lock_timeout = '2s'"))
        first = list(line(one, 4).sends)
        second = list(line(two, 4).sends)
        claim(one, dict.fromkeys(first, "folder"))
        third = list(line(one, 4).sends)
    assert (first, second, third) == ([1, 2, 3, 4], [5, 6, 7, 8], [9, 10])
    assert Counter(outcomes(engine).values()) == {"claimed": 4, "queued": 6}


def test_what_is_found_stays_in_the_queue_when_its_sender_dies(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2, valid_until=NOW - DAY))

    def die() -> None:
        with outbox.side_by_side(engine) as connection:
            assert take(connection) == [1]
            raise SystemExit

    with pytest.raises(SystemExit):
        die()
    assert outcomes(engine) == {1: "queued", 2: "queued"}
    with outbox.side_by_side(engine) as connection:
        assert take(connection) == [1]


def test_claiming_writes_all_it_takes_to_ask_about_a_message_and_to_show_it_again(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, send(1), send(2, detail="of old", provider_id="p0"))
    context = '{"name": "Jürgen \\u0000 🪑", "n": 1.0}'
    with outbox.side_by_side(engine) as connection:
        claimed = [made(1), made(2, "mail", context=context, batch_id="b1", send_at=LATER)]
        assert outbox.claim(connection, claimed, "c1", NOW, NOW + LEASE) == 2
        assert connection.scalars(select(TemplateVersion.version)).all() == ["t1"]
        shown = outbox.load_send(connection, 2)
        assert outbox.load_send(connection, 3) is None
        assert column(connection, "claim_id") == {1: "c1", 2: "c1"}
        assert column(connection, "batch_id") == {1: None, 2: "b1"}
    assert shown is not None
    assert (shown.sources, shown.context, shown.locale) == (b"sources", context, "de")
    assert (shown.outcome, shown.claimed_at, shown.lease_until) == ("claimed", NOW, NOW + LEASE)
    assert (shown.outlet, shown.request_id, shown.batch_id) == ("mail", "r2", "b1")
    assert (shown.send_at, shown.detail, shown.provider_id) == (LATER, None, None)


def test_template_sources_are_kept_once_whoever_claims(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 4)))
    with outbox.side_by_side(engine) as connection:
        outbox.claim(connection, [made(1), made(2)], "c1", NOW, NOW + LEASE)
    with outbox.side_by_side(engine) as connection:
        again = replace(made(3), template_version="t1", sources=b"the same")
        outbox.claim(connection, [again], "c2", NOW, NOW + LEASE)
        kept = connection.scalars(select(TemplateVersion.sources)).all()
    assert kept == [b"sources"]


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.QUEUED}))
def test_what_is_not_in_the_queue_is_not_claimed_and_nothing_beside_it(
    engine: Engine, outcome: Outcome
) -> None:
    furnish(engine)
    put(engine, send(1), send(2, outcome=outcome))
    with (
        pytest.raises(RuntimeError, match="1 of 2 sends"),
        outbox.side_by_side(engine) as connection,
    ):
        claim(connection, {1: "folder", 2: "folder"})
    assert outcomes(engine) == {1: "queued", 2: outcome}


def test_what_does_not_render_says_what_is_wrong(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2), send(3, outcome="accepted"))
    with outbox.side_by_side(engine) as connection:
        assert outbox.fail(connection, {1: "body.html:3 \0 no name", 3: "too late"}) == 1
        assert outbox.fail(connection, {}) == 0
        assert column(connection, "detail") == {1: "body.html:3  no name", 2: None, 3: None}
        assert column(connection, "reason")[1] == SkipReason.TEMPLATE_ERROR
    assert outcomes(engine) == {1: "render_failed", 2: "queued", 3: "accepted"}


def test_what_is_put_off_stays_in_the_queue_until_then(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2), send(3, outcome="claimed"))
    with outbox.side_by_side(engine) as connection:
        assert outbox.put_off(connection, {1, 3}, LATER) == 1
        assert take(connection) == [2]
        assert column(connection, "not_before") == {1: LATER, 2: NOW - DAY, 3: NOW - DAY}


def test_the_domain_of_each_send_is_known_however_its_address_is_written(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2, contact_id=None))
    with engine.begin() as connection:
        assert outbox.domains(connection, [1, 2, 3]) == {1: "example.com"}
        connection.execute(update(Contact).values(email=" Ada@Mail.EXAMPLE.com "))
        assert outbox.domains(connection, [1]) == {1: "mail.example.com"}
        connection.execute(update(Contact).values(email=None))
        assert outbox.domains(connection, [1]) == {}
        assert outbox.domains(connection, []) == {}


def _note(asked: list[str], *call: Any) -> None:
    asked.append(call[2])


def test_a_thousand_sends_go_in_as_many_statements_as_one(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite runs a statement once a row")
    furnish(engine)
    with engine.begin() as connection:
        rows = [send(n, step="s", occurrence=n) for n in range(1, 1_001)]
        connection.execute(Send.__table__.insert(), rows)
    counts = []
    for limit in (1, 999):
        asked: list[str] = []
        with outbox.side_by_side(engine) as connection:
            event.listen(connection, "before_cursor_execute", partial(_note, asked))
            sends = take(connection, limit, f"c{limit}", ways={"advertising": "folder"})
            outbox.record(connection, [Result(n, Outcome.ACCEPTED) for n in sends], NOW)
        counts.append(len(asked))
    assert counts[1] <= counts[0]
    assert set(outcomes(engine).values()) == {"accepted"}
