"""Runs that start late know it: of many missed ones the newest is enough."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from flows.initial import init
from flows.respond import respond
from flows.schedules import made_up_for
from flows.tasks import run_name, scheduled_for

NOW = datetime(2026, 5, 11, 12, tzinfo=UTC)


def run(minutes: int, *, scheduled: bool = True) -> FlowRun:
    return FlowRun(
        flow_id=uuid4(),
        auto_scheduled=scheduled,
        expected_start_time=NOW - timedelta(minutes=minutes),
    )


def test_of_late_runs_the_newest_is_enough() -> None:
    late = [run(90), run(75), run(60)]
    waiting = [late[1], run(0), late[0], run(-15), late[2]]
    assert made_up_for(waiting, NOW) == late[:2]


def test_what_somebody_asked_for_is_left_alone() -> None:
    assert made_up_for([run(90, scheduled=False), run(60, scheduled=False), run(30)], NOW) == []


def test_only_a_run_of_the_schedule_is_late() -> None:
    assert scheduled_for() is None

    def inside(of: FlowRun) -> datetime | None:
        with FlowRunContext.model_construct(flow_run=of):
            return scheduled_for()

    assert inside(run(10)) == NOW - timedelta(minutes=10)
    assert inside(run(10, scheduled=False)) is None
    again = run(10)
    again.run_count = 2
    assert inside(again) is None


def test_a_run_is_named_by_the_day_of_the_business_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(tmp_path / "shop")
    monkeypatch.setenv("STAMMKUNDE_PROJECT", str(tmp_path / "shop"))
    # Prefect knows UTC only, and in Berlin it is the next day already.
    late = FlowRun(flow_id=uuid4(), expected_start_time=datetime(2026, 5, 11, 22, 30, tzinfo=UTC))
    with FlowRunContext.model_construct(flow_run=late, flow=respond, parameters={}):
        assert run_name() == "respond 2026-05-12 00:30"
