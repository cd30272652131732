"""What the store adds up about a made-up company is what the company knows of itself."""

from datetime import UTC, date, datetime

import pandas as pd
from sqlalchemy import Engine

from flows.company.twins import live_twice
from tests.bench.rehearsed_store import kept, summed

LIFTS = {"much": 1.0, "nothing": 0.0}


def test_the_sums_of_the_store_are_those_of_the_company(engine: Engine) -> None:
    twins = live_twice(3, 400, LIFTS, date(2025, 9, 1), window=40, entering=30, share=0.3)
    kept(engine, twins)
    ours, theirs = summed(engine, twins, datetime(2026, 3, 1, 6, tzinfo=UTC))
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)
    assert ours["nonzero"].min() > 5
