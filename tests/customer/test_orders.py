"""From purchases to figures: small tables whose sums can be checked by hand."""

from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.customer.orders import order_figures
from tests.customer.rows import NOW, days_ago, purchases, taken


def figures_of(history: pd.DataFrame, now: datetime) -> pd.DataFrame:
    return order_figures(taken(history), now)


def one(*rows: dict[str, object]) -> pd.Series:
    """The figures of the only customer in these purchases."""
    return figures_of(purchases(*rows), NOW).loc[1]


def test_sums_ends_and_gaps_of_a_plain_history():
    found = one(
        {"ordered_at": days_ago(400), "total": 10_000},
        {"ordered_at": days_ago(100), "total": 20_000},
        {"ordered_at": days_ago(70), "total": 30_000},
        {"ordered_at": days_ago(70.001), "total": 1_000},
    )
    assert found["orders"] == 4
    assert found["order_value_total"] == found["net_revenue_total"] == 61_000
    assert found["net_revenue_12m"] == 51_000
    assert (found["first_order_at"], found["last_order_at"]) == (days_ago(400), days_ago(70))
    assert (found["gap_days"], found["gaps"]) == (165.0, 2)  # 300 and 30; the same day is one day
    assert found["last_order_value"] == 30_000


def test_an_order_given_back_in_full_is_no_order_and_leaves_nothing():
    found = one(
        {"ordered_at": days_ago(90), "total": 5_000},
        {"ordered_at": days_ago(20), "total": 8_000},
        {"ordered_at": days_ago(10), "total": -8_000, "is_credit": True, "credit_of_id": 2},
    )
    assert found["orders"] == 1
    assert found["net_revenue_total"] == 5_000
    assert found["last_order_at"] == days_ago(90)
    assert found["last_order_returned"]


def test_a_partial_credit_reduces_the_order_it_refers_to():
    found = one(
        {"ordered_at": days_ago(20), "total": 8_000},
        {"ordered_at": days_ago(10), "total": -3_000, "is_credit": True, "credit_of_id": 1},
    )
    assert (found["orders"], found["last_order_value"]) == (1, 5_000)
    assert not found["last_order_returned"]


def test_a_credit_counts_in_the_year_it_was_given():
    found = one(
        {"ordered_at": days_ago(400), "total": 8_000},
        {"ordered_at": days_ago(10), "total": -3_000, "is_credit": True, "credit_of_id": 1},
    )
    assert (found["net_revenue_12m"], found["net_revenue_total"]) == (-3_000, 5_000)


def test_a_credit_without_reference_reduces_revenue_but_no_order():
    found = one(
        {"ordered_at": days_ago(20), "total": 8_000},
        {"ordered_at": days_ago(10), "total": -8_000, "is_credit": True},
    )
    assert (found["orders"], found["last_order_value"], found["net_revenue_total"]) == (1, 8_000, 0)


def test_a_cancelled_order_is_not_subtracted_twice():
    found = one(
        {"ordered_at": days_ago(20), "total": 8_000, "is_cancelled": True},
        {"ordered_at": days_ago(10), "total": -8_000, "is_credit": True, "credit_of_id": 1},
    )
    assert (found["orders"], found["net_revenue_total"], found["net_revenue_12m"]) == (0, 0, 0)
    assert found["last_order_returned"]
    assert pd.isna(found["last_order_at"])
    assert pd.isna(found["last_order_value"])
    assert pd.isna(found["first_in_category"])


def test_a_credit_note_taken_back_itself_counts_for_nothing():
    found = one(
        {"ordered_at": days_ago(20), "total": 8_000},
        {
            "ordered_at": days_ago(10),
            "total": -8_000,
            "is_credit": True,
            "credit_of_id": 1,
            "is_cancelled": True,
        },
    )
    assert (found["orders"], found["net_revenue_total"]) == (1, 8_000)


def test_a_credit_of_somebody_elses_order_stays_with_whom_it_was_written_to():
    found = figures_of(
        purchases(
            {"customer_id": 1, "total": 8_000},
            {"customer_id": 2, "total": -8_000, "is_credit": True, "credit_of_id": 1},
        ),
        NOW,
    )
    assert found["orders"].tolist() == [1, 0]
    assert found["net_revenue_total"].tolist() == [8_000, -8_000]


def test_a_sale_over_nothing_is_no_order():
    found = one({"total": 0}, {"total": 4_000, "ordered_at": days_ago(3)})
    assert (found["orders"], found["last_order_at"]) == (1, days_ago(3))


