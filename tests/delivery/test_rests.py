"""An outlet that takes nothing rests; others go on, and its fallback takes over what never left."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from flows.delivery.outlet import Outlet, Parcel, Receipt
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from flows.stages.told import told
from flows.store import halts
from flows.store.halts import HaltFacts
from flows.store.models import Task
from segments.names import HaltCause, Locale
from segments.policy import SendingPolicy
from tests.delivery.outlets import (
    ACCEPTED,
    IN_DOUBT,
    QUEUED,
    Way,
    deliver,
    delivery,
    settings,
    terms,
)
from tests.delivery.rows import NOW, furnish, outcomes, put, send

REST = timedelta(minutes=15)
WITH_FALLBACK = settings(outlets={"main": {"fallback": "spare"}, "spare": {}})


def open_halts(engine: Engine, now: datetime = NOW) -> dict[str, HaltFacts]:
    with engine.connect() as connection:
        return halts.open_halts(connection, now).outlets


def stop_journey(engine: Engine, journey: str) -> None:
    with engine.begin() as connection:
        halts.halt(connection, journey=journey, cause=HaltCause.HAND, why="stopped", now=NOW)


def test_what_an_outlet_does_not_take_waits_until_it_has_rested(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 4)))
    way = Way(lambda n: DeliveryError("it is full") if n == 2 else ACCEPTED)
    report = deliver(engine, way)
    assert outcomes(engine) == {1: "accepted", 2: "queued", 3: "queued"}
    assert told(report, Locale.EN) == ["Sent 1, left out 0"]
    assert report.waiting == 2
    still = open_halts(engine)["main"]
    assert (still.why, still.until) == ("it is full", NOW + REST)
    with engine.connect() as connection:
        (task,) = connection.execute(select(Task.owner, Task.about, Task.kind))
    assert task == ("brandt", "main: it is full", "check")
    assert deliver(engine, Way(), now=NOW + REST / 2).handed_over == 0
    assert deliver(engine, Way(), now=NOW + REST).handed_over == 2


def test_a_fallback_takes_what_was_certainly_not_sent_and_nothing_in_doubt(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 7)))
    said = {1: ACCEPTED, 2: IN_DOUBT, 3: QUEUED, 4: None}
    main, spare = Way(lambda n: said.get(n, DeliveryError("it is down"))), Way()
    ways = {"main": main, "spare": spare}
    report = deliver(engine, ways, rules=terms(WITH_FALLBACK))
    assert (main.taken, spare.taken) == ([1, 2], [3, 4, 5, 6])
    assert outcomes(engine) == {2: "in_doubt"} | dict.fromkeys([1, 3, 4, 5, 6], "accepted")
    assert report.by_outlet["spare", ACCEPTED] == 4
    assert (report.waiting, report.refused) == (0, None)


def test_an_outlet_whose_key_is_refused_stops_only_its_own_purposes(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1, purpose="service"), send(2), send(3, purpose="service"), send(4))
    its = settings(outlets={"news": {}}, outlet_for={"advertising": "news"})
    closed = Way(lambda n: DeliveryError("the key is refused", HaltCause.KEY))
    ways: dict[str, Outlet] = {"main": Way(), "news": closed}
    report = deliver(engine, ways, rules=terms(its))
    assert outcomes(engine) == {1: "accepted", 2: "queued", 3: "accepted", 4: "queued"}
    assert open_halts(engine)["news"].until is None
    assert (report.waiting, report.refused) == (2, None)
    # Where nothing at all can go, that is told, also by later runs.
    for _ in range(2):
        assert deliver(engine, ways, rules=terms(its)).refused == "the key is refused"
    with engine.connect() as connection:
        assert len(connection.execute(select(Task.id)).all()) == 1


class Unpacking(Way):
    """Cannot even pack."""

    def pack(self, messages: Sequence[Outgoing], now: datetime) -> list[Parcel]:
        raise DeliveryError("no batch numbers to be had")


def test_where_packing_fails_nothing_is_claimed_and_the_fallback_is_used(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2))
    ways = {"main": Unpacking(), "spare": (spare := Way())}
    assert deliver(engine, ways, rules=terms(WITH_FALLBACK)).handed_over == 2
    assert spare.taken == [1, 2]
    assert open_halts(engine)["main"].why == "no batch numbers to be had"


def test_an_outlet_that_cannot_be_opened_rests_like_one_that_cannot_send(engine: Engine) -> None:
    class Unopened(dict[str, Outlet]):
        def __missing__(self, name: str) -> Outlet:
            raise DeliveryError(f"{name} cannot be opened")

    furnish(engine)
    put(engine, send(1))
    assert deliver(engine, Unopened(spare=Way()), rules=terms(WITH_FALLBACK)).handed_over == 1
    assert deliver(engine, Unopened()).handed_over == 0


@pytest.mark.parametrize("said", [IN_DOUBT, QUEUED])
def test_so_many_failed_requests_in_a_row_have_an_outlet_rest(engine: Engine, said: str) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 10)))
    rules = terms(sending=SendingPolicy(provider_errors=3), settings=WITH_FALLBACK)
    # Two in a row are borne: what goes well in between begins a new row.
    main, spare = Way(lambda n: ACCEPTED if n in (1, 4) else said), Way()
    deliver(engine, {"main": main, "spare": spare}, rules=rules)
    assert open_halts(engine)["main"].why.startswith("3 requests in a row failed")
    if said == IN_DOUBT:
        assert (main.taken, spare.taken) == ([1, 2, 3, 4, 5, 6, 7], [8, 9])
    else:
        assert (main.taken, sorted(spare.taken)) == ([1, 4], [2, 3, 5, 6, 7, 8, 9])


def test_messages_of_one_request_fail_once_and_patience_asked_for_is_no_failure(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 13)))
    rules = terms(sending=SendingPolicy(provider_errors=3))
    deliver(engine, Way(lambda n: IN_DOUBT if n < 9 else ACCEPTED, together=4), rules=rules)
    assert open_halts(engine) == {}
    put(engine, *(send(n) for n in range(13, 20)))
    later = timedelta(minutes=15)
    deliver(engine, Way(lambda n: Receipt(n, QUEUED, later=later)), rules=rules)
    assert open_halts(engine) == {}


def test_a_rested_outlet_is_tried_with_a_few_messages_first(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 31)))
    deliver(engine, Way(lambda n: DeliveryError("down")))
    sizes: list[int] = []

    class Counting(Way):
        def pack(self, messages: Sequence[Outgoing], now: datetime) -> list[Parcel]:
            sizes.append(len(messages))
            return super().pack(messages, now)

    later = NOW + REST
    # As long as it does not work, one failure is enough.
    again = Counting(lambda n: IN_DOUBT)
    deliver(engine, again, now=later)
    assert (sizes, len(again.taken)) == ([10], 1)
    assert open_halts(engine, later)["main"].until == later + REST
    deliver(engine, well := Counting(), now=later + REST)
    assert sizes == [10, 10, 19]
    assert len(well.taken) == 29
    assert open_halts(engine, later + REST) == {}


def test_fallbacks_are_followed_along_and_never_in_a_circle(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1))
    ring = {"main": {"fallback": "b"}, "b": {"fallback": "c"}, "c": {"fallback": "main"}}
    closed = Way(lambda n: DeliveryError("down"))
    ways: dict[str, Outlet] = {"main": closed, "b": closed, "c": closed}
    deliver(engine, ways, rules=terms(settings(outlets=ring)))
    assert outcomes(engine) == {1: "queued"}
    assert set(open_halts(engine)) == {"main", "b", "c"}
    assert closed.packs == 3


def test_each_outlet_gets_the_messages_of_its_purposes_in_one_block(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, purpose="service" if n % 2 else "advertising") for n in range(1, 7)))
    its = settings(outlets={"news": {}}, outlet_for={"advertising": "news"})
    ways = {"main": Way(), "news": Way()}
    deliver(engine, ways, rules=terms(its))
    assert (ways["main"].taken, ways["news"].taken) == ([1, 3, 5], [2, 4, 6])


def test_when_one_outlet_fails_in_an_unknown_way_the_others_parcels_go_back(
    engine: Engine,
) -> None:
    furnish(engine)
    put(engine, send(1, purpose="service"), send(2))
    its = settings(outlets={"news": {}}, outlet_for={"advertising": "news"})
    ways = {"main": Way(lambda n: TimeoutError()), "news": (news := Way())}
    with pytest.raises(TimeoutError):
        deliver(engine, ways, rules=terms(its))
    assert outcomes(engine) == {1: "in_doubt", 2: "queued"}
    assert news.taken == []


def test_a_journey_stopped_between_blocks_sends_nothing_more(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, journey="welcome" if n < 5 else "thanks") for n in range(1, 7)))
    way = Way()

    def stopped(_: datetime) -> None:
        if way.taken:
            stop_journey(engine, "welcome")

    rules = terms(block=2, live={"welcome", "thanks"})
    report = deliver(engine, way, rules=rules, between=stopped)
    assert way.taken == [1, 2, 5, 6]
    assert report.waiting == 2
    with engine.begin() as connection:
        halts.resume(connection, journey="welcome", now=NOW)
    deliver(engine, way, rules=rules)
    assert way.taken == [1, 2, 5, 6, 3, 4]


def test_when_everything_is_stopped_the_next_block_does_not_begin(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 5)))
    way = Way()
    under_way = delivery(engine, way, rules=terms(block=2))

    def stop_all(_: datetime) -> None:
        if way.taken:
            with engine.begin() as connection:
                halts.halt(connection, cause=HaltCause.HAND, why="a mistake", now=NOW)

    under_way.between = stop_all
    under_way.empty()
    under_way.finish()
    assert way.taken == [1, 2]
    assert under_way.report.waiting == 2
