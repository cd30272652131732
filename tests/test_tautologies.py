"""Rules that say nothing, because they hold for everybody or for nobody."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.frames import ORDER, PROFILE
from segments.rules import compile_rule
from segments.tautologies import always_true, never_true

COLUMNS = PROFILE | ORDER
SEGMENTS = {"anybody": compile_rule("orders >= 0", COLUMNS)}


def rule(text: str):
    return compile_rule(text, COLUMNS, SEGMENTS)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("orders >= 0", " wherever orders is known"),
        ("orders > -1", " wherever orders is known"),
        ("orders != 1.5", " wherever orders is known"),
        ("not orders < 0", " wherever orders is known"),
        ("0 <= discount_share <= 1", " wherever discount_share is known"),
        ("last_nps <= 10", " wherever last_nps is known"),
        ('phase == "ended" or phase != "ended"', " wherever phase is known"),
        ('reassurance in ["none", "light", "full"]', " wherever reassurance is known"),
        ("first_in_category or not first_in_category", " wherever first_in_category is known"),
        ("order_value < 1 or order_value >= 0.5", " wherever order_value is known"),
        ("order_value > 1 or order_value <= 1.009", " wherever order_value is known"),
        ("overdue < 2 or overdue > 1", " wherever overdue is known"),
        (
            'last_order_at > "2026-01-01" or last_order_at <= "2026-01-01"',
            " wherever last_order_at is known",
        ),
        (
            "orders > 1 or orders < 3 or tenure_days == 7",
            " wherever orders and tenure_days are known",
        ),
        ("last_category is None or last_category is not None", ""),
        ("orders is None or orders >= 0", ""),
        ("anybody", " wherever orders is known"),
        ("True", ""),
    ],
)
def test_what_holds_for_everybody_is_found(text, known):
    assert always_true(rule(text)) == [f'"{text}" is always true{known}']
    assert never_true(rule(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "orders >= 1",
        "orders is not None",
        "orders is None or orders >= 1",
        "last_order_vs_usual >= 0",
        "net_revenue_12m >= 0",
        "order_value > 1 or order_value < 1",
        "overdue != 1",
        'last_category == "a" or last_category == "b"',
        'quadrant in ["top", "premium"]',
        'last_order_at > "2026-01-01" or last_order_at < "2026-01-01"',
        "orders / 2 >= 0",
        "orders >= emails_30d",
        "orders in [0, 1, 2]",
    ],
)
def test_what_holds_for_some_or_cannot_be_told_is_left_alone(text):
    assert always_true(rule(text)) == []
    assert never_true(rule(text)) == []


def test_a_part_that_says_nothing_is_named_and_a_segment_not_taken_apart():
    assert always_true(rule("orders >= 0 and not (orders > 1 and overdue >= 0)")) == [
        '"orders >= 0" is always true wherever orders is known',
        '"overdue >= 0" is always true wherever overdue is known',
    ]
    inside = {"some": rule("orders >= 0 and overdue > 2")}
    assert always_true(compile_rule("some or orders == 1", COLUMNS, inside)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orders < 0", '"orders < 0" is never true wherever orders is known'),
        ("not (orders >= 0)", '"not (orders >= 0)" is never true wherever orders is known'),
        ("orders < 0 or overdue > 3", '"orders < 0" is never true wherever orders is known'),
        ("orders == 1.5", '"orders == 1.5" is never true wherever orders is known'),
        ("False", '"False" is never true'),
    ],
)
def test_what_holds_for_nobody_is_found(text, said):
    assert never_true(rule(text)) == [said]


def test_too_many_cases_are_left_alone():
    many = " and ".join(f"{name} not in {list(range(0, 60, 3))}" for name in _INTEGERS)
    assert always_true(rule(many)) == []


_INTEGERS = ("orders", "tenure_days", "emails_30d", "contacts", "open_complaints")


@given(
    st.lists(
        st.tuples(st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]), st.integers(-2, 4)),
        min_size=1,
        max_size=3,
    )
)
def test_a_rule_is_always_true_exactly_if_every_number_of_orders_fits(parts):
    # "or" of conditions never contradicts itself, so every such rule compiles.
    found = rule(" or ".join(f"orders {sign} {limit}" for sign, limit in parts))
    fits = found.applies(pd.DataFrame({"orders": pd.array(range(8), dtype="Int64")}))
    whole = f'"{found.text}" is'
    assert any(said.startswith(whole) for said in always_true(found)) == fits.all()
    assert any(said.startswith(whole) for said in never_true(found)) == (not fits.any())
