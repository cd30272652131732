"""How high a share certainly is, that was seen in a few cases only: Wilson's lower bound."""

import math
from statistics import NormalDist

CERTAIN = NormalDist().inv_cdf(0.95)
"""The normal quantile for 95 % on one side: 1.645."""


def lower_bound(hits: int, of: int, z: float = CERTAIN) -> float:
    """The smallest true share under which `hits` out of `of` are no surprise; 0 where none are.

    The lower end of the score interval of E. B. Wilson, Probable Inference, the Law of Succession,
    and Statistical Inference, JASA 22 (1927), pages 209-212: the smaller root of
    (hits/of - x)^2 = z^2 x (1 - x) / of, written so that no digits cancel each other. R. G.
    Newcombe, Statistics in Medicine 17 (1998), pages 857-872, recommends it (his method 3) for
    small numbers and shares near zero, where the usual interval fails.
    """
    if not 0 <= hits <= of:
        raise ValueError("from no hit to as many as there are cases")
    if hits == 0:
        return 0.0
    half = z * z / 2
    return hits / of * (hits / (hits + half + z * math.sqrt(hits * (of - hits) / of + half / 2)))
