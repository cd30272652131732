"""Parts of a journey seen together: quadrants and phases borrow strength from one another."""

import numpy as np
import pandas as pd

from segments.effect.comparison import normal_quantile
from segments.effect.student import Numbers

SHRUNK = {
    "shrunk_difference": "adjusted difference of the part, drawn towards what its journey's other "
    "parts of the same kind show",
    "shrunk_error": "its standard deviation",
    "shrunk_low": "lower end of its interval",
    "shrunk_high": "upper end",
    "shrinkage": "how far it was drawn: 0 not at all, 1 all the way to the common effect",
}
"""Columns that `shrunk` adds to the rows of parts."""

_GRID = 200


def shrunk(estimates: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """The rows of `ESTIMATES` about quadrants and phases, with the columns of `SHRUNK`.

    The larger a part's error beside how much parts really differ, the more it is drawn: an odd
    figure of a small part is mostly chance. Parts of one kind (`quadrant`, `phase`) of one journey
    and outcome are taken together by `partially_pooled`.
    """
    parts = estimates[estimates["part"].notna()]
    kind = parts["part"].str.split(":", n=1).str[0]
    parts, kind = parts[kind != "variant"].reset_index(drop=True), kind[kind != "variant"]
    columns = np.full((len(SHRUNK), len(parts)), np.nan)
    effects, errors = (
        parts[name].to_numpy(dtype=np.float64) for name in ("adjusted_difference", "adjusted_error")
    )
    by = [parts["journey"], kind.to_numpy(), parts["outcome"]]
    for places in parts.groupby(by, sort=False).indices.values():
        columns[:, places] = _columns(effects[places], errors[places], level)
    return parts.assign(**dict(zip(SHRUNK, columns, strict=True)))


def _columns(effects: Numbers, errors: Numbers, level: float) -> Numbers:
    known = (errors > 0) & ~np.isnan(effects)
    answer = np.full((len(SHRUNK), len(effects)), np.nan)
    if known.any():
        mean, deviation, drawn = partially_pooled(effects[known], errors[known])
        half = normal_quantile(0.5 + level / 2) * deviation
        answer[:, known] = [mean, deviation, mean - half, mean + half, drawn]
    return answer


def partially_pooled(effects: Numbers, errors: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Posterior mean and standard deviation of each effect, and the mean share it was drawn.

    Normal effects around an unknown common one, seen with normal errors; given their variance
    tau^2, with w = 1/(error^2 + tau^2) and B = error^2/(error^2 + tau^2) (C. N. Morris, JASA 78
    (1983), pages 47-55; A. Gelman et al., Bayesian Data Analysis, 3rd edition, section 5.4):

        mu = sum(w*effect)/sum(w)
        mean = (1 - B)*effect + B*mu
        variance = (1 - B)*error^2 + B^2/sum(w)

    tau itself is averaged over: the plain empirical Bayes would take one value, often nought, for
    certain, and its intervals would be too narrow. Every tau is as likely beforehand (A. Gelman,
    Bayesian Analysis 1 (2006), pages 515-533), up to some hundred times the typical error s, the
    root of the harmonic mean of error^2; two parts are therefore hardly drawn at all.
    """
    noise = errors**2
    # Even steps of s/(s + tau) are close together where tau is small, and reach far.
    even = (np.arange(_GRID) + 0.5) / _GRID
    between = (len(noise) / (1 / noise).sum() * ((1 - even) / even) ** 2)[:, None]
    weights = 1 / (noise + between)
    common = 1 / weights.sum(axis=1, keepdims=True)
    mu = (weights * effects).sum(axis=1, keepdims=True) * common
    logs = 0.5 * (
        np.log(common[:, 0])
        + np.log(weights).sum(axis=1)
        - (weights * (effects - mu) ** 2).sum(axis=1)
    ) - 2 * np.log(even)
    chance = np.exp(logs - logs.max())[:, None]
    chance /= chance.sum()
    drawn = noise * weights
    means = (1 - drawn) * effects + drawn * mu
    variances = (1 - drawn) * noise + drawn**2 * common
    mean = (chance * means).sum(axis=0)
    variance = (chance * (variances + (means - mean) ** 2)).sum(axis=0)
    return mean, np.sqrt(variance), (chance * drawn).sum(axis=0)
