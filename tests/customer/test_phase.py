"""The table of phases, line by line, and its laws."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.customer.phase import phases
from segments.names import Phase
from segments.policy import PhasePolicy
from tests.customer.rows import NOW, days_ago, words

POLICY = PhasePolicy()


def phase(
    orders: int,
    days: int = 10,
    *,
    gap: float | None = 60.0,
    tenure: int = 100,
    before: str | None = None,
    since: datetime | None = None,
    policy: PhasePolicy = POLICY,
    now: datetime = NOW,
) -> str:
    """The phase of one customer whose last order was `days` ago."""
    bought = orders > 0
    row: dict[str, Any] = {
        "orders": orders,
        "last_order_at": now - timedelta(days=days) if bought else None,
        "days_since_last_order": days if bought else None,
        "tenure_days": max(tenure, days) if bought else None,
        "overdue": days / gap if bought and gap else None,
    }
    table = pd.DataFrame([row]).astype(
        {
            "last_order_at": "datetime64[us, UTC]",
            "days_since_last_order": "Int64",
            "tenure_days": "Int64",
            "overdue": "Float64",
        }
    )
    start = pd.Series([since], dtype="datetime64[us, UTC]")
    return phases(table, words(before), start, policy, late_days=14, now=now)[0]


@pytest.mark.parametrize(
    ("orders", "days", "tenure", "expected"),
    [
        (0, 0, 0, "prospect"),
        (1, 0, 0, "exploration"),
        (2, 100, 300, "exploration"),
        (3, 100, 300, "expansion"),
        (6, 100, 364, "expansion"),
        (6, 100, 365, "maturity"),
        (6, 119, 365, "maturity"),
        (6, 120, 365, "at_risk"),
        (1, 120, 120, "at_risk"),
        (6, 540, 900, "at_risk"),
        (6, 541, 900, "ended"),
        (1, 541, 541, "ended"),
    ],
)
def test_thresholds(orders: int, days: int, tenure: int, expected: str):
    assert phase(orders, days, tenure=tenure) == expected


def test_nobody_is_at_risk_before_sixty_days_however_quick_they_used_to_be():
    assert phase(9, 59, gap=7.0) == "expansion"
    assert phase(9, 60, gap=7.0) == "at_risk"


def test_nobody_is_at_risk_where_no_gap_is_known():
    assert phase(1, 400, gap=None) == "exploration"


def test_who_comes_back_after_the_end_is_in_revitalization():
    assert phase(2, 3, before="ended", since=days_ago(100)) == "revitalization"


def test_an_order_may_arrive_late_and_still_count_as_coming_back():
    assert phase(2, 10, before="ended", since=days_ago(2)) == "revitalization"


def test_a_changed_threshold_alone_brings_nobody_back():
    looser = PhasePolicy(ended_days=700)
    found = phase(2, 600, gap=500.0, before="ended", since=days_ago(30), policy=looser)
    assert found == "exploration"


def test_revitalization_lasts_its_days_and_then_the_table_decides_anew():
    assert phase(2, 90, before="revitalization", since=days_ago(179)) == "revitalization"
    assert phase(2, 90, before="revitalization", since=days_ago(180)) == "exploration"
    assert phase(7, 90, tenure=999, before="revitalization", since=days_ago(180)) == "maturity"


def test_revitalization_ends_early_when_overdue_again():
    assert phase(2, 120, before="revitalization", since=days_ago(100)) == "at_risk"


def test_at_risk_is_left_by_an_order():
    assert phase(3, 1, gap=0.4, before="at_risk", since=days_ago(30)) == "expansion"


def test_at_risk_is_not_left_because_the_typical_gap_moved_a_little():
    assert phase(3, 120, gap=63.0, before="at_risk", since=days_ago(30)) == "at_risk"
    assert phase(3, 120, gap=63.0) == "expansion"
    assert phase(3, 120, gap=67.0, before="at_risk", since=days_ago(30)) == "expansion"


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 12),
    st.integers(0, 1_500),
    st.integers(0, 3_000),
    st.none() | st.floats(0.5, 900),
    st.none() | st.sampled_from([word.value for word in Phase]),
    st.integers(0, 800),
)
def test_everybody_is_in_exactly_one_phase_and_asking_again_changes_nothing(
    orders: int, days: int, tenure: int, gap: float | None, before: str | None, since: int
):
    start = days_ago(since) if before else None
    found = phase(orders, days, tenure=tenure, gap=gap, before=before, since=start)
    assert found in [word.value for word in Phase]
    again_since = start if found == before else NOW
    again = phase(orders, days, tenure=tenure, gap=gap, before=found, since=again_since)
    assert again == found


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(57.5, 64.0), min_size=1, max_size=8))
def test_a_wobbling_base_does_not_make_at_risk_flap(gaps: list[float]):
    start = days_ago(1)
    for place, gap in enumerate(gaps):
        now = NOW + timedelta(days=place)
        found = phase(3, 120 + place, gap=gap, before="at_risk", since=start, now=now)
        assert found == "at_risk"