@pytest.mark.parametrize(
    ("costs", "margin"),
    [((600, 700), 18_700), ((600, None), None), ((None, None), None)],
    ids=["all known", "one unknown", "none known"],
)
def test_margin_is_known_when_every_cost_is(costs: tuple[int | None, int | None], margin: int):
    found = one(
        {"ordered_at": days_ago(500), "cost": None},
        {"ordered_at": days_ago(30), "cost": costs[0]},
        {"ordered_at": days_ago(3), "cost": costs[1]},
    )
    assert pd.isna(found["margin_12m"]) if margin is None else found["margin_12m"] == margin


def test_only_orders_with_a_known_list_price_can_be_discounted():
    found = one(
        {"total": 900, "list_total": 1_000}, {"total": 900, "list_total": 900}, {"total": 900}
    )
    assert (found["discounted_orders"], found["priced_orders"]) == (1, 2)


@pytest.mark.parametrize(
    ("categories", "first"),
    [
        (("chairs", "desks"), True),
        (("desks", "chairs", "desks"), False),
        (("desks",), True),
        (("desks", None), None),
    ],
    ids=["another", "seen before", "the very first order", "unknown"],
)
def test_first_in_category(categories: tuple[str | None, ...], first: bool | None):
    rows = [
        {"ordered_at": days_ago(30 - place), "category": category}
        for place, category in enumerate(categories)
    ]
    found = one(*rows)["first_in_category"]
    assert pd.isna(found) if first is None else found == first


def test_a_returned_order_leaves_its_category_unknown_to_the_customer():
    found = one(
        {"ordered_at": days_ago(30), "category": "desks", "is_cancelled": True},
        {"ordered_at": days_ago(3), "category": "desks"},
    )
    assert found["first_in_category"]


def test_nobody_is_an_answer_too():
    found = figures_of(purchases(), NOW)
    assert found.empty
    assert list(found.columns) == list(figures_of(purchases({}), NOW).columns)


@st.composite
def histories(draw: st.DrawFn) -> pd.DataFrame:
    """Purchases of four customers, with credits that may refer to anything."""
    count = draw(st.integers(1, 12))
    row = st.fixed_dictionaries(
        {
            "customer_id": st.integers(1, 4),
            "ordered_at": st.integers(0, 800).map(days_ago),
            "is_credit": st.booleans(),
            "is_cancelled": st.booleans(),
            "credit_of_id": st.none() | st.integers(1, count),
            "total": st.integers(0, 500),
            "cost": st.none() | st.integers(0, 300),
            "list_total": st.none() | st.integers(0, 600),
            "category": st.sampled_from([None, "a", "b"]),
        }
    )
    rows = draw(st.lists(row, min_size=count, max_size=count))
    for one_row in rows:
        if one_row["is_credit"]:
            one_row["total"] = -one_row["total"]
        else:
            one_row["credit_of_id"] = None
    return purchases(*rows)


@settings(max_examples=15, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(history: pd.DataFrame, chance: object):
    shuffled = history.sample(frac=1, random_state=chance.randrange(1000))  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(figures_of(history, NOW), figures_of(shuffled, NOW))


@settings(max_examples=15, deadline=None)
@given(histories(), st.integers(0, 4))
def test_customers_apart_give_the_same_as_together(history: pd.DataFrame, cut: int):
    near = history["customer_id"] <= cut
    apart = pd.concat([figures_of(history[near], NOW), figures_of(history[~near], NOW)])
    pd.testing.assert_frame_equal(figures_of(history, NOW), apart)


@settings(max_examples=15, deadline=None)
@given(histories())
def test_figures_agree_with_a_reckoning_order_by_order(history: pd.DataFrame):
    figures = figures_of(history, NOW)
    for customer, rows in history.groupby("customer_id"):
        cancelled = set(rows.loc[rows["is_cancelled"] & ~rows["is_credit"], "purchase_id"])
        net = {}
        revenue = 0
        for row in rows.to_dict("records"):
            void = row["is_credit"] and row["credit_of_id"] in cancelled
            revenue += 0 if row["is_cancelled"] or void else row["total"]
            if row["is_credit"] or row["is_cancelled"] or row["total"] <= 0:
                continue
            own = rows["is_credit"] & ~rows["is_cancelled"]
            back = rows.loc[own & (rows["credit_of_id"] == row["purchase_id"]), "total"].sum()
            if row["total"] + back > 0:
                net[row["purchase_id"]] = row["total"] + back
        assert figures.loc[customer, "orders"] == len(net)
        assert figures.loc[customer, "order_value_total"] == sum(net.values())
        assert figures.loc[customer, "net_revenue_total"] == revenue
        kept = rows[rows["purchase_id"].isin(net)]
        days = kept["ordered_at"].dt.floor("D").drop_duplicates().sort_values()
        gaps = days.diff().dt.days.dropna()
        assert figures.loc[customer, "gaps"] == len(gaps)
        if len(gaps):
            assert figures.loc[customer, "gap_days"] == gaps.median()
