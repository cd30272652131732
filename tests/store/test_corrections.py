"""What an order was before it was corrected."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from flows.store.models import Purchase, PurchaseCorrection
from tests.store.test_as_of import START, day, pull


def told(engine: Engine) -> list[tuple[int, int, int, bool, float]]:
    kept = PurchaseCorrection
    with engine.connect() as connection:
        rows = connection.execute(
            select(
                kept.purchase_id, kept.sign, kept.total, kept.cancelled_at, kept.corrected_at
            ).order_by(kept.corrected_at, kept.purchase_id, kept.sign.desc())
        ).all()
    return [
        (order, sign, total, gone is not None, (at - START) / timedelta(days=1))
        for order, sign, total, gone, at in rows
    ]


@pytest.fixture
def orders() -> dict:
    return {
        "A1": {"customer": "1", "at": day(0), "amount": 100, "gone": None},
        "A2": {"customer": "2", "at": day(1), "amount": 200, "gone": None},
    }


def test_only_what_changed_is_kept_as_it_was_and_as_it_became(engine: Engine, orders: dict):
    pull(engine, orders, day(2))
    pull(engine, orders, day(3))
    assert told(engine) == []
    orders["A2"] |= {"amount": 250}
    pull(engine, orders, day(4))
    orders["A2"] |= {"gone": day(5)}
    pull(engine, orders, day(6))
    assert told(engine) == [
        (2, 1, 200, False, 4),
        (2, -1, 250, False, 4),
        (2, 1, 250, False, 6),
        (2, -1, 250, True, 6),
    ]


def test_when_an_order_became_known_stays_what_it_was(engine: Engine, orders: dict):
    pull(engine, orders, day(2))
    orders["A3"] = {"customer": "1", "at": day(0), "amount": 5, "gone": None}
    orders["A1"] |= {"amount": 1}
    pull(engine, orders, day(7))
    with engine.connect() as connection:
        seen = connection.execute(select(Purchase.key, Purchase.seen_at).order_by(Purchase.key))
        assert [tuple(row) for row in seen] == [("A1", day(2)), ("A2", day(2)), ("A3", day(7))]
