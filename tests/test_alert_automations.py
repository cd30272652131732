"""What the Prefect server is told to do when something needs a person, and when nobody is told."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import clock
from flows.alert_automations import automations, longest_gap, register_alerts
from flows.alert_settings import AlertSettings
from flows.entries import Entry, alert_entry
from flows.initial import init
from segments.names import AlertKind, Locale
from tests.approving import Server
from tests.prefects import harness

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

MORNING = Entry("weekday-morning", "daily", "30 8 * * 1-5", True, "Europe/Berlin", "The day.")
ALERTS = """\
alerts:
  to: [team@nordholz.example]
  webhook: http://127.0.0.1:9/hook
inbox:"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with harness() as api:
        yield Server(api)


def named(server: Server) -> dict[str, Any]:
    return {row["name"]: row for row in server.post("automations/filter")}


def test_they_are_registered_once_and_leave_with_the_settings(server: Server, tmp_path: Path):
    init(tmp_path / "shop")
    settings = tmp_path / "shop" / "config" / "settings.yaml"
    quiet = settings.read_text("utf-8")
    entries = [MORNING, alert_entry("Europe/Berlin")]
    made = server.deploy(*entries)

    async def registered() -> None:
        from prefect.client.orchestration import get_client

        async with get_client() as client:
            await register_alerts(client, entries, made, tmp_path / "shop")

    settings.write_text(quiet.replace("inbox:", ALERTS, 1), "utf-8")
    for _ in range(2):
        asyncio.run(registered())
        assert sorted(named(server)) == [
            "stammkunde: alert mail",
            "stammkunde: alert run crashed",
            "stammkunde: alert run failed",
            "stammkunde: alert webhook",
            "stammkunde: alert weekday-morning is missing",
        ]
    crashed = named(server)["stammkunde: alert run crashed"]
    assert [each["type"] for each in crashed["actions"]] == ["call-webhook", "run-deployment"]
    assert crashed["trigger"]["match"]["prefect.state-type"] in ("CRASHED", ["CRASHED"])
    assert crashed["description"].startswith("Aus `alerts:` in")
    assert "ist abgebrochen" in crashed["actions"][0]["payload"]
    # The address may hold a token: no automation shows it.
    assert "127.0.0.1:9" not in json.dumps(named(server))

    settings.write_text(quiet, "utf-8")
    asyncio.run(registered())
    assert named(server) == {}
    assert server.post("block_documents/filter") == []


def test_the_longest_gap_of_a_schedule_is_its_weekend():
    assert longest_gap(MORNING, clock.now()).days in (2, 3)


def test_nobody_is_told_by_a_server_without_ways():
    alerts = AlertSettings(kinds=[AlertKind.RUN_FAILED])
    assert not alerts.ways
    assert automations(alerts, Locale.DE, [], {}, None, None) == []
