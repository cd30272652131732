"""The rule language: what applies, what is unknown, and what is refused in plain words."""

from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.frames import ORDER, PROFILE
from segments.rules import RuleDataError, RuleError, compile_rule

COLUMNS = PROFILE | ORDER
FRAME = pd.DataFrame(
    {
        "orders": pd.array([1, 2, None], dtype="Int64"),
        "order_value": pd.array([50_000, 49_999, None], dtype="Int64"),
        "reassurance": pd.Series(["none", "full", None], dtype="str"),
        "first_in_category": pd.array([True, False, None], dtype="boolean"),
        "last_order_at": pd.to_datetime(["2026-01-01", "2026-05-01", None], utc=True),
        "margin_12m": pd.array([1, 2, 3], dtype="Int64"),
        "net_revenue_12m": pd.array([2, 0, 3], dtype="Int64"),
        "last_category": pd.Series(["a", None, "b"], dtype="str"),
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order_value >= 500", [True, False, False]),
        ("order_value >= 499.99", [True, True, False]),
        ("500 <= order_value", [True, False, False]),
        ("order_value + 1 > 500.50", [True, True, False]),
        ("order_value * 2 >= 1000", [True, False, False]),
        ("margin_12m / net_revenue_12m > 0.4", [True, False, True]),
        ('reassurance != "none"', [False, True, False]),
        ('not reassurance == "none"', [False, True, False]),
        ("not first_in_category", [False, True, False]),
        ("first_in_category == True", [True, False, False]),
        ("first_in_category or orders == 2", [True, True, False]),
        ("orders in [1, 3]", [True, False, False]),
        ("orders not in [1, 3]", [False, True, False]),
        ("1 <= orders < 2", [True, False, False]),
        ("last_category is None", [False, True, False]),
        ("last_category is not None", [True, False, True]),
        ('last_order_at > "2026-02-01"', [False, True, False]),
        ("orders / 0 > 1", [False, False, False]),
        ("1 / 0 > 1 or orders == 1", [True, False, False]),
        ("1 / (orders / 0) < 5", [False, False, False]),
        ("not orders / 0 > 1", [False, False, False]),
        ("orders * 2 - 1 == 3", [False, True, False]),
        ("-orders < -1", [False, True, False]),
        ("order_value - order_value == 0", [True, True, False]),
        ("order_value + order_value * 2 >= 1500", [True, False, False]),
        ("order_value / 2 == 250", [True, False, False]),
        ("2 * order_value == 999.98", [False, True, False]),
        ("order_value / order_value == 1", [True, True, False]),
        ("net_revenue_12m == 1.15 - 1.13", [True, False, False]),
        ("order_value / (orders - 1) > 0", [False, True, False]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_applies_where_it_surely_holds(text, expected):
    assert compile_rule(text, COLUMNS).applies(FRAME).tolist() == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("odrers == 1", 'there is no column or segment "odrers". Did you mean "orders"?'),
        ('quadrant == "topp"', 'quadrant is never "topp". Did you mean "top"?'),
        ('phase == "x"', "It is one of: prospect, exploration"),
        ('quadrant > "top"', "compare it with =="),
        ("orders", "is a number, not a yes or no"),
        ("orders in 3", "write a list"),
        ('orders == "x"', "cannot be compared"),
        ('last_order_at > "hm"', "is not a date"),
        ("orders == 1 and orders == 2", "can never hold together"),
        ("orders > 3 and orders < 3", "can never hold together"),
        ("3 < orders < 2", "can never hold together"),
        ('phase in ["ended"] and phase == "maturity"', "can never hold together"),
        ("1 +", "does not read as a rule"),
        ("__import__('os').system('true')", "cannot stand in a rule"),
        ("orders.real == 1", "cannot stand in a rule"),
        ("(lambda: 1)()", "cannot stand in a rule"),
        ("orders == 1 if orders else 2", "cannot stand in a rule"),
        ("phase + 1 == 2", "only numbers and money"),
        ("order_value * order_value > 1", "money times money makes no sense"),
        ("orders / order_value > 1", "a number cannot be divided by money"),
        ("orders > 1e999", "is too large for a number"),
        ("orders > 1" + "0" * 400, "is too large for a number"),
        ("not " * 70 + "first_in_category", "is nested too deeply"),
        ("(" * 300 + "1" + ")" * 300, "does not read as a rule"),
    ],
    ids=lambda value: value[:40],
)
def test_a_rule_that_makes_no_sense_is_refused_in_plain_words(text, said):
    with pytest.raises(RuleError) as refused:
        compile_rule(text, COLUMNS)
    assert said in "; ".join(refused.value.faults)


def test_all_faults_of_a_rule_are_named_at_once():
    with pytest.raises(RuleError) as refused:
        compile_rule('odrers == 1 and quadrant == "topp"', COLUMNS)
    assert len(refused.value.faults) == 2


def test_a_segment_stands_in_a_rule_by_its_name():
    regulars = compile_rule("orders >= 2", COLUMNS)
    rule = compile_rule("regulars and order_value > 1", COLUMNS, {"regulars": regulars})
    assert rule.applies(FRAME).tolist() == [False, True, False]
    assert rule.columns == {"orders", "order_value"}


def test_a_rule_contradicts_what_its_segment_says():
    first = compile_rule("orders == 1", COLUMNS)
    with pytest.raises(RuleError, match='the conditions on "orders" can never hold together'):
        compile_rule("first and orders >= 2", COLUMNS, {"first": first})


@pytest.mark.parametrize("columns", [PROFILE, {}], ids=["a profile", "nothing"])
def test_what_only_an_order_knows_is_refused_with_the_reason(columns):
    with pytest.raises(RuleError) as refused:
        compile_rule("order_value >= 500 and order_discounted", columns)
    assert refused.value.faults == [
        'order_value is known only in a journey with "on: order"',
        'order_discounted is known only in a journey with "on: order"',
    ]


def test_one_mistake_is_told_once():
    with pytest.raises(RuleError) as refused:
        compile_rule('odrers > "2026-01-01" and 5 + phase == "x"', COLUMNS)
    assert refused.value.faults == [
        'there is no column or segment "odrers". Did you mean "orders"?',
        '"5 + phase": only numbers and money can be reckoned with',
    ]


def test_a_rule_that_breaks_on_the_data_names_itself_and_the_column():
    rule = compile_rule("orders >= 2 and overdue > 1 and tenure_days > 3", COLUMNS)
    with pytest.raises(RuleDataError) as broken:
        rule.applies(FRAME)
    assert str(broken.value) == (
        'the rule "orders >= 2 and overdue > 1 and tenure_days > 3" needs "overdue", '
        '"tenure_days", which the data does not have'
    )
    words = pd.DataFrame({"orders": pd.Series(["many"], dtype="str")})
    with pytest.raises(RuleDataError, match=r'the rule "orders > 2" cannot be answered from ord'):
        compile_rule("orders > 2", COLUMNS).applies(words)


@given(st.text(max_size=60))
def test_any_text_is_either_a_rule_or_refused(text):
    # Any other error than a refusal, which says why, would come out here.
    with suppress(RuleError):
        compile_rule(text, COLUMNS)


@given(
    st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=1, max_size=8),
    st.integers(-5, 5),
)
def test_a_rule_and_its_opposite_never_both_apply_and_unknown_is_neither(values, limit):
    frame = pd.DataFrame({"orders": pd.array(values, dtype="Int64")})
    yes = compile_rule(f"orders > {limit}", COLUMNS).applies(frame)
    no = compile_rule(f"not orders > {limit}", COLUMNS).applies(frame)
    assert not (yes & no).any()
    assert ((yes | no) == frame["orders"].notna().to_numpy()).all()
