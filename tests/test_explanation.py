"""Each condition of a rule, with the values of one customer."""

import numpy as np
import pandas as pd
import pytest

from segments.explanation import RuleLine, explain_rule
from segments.frames import ORDER, PROFILE
from segments.rules import RuleDataError, compile_rule

COLUMNS = PROFILE | ORDER
SEGMENTS = {
    "first": compile_rule("orders == 1", COLUMNS),
    "regulars": compile_rule('orders >= 3 and phase in ["expansion", "maturity"]', COLUMNS),
}
ROW = {
    "orders": 3,
    "phase": "expansion",
    "order_value": 50_000,
    "overdue": np.nan,
    "first_in_category": False,
    "last_order_at": pd.Timestamp("2026-05-01", tz="UTC"),
    "last_category": None,
    "last_mood": pd.NA,
    "days_since_last_order": pd.NA,
}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("orders == 1", [RuleLine("orders == 1", {"orders": 3}, False)]),
        (
            'orders >= 2 and last_order_at > "2026-01-01"',
            [
                RuleLine("orders >= 2", {"orders": 3}, True),
                RuleLine(
                    'last_order_at > "2026-01-01"', {"last_order_at": ROW["last_order_at"]}, True
                ),
            ],
        ),
        (
            'overdue > 2 or last_category == "chairs" or last_mood == "annoyed"',
            [
                RuleLine("overdue > 2", {"overdue": None}, None),
                RuleLine('last_category == "chairs"', {"last_category": None}, None),
                RuleLine('last_mood == "annoyed"', {"last_mood": None}, None),
            ],
        ),
        (
            "1 <= orders < 3 and order_value / orders > 100",
            [
                RuleLine("1 <= orders < 3", {"orders": 3}, False),
                RuleLine("order_value / orders > 100", {"order_value": 50_000, "orders": 3}, True),
            ],
        ),
        (
            "not first_in_category and (orders == 1 or order_value >= 500)",
            [
                RuleLine("not first_in_category", {"first_in_category": False}, True),
                RuleLine("orders == 1 or order_value >= 500", {}, True),
                RuleLine("orders == 1", {"orders": 3}, False, 1),
                RuleLine("order_value >= 500", {"order_value": 50_000}, True, 1),
            ],
        ),
        (
            "not first and regulars and not (orders > 1 and overdue > 1)",
            [
                RuleLine("not first", {}, True),
                RuleLine("first: orders == 1", {"orders": 3}, False, 1),
                RuleLine('regulars: orders >= 3 and phase in ["expansion", "maturity"]', {}, True),
                RuleLine("orders >= 3", {"orders": 3}, True, 1),
                RuleLine('phase in ["expansion", "maturity"]', {"phase": "expansion"}, True, 1),
                RuleLine("not (orders > 1 and overdue > 1)", {}, None),
                RuleLine("orders > 1", {"orders": 3}, True, 1),
                RuleLine("overdue > 1", {"overdue": None}, None, 1),
            ],
        ),
        (
            "days_since_last_order is None",
            [RuleLine("days_since_last_order is None", {"days_since_last_order": None}, True)],
        ),
        ("True", [RuleLine("True", {}, True)]),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_rule_is_explained_line_by_line(text, lines):
    assert explain_rule(compile_rule(text, COLUMNS, SEGMENTS), ROW) == lines


def test_a_row_that_lacks_a_column_is_told_with_the_rule():
    with pytest.raises(RuleDataError, match='the rule "orders > 1" needs "orders"'):
        explain_rule(compile_rule("orders > 1", COLUMNS), {"phase": "ended"})
