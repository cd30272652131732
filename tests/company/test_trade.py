"""Orders of the demo company and what comes of them."""

import pandas as pd
import pytest

from tests.company.conftest import FIRST_DAY, Tables, moments


@pytest.fixture(scope="module")
def sales(young: Tables) -> pd.DataFrame:
    """Sales with their value and moments."""
    lines = young.clean["order_lines"]
    lines = lines.assign(
        value=lines["quantity"].astype(float) * lines["unit_price"].astype(float),
        list_value=lines["quantity"].astype(float) * lines["list_price"].astype(float),
    )
    totals = lines.groupby("order")[["value", "list_value"]].sum()
    orders = young.clean["orders"].query("kind == 'sale'").join(totals, on="order")
    return orders.assign(
        at=moments(orders["ordered_at"]), delivered=moments(orders["delivered_at"])
    )


def test_clean_rows_refer_to_one_another(young: Tables, grown: Tables) -> None:
    for company in (young, grown):
        rows = company.clean
        assert rows["orders"]["order"].is_unique
        assert rows["orders"]["contact"].isin(rows["contacts"]["contact"]).all()
        whose = rows["contacts"].set_index("contact")["customer"]
        assert (whose.loc[rows["orders"]["contact"]].to_numpy() == rows["orders"]["customer"]).all()
        assert rows["orders"]["order"].isin(rows["order_lines"]["order"]).all()
        assert rows["order_lines"]["product"].isin(rows["products"]["product"]).all()
        credits = rows["orders"].query("kind == 'credit'")
        assert credits["credit_of"].isin(rows["orders"]["order"]).all()
        assert rows["complaints"]["order"].isin(rows["orders"]["order"]).all()
        assert rows["interactions"]["interaction"].is_unique
        assert rows["interactions"]["contact"].isin(rows["contacts"]["contact"]).all()


def test_sixty_products_in_eight_categories_earn_money(young: Tables) -> None:
    products = young.clean["products"]
    assert 55 <= len(products) <= 70
    assert products["category"].nunique() == 8
    assert products["product"].is_unique
    assert (products["list_price"].astype(float) > products["unit_cost"].astype(float)).all()
    assert products["fact"].str.fullmatch(r".{20,120}\.").all()


def test_autumn_is_busier_than_summer_and_weekends_are_quiet(sales: pd.DataFrame) -> None:
    months = sales["at"].dt.month.value_counts()
    assert months[[9, 10, 11]].sum() > 1.3 * months[[6, 7, 8]].sum()
    weekend = sales["at"].dt.day_of_week.ge(5).mean()
    assert 0.01 < weekend < 0.06
    assert sales["at"].dt.hour.between(8, 17).all()


def test_history_covers_two_years_and_ends_before_the_first_day(sales: pd.DataFrame) -> None:
    assert sales["at"].max() < pd.Timestamp(FIRST_DAY)
    assert sales["at"].min() >= pd.Timestamp(FIRST_DAY) - pd.Timedelta(days=730)
    assert sales["at"].dt.to_period("M").nunique() >= 24


def test_nothing_of_the_future_is_written(young: Tables) -> None:
    for table, columns in {
        "customers": ["since"],
        "orders": ["ordered_at", "cancelled_at", "delivered_at"],
        "complaints": ["opened_at", "closed_at"],
        "interactions": ["at"],
        "permissions": ["at", "ended_at"],
    }.items():
        for column in columns:
            written = moments(young.clean[table][column]).dropna()
            assert (written < pd.Timestamp(FIRST_DAY)).all(), (table, column)


def test_many_buy_once_and_few_buy_often(sales: pd.DataFrame) -> None:
    each = sales.groupby("customer").size()
    assert 0.3 < each.eq(1).mean() < 0.5
    assert 0.15 < each.ge(5).mean() < 0.4
    revenue = sales.groupby("customer")["value"].sum().sort_values(ascending=False)
    assert revenue.head(len(revenue) // 5).sum() > 0.6 * revenue.sum()


@pytest.mark.parametrize(
    ("what", "low", "high"),
    [
        ("discounted", 0.12, 0.3),
        ("cancelled", 0.01, 0.035),
        ("credited", 0.02, 0.07),
        ("in full", 0.3, 0.7),
        ("complained about", 0.03, 0.08),
        ("delivered", 0.9, 0.99),
    ],
)
def test_rates_lie_in_their_bands(
    young: Tables, sales: pd.DataFrame, what: str, low: float, high: float
) -> None:
    credits = young.clean["orders"].query("kind == 'credit'")
    lines = young.clean["order_lines"].assign(
        amount=lambda rows: rows["quantity"].astype(float) * rows["unit_price"].astype(float)
    )
    totals = lines.groupby("order")["amount"].sum()
    back = -totals.loc[credits["order"]].to_numpy() / totals.loc[credits["credit_of"]].to_numpy()
    assert ((back > 0) & (back < 1.001)).all()
    rate = {
        "discounted": (sales["value"] < sales["list_value"] - 0.01).mean(),
        "cancelled": sales["cancelled_at"].ne("").mean(),
        "credited": sales["order"].isin(credits["credit_of"]).mean(),
        "in full": (back > 0.999).mean(),
        "complained about": sales["order"].isin(young.clean["complaints"]["order"]).mean(),
        "delivered": sales["delivered"].notna().mean(),
    }[what]
    assert low < rate < high


def test_goods_arrive_some_days_later_and_never_after_a_cancellation(sales: pd.DataFrame) -> None:
    took = (sales["delivered"] - sales["at"]).dt.days.dropna()
    assert 5 < took.median() < 20
    assert took.min() >= 2
    assert not (sales["cancelled_at"].ne("") & sales["delivered"].notna()).any()


def test_a_credit_note_is_negative_and_follows_its_delivery(young: Tables) -> None:
    orders = young.clean["orders"].set_index("order")
    credits = orders.query("kind == 'credit'")
    sold = orders.loc[credits["credit_of"]]
    written = moments(credits["ordered_at"]).to_numpy()
    assert (written > moments(sold["delivered_at"]).to_numpy()).all()
    quantities = young.clean["order_lines"].set_index("order")["quantity"].astype(int)
    assert (quantities.loc[credits.index] < 0).all()
    assert (quantities.drop(credits.index) > 0).all()


def test_complaints_are_mostly_about_deliveries_and_stay_open_for_days(young: Tables) -> None:
    complaints = young.clean["complaints"]
    delivery = complaints["about"].str.contains("Lieferung|beschädigt")
    assert delivery.mean() > 0.5
    closed = complaints[complaints["closed_at"] != ""]
    open_for = (moments(closed["closed_at"]) - moments(closed["opened_at"])).dt.days
    assert 2 <= open_for.median() <= 12
    assert complaints["closed_at"].eq("").any()


def test_colleagues_note_moods(young: Tables) -> None:
    talks = young.clean["interactions"]
    assert talks["mood"].isin(["delighted", "content", "neutral", "annoyed", "angry"]).all()
    assert talks["mood"].nunique() == 5
    assert talks["channel"].eq("call").mean() > 0.6
