"""What enrollments remember: named flags, kept as one text for each set of them."""

from collections.abc import Callable

import numpy as np
import pandas as pd


class Flags:
    """The flags of many enrollments. Few sets of flags are many people's, so each is kept once."""

    def __init__(self, texts: pd.Series) -> None:
        codes, found = pd.factorize(texts.to_numpy(dtype=object, na_value=""))
        self._sets: list[frozenset[str]] = [frozenset(text.split()) for text in found]
        self._number = {flags: number for number, flags in enumerate(self._sets)}
        self.codes = codes.astype("int64")

    def has(self, name: str, at: np.ndarray | None = None) -> np.ndarray:
        """Whether the flag is set, row by row, for all or for the rows at these places."""
        codes = self.codes if at is None else self.codes[at]
        known = np.array([name in flags for flags in self._sets], dtype=bool)
        found: np.ndarray = known[codes]
        return found

    def add(self, name: str, at: np.ndarray) -> None:
        """Set a flag."""
        self._change(at, lambda flags: flags | {name})

    def drop(self, name: str, at: np.ndarray) -> None:
        """Take a flag away."""
        self._change(at, lambda flags: flags - {name})

    def clear(self, at: np.ndarray) -> None:
        """Forget everything."""
        self._change(at, lambda _: frozenset())

    def texts(self, at: np.ndarray) -> pd.api.extensions.ExtensionArray:
        """As the store keeps them: names in order, one space between them."""
        known = pd.array([" ".join(sorted(flags)) for flags in self._sets], dtype="str")
        return known.take(self.codes[at])

    def _change(self, at: np.ndarray, change: Callable[[frozenset[str]], frozenset[str]]) -> None:
        codes = self.codes[at]
        onto = np.arange(len(self._sets))
        for code in np.unique(codes):
            onto[code] = self._numbered(change(self._sets[code]))
        self.codes[at] = onto[codes]

    def _numbered(self, flags: frozenset[str]) -> int:
        if flags not in self._number:
            self._number[flags] = len(self._sets)
            self._sets.append(flags)
        return self._number[flags]
