"""The store: which version it is of, which database, and what its clock says."""

from collections.abc import Collection
from datetime import timedelta

from flows.health.finding import Area, Finding, broken, fine, look

_AREA = Area.STORE
_OLDEST = {"postgresql": (14,), "sqlite": (3, 35)}
"""RETURNING came to SQLite with 3.35; PostgreSQL before 14 is not looked after any more."""
_NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
_SKEW, _TOO_MUCH_SKEW = timedelta(seconds=2), timedelta(seconds=50)
"""Leases allow for a minute of difference between the clocks of those who send."""


def revision(at: str | None, known: Collection[str]) -> list[Finding]:
    """Whether its tables are those this version works with."""
    newest = max(known)
    if at is None:
        return [fine(_AREA, "store_empty")]
    if at == newest:
        return [fine(_AREA, "store_current", store=at)]
    if at in known:
        return [look(_AREA, "store_older", store=at, ours=newest)]
    return [broken(_AREA, "store_newer", store=at, ours=newest)]


def database(kind: str, version: tuple[int, ...]) -> list[Finding]:
    """Whether the database is new enough."""
    parts = {"name": _NAMES.get(kind, kind), "version": ".".join(map(str, version))}
    if version < _OLDEST.get(kind, ()):
        least = ".".join(map(str, _OLDEST[kind]))
        return [broken(_AREA, "database_old", **parts, least=least)]
    return [fine(_AREA, "database_fine", **parts)]


def clocks(skew: timedelta | None) -> list[Finding]:
    """Whether the database's clock and ours agree; None where there is only ours."""
    if skew is None:
        return []
    parts = {"seconds": f"{abs(skew.total_seconds()):.0f}"}
    if abs(skew) >= _TOO_MUCH_SKEW:
        return [broken(_AREA, "clocks_apart", **parts)]
    if abs(skew) >= _SKEW:
        return [look(_AREA, "clocks_differ", **parts)]
    return [fine(_AREA, "clocks_fine")]
