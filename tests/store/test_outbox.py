"""The outbox: what may be taken, by whom, and what may become of it."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from flows.store import outbox
from flows.store.models import (
    Complaint,
    Contact,
    Enrollment,
    Purchase,
    SalesLock,
    Send,
    Suppression,
    TemplateVersion,
)
from flows.store.outbox import Preparation, Result
from flows.store.stops import TRANSITIONS, hold_back, move
from segments.names import Outcome, SkipReason
from tests.delivery.rows import (
    DAY,
    LIVE,
    NOW,
    column,
    furnish,
    object_to,
    outcomes,
    put,
    send,
)


def test_every_outcome_has_its_place_in_the_table_of_transitions() -> None:
    assert set(TRANSITIONS) == set(Outcome)


def test_only_transitions_of_the_table_move_a_send(engine: Engine) -> None:
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


def test_a_stale_claim_never_returns_to_the_queue(engine: Engine) -> None:
    furnish(engine)
    put(
        engine,
        send(1, outcome="claimed", claimed_at=NOW - DAY, request_id="dead"),
        send(2, outcome="claimed", claimed_at=NOW, request_id="alive"),
    )
    with engine.begin() as connection:
        assert outbox.stale_claims(connection, NOW - timedelta(hours=1)) == 1
    assert outcomes(engine) == {1: "in_doubt", 2: "claimed"}


def suppress(**values: Any) -> Any:
    row = {"email": "ada@example.com", "reason": "manual", "at": NOW - DAY, "source": "test"}
    return insert(Suppression).values(row | values)


def complain(**values: Any) -> Any:
    row = {"key": "B1", "customer_id": 1, "opened_at": NOW - DAY}
    return insert(Complaint).values(row | values)


def lock(**values: Any) -> Any:
    row = {"customer_id": 1, "since": NOW - DAY, "until": NOW + 9 * DAY, "source": "hand"}
    return insert(SalesLock).values(row | values)


def credit(total: int, **values: Any) -> Any:
    row = {
        "id": 2,
        "key": "G1",
        "customer_id": 1,
        "ordered_at": NOW - DAY,
        "kind": "credit",
        "credit_of_id": 1,
        "currency": "EUR",
        "total": total,
    }
    return insert(Purchase).values(row | values)


HOLD = timedelta(days=2, hours=1)
STOPS = {
    "nothing speaks against it": ([], {}, None),
    "its journey is not live": ([], {"journey": "other"}, SkipReason.JOURNEY_NOT_LIVE),
    "it is stale": ([], {"valid_until": NOW - DAY}, SkipReason.EXPIRED),
    "it is valid to this moment": ([], {"valid_until": NOW}, None),
    "nobody to write to": ([], {"contact_id": None}, SkipReason.NO_CONTACT),
    "no address": ([update(Contact).values(email=None)], {}, SkipReason.NO_ADDRESS),
    "an empty address": ([update(Contact).values(email="")], {}, SkipReason.NO_ADDRESS),
    "suppressed for everything": ([suppress()], {"purpose": "service"}, SkipReason.SUPPRESSED),
    "suppressed for its purpose": (
        [suppress(purpose="survey")],
        {"purpose": "survey"},
        "suppressed",
    ),
    "suppressed for another purpose": ([suppress(purpose="survey")], {}, None),
    "suppressed only tomorrow": ([suppress(at=NOW + DAY)], {}, None),
    "another address suppressed": ([suppress(email="eve@example.com")], {}, None),
    "complaint open": ([complain()], {}, SkipReason.COMPLAINT_OPEN),
    "complaint open, survey": ([complain()], {"purpose": "survey"}, SkipReason.COMPLAINT_OPEN),
    "complaint open, service": ([complain()], {"purpose": "service"}, None),
    "complaint closed long ago": ([complain(closed_at=NOW - 3 * DAY)], {}, None),
    "complaint closed now": ([complain(closed_at=NOW)], {}, SkipReason.COMPLAINT_HOLD),
    "complaint closed lately": (
        [complain(opened_at=NOW - 9 * DAY, closed_at=NOW - 2 * DAY)],
        {"purpose": "survey"},
        SkipReason.COMPLAINT_HOLD,
    ),
    "complaint closed lately, service": ([complain(closed_at=NOW)], {"purpose": "service"}, None),
    "negotiation under way": ([lock()], {}, SkipReason.SALES_LOCK),
    "negotiation under way, survey": ([lock()], {"purpose": "survey"}, None),
    "negotiation begins tomorrow": ([lock(since=NOW + DAY)], {}, None),
    "negotiation is over": ([lock(until=NOW)], {}, None),
    "goal reached": (
        [update(Enrollment).values(status="finished", goal_at=NOW)],
        {"purpose": "service"},
        SkipReason.GOAL_REACHED,
    ),
    "complaint closes later": ([complain(closed_at=NOW + DAY)], {}, SkipReason.COMPLAINT_OPEN),
    "complaint opens later": ([complain(opened_at=NOW + DAY)], {}, None),
    "order cancelled": ([update(Purchase).values(cancelled_at=NOW)], {}, SkipReason.ORDER_RETURNED),
    "order cancelled later": ([update(Purchase).values(cancelled_at=NOW + DAY)], {}, None),
    "order given back": ([credit(-50_000)], {"purpose": "service"}, SkipReason.ORDER_RETURNED),
    "order given back in part": ([credit(-49_999)], {}, None),
    "order given back later": ([credit(-50_000, ordered_at=NOW + DAY)], {}, None),
    "credit note withdrawn": ([credit(-50_000, cancelled_at=NOW - DAY)], {}, None),
    "enrollment taken out": ([update(Enrollment).values(status="exited")], {}, SkipReason.EXITED),
    "enrollment came to its end": ([update(Enrollment).values(status="finished")], {}, None),
}


@pytest.mark.parametrize("case", STOPS)
def test_what_speaks_against_a_send_is_seen_before_it_is_claimed(engine: Engine, case: str) -> None:
    statements, changes, reason = STOPS[case]
    furnish(engine)
    put(engine, send(1, **changes))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    with outbox.side_by_side(engine) as connection:
        claim = outbox.claim(connection, NOW, "r1", 10, live=LIVE, hold=HOLD)
        noted = column(connection, "reason")[1]
    assert claim.send_ids == ([] if reason else [1])
    assert claim.held_back == (Counter({reason: 1}) if reason else Counter())
    assert noted == reason
    stopped = "expired" if reason == SkipReason.EXPIRED else "cancelled"
    assert outcomes(engine) == {1: stopped if reason else "claimed"}


@pytest.mark.parametrize(
    ("purpose", "changes", "stopped"),
    [
        ("advertising", {}, True),
        ("survey", {}, True),
        ("service", {}, False),
        ("legal", {}, False),
        ("advertising", {"kind": "consent"}, False),
        ("advertising", {"at": NOW + DAY}, False),
        ("advertising", {"ended_at": NOW}, False),
        ("advertising", {"ended_at": NOW + DAY}, True),
    ],
)
def test_an_objection_stops_advertising_and_surveys(
    engine: Engine, purpose: str, changes: dict[str, Any], stopped: bool
) -> None:
    furnish(engine)
    object_to(engine, **changes)
    put(engine, send(1, purpose=purpose))
    with engine.begin() as connection:
        counts = hold_back(connection, NOW, LIVE)
    assert counts == (Counter({SkipReason.OBJECTED: 1}) if stopped else Counter())


def test_holding_back_leaves_what_is_not_queued_alone(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, outcome=word) for n, word in enumerate(Outcome, 1) if word != "queued"))
    before = outcomes(engine)
    with engine.begin() as connection:
        assert not hold_back(connection, NOW, live=set())
    assert outcomes(engine) == before


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
        assert outbox.claim(connection, NOW, "r1", 3, live=LIVE).send_ids == [3, 2, 4]
        assert outbox.claim(connection, NOW, "r2", 3, live=LIVE).send_ids == [1]
        assert outbox.claim(connection, NOW, "r3", 3, live=LIVE).send_ids == []
    assert outcomes(engine)[5] == "queued"


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
        assert outbox.claim(connection, NOW, "r1", 9, live=LIVE).send_ids == [2, 3]
    assert outcomes(engine) == {1: "queued", 2: "claimed", 3: "claimed", 4: "expired"}


def test_a_block_full_of_stopped_sends_does_not_end_the_claiming(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, priority=90, valid_until=NOW - DAY) for n in range(1, 6)), send(6))
    with outbox.side_by_side(engine) as connection:
        claim = outbox.claim(connection, NOW, "r1", 2, live=LIVE)
    assert claim.send_ids == [6]
    assert claim.held_back == Counter({SkipReason.EXPIRED: 5})


def test_two_claimers_at_once_never_take_the_same(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 11)))
    with outbox.side_by_side(engine) as one, outbox.side_by_side(engine) as two:
        first = outbox.claim(one, NOW, "r1", 4, live=LIVE).send_ids
        second = outbox.claim(two, NOW, "r2", 4, live=LIVE).send_ids
        third = outbox.claim(one, NOW, "r3", 4, live=LIVE).send_ids
    assert (first, second, third) == ([1, 2, 3, 4], [5, 6, 7, 8], [9, 10])


def prepared(number: int, version: str = "t1") -> Preparation:
    return Preparation(number, "hello", "de", version, b"sources", f"n{number}")


def test_what_a_message_is_made_of_is_kept_once_and_shown_again(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2))
    with outbox.side_by_side(engine) as connection:
        outbox.claim(connection, NOW, "r1", 10, live=LIVE)
        outbox.prepare(connection, [prepared(1), prepared(2)])
        outbox.prepare(connection, [prepared(1)])
        assert len(connection.execute(select(TemplateVersion.version)).all()) == 1
        shown = outbox.load_send(connection, 2)
        assert outbox.load_send(connection, 3) is None
    assert shown is not None
    assert (shown.sources, shown.context) == (b"sources", "n2")
    assert (shown.locale, shown.claimed_at, shown.outcome) == ("de", NOW, "claimed")


def test_results_are_recorded_with_moment_number_and_detail(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 5)))
    with outbox.side_by_side(engine) as connection:
        outbox.claim(connection, NOW, "r1", 10, live=LIVE)
        outbox.record(
            connection,
            [
                Result(1, Outcome.ACCEPTED, "p1"),
                Result(2, Outcome.REJECTED, detail="no"),
                Result(3, Outcome.IN_DOUBT, detail="?"),
                Result(4, Outcome.RENDER_FAILED, detail="x:1"),
            ],
            NOW,
        )
        assert column(connection, "handed_over_at") == {1: NOW, 2: None, 3: NOW, 4: None}
        assert column(connection, "provider_id")[1] == "p1"
        assert column(connection, "detail") == {1: None, 2: "no", 3: "?", 4: "x:1"}
        assert column(connection, "reason")[4] == SkipReason.TEMPLATE_ERROR
    assert outcomes(engine) == {1: "accepted", 2: "rejected", 3: "in_doubt", 4: "render_failed"}


def test_a_receipt_does_not_undo_what_an_event_has_told_already(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1, outcome="delivered"), send(2, outcome="bounced"), send(3))
    with outbox.side_by_side(engine) as connection:
        outbox.record(connection, [Result(n, Outcome.ACCEPTED, f"p{n}") for n in (1, 2, 3)], NOW)
        assert column(connection, "provider_id") == {1: "p1", 2: "p2", 3: None}
    assert outcomes(engine) == {1: "delivered", 2: "bounced", 3: "queued"}


def test_only_the_holder_of_a_claim_puts_it_back(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2, outcome="accepted", request_id="r1"))
    with outbox.side_by_side(engine) as connection:
        outbox.claim(connection, NOW, "r1", 10, live=LIVE)
        assert outbox.put_back(connection, [1, 2], "r2") == 0
        assert outbox.put_back(connection, [1, 2], "r1") == 1
    assert outcomes(engine) == {1: "queued", 2: "accepted"}
