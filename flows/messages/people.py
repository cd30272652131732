"""How people and things are named in a message, whatever the company's data hold."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

_UNWANTED = re.compile(r"[\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PART = re.compile(r"\{(\w+)\}")


def clean(text: str | None) -> str | None:
    """Text in one line, without signs that steer a display; None where nothing is left."""
    if text is None:
        return None
    if not text.isascii():
        text = unicodedata.normalize("NFC", text if text.isprintable() else _steerless(text))
    elif not text.isprintable():
        text = _steerless(text)
    return " ".join(text.split()) or None


def name_part(text: str | None) -> str | None:
    """Part of a name; a dash or a full stop typed into a required field is none."""
    text = clean(text)
    if text is None or text.isalpha() or any(map(str.isalpha, text)):
        return text
    return None


def full_name(first: str | None, last: str | None) -> str | None:
    """Both parts of a name, or the one there is."""
    return f"{first} {last}" if first and last else first or last


def greeting(
    salutation: str | None,
    title: str | None,
    first: str | None,
    last: str | None,
    words: dict[str, Any],
) -> str:
    """How the letter begins, by what we know of the person; never half a name."""
    forms = words["greeting"]
    if last and salutation in {"ms", "mr"}:
        form = forms[f"{salutation}_titled" if title else salutation]
    elif last and title:
        form = forms["titled"]
    elif first:
        form = forms["named"]
    else:
        return str(forms["nobody"])
    parts = {"title": title, "last_name": last, "name": full_name(first, last)}
    return _PART.sub(lambda match: parts[match[1]] or "", form)


@lru_cache(maxsize=1024)
def initials(name: str) -> str:
    """Two letters for the round sign beside a name."""
    parts = [part for part in (name_part(name) or "").split() if part[0].isalpha()]
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()


@lru_cache(maxsize=1024)
def phone_link(phone: str | None) -> str | None:
    """The number as a telephone dials it."""
    digits = re.sub(r"\(0\)|[^\d+]", "", phone or "")
    return f"tel:{digits}" if digits else None


def _steerless(text: str) -> str:
    return _UNWANTED.sub("", _CONTROL.sub(" ", text))
