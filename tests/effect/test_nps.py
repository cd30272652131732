"""Net promoter score: the adjusted interval by hand and by simulation, response and change."""

import numpy as np
import pandas as pd
import pytest

from segments.effect.nps import nps
from tests.effect.cases import only


def counts(promoters: int, passives: int, detractors: int, asked: float = 100) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "promoters": [promoters],
            "passives": [passives],
            "detractors": [detractors],
            "asked": [asked],
        }
    )


def test_figures_done_by_hand():
    row = only(nps(counts(15, 8, 7)))
    assert row["answers"] == 30
    assert row["nps"] == pytest.approx(8 / 30)
    assert row["response"] == 0.3
    # n' = 33, P' = 15.75, D' = 7.75; S = 8/33; variance 23.5/33 - S^2
    centre = 8 / 33
    half = 1.959964 * ((23.5 / 33 - centre**2) / 33) ** 0.5
    assert (row["low"], row["high"]) == pytest.approx((centre - half, centre + half))


def test_everybody_of_one_mind_still_leaves_a_doubt():
    row = only(nps(counts(10, 0, 0)))
    assert row["nps"] == 1
    assert row["high"] == 1
    assert row["low"] < 0.9


def test_nobody_answered_or_was_asked():
    row = only(nps(counts(0, 0, 0)))
    assert row[["nps", "low", "high"]].isna().all()
    assert row["response"] == 0
    assert np.isnan(only(nps(counts(1, 0, 0, asked=0)))["response"])


def test_a_change_has_the_errors_of_both_periods():
    now, before = counts(40, 30, 30), counts(30, 30, 40)
    row = only(nps(now, before))
    errors = [(only(nps(part))["high"] - only(nps(part))["low"]) / 2 for part in (now, before)]
    assert row["change"] == pytest.approx(0.2)
    assert (row["change_high"] - row["change_low"]) / 2 == pytest.approx(np.hypot(*errors))
    assert np.isnan(only(nps(now))["change"])
    assert np.isnan(only(nps(now, counts(0, 0, 0)))["change_low"])


@pytest.mark.parametrize("answers", [10, 40])
def test_intervals_of_few_answers_cover_the_truth(answers: int):
    draw = np.random.default_rng(5)
    share = [0.55, 0.3, 0.15]
    drawn = draw.multinomial(answers, share, 3000)
    frame = pd.DataFrame(drawn, columns=["promoters", "passives", "detractors"])
    rows = nps(frame.assign(asked=100))
    covered = (rows["low"] <= 0.4) & (rows["high"] >= 0.4)
    assert 0.93 <= covered.mean() <= 0.97
