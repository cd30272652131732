"""What somebody probably meant who wrote a word that is not known."""

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """What was probably meant, if anything known is similar."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def meant(word: str, known: Iterable[str]) -> str:
    """'. Did you mean "x"?' where something similar is known, else nothing."""
    close = closest(word, known)
    return f'. Did you mean "{close}"?' if close else ""
