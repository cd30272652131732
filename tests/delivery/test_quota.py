"""A new sender begins small: what is beyond a day's limit goes on a later day."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, insert

from flows.delivery.quota import Limits
from flows.stages.told import told
from flows.store.models import Contact
from segments.names import Locale, Outcome
from tests.delivery.outlets import ACCEPTED, QUEUED, Way, composing, deliver, settings, terms
from tests.delivery.rows import DAY, NOW, column, furnish, outcomes, put, send

WARM_UP = {"begin": date(2026, 3, 2), "per_day": 3, "growth": 2}


def test_what_is_beyond_the_limit_of_a_day_goes_on_the_next_ones(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, valid_until=NOW + 9 * DAY) for n in range(1, 15)))
    way = Way()
    rules = terms(settings(outlets={"main": {"warm_up": WARM_UP}}), block=2)
    report = deliver(engine, way, rules=rules)
    assert (way.taken, report.put_off) == ([1, 2, 3], 11)
    assert told(report, Locale.EN)[-1] == "11 wait for a later day: no more may go on this one"
    with engine.connect() as connection:
        # The next day begins at midnight in Berlin.
        assert column(connection, "not_before")[4] == datetime(2026, 3, 2, 23, tzinfo=UTC)
    deliver(engine, way, rules=rules, now=NOW + timedelta(hours=2))
    assert len(way.taken) == 3
    deliver(engine, way, rules=rules, now=NOW + DAY)
    assert len(way.taken) == 3 + 6
    deliver(engine, way, rules=rules, now=NOW + 2 * DAY)
    assert sorted(way.taken) == list(range(1, 15))


def test_a_domain_has_a_limit_of_its_own_and_others_go_meanwhile(engine: Engine) -> None:
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(Contact).values(id=2, key="K2", customer_id=1, email="Bob@Example.ORG")
        )
    put(engine, *(send(n, contact_id=2 if n > 4 else 1) for n in range(1, 7)))
    its = settings(outlets={"main": {"warm_up": {**WARM_UP, "per_day": 9, "per_domain": 2}}})
    deliver(engine, way := Way(), rules=terms(its))
    assert way.taken == [1, 2, 5, 6]


def test_what_did_not_go_after_all_leaves_its_place_to_others(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n) for n in range(1, 8)))
    rules = terms(settings(outlets={"main": {"warm_up": WARM_UP}}), block=2)
    way = Way(lambda n: QUEUED if n == 2 else ACCEPTED)
    deliver(engine, way, composing(lambda n: n == 1), rules)
    assert way.taken == [3, 4, 5]
    assert outcomes(engine)[1] == Outcome.RENDER_FAILED


def test_days_are_those_of_the_business_zone() -> None:
    limits = Limits({}, "Europe/Berlin")
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert limits.next_day(late) == datetime(2026, 3, 3, 23, tzinfo=UTC)
    assert limits.next_day(datetime(2026, 3, 28, 23, tzinfo=UTC)) == datetime(
        2026, 3, 29, 22, tzinfo=UTC
    )
