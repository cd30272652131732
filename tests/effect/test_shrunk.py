"""Parts of a journey draw towards one another: by how much, and whether the intervals hold."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from segments.effect.estimate import estimate
from segments.effect.shrunk import SHRUNK, partially_pooled, shrunk
from tests.effect.cases import spending, sums
from tests.effect.test_pooled import EFFECTS, ERRORS


def test_the_eight_schools_agree_with_integration_by_scipy():
    """The posterior mean of each school, tau integrated out by quadrature."""

    def given(tau: float) -> tuple[float, np.ndarray]:
        scale = np.sqrt(ERRORS**2 + tau**2)
        mu = (EFFECTS / scale**2).sum() / (1 / scale**2).sum()
        density = stats.norm.pdf(EFFECTS / 10, mu / 10, scale / 10).prod()
        drawn = ERRORS**2 / scale**2
        return density / np.sqrt((scale**-2.0).sum()), (1 - drawn) * EFFECTS + drawn * mu

    def integrated(of: Callable[[float], float]) -> float:
        return integrate.quad(of, 0, np.inf, epsabs=0)[0]

    whole = integrated(lambda tau: given(tau)[0])
    expected = [
        integrated(lambda tau, at=at: given(tau)[0] * given(tau)[1][at]) / whole for at in range(8)
    ]
    means, deviations, drawn = partially_pooled(EFFECTS, ERRORS)
    assert means == pytest.approx(expected, rel=1e-3)
    assert (deviations < ERRORS).all()
    assert drawn.argmin() == ERRORS.argmin()


def test_one_part_alone_stays_as_it_is():
    mean, deviation, _ = partially_pooled(np.array([3.0]), np.array([2.0]))
    assert mean == pytest.approx([3.0])
    assert deviation == pytest.approx([2.0])


def test_precise_and_unlike_parts_are_hardly_drawn():
    effects = np.array([0.0, 100.0, 200.0, 300.0])
    means, _, drawn = partially_pooled(effects, np.ones(4))
    assert means == pytest.approx(effects, abs=0.1)
    assert (drawn < 0.01).all()


@pytest.mark.parametrize("between", [0.0, 0.5, 3.0])
def test_intervals_of_parts_cover_the_truth(between: float):
    draw = np.random.default_rng(9)
    covered, narrower = [], []
    for _ in range(200):
        errors = draw.uniform(0.5, 2, 4)
        truth = draw.normal(1, between, 4)
        means, deviations, _ = partially_pooled(draw.normal(truth, errors), errors)
        covered.append(np.abs(means - truth) < 1.959964 * deviations)
        narrower.append(deviations < errors)
    assert np.mean(covered) > 0.93
    assert np.mean(narrower) > 0.7


def test_parts_are_drawn_within_their_journey_kind_and_outcome():
    frames = [
        sums(spending(400, 100 + 20 * n, n), spending(100, 100, 50 + n), share=0.2).assign(
            part=f"{kind}:{n}", journey=journey
        )
        for journey in ("a", "b")
        for kind in ("quadrant", "phase", "variant")
        for n in range(3)
    ]
    whole = sums(spending(400, 100, 1), spending(100, 100, 2), share=0.2)
    rows = shrunk(estimate(pd.concat([whole, *frames])))
    assert len(rows) == 12
    assert set(rows) >= set(SHRUNK)
    own = rows[(rows["journey"] == "b") & rows["part"].str.startswith("phase")]
    means, deviations, _ = partially_pooled(
        own["adjusted_difference"].to_numpy(), own["adjusted_error"].to_numpy()
    )
    assert list(own["shrunk_difference"]) == pytest.approx(list(means))
    half = own["shrunk_high"] - own["shrunk_difference"]
    assert list(half) == pytest.approx(list(1.959964 * deviations))
    spread = own["shrunk_difference"].std(), own["adjusted_difference"].std()
    assert spread[0] < spread[1]


def test_a_part_nothing_is_known_of_stays_unknown():
    known = sums(spending(400, 100, 1), spending(100, 100, 2), share=0.2)
    frames = [known.assign(part="phase:a"), known.assign(part="phase:b")]
    empty = sums(np.array([5.0]), []).assign(part="phase:c")
    rows = shrunk(estimate(pd.concat([*frames, empty])))
    assert rows["shrunk_difference"].isna().tolist() == [False, False, True]
