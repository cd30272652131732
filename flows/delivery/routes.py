"""Which way messages of a purpose take now: their own outlet, or its fallback while that rests."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flows.settings import Settings
from segments.names import Purpose


@dataclass(frozen=True)
class Routes:
    """The outlet each purpose has in settings.yaml, and the one its messages take now.

    Purposes without a way out are not in `ways`: their messages wait.
    """

    own: Mapping[str, str]
    ways: Mapping[str, str]


def routes(settings: Settings, halted: Collection[str]) -> Routes:
    """The ways that are open while these outlets are halted."""
    own = {str(purpose): settings.way_of(purpose) for purpose in Purpose}
    found = {purpose: _open_way(settings, outlet, halted) for purpose, outlet in own.items()}
    return Routes(own, {purpose: way for purpose, way in found.items() if way is not None})


def reachable(settings: Settings) -> list[str]:
    """Outlets that messages may come to take, as outlets rest."""
    found: list[str] = []
    ahead: list[str | None] = [settings.way_of(purpose) for purpose in Purpose]
    while ahead:
        name = ahead.pop()
        if name is not None and name not in found:
            found.append(name)
            ahead.append(settings.outlets[name].fallback)
    return sorted(found)


def _open_way(settings: Settings, outlet: str, halted: Collection[str]) -> str | None:
    """The outlet itself, else the first one along its fallbacks that is not halted."""
    met: set[str] = set()
    way: str | None = outlet
    while way is not None and way in halted:
        met.add(way)
        fallback = settings.outlets[way].fallback
        way = None if fallback in met else fallback
    return way
