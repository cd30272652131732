"""Responses by the thousand."""

from sqlalchemy import Engine, func, select

from flows.store.inbox import Event, Kept, keep
from flows.store.models import Response
from flows.store.session import writing
from segments.names import ResponseKind
from tests.delivery.rows import NOW, furnish, put, send

ODD = '{"a", \\b\t%s ?\n\'ü\u2028}'


def kept(engine: Engine, *events: Event) -> Kept:
    with writing(engine) as connection:
        return keep(connection, events, NOW)


def test_however_many_come_at_once_each_counts_once(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1, outcome="accepted"))
    events = [
        Event(f"k{number}", 1, kind, NOW)
        for number in range(1_203)
        for kind in (ResponseKind.OPEN if number % 3 else ResponseKind.CLICK,)
    ]
    first = kept(engine, *events[:3])
    assert first.new == {ResponseKind.OPEN: 2, ResponseKind.CLICK: 1}
    assert kept(engine, *events, *events).new == {ResponseKind.OPEN: 800, ResponseKind.CLICK: 400}
    assert kept(engine, *events).new == {}
    with engine.connect() as connection:
        kinds = connection.execute(select(Response.kind, func.count()).group_by(Response.kind))
        assert dict(map(tuple, kinds)) == {"open": 802, "click": 401}


def test_the_first_of_one_key_stays_and_is_kept_letter_by_letter(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1, outcome="accepted"))
    told = {"reason": ODD, "attempt": 2**70, "nested": {"of": [None, 1.5, True]}}
    event = Event(ODD, 1, ResponseKind.DEFERRED, NOW, told)
    later = Event(ODD, 1, ResponseKind.NPS, NOW, {}, 9)
    assert kept(engine, event, later).new == {ResponseKind.DEFERRED: 1}
    assert kept(engine, Event("score", 1, ResponseKind.NPS, NOW, {}, 0)).new.total() == 1
    columns = (Response.key, Response.at, Response.seen_at, Response.score, Response.detail)
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).order_by(Response.id)).all()
    assert list(map(tuple, rows)) == [(ODD, NOW, NOW, None, told), ("score", NOW, NOW, 0, {})]


def test_what_is_said_of_no_send_of_ours_is_kept_with_the_number_it_came_with(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, send(1, outcome="accepted"))
    numbers = (1, 2, 0, -4, 2**63, 2**80)
    events = [
        Event(f"k{number}", number, ResponseKind.OPEN, NOW, {"url": ODD}) for number in numbers
    ]
    found = kept(engine, *events)
    assert (found.new, found.unknown_sends) == ({ResponseKind.OPEN: 6}, 5)
    with engine.connect() as connection:
        rows = connection.execute(select(Response.send_id, Response.detail).order_by(Response.id))
        assert list(map(tuple, rows)) == [
            (1, {"url": ODD}),
            *((None, {"url": ODD, "send": number}) for number in numbers[1:]),
        ]
