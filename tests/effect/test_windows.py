"""Windows against the same rules told one customer, one happening at a time."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.effect.sums import SUMS
from segments.effect.windows import SETTLING, TOUCHES, windows
from segments.names import Yardstick

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
HOUR = 3_600

hours = st.integers(-40, 160)
moments = hours.map(lambda number: START + timedelta(hours=number))
touches = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.integers(1, 4),
            "journey": st.sampled_from(["again", "hello"]),
            "arm": st.sampled_from(["treated", "held_out"]),
            "phase": st.sampled_from(["maturity", None]),
            "quadrant": st.sampled_from(["top", None]),
            "variants": st.sampled_from([None, "which=a", "which=b then=x"]),
            "share": st.sampled_from([0.1, 0.5, np.nan]),
            "touched_at": moments,
            "seconds": st.sampled_from([HOUR, 20 * HOUR]),
        }
    ),
    max_size=8,
)
happenings = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.integers(1, 5),
            "at": moments,
            "seen_at": st.none() | moments,
            "gone_at": st.none() | moments,
            "corrected_at": st.none() | moments,
            "orders": st.sampled_from([1.0, 0.0]),
            "margin": st.integers(-50, 50).map(float),
        }
    ),
    max_size=12,
)


def framed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """`TOUCHES`, numbered as they came."""
    frame = pd.DataFrame([row | {"id": at} for at, row in enumerate(rows)], columns=[*TOUCHES])
    words = dict.fromkeys(("journey", "arm", "phase", "quadrant", "variants"), "str")
    whole = dict.fromkeys(("customer_id", "id", "seconds"), "int64")
    touched = pd.to_datetime(frame["touched_at"], utc=True).dt.as_unit("us")
    return frame.astype(words | whole | {"share": "float64"}).assign(touched_at=touched)


def columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """`HAPPENINGS` as the store hands them over."""
    read = {}
    for name in ("customer_id", "at", "seen_at", "gone_at", "corrected_at", "orders", "margin"):
        values = [row[name] for row in rows]
        if name.endswith("at"):
            values = [None if value is None else value.replace(tzinfo=None) for value in values]
            read[name] = np.array(values, "datetime64[us]")
        else:
            read[name] = np.array(values, np.int64 if name == "customer_id" else np.float64)
    return read


def told(
    reached: list[dict[str, Any]], happened: list[dict[str, Any]], now: datetime
) -> dict[tuple[str, str, str], dict[str, float]]:
    """customers, complete, total, squares, before, product by journey, arm and outcome."""
    first: dict[tuple[int, str], dict[str, Any]] = {}
    for touch in reached:
        key = touch["customer_id"], touch["journey"]
        known = first.get(key)
        if touch["touched_at"] <= now and (
            known is None or touch["touched_at"] < known["touched_at"]
        ):
            first[key] = touch
    found: dict[Any, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (customer, journey), touch in first.items():
        at, length = touch["touched_at"], timedelta(seconds=touch["seconds"])
        settled = at + length + SETTLING.item()
        sums: dict[tuple[str, bool], float] = defaultdict(float)
        for row in happened:
            if (
                row["customer_id"] == customer
                and at - length <= row["at"] < at + length
                and (row["seen_at"] is None or row["seen_at"] <= settled)
                and (row["gone_at"] is None or row["gone_at"] > settled)
                and (row["corrected_at"] is None or row["corrected_at"] > settled)
            ):
                for name in ("orders", "margin"):
                    sums[name, row["at"] >= at] += row[name]
        for name in Yardstick:
            figures = found[journey, touch["arm"], name.value]
            figures["customers"] += 1
            figures["expected"] += touch["share"]
            if settled > now:
                continue
            y, x = (
                float(sums["orders", side] > 0)
                if name == Yardstick.GOAL
                else sums[name.value, side]
                for side in (True, False)
            )
            for figure, value in (
                ("complete", 1),
                ("nonzero", y != 0),
                ("total", y),
                ("squares", y * y),
                ("before", x),
                ("before_squares", x * x),
                ("product", x * y),
            ):
                figures[figure] += value
    return found


@settings(deadline=None)
@given(touches, happenings, st.lists(moments, min_size=1, max_size=3))
def test_windows_add_up_what_is_told_one_by_one_as_of_any_moment_before(
    reached: list[dict[str, Any]], happened: list[dict[str, Any]], looks: list[datetime]
):
    last = max(looks)
    found = windows(framed([row for row in reached if row["touched_at"] <= last]))
    half = len(happened) // 2
    for rows in (happened[:half], happened[half:]):
        found.add(columns(rows), last)
    for now in looks:
        expected = told(reached, happened, now)
        sums = found.sums(now)
        assert list(sums.columns) == list(SUMS)
        whole = sums[sums["part"].isna()].set_index(["journey", "arm", "outcome"])
        assert set(whole.index) == set(expected)
        for key, figures in expected.items():
            row = whole.loc[key]
            for name in set(SUMS) - {"journey", "part", "arm", "outcome", "expected_variance"}:
                np.testing.assert_allclose(row[name], figures.get(name, 0.0), rtol=1e-9)


@settings(deadline=None)
@given(touches, happenings)
def test_the_parts_of_a_cut_are_those_customers_of_whom_it_is_known(
    reached: list[dict[str, Any]], happened: list[dict[str, Any]]
):
    now = START + timedelta(hours=400)
    found = windows(framed(reached))
    found.add(columns(happened), now)
    sums = found.sums(now)
    for cut, known in (("phase", "maturity"), ("quadrant", "top")):
        alone = windows(framed(reached))
        part = sums[sums["part"] == f"{cut}:{known}"]
        theirs = alone.cells[cut].eq(known).to_numpy()[alone.cell]
        assert part.loc[part["outcome"] == "goal", "customers"].sum() == theirs.sum()


def test_what_can_count_lies_between_the_first_window_and_the_last():
    rows = [
        {"customer_id": 1, "journey": "again", "arm": "treated", "touched_at": at, "share": 0.5,
         "seconds": 10 * HOUR}
        for at in (START, START + timedelta(hours=50))
    ]  # fmt: skip
    found = windows(framed([rows[0], rows[1] | {"customer_id": 2}]))
    complete = START + timedelta(hours=10) + SETTLING.item()
    assert found.span(complete - timedelta(microseconds=1)) is None
    ten = timedelta(hours=10)
    assert found.span(complete) == (START - ten, START + ten)
