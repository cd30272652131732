"""Variants of a split, compared among the treated as strictly as treated with held out."""

import numpy as np

from segments.effect.student import Numbers


def holm(p: Numbers) -> Numbers:
    """Probabilities corrected for being several: S. Holm, Scandinavian Journal of Statistics 6
    (1979), pages 65-70. The smallest is multiplied by their number, the next by one less, and so
    on, none below the one before, none above 1; NaN stays and does not count."""
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p)
    number = int((~np.isnan(p)).sum())
    times = np.clip(number - np.arange(len(p)), 1, None)
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.fmax.accumulate(p[order] * times), 1) if len(p) else p
    corrected[np.isnan(p)] = np.nan
    return corrected
