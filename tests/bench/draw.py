"""Columns of chance and of numbers, as numpy alone draws them."""

from collections.abc import Sequence

import numpy as np

DAY = np.timedelta64(1, "D")


def moments(rng: np.random.Generator, until: np.datetime64, days: float, count: int) -> np.ndarray:
    """Any time of the last days."""
    return until - (rng.random(count) * days * 86_400_000_000).astype("timedelta64[us]")


def any_of(
    rng: np.random.Generator, words: Sequence[str], count: int, p: Sequence[float] | None = None
) -> np.ndarray:
    """One of these words for each row."""
    return np.array(words, dtype="S")[rng.choice(len(words), count, p=p)]


def same(word: str, count: int) -> np.ndarray:
    """The same word in every row."""
    return np.full(count, word.encode())


def numbered(before: str, numbers: np.ndarray, digits: int = 9, after: str = "") -> np.ndarray:
    """Words such as K000000012, whose digits numpy writes one place at a time."""
    rows, width = len(numbers), len(before) + digits + len(after)
    letters = np.empty((rows, width), dtype="u1")
    letters[:, : len(before)] = np.frombuffer(before.encode(), "u1")
    left = numbers.astype(np.int64)
    for place in range(len(before) + digits - 1, len(before) - 1, -1):
        left, digit = np.divmod(left, 10)
        letters[:, place] = digit + ord("0")
    letters[:, len(before) + digits :] = np.frombuffer(after.encode(), "u1")
    return letters.view(f"S{width}").reshape(rows)
