"""The outbox: what becomes of sends that were claimed."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, select, text

from flows.store import outbox
from flows.store.models import Base
from flows.store.outbox import Result
from segments.names import Outcome
from tests.delivery.rows import DAY, NOW, column, furnish, outcomes, put, send
from tests.store.claiming import LEASE, take

LATER = NOW + timedelta(hours=1)


def doubts(connection: Connection) -> dict[int, str]:
    """Why each send is in doubt, of those still asked about."""
    table = Base.metadata.tables["doubt"]
    rows = select(table.c.send_id, table.c.why).where(table.c.settled_at.is_(None))
    return {row.send_id: row.why for row in connection.execute(rows)}


def test_results_are_recorded_with_moment_number_and_detail(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 6)))
    results = [
        Result(1, Outcome.ACCEPTED, "p1"),
        Result(2, Outcome.REJECTED, detail="no"),
        Result(3, Outcome.IN_DOUBT, detail="no answer"),
        Result(4, Outcome.IN_DOUBT),
    ]
    with outbox.side_by_side(engine) as connection:
        take(connection)
        outbox.record(connection, results, LATER, claim_id="c1")
        assert column(connection, "handed_over_at") == {
            1: LATER, 2: None, 3: LATER, 4: LATER, 5: None
        }  # fmt: skip
        assert column(connection, "provider_id")[1] == "p1"
        assert column(connection, "detail")[2] == "no"
        assert doubts(connection) == {3: "no answer", 4: "the outlet did not say why"}
    assert outcomes(engine) == {
        1: "accepted", 2: "rejected", 3: "in_doubt", 4: "in_doubt", 5: "claimed"
    }  # fmt: skip


def test_what_a_provider_says_is_kept_whatever_it_is_made_of(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1))
    with outbox.side_by_side(engine) as connection:
        take(connection)
        rubbish = "\0<html>\ud800\x1b[31m" + "ü" * 9_000
        outbox.record(connection, [Result(1, Outcome.IN_DOUBT, "x" * 999, rubbish)], NOW)
        assert len(column(connection, "provider_id")[1]) == 200
        said = column(connection, "detail")[1]
        assert said.startswith("<html>?\x1b[31mü")
        assert doubts(connection) == {1: said}


def test_a_receipt_does_not_undo_what_an_event_has_told_already(engine: Engine) -> None:
    furnish(engine)
    put(
        engine,
        send(1, outcome="delivered"),
        send(2, outcome="bounced"),
        send(3),
        send(4, outcome="delivered"),
        send(5, outcome="delivered"),
    )
    with outbox.side_by_side(engine) as connection:
        outbox.record(connection, [Result(n, Outcome.ACCEPTED, f"p{n}") for n in (1, 2, 3)], NOW)
        outbox.record(connection, [Result(4, Outcome.IN_DOUBT), Result(5, Outcome.REJECTED)], NOW)
        assert column(connection, "provider_id") == {
            1: "p1", 2: "p2", 3: None, 4: None, 5: None
        }  # fmt: skip
        assert column(connection, "handed_over_at")[1] == NOW
        assert doubts(connection) == {}
    assert outcomes(engine) == {
        1: "delivered", 2: "bounced", 3: "queued", 4: "delivered", 5: "delivered"
    }  # fmt: skip


def test_a_late_receipt_resolves_a_claim_that_was_given_up(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1))
    with outbox.side_by_side(engine) as connection:
        take(connection)
        assert outbox.stale_claims(connection, LATER) == 1
        outbox.record(connection, [Result(1, Outcome.IN_DOUBT)], LATER, claim_id="c1")
        assert len(doubts(connection)) == 1
        outbox.record(connection, [Result(1, Outcome.ACCEPTED)], LATER, claim_id="c1")
    assert outcomes(engine) == {1: "accepted"}


def test_a_late_receipt_says_nothing_about_a_later_claim(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1))
    with outbox.side_by_side(engine) as connection:
        take(connection, claim_id="c1")
        outbox.put_back(connection, [1], "c1")
        take(connection, claim_id="c2")
        outbox.record(connection, [Result(1, Outcome.REJECTED)], NOW, claim_id="c1")
        outbox.record(connection, [Result(1, Outcome.IN_DOUBT)], NOW, claim_id="c1")
        assert doubts(connection) == {}
    assert outcomes(engine) == {1: "claimed"}


@pytest.mark.parametrize("outcome", [Outcome.QUEUED, Outcome.DELIVERED, Outcome.RENDER_FAILED])
def test_a_result_is_what_an_outlet_can_tell(engine: Engine, outcome: Outcome) -> None:
    with (
        pytest.raises(ValueError, match=outcome),
        outbox.side_by_side(engine) as connection,
    ):
        outbox.record(connection, [Result(1, outcome)], NOW)


def test_only_the_holder_of_a_claim_puts_it_back(engine: Engine) -> None:
    furnish(engine)
    put(
        engine,
        send(1),
        send(2, outcome="accepted", claim_id="c1"),
        send(3, outcome="in_doubt", claim_id="c1"),
    )
    with outbox.side_by_side(engine) as connection:
        take(connection)
        assert outbox.put_back(connection, [1, 2, 3], "c2") == 0
        assert outbox.put_back(connection, [1, 2, 3], "c1", not_before=LATER) == 1
        assert outbox.put_back(connection, [], "c1") == 0
        assert column(connection, "claim_id")[1] is None
        assert column(connection, "not_before")[1] == LATER
        assert take(connection) == []
    assert outcomes(engine) == {1: "queued", 2: "accepted", 3: "in_doubt"}


def test_a_claim_whose_lease_is_over_is_in_doubt_and_never_queued(engine: Engine) -> None:
    furnish(engine)
    taken = {"outcome": "claimed", "claimed_at": NOW - LEASE}
    put(
        engine,
        send(1, lease_until=NOW - timedelta(seconds=1), **taken),
        send(2, lease_until=NOW, **taken),
        send(3, outcome="accepted", lease_until=NOW - DAY),
    )
    with outbox.side_by_side(engine) as connection:
        assert outbox.stale_claims(connection, NOW) == 1
        assert outbox.stale_claims(connection, NOW) == 0
        assert column(connection, "handed_over_at")[1] == NOW - LEASE
        why = "the process that took this send ended before it noted what became of it"
        assert doubts(connection) == {1: why}
        assert column(connection, "detail")[1] == why
    assert outcomes(engine) == {1: "in_doubt", 2: "claimed", 3: "accepted"}


def test_a_claim_that_is_being_recorded_is_not_called_stale(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    furnish(engine)
    put(engine, *(send(n, outcome="claimed", lease_until=NOW - DAY) for n in (1, 2)))
    with outbox.side_by_side(engine) as slow, outbox.side_by_side(engine) as other:
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        outbox.record(slow, [Result(1, Outcome.ACCEPTED)], NOW)
        assert outbox.stale_claims(other, NOW) == 1
    assert outcomes(engine) == {1: "accepted", 2: "in_doubt"}
