"""What Prefect's server knows of us, asked over plain HTTP: Prefect takes seconds to load."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flows.health.asking import Answer, NoAnswerError, ask

OURS = "stammkunde"
"""The tag by which deployments of ours are known."""

OF_PROJECT = "project:"
"""Begins the tag that tells whose a deployment is, where several projects share a server."""

_AT_ONCE = 4
_PAGE = 200
_FINE = 200


class RefusedError(Exception):
    """Somebody answers, and tells nothing a Prefect server would tell: the status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True)
class RunSeen:
    """A run as the server shows it; `message` is what its state says."""

    state: str
    name: str
    message: str
    expected_at: datetime | None
    began_at: datetime | None


@dataclass(frozen=True)
class Registered:
    """A deployment as the server keeps it.

    `last` is the newest run that was due or began, `ahead` the next one that is made already.
    `ready` says whether anybody came for its runs lately.
    """

    name: str
    crons: tuple[tuple[str, str, bool], ...]
    paused: bool
    ready: bool
    pool: str | None
    since: datetime | None
    last: RunSeen | None = None
    ahead: datetime | None = None
    whose: str | None = None


@dataclass(frozen=True)
class PoolSeen:
    """A work pool, and how many workers look into it."""

    name: str
    paused: bool
    workers: int


@dataclass(frozen=True)
class ServerFacts:
    """What a server told: its version, our deployments, their pools, the names of automations."""

    api: str
    version: str
    deployments: Mapping[str, Registered] = field(default_factory=dict)
    pools: Mapping[str, PoolSeen | None] = field(default_factory=dict)
    automations: frozenset[str] = frozenset()


class Server:
    """A Prefect server under its address, and how it lets us in."""

    def __init__(
        self,
        api: str,
        environment: Mapping[str, str],
        patience: float = 2.0,
        reach: float | None = None,
    ) -> None:
        self.api = api.rstrip("/")
        self._patience, self._reach = patience, reach
        self._headers = {}
        if login := environment.get("PREFECT_API_AUTH_STRING"):
            self._headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
        elif key := environment.get("PREFECT_API_KEY"):
            self._headers["Authorization"] = f"Bearer {key}"

    def version(self) -> str:
        """Which Prefect it is. Raises `NoAnswerError`, or `RefusedError`."""
        said = self._get("/admin/version")
        if not isinstance(said, str):
            raise RefusedError(_FINE)
        return said

    def facts(self, now: datetime) -> ServerFacts:
        """All a doctor wants to know."""
        version = self.version()
        found = self.deployments(now, ahead=True)
        pools = {each.pool for each in found.values() if each.pool is not None}
        return ServerFacts(
            self.api,
            version,
            found,
            {name: self._pool(name) for name in sorted(pools)},
            self._automations(),
        )

    def deployments(self, now: datetime, *, ahead: bool) -> dict[str, Registered]:
        """Ours, by name, each with its last run; with the next one too where it is `ahead`."""
        asked = {"deployments": {"tags": {"all_": [OURS]}}, "limit": _PAGE}
        kept: Sequence[dict[str, Any]] = self._post("/deployments/filter", asked)
        if not isinstance(kept, list):
            raise RefusedError(_FINE)
        with ThreadPoolExecutor(_AT_ONCE) as side_by_side:
            found = side_by_side.map(lambda each: self._registered(each, now, ahead), kept)
            return {each.name: each for each in found}

    def _registered(self, kept: dict[str, Any], now: datetime, ahead: bool) -> Registered:
        number, tags = kept["id"], kept.get("tags") or ()
        crons = tuple(
            (each["schedule"]["cron"], each["schedule"].get("timezone") or "UTC", each["active"])
            for each in kept.get("schedules", ())
            if "cron" in each["schedule"]
        )
        until = {"expected_start_time": {"before_": now.isoformat()}}
        last = self._runs(number, until, "EXPECTED_START_TIME_DESC")
        later = {
            "expected_start_time": {"after_": now.isoformat()},
            "state": {"type": {"any_": ["SCHEDULED"]}},
        }
        coming = self._runs(number, later, "EXPECTED_START_TIME_ASC") if ahead else []
        return Registered(
            kept["name"],
            crons,
            bool(kept.get("paused")),
            kept.get("status") == "READY",
            kept.get("work_pool_name"),
            _moment(kept.get("created")),
            _run(last[0]) if last else None,
            _moment(coming[0]["expected_start_time"]) if coming else None,
            next((t.removeprefix(OF_PROJECT) for t in tags if t.startswith(OF_PROJECT)), None),
        )

    def _runs(self, deployment: str, which: dict[str, Any], sort: str) -> list[dict[str, Any]]:
        asked = {
            "deployments": {"id": {"any_": [deployment]}},
            "flow_runs": which,
            "sort": sort,
            "limit": 1,
        }
        found: list[dict[str, Any]] = self._post("/flow_runs/filter", asked)
        return found

    def _pool(self, name: str) -> PoolSeen | None:
        try:
            kept = self._get(f"/work_pools/{name}")
            workers = self._post(
                f"/work_pools/{name}/workers/filter",
                {"workers": {"status": {"any_": ["ONLINE"]}}, "limit": _PAGE},
            )
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
        return PoolSeen(name, bool(kept.get("is_paused")), len(workers))

    def _automations(self) -> frozenset[str]:
        kept = self._post("/automations/filter", {"limit": _PAGE})
        return frozenset(each["name"] for each in kept if each.get("enabled", True))

    def _get(self, path: str) -> Any:
        return _told(self._ask(path))

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = Answer(503, b"")
        # On SQLite a busy server answers 503 for a moment.
        for _ in range(3):
            answer = self._ask(path, body)
            if answer.status != 503:
                break
        return _told(answer)

    def _ask(self, path: str, body: object = None) -> Answer:
        return ask(
            self.api + path,
            body=body,
            headers=self._headers,
            patience=self._patience,
            reach=self._reach,
        )


def _told(answer: Answer) -> Any:
    if not 200 <= answer.status < 300:
        raise RefusedError(answer.status)
    try:
        return answer.read()
    except NoAnswerError as error:
        raise RefusedError(answer.status) from error


def _run(seen: dict[str, Any]) -> RunSeen:
    state = seen.get("state") or {}
    return RunSeen(
        seen.get("state_type") or "",
        seen.get("state_name") or "",
        state.get("message") or "",
        _moment(seen.get("expected_start_time")),
        _moment(seen.get("start_time")),
    )


def _moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
