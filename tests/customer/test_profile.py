"""A whole profile: the contract, the base, and shards."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from segments import frames
from segments.customer.profile import Base, base, profiles
from segments.names import Phase
from segments.policy import Policy
from tests.customer.rows import NOW, days_ago, figures

POLICY = Policy()
REGULAR = {
    "orders": 3,
    "order_value_total": 300_000,
    "first_order_at": days_ago(200),
    "last_order_at": days_ago(20),
    "gap_days": 90.0,
    "gaps": 2,
    "net_revenue_12m": 300_000,
    "net_revenue_total": 300_000,
    "margin_12m": None,
    "last_order_value": 120_000,
    "last_category": "desks",
    "first_in_category": True,
    "last_order_returned": False,
    "last_contact_at": days_ago(5),
    "last_mood": "content",
}


def test_a_profile_keeps_the_contract():
    found = profiles(figures(REGULAR, {}), Base(gap_days=60.0), POLICY, NOW)
    before = ["phase_before", "phase_since", "quadrant_before"]
    assert list(found.columns) == ["customer_id", "customer_key", *frames.PROFILE, *before]
    kinds = {
        frames.Kind.TEXT: "string",
        frames.Kind.WORD: "string",
        frames.Kind.INTEGER: "Int64",
        frames.Kind.MONEY: "Int64",
        frames.Kind.NUMBER: "Float64",
        frames.Kind.FLAG: "boolean",
        frames.Kind.MOMENT: "datetime64[us, UTC]",
    }
    for name, column in frames.PROFILE.items():
        assert found[name].dtype == kinds[column.kind], name
        if column.words:
            assert set(found[name].dropna()) <= {word.value for word in column.words}, name


def test_a_regular_and_somebody_who_never_bought():
    people = figures(REGULAR, {})
    found = profiles(people, base(people, POLICY, NOW), POLICY, NOW)
    regular, stranger = found.iloc[0], found.iloc[1]
    assert (regular["phase"], regular["abc"], regular["reassurance"]) == ("expansion", "A", "full")
    assert (regular["days_since_last_order"], regular["days_since_last_contact"]) == (20, 5)
    assert regular["typical_gap_days"] == 90.0
    assert regular["quadrant"] == "top"
    assert pd.isna(regular["margin_12m"])
    assert (stranger["phase"], stranger["abc"], stranger["quadrant"]) == ("prospect", "D", "small")
    assert (stranger["reassurance"], stranger["orders"]) == ("none", 0)
    assert stranger["margin_12m"] == 0


def test_the_base_counts_each_customer_once_and_only_active_ones_for_the_cuts():
    people = figures(
        {**REGULAR, "gap_days": 30.0, "net_revenue_12m": 100},
        {**REGULAR, "gap_days": 50.0, "net_revenue_12m": 300},
        {**REGULAR, "gap_days": 90.0, "net_revenue_12m": 0, "last_order_at": days_ago(541)},
        {},
    )
    found = base(people, POLICY, NOW)
    assert found.gap_days == 50.0
    assert found.revenue_cut == 200
    # (2 x 30 + 3 x 50) / 5 = 42 days and (2 x 50 + 3 x 50) / 5 = 50 days between orders of 1,000.
    assert found.potential_cut == (100_000 * 365 / 42 + 100_000 * 365 / 50) / 2
    assert (found.a_from, found.b_from) == (300_000, 300_000)


def test_a_base_of_strangers_has_nothing_to_measure_against():
    people = figures({}, {})
    found = base(people, POLICY, NOW)
    assert found == Base()
    assert profiles(people, found, POLICY, NOW)["phase"].tolist() == ["prospect", "prospect"]


def test_nobody_at_all_gives_an_empty_profile_of_the_same_shape():
    found = profiles(figures(), base(figures(), POLICY, NOW), POLICY, NOW)
    full = profiles(figures({}), Base(), POLICY, NOW)
    pd.testing.assert_series_equal(found.dtypes, full.dtypes)


_MAYBE_PHASE = st.none() | st.sampled_from([word.value for word in Phase])


@st.composite
def people(draw: st.DrawFn) -> pd.DataFrame:
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        before = draw(_MAYBE_PHASE)
        stood = {
            "phase_before": before,
            "phase_since": days_ago(draw(st.integers(0, 700))) if before else None,
            "quadrant_before": draw(st.sampled_from([None, "small", "top", "premium"])),
        }
        if draw(st.booleans()):
            rows.append(stood)
            continue
        last = draw(st.integers(0, 900))
        gaps = draw(st.integers(0, 5))
        net = draw(st.integers(1, 900_000))
        rows.append(
            {
                **REGULAR,
                **stood,
                "orders": gaps + 1,
                "gaps": gaps,
                "gap_days": float(draw(st.integers(1, 400))) if gaps else None,
                "first_order_at": days_ago(last + 100 * gaps),
                "last_order_at": days_ago(last),
                "order_value_total": net,
                "net_revenue_total": draw(st.integers(-50, net)),
                "net_revenue_12m": draw(st.integers(-50, net)),
                "last_order_value": draw(st.integers(1, net)),
            }
        )
    return figures(*rows)


@settings(max_examples=12, deadline=None)
@given(people(), st.integers(0, 8))
def test_shards_give_the_same_as_one_piece(everybody: pd.DataFrame, cut: int):
    against = base(everybody, POLICY, NOW)
    whole = profiles(everybody, against, POLICY, NOW)
    parts = [everybody.iloc[:cut], everybody.iloc[cut:]]
    shards = [profiles(part, against, POLICY, NOW) for part in parts]
    pd.testing.assert_frame_equal(pd.concat(shards, ignore_index=True), whole)


@settings(max_examples=12, deadline=None)
@given(people(), st.integers(0, 999))
def test_the_order_of_rows_does_not_matter(everybody: pd.DataFrame, seed: int):
    shuffled = everybody.sample(frac=1, random_state=seed)
    assert base(shuffled, POLICY, NOW) == base(everybody, POLICY, NOW)
    found = profiles(shuffled, Base(60.0, 500, 50, 900.0, 900.0), POLICY, NOW)
    expected = profiles(everybody, Base(60.0, 500, 50, 900.0, 900.0), POLICY, NOW)
    pd.testing.assert_frame_equal(found.sort_values("customer_id", ignore_index=True), expected)


@settings(max_examples=12, deadline=None)
@given(people())
def test_everybody_has_exactly_one_phase_field_letter_and_need(everybody: pd.DataFrame):
    found = profiles(everybody, base(everybody, POLICY, NOW), POLICY, NOW)
    assert len(found) == len(everybody)
    assert found[["phase", "quadrant", "abc", "reassurance"]].notna().all(axis=None)
