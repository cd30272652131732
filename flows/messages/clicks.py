"""Links of a message that lead over our endpoint: by their place, so that none leads elsewhere."""

import re
from html import unescape
from itertools import count

_LINK = re.compile(r'(<a\b[^>]*?\bhref=")(https?://[^"]*)(")', re.IGNORECASE)


def addresses(html: str, web: str) -> list[str]:
    """Where the links of a message lead, in order; those to our own pages are left out."""
    return [unescape(link[2]) for link in _LINK.finditer(html) if not _own(link[2], web)]


def led_over(html: str, web: str, token: str) -> str:
    """The message with the same links over our endpoint, each by its place in `addresses`."""
    places = count()

    def over(link: re.Match[str]) -> str:
        if _own(link[2], web):
            return link[0]
        return f"{link[1]}{web}/c/{token}/{next(places)}{link[3]}"

    return _LINK.sub(over, html)


def _own(address: str, web: str) -> bool:
    return address.startswith(f"{web}/")
