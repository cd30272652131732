"""Whether the Dask cluster of `scale:` is there, has workers, and knows what is known here."""

import socket
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from platform import python_version
from typing import Any
from urllib.parse import urlsplit

from flows.health.finding import Area, Finding, broken, fine, look
from flows.health.versions import version_of

_AREA = Area.CLUSTER
_MUST = ("python", "stammkunde", "prefect", "dask", "distributed")
"""Where these differ, parts of a run do not reach a worker, or decide otherwise there."""

_OUGHT = ("cloudpickle", "msgpack", "pandas", "numpy", "sqlalchemy", "pydantic")
_PATIENCE = 10.0

Versions = Mapping[str, str | None]


class SilentError(Exception):
    """No scheduler answers, and why."""


@dataclass(frozen=True)
class ClusterFacts:
    """What a scheduler told: its version, its workers' threads, and what each has installed.

    Where a worker could not say what it has, it is among the `strange`, with the reason; where one
    did not answer in time they are `stuck`.
    """

    scheduler: str
    threads: Mapping[str, int] = field(default_factory=dict)
    installed: Mapping[str, Versions] = field(default_factory=dict)
    strange: Mapping[str, str] = field(default_factory=dict)
    stuck: bool = False


def installed_here() -> dict[str, str | None]:
    """What is installed where this is asked: on a worker, too."""
    return {"python": python_version()} | {
        name: version_of(name) for name in (*_MUST, *_OUGHT) if name != "python"
    }


def ask(address: str, patience: float = _PATIENCE) -> ClusterFacts:
    """What the cluster says of itself. Raises `SilentError`."""
    there = urlsplit(address)
    try:
        # Dask itself tries for a long time, and loudly.
        socket.create_connection((str(there.hostname), there.port or 0), patience / 2).close()
        return _asked(address, patience)
    except (OSError, ValueError) as error:
        raise SilentError(getattr(error, "strerror", None) or str(error) or "time-out") from error


def findings(address: str, facts: ClusterFacts, here: Versions) -> Iterator[Finding]:
    """How the cluster stands."""
    if not facts.threads:
        yield broken(_AREA, "dask_no_workers", address=address)
        return
    if facts.stuck:
        yield broken(_AREA, "dask_stuck", address=address, n=len(facts.threads))
        return
    for worker, why in facts.strange.items():
        yield broken(_AREA, "dask_strange_worker", worker=worker, why=why)
    seen = {f"{address} (scheduler)": {"distributed": facts.scheduler}, **facts.installed}
    differing = {
        where: [name for name in (*_MUST, *_OUGHT) if name in has and has[name] != here.get(name)]
        for where, has in seen.items()
    }
    for where, names in differing.items():
        if not names:
            continue
        told = ", ".join(f"{name} {seen[where][name] or '–'} ({here.get(name)})" for name in names)
        if any(name in _MUST for name in names):
            yield broken(_AREA, "dask_other_versions", where=where, told=told)
        else:
            yield look(_AREA, "dask_other_versions", where=where, told=told)
    if not facts.strange and not any(differing.values()):
        yield fine(_AREA, "dask_fine", n=len(facts.threads), threads=sum(facts.threads.values()))


def not_installed() -> Finding:
    """The extra is missing here."""
    return broken(_AREA, "dask_not_installed")


def silent(address: str, why: object) -> Finding:
    """Nobody answers there."""
    return broken(_AREA, "dask_silent", address=address, why=why)


def needs_postgres(runner: str) -> Finding:
    """Several processes cannot write to one SQLite file at a time."""
    return broken(_AREA, "scale_needs_postgres", runner=runner)


def _asked(address: str, patience: float) -> ClusterFacts:
    distributed: Any = import_module("distributed")

    async def told(client: Any) -> tuple[Any, Any]:
        # A worker that never answers is not waited for: the whole is given up in time.
        return await client.get_versions(), await client.run(installed_here, on_error="return")

    with warnings.catch_warnings():
        # That versions differ is for us to say.
        warnings.simplefilter("ignore")
        with distributed.Client(address, timeout=patience / 2, set_as_default=False) as client:
            threads = client.nthreads()
            try:
                versions, answers = client.sync(told, client, callback_timeout=patience)
            except TimeoutError:
                return ClusterFacts("", threads, stuck=True)
    fine_ones = {where: has for where, has in answers.items() if isinstance(has, dict)}
    return ClusterFacts(
        str(versions["scheduler"]["packages"].get("distributed")),
        threads,
        fine_ones,
        {where: str(why) for where, why in answers.items() if where not in fine_ones},
    )
