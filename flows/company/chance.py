"""Chance that can be repeated: every draw hangs on the seed, a purpose and a day."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Moment = np.datetime64


def generator(seed: int, purpose: str, day: date | None = None) -> np.random.Generator:
    """The dice for one purpose on one day; drawing for one purpose never disturbs another."""
    return np.random.default_rng(
        [abs(seed), crc32(purpose.encode()), day.toordinal() if day else 0]
    )


def pick(rng: np.random.Generator, weights: Mapping[str, float], count: int) -> Array:
    """So many words, each as often as its weight says."""
    share = np.array(list(weights.values()))
    return rng.choice(
        np.array([str(word) for word in weights], dtype=object), count, p=share / share.sum()
    )


def pick_any(rng: np.random.Generator, words: Sequence[str], count: int) -> Array:
    """So many words, all equally likely."""
    return np.array(words, dtype=object)[rng.integers(0, len(words), count)]
