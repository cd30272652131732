"""Versions that do not work together: some install cleanly and then schedule nothing."""

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from flows.health.finding import Area, Finding, Grade, broken, fine, look

PACKAGES = ("prefect", "sqlalchemy", "fastapi", "pydantic", "pandas")
"""Those whose versions are told."""

_PYTHON = (3, 11)
_OLDEST_PREFECT = (3, 8, 8)
_NEXT_PREFECT = (4,)
_POSTGRES_PACKAGE = "psycopg"


class _Trouble(NamedTuple):
    """A package that from some version on does not work with a Prefect before another."""

    package: str
    since: tuple[int, ...]
    prefect_before: tuple[int, ...]
    grade: Grade
    key: str


# Both were seen; see constraints.txt. The first one met of a package counts.
_TROUBLES = (
    _Trouble("sqlalchemy", (2, 1), (3, 9, 1), Grade.BROKEN, "sqlalchemy_schedules_nothing"),
    _Trouble("fastapi", (0, 155), (3, 9), Grade.BROKEN, "fastapi_no_server"),
    _Trouble("fastapi", (0, 151), (3, 9), Grade.LOOK, "fastapi_untested"),
)


def version_of(package: str) -> str | None:
    """Which version of a package is installed here; None where it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def together(python: tuple[int, ...], installed: Mapping[str, str | None]) -> list[Finding]:
    """Whether what is installed works together; None stands for a package that is missing."""
    area = Area.VERSIONS
    found: list[Finding] = []
    if python < _PYTHON:
        found.append(broken(area, "python_old", python=_text(python)))
    for name in PACKAGES:
        if installed.get(name) is None:
            found.append(broken(area, "package_missing", package=name))
    prefect = installed.get("prefect")
    if prefect is not None:
        found += _beside(prefect, installed)
    if not found:
        told = ", ".join(f"{name} {installed[name]}" for name in PACKAGES)
        found.append(fine(area, "versions_fine", python=_text(python), packages=told))
    return found


def for_postgres(installed: Mapping[str, str | None]) -> list[Finding]:
    """Whether a store on PostgreSQL can be spoken to."""
    if installed.get(_POSTGRES_PACKAGE) is None:
        return [broken(Area.VERSIONS, "psycopg_missing")]
    return []


def for_signing(installed: Mapping[str, str | None], outlet: str) -> list[Finding]:
    """Whether messages of a mail server can be signed."""
    if installed.get("dkimpy") is None:
        return [broken(Area.VERSIONS, "dkimpy_missing", outlet=outlet)]
    return []


def server_and_client(client: str, server: str) -> list[Finding]:
    """Whether Prefect is the same here and on its server."""
    parts = {"client": client, "server": server}
    if client == server:
        return [fine(Area.SERVER, "server_same_version", **parts)]
    if number(client)[:2] == number(server)[:2]:
        return [look(Area.SERVER, "server_other_patch", **parts)]
    return [broken(Area.SERVER, "server_other_version", **parts)]


def number(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared: its release, without what comes behind."""
    release = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, release[0].split("."))) if release else ()


def _beside(prefect: str, installed: Mapping[str, str | None]) -> list[Finding]:
    found: list[Finding] = []
    ours = number(prefect)
    if ours < _OLDEST_PREFECT:
        found.append(broken(Area.VERSIONS, "prefect_old", version=prefect))
    elif ours >= _NEXT_PREFECT:
        found.append(look(Area.VERSIONS, "prefect_untested", version=prefect))
    met = set()
    for trouble in _TROUBLES:
        version = installed.get(trouble.package)
        if (
            version is not None
            and trouble.package not in met
            and number(version) >= trouble.since
            and ours < trouble.prefect_before
        ):
            met.add(trouble.package)
            parts = {"version": version, "prefect": prefect}
            found.append(Finding(Area.VERSIONS, trouble.grade, trouble.key, parts))
    return found


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
