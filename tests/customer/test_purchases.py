"""Rhythm and habits of buying."""

import pandas as pd
import pytest

from segments.customer.purchases import purchases, typical_gap_days, whole_days
from tests.customer.rows import NOW, days_ago, figures


@pytest.mark.parametrize(
    ("own", "gaps", "base", "weight", "typical"),
    [
        (20.0, 1, 60.0, 3, 50.0),
        (20.0, 9, 60.0, 3, 30.0),
        (20.0, 1, 60.0, 0, 20.0),
        (None, 0, 60.0, 3, 60.0),
        (None, 0, 60.0, 0, 60.0),
        (20.0, 1, None, 3, 20.0),
        (None, 0, None, 3, None),
    ],
    ids=["one gap", "many gaps", "no weight", "no gap", "no gap, no weight", "no base", "nothing"],
)
def test_the_typical_gap_is_pulled_towards_the_base(
    own: float | None, gaps: int, base: float | None, weight: int, typical: float | None
):
    found = typical_gap_days(
        pd.Series([own], dtype="Float64"), pd.Series([gaps], dtype="Int64"), base, weight
    )
    assert pd.isna(found[0]) if typical is None else found[0] == pytest.approx(typical)


def test_a_day_counts_once_it_is_over():
    moments = pd.Series([days_ago(0.99), days_ago(1), days_ago(1.99), pd.NaT])
    found = whole_days(moments.astype("datetime64[us, UTC]"), NOW)
    assert found.dtype == "Int64"
    assert found[:3].tolist() == [0, 1, 1]
    assert pd.isna(found[3])


def test_recency_overdue_usual_value_and_discounts():
    found = purchases(
        figures(
            {
                "orders": 3,
                "order_value_total": 70_000,
                "last_order_value": 40_000,
                "first_order_at": days_ago(200),
                "last_order_at": days_ago(90),
                "gap_days": 20.0,
                "gaps": 1,
                "discounted_orders": 1,
                "priced_orders": 2,
            },
            {
                "orders": 1,
                "order_value_total": 10_000,
                "last_order_value": 10_000,
                "first_order_at": days_ago(30),
                "last_order_at": days_ago(30),
            },
            {},
        ),
        base_gap=60.0,
        gap_weight=3,
        now=NOW,
    )
    assert found["days_since_last_order"].tolist()[:2] == [90, 30]
    assert found["tenure_days"].tolist()[:2] == [200, 30]
    assert found["overdue"].tolist()[:2] == [90 / 50, 30 / 60]
    assert found["last_order_vs_usual"][0] == pytest.approx(40_000 / 15_000)
    assert found["discount_share"][0] == 0.5
    missing = found.isna()
    assert missing.loc[1, ["last_order_vs_usual", "discount_share"]].all()
    assert missing.loc[2, ["days_since_last_order", "tenure_days", "overdue"]].all()
