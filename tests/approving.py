"""Deployments run in this process, as a worker would run them, with a real Prefect server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from flows.entries import Entry
from tests.waiting import plain

DAILY = Entry("weekday-morning", "daily", None, True, "Europe/Berlin", "The day.")


@contextmanager
def project(folder: Path) -> Iterator[None]:
    """The environment names this project."""
    before = os.environ.get("STAMMKUNDE_PROJECT")
    os.environ["STAMMKUNDE_PROJECT"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["STAMMKUNDE_PROJECT"]
        else:
            os.environ["STAMMKUNDE_PROJECT"] = before


class Server:
    """Prefect's server, asked as its pages ask it."""

    def __init__(self, api: str) -> None:
        self.api = api

    def post(self, path: str, **body: Any) -> Any:
        for _ in range(20):
            answer = plain.post(f"{self.api}/{path}", json=body, timeout=30)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        answer = plain.get(f"{self.api}/{path}", timeout=30)
        assert answer.is_success, answer.text
        return answer.json()

    def deploy(self, *entries: Entry) -> dict[str, UUID]:
        """Register them, as `stammkunde deploy` does."""
        import asyncio

        from prefect.client.orchestration import get_client

        from flows.registering import register

        async def registered() -> dict[str, UUID]:
            async with get_client() as client:
                made, _ = await register(client, entries)
                return made

        return asyncio.run(registered())

    def ask_for_run(self, deployment: UUID, **parameters: Any) -> str:
        """Somebody chooses *Run*."""
        made = self.post(f"deployments/{deployment}/create_flow_run", parameters=parameters)
        return str(made["id"])

    def run(self, run: str, flow: str = "daily") -> Any:
        """What a worker does with a run that is scheduled; its state afterwards."""
        from prefect.client.orchestration import get_client
        from prefect.exceptions import Pause
        from prefect.flow_engine import run_flow
        from prefect.states import Pending

        with get_client(sync_client=True) as client:
            client.set_flow_run_state(UUID(run), Pending())
            found = client.read_flow_run(UUID(run))
            with suppress(Pause):
                run_flow(
                    getattr(import_module(f"flows.{flow}"), flow),
                    flow_run=found,
                    parameters=found.parameters,
                    return_type="state",
                )
        return self.state(run)

    def state(self, run: str) -> Any:
        return self.get(f"flow_runs/{run}")["state"]

    def artifacts(self, run: str) -> dict[str, Any]:
        rows = self.post("artifacts/filter", flow_runs={"id": {"any_": [run]}})
        return {row["key"]: row for row in rows if row["key"]}
