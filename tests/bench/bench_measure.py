"""How long does it take to measure twenty journeys over a million customers?

Every customer was reached by two of twenty journeys, ordered three times, was written to twice;
some complained, some want no more, colleagues rang some up. Half of the journeys advertise, so all
of them get a row for the whole house besides. What is timed is everything `stammkunde measure`
asks of the store and reckons from it, once as of now and once as of the twelve moments that the
picture of an effect over time looks at.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter

from sqlalchemy import Engine, text

from flows.stages.measuring import AT_ONCE, summed
from flows.stages.picturing import LOOKS
from flows.store.bulk import look_again
from flows.store.reading import customer_ranges
from flows.store.session import open_store
from flows.store.terms import Term
from flows.store.upgrade import upgrade
from segments.costs import CostPolicy
from segments.effect.estimate import estimate
from tests.bench.report import figure
from tests.postgres import programs, server

NOW = datetime(2026, 6, 30, 6, tzinfo=UTC)
JOURNEYS = 20
BUDGET_S = 10.0

_FILL = (
    """INSERT INTO run (kind, as_of, started_at, counts) VALUES ('plan', :now, :now, '{}')""",
    """INSERT INTO customer (id, key) SELECT n, 'K' || n FROM generate_series(1, :count) AS n""",
    """INSERT INTO purchase (key, customer_id, ordered_at, kind, currency, total, cost, list_total)
    SELECT 'A' || n || ':' || k, n,
        CAST(:now AS timestamptz) - random() * INTERVAL '400 days',
        CASE WHEN random() < 0.04 THEN 'credit' ELSE 'sale' END, 'EUR',
        (5000 + 60000 * random() ^ 3)::bigint,
        CASE WHEN n % 3 = 0 THEN NULL ELSE (3000 + 20000 * random() ^ 3)::bigint END,
        (6000 + 60000 * random() ^ 3)::bigint
    FROM generate_series(1, :count) AS n, generate_series(1, 3) AS k""",
    """INSERT INTO enrollment (id, customer_id, journey, version, entry_key, arm, status, node,
        arrived_at, due_at, anchor_at, entered_at, first_touch_at, run_id, outcome_seconds,
        drawn_share, kept_out, phase, quadrant, variants)
    SELECT n * 2 + k, n, 'journey_' || j, 'v1', 'first', CASE WHEN u < 0.1 THEN 'held_out'
        ELSE 'treated' END, 'finished', 'end', at, at, at, at, at, 1,
        86400 * (30 + 30 * (j % 3)), 0.1, CASE WHEN j % 2 = 0 THEN u < 0.05 END,
        (ARRAY['exploration', 'expansion', 'maturity', 'at_risk'])[1 + n % 4],
        (ARRAY['top', 'premium', 'development', 'small'])[1 + n / 4 % 4],
        CASE WHEN j % 5 = 0 THEN 'which=' || n % 2 END
    FROM (SELECT n, k, (n * (k + 1) * 7 + k) % :journeys AS j, random() AS u,
        CAST(:now AS timestamptz) - (10 + 290 * random()) * INTERVAL '1 day' AS at
        FROM generate_series(1, :count) AS n, generate_series(0, 1) AS k) AS drawn
    ON CONFLICT DO NOTHING""",
    """INSERT INTO send (id, enrollment_id, customer_id, journey, version, step, occurrence,
        message, purpose, priority, outcome, due_at, not_before, valid_until, decided_at, run_id,
        handed_over_at)
    SELECT id, id, customer_id, journey, 'v1', 'hello', 0, 'hello', 'advertising', 50,
        CASE WHEN arm = 'treated' THEN 'delivered' ELSE 'ghost' END, entered_at, entered_at,
        entered_at, entered_at, 1, CASE WHEN arm = 'treated' THEN entered_at END
    FROM enrollment""",
    """INSERT INTO complaint (key, customer_id, opened_at)
    SELECT 'B' || n, n, CAST(:now AS timestamptz) - random() * INTERVAL '300 days'
    FROM generate_series(1, :count, 50) AS n""",
    """INSERT INTO response (key, send_id, kind, at)
    SELECT 'U' || id, id, CASE WHEN id % 5 = 0 THEN 'unsubscribe' ELSE 'click' END,
        handed_over_at + INTERVAL '1 day'
    FROM send WHERE id % 20 = 0 AND handed_over_at IS NOT NULL""",
    """INSERT INTO task (customer_id, step, kind, about, due_at, done_at, status)
    SELECT n, 'ring', 'call', 'x', :now, CAST(:now AS timestamptz) - random() * INTERVAL '300 days',
        'done'
    FROM generate_series(1, :count, 30) AS n""",
)


def fill(engine: Engine, count: int) -> None:
    """So many customers with everything that happened to them."""
    with engine.begin() as connection:
        for statement in _FILL:
            values = {"now": NOW, "count": count, "journeys": JOURNEYS}
            asked = text(statement)
            connection.execute(asked, {name: values[name] for name in asked.compile().params})
        look_again(connection)


def main() -> None:
    """Fill a database of its own, then measure three times and take the quickest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    given = parser.parse_args()
    if programs() is None:
        print("PostgreSQL's programs are not installed")
        return
    with server() as address:
        engine = open_store(f"{address}/postgres")
        upgrade(engine)
        fill(engine, given.customers)
        terms = [Term(datetime(2020, 1, 1, tzinfo=UTC), CostPolicy(), 0.05)]

        def took(moments: Sequence[datetime]) -> float:
            began = perf_counter()
            with engine.connect() as connection:
                ranges = customer_ranges(connection, AT_ONCE)
            found = [estimate(sums) for sums in summed(engine, terms, moments, ranges)]
            seconds = perf_counter() - began
            assert found[-1]["journey"].nunique() == JOURNEYS + 1
            return seconds

        once = min(took([NOW]) for _ in range(3))
        whole = given.customers == 1_000_000
        case = f"{JOURNEYS} journeys, {given.customers} customers, two journeys each"
        figure("measure", case, once, "s", BUDGET_S if whole else None)
        looks = [NOW - timedelta(days=20 * ago) for ago in reversed(range(LOOKS))]
        figure("measure", f"the same at {LOOKS} moments, against once", took(looks) / once, "x")
        engine.dispose()


if __name__ == "__main__":
    main()
