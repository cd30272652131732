"""Schedules against what a server knows: registered, on, served, and producing runs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flows.entries import Entry, alert_entry
from flows.health.schedules import automations, first_missed, last_due, next_start, pools, schedules
from flows.health.server import PoolSeen, Registered, RunSeen, ServerFacts

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
"""A Monday, 11 o'clock in Berlin."""
DUE = datetime(2026, 6, 15, 6, 30, tzinfo=UTC)
NEXT = datetime(2026, 6, 16, 6, 30, tzinfo=UTC)
ZONE = "Europe/Berlin"
CRON = "30 8 * * 1-5"
DAILY = Entry("weekday-morning", "daily", CRON, True, ZONE, "")
RAN = RunSeen("COMPLETED", "Completed", "Sent 4", DUE, DUE + timedelta(seconds=20))
GOOD = Registered(
    "weekday-morning", ((CRON, ZONE, True),), False, True, None, DUE - timedelta(days=9), RAN, NEXT
)


def told(kept: Registered | None, entry: Entry = DAILY, **facts: object) -> list[tuple[str, str]]:
    deployments = {} if kept is None else {kept.name: kept}
    pools_seen: dict[str, PoolSeen | None] = {}
    if isinstance(pool := facts.get("pool"), PoolSeen):
        pools_seen = {pool.name: pool}
    server = ServerFacts("http://x/api", "3.8.8", deployments, pools_seen)
    found = schedules([entry], server, NOW, up=bool(facts.get("up", True)))
    return [(each.grade, each.key) for each in found]


LATE = RunSeen("SCHEDULED", "Late", "", DUE, None)
FAILED = replace(RAN, state="FAILED", name="Wrong input", message="config/sources.yaml:4  no file")
OLD = replace(RAN, expected_at=DUE - timedelta(days=3))


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (GOOD, ("fine", "fires")),
        (None, ("broken", "not_registered")),
        (replace(GOOD, paused=True), ("broken", "paused_there")),
        (replace(GOOD, crons=((CRON, ZONE, False),)), ("broken", "paused_there")),
        (replace(GOOD, crons=(("30 7 * * 1-5", ZONE, True),)), ("look", "other_time_there")),
        (replace(GOOD, crons=((CRON, "UTC", True),)), ("look", "other_time_there")),
        (replace(GOOD, last=None), ("broken", "never_fires")),
        (replace(GOOD, last=OLD), ("broken", "did_not_fire")),
        (replace(GOOD, ahead=None), ("broken", "no_run_ahead")),
        (replace(GOOD, last=LATE), ("broken", "late")),
        (replace(GOOD, last=FAILED), ("look", "last_went_wrong")),
        # Made after it was due the last time: nobody can expect a run yet.
        (replace(GOOD, last=None, since=DUE + timedelta(hours=1)), ("fine", "not_due_yet")),
    ],
)
def test_a_schedule_that_never_fires_is_told_by_what_is_wrong_with_it(
    kept: Registered | None, expected: tuple[str, str]
) -> None:
    assert told(kept) == [expected]


def test_where_nobody_serves_runs_they_are_not_expected() -> None:
    away = replace(GOOD, ready=False)
    assert told(away, up=False) == [("broken", "nobody_serves")]
    # `up` may have begun a moment ago.
    assert told(away, up=True) == [("fine", "fires")]


def test_of_a_pool_nobody_looks_into_it_is_told_once() -> None:
    pooled = replace(GOOD, pool="stammkunde")
    empty = PoolSeen("stammkunde", False, 0)
    assert told(pooled, pool=empty) == []
    assert told(pooled, pool=replace(empty, workers=2)) == [("fine", "fires")]
    for pool, key in (
        (empty, "pool_without_workers"),
        (replace(empty, paused=True), "pool_paused"),
        (None, "pool_missing"),
        (replace(empty, workers=2), "pool_fine"),
    ):
        (found,) = pools(ServerFacts("", "", {}, {"stammkunde": pool}))
        assert found.key == key


def test_what_is_off_or_by_hand_is_not_expected_to_start() -> None:
    off = replace(DAILY, enabled=False)
    by_hand = replace(DAILY, cron=None)
    assert told(GOOD, off) == [("look", "on_though_off")]
    assert told(replace(GOOD, crons=((CRON, ZONE, False),)), off) == [("fine", "switched_off")]
    assert told(replace(GOOD, crons=()), by_hand) == [("fine", "by_hand_only")]


def test_deployments_in_no_file_and_missing_automations_are_told() -> None:
    strange = replace(GOOD, name="old-one")
    assert told(strange) == [("broken", "not_registered"), ("look", "registered_unknown")]
    server = ServerFacts("", "", automations=frozenset({"one"}))
    assert [each.key for each in automations(server, ["one"])] == ["automations_fine"]
    assert [each.key for each in automations(server, ["one", "two"])] == ["automations_missing"]
    # By how they begin: alerts have one for each way something is noticed.
    assert [each.key for each in automations(server, ["on"])] == ["automations_fine"]
    assert told(replace(GOOD, name="alert", crons=()), alert_entry(ZONE)) == []


def test_times_are_those_of_the_houses_clock() -> None:
    assert next_start(CRON, ZONE, NOW) == NEXT
    assert last_due(CRON, ZONE, NOW) == DUE
    assert last_due("0 3 1 * *", ZONE, NOW) == datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
    assert first_missed(CRON, ZONE, DUE - timedelta(days=3), NOW) == DUE
    assert first_missed(CRON, ZONE, DUE, NOW) is None


def test_deployments_of_another_project_on_the_same_server_are_not_ours() -> None:
    ours = replace(DAILY, project="north")
    assert told(replace(GOOD, whose="north"), ours) == [("fine", "fires")]
    assert told(replace(GOOD, whose="south"), ours) == [("broken", "not_registered")]
