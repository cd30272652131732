"""Whether the work gets done: flows that are overdue, data, lists, halts and what hangs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flows.alert_settings import AlertSettings
from flows.entries import Entry
from flows.health import stores, work
from flows.health.disk import told
from flows.store.health import Batches, Doubts, Queue, RunNote, Standing, Still
from segments.names import HaltCause

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
DAILY = Entry("weekday-morning", "daily", "30 8 * * 1-5", True, "Europe/Berlin", "")
POLL = Entry("what-came-back", "respond", "*/5 * * * *", True, "Europe/Berlin", "")
WELL = RunNote("plan", NOW, NOW, NOW, None, NOW)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def flow(entry: Entry, went_well: datetime | None, failed: str | None = None) -> tuple[str, str]:
    kind = work.STAGE.get(entry.runs, entry.runs)
    note = replace(WELL, kind=kind, went_well=went_well, failed=failed)
    (found,) = work.flows([entry], {kind: note}, NOW)
    return found.grade, found.key


@pytest.mark.parametrize(
    ("entry", "went_well", "expected"),
    [
        # This morning's was at 06:30 UTC.
        (DAILY, ago(hours=2), ("fine", "flow_fine")),
        # The one of Friday was done; today's is two and a half hours late.
        (DAILY, ago(days=3, hours=2), ("look", "flow_overdue")),
        (DAILY, ago(days=4), ("broken", "flow_overdue")),
        (POLL, ago(minutes=50), ("fine", "flow_fine")),
        (POLL, ago(hours=2), ("look", "flow_overdue")),
        (POLL, ago(days=2), ("broken", "flow_overdue")),
        (POLL, None, ("look", "flow_never")),
    ],
)
def test_a_flow_is_overdue_an_hour_after_it_should_have_gone_well(
    entry: Entry, went_well: datetime | None, expected: tuple[str, str]
) -> None:
    assert flow(entry, went_well) == expected


def test_a_flow_that_fails_says_why() -> None:
    assert flow(DAILY, ago(days=4), "SourceError: no file") == ("broken", "flow_fails")
    assert flow(DAILY, None, "SourceError: no file") == ("broken", "flow_only_failed")
    assert work.reason("SourceError: config/sources.yaml:4  no file") == (
        "config/sources.yaml:4  no file"
    )
    assert work.reason("KeyError") == "KeyError"
    assert len(work.reason("PipelineError: " + "long " * 99)) <= 200


def test_what_is_off_is_never_overdue() -> None:
    assert work.flows([replace(DAILY, enabled=False), replace(DAILY, cron=None)], {}, NOW) == []


@pytest.mark.parametrize(
    ("newest", "key"),
    [
        (None, "no_orders"),
        (ago(days=1), "source_fine"),
        (ago(days=3.5), "source_stale_soon"),
        (ago(days=5), "source_stale"),
    ],
)
def test_data_grows_old(newest: datetime | None, key: str) -> None:
    assert [each.key for each in work.source(newest, timedelta(days=4), NOW)] == [key]


def test_lists_nobody_read_for_hours_are_told() -> None:
    def told_of(**read: datetime) -> list[tuple[str, str]]:
        polls = {f"sendgrid {name}": at for name, at in read.items()}
        return [(each.grade, each.key) for each in work.lists(["sendgrid"], polls, NOW)]

    assert told_of() == [("look", "lists_never")]
    assert told_of(bounces=ago(hours=1), blocks=ago(hours=2)) == [("fine", "lists_fine")]
    assert told_of(bounces=ago(hours=1), blocks=ago(hours=9)) == [("look", "lists_long_ago")]
    assert told_of(bounces=ago(days=3)) == [("broken", "lists_long_ago")]


def test_what_hangs_is_told() -> None:
    quiet = work.waiting(Queue(due=3), Doubts(), Batches(), NOW)
    assert [each.key for each in quiet] == ["nothing_hangs"]
    found = work.waiting(
        Queue(abandoned=2), Doubts(1, ago(days=2)), Batches(5, ago(hours=2), 1), NOW
    )
    assert [each.key for each in found] == ["abandoned", "doubts_old", "events_wait", "events_odd"]


def test_a_stop_by_hand_is_no_fault_and_one_by_itself_is() -> None:
    still = Still(None, None, HaltCause.HAND, "inventory", ago(hours=1), None)
    assert [each.grade for each in work.halts([still])] == ["look"]
    (found,) = work.halts([replace(still, outlet="sendgrid", cause=HaltCause.KEY)])
    assert (found.grade, found.parts["command"]) == (
        "broken",
        "stammkunde resume --outlet sendgrid",
    )
    assert [each.key for each in work.halts([])] == ["nothing_halted"]


def test_stores_of_other_versions_and_clocks_that_differ_are_told() -> None:
    known = {"0001", "0002"}
    for at, key in (
        (None, "store_empty"),
        ("0002", "store_current"),
        ("0001", "store_older"),
        ("0003", "store_newer"),
    ):
        assert [each.key for each in stores.revision(at, known)] == [key]
    assert stores.clocks(None) == []
    for seconds, key in ((0.5, "clocks_fine"), (-5, "clocks_differ"), (70, "clocks_apart")):
        assert [each.key for each in stores.clocks(timedelta(seconds=seconds))] == [key]
    assert stores.database("postgresql", (13, 4))[0].key == "database_old"
    assert stores.database("sqlite", (3, 40, 1))[0].key == "database_fine"


def test_sizes_read_well() -> None:
    assert [told(n) for n in (1_200, 5_600_000, 71_700_000_000)] == ["1 kB", "5.6 MB", "71.7 GB"]


def test_what_needs_a_person_is_told_and_whether_anybody_was() -> None:
    wanted = AlertSettings.model_validate({"to": ["ada@nordholz.test"]})
    told_then = Standing("daily", "daily failed", ago(hours=3), ago(hours=2))
    untold = replace(told_then, told_at=None)

    def found(which: AlertSettings | None, *standing: Standing, posting: bool = True) -> list[str]:
        return [each.key for each in work.alerts(which, standing, NOW, posting=posting)]

    assert found(wanted) == ["alerts_fine"]
    assert found(wanted, told_then) == ["alert_stands", "alerts_fine"]
    assert found(wanted, untold) == ["alert_stands", "alerts_untold"]
    assert found(wanted, replace(untold, since=NOW)) == ["alert_stands", "alerts_fine"]
    assert found(None) == found(AlertSettings()) == ["nobody_told"]
    assert found(None, posting=False) == ["nobody_told_yet"]
