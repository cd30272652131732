"""What needs a person is noticed once and is over once, whatever it is."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert, update

from flows.errors import ConfigError
from flows.stages import alerting
from flows.stages.alerting import Cause
from flows.stages.shop import Shop
from flows.store import alerting as store
from flows.store import halts
from flows.store.models import EventBatch, Run, Task
from segments.names import AlertKind, HaltCause
from tests.stages.tiny import NOW, Tiny, after

ALERTS = """\
alerts:
  to: [team@nordholz.example]
  webhook: {webhook}
inbox:"""


@pytest.fixture(scope="module")
def sqlite_told(sqlite_tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """What `told` is on SQLite, to copy."""
    folder = tmp_path_factory.mktemp("told")
    shutil.copy(sqlite_tiny.folder.parent / "store.db", folder / "store.db")
    return _told(sqlite_tiny.copied(folder / "project", f"sqlite:///{folder / 'store.db'}"))


@pytest.fixture
def told(request: pytest.FixtureRequest, store_url: str, tmp_path: Path) -> Tiny:
    """The same, where somebody is to be told; its flows have just run."""
    if store_url.startswith("sqlite"):
        prepared: Tiny = request.getfixturevalue("sqlite_told")
        shutil.copy(prepared.folder.parent / "store.db", tmp_path / "store.db")
        return prepared.copied(tmp_path / "project", store_url)
    return _told(request.getfixturevalue("tiny"))


def _told(tiny: Tiny) -> Tiny:
    tiny.edit("settings.yaml", "inbox:", ALERTS.format(webhook="STAMMKUNDE_ALERTS"))
    tiny.live_a_day(NOW)
    with tiny.open() as shop, shop.engine.begin() as connection:
        for kind in ("respond", "suppressions", "measure", "digest", "retention"):
            connection.execute(insert(Run).values(kind=kind, as_of=NOW, started_at=NOW, counts={}))
        connection.execute(update(Run).values(started_at=NOW, ended_at=NOW))
    return tiny


def standing(shop: Shop) -> list[tuple[str, str]]:
    with shop.engine.connect() as connection:
        return [(each.kind.value, each.subject) for each in store.standing(connection)]


def bounces(shop: Shop) -> None:
    with shop.engine.begin() as connection:
        about = {"journey": "reassurance", "cause": HaltCause.BOUNCES, "why": "9 of 20"}
        halts.halt(connection, **about, now=NOW)  # type: ignore[arg-type]


def resumes(shop: Shop) -> None:
    with shop.engine.begin() as connection:
        halts.resume(connection, journey="reassurance", now=NOW)


def is_late(shop: Shop) -> None:
    with shop.engine.begin() as connection:
        late = {"about": "call", "due_at": after(-3), "kind": "call", "status": "open", "step": "x"}
        connection.execute(insert(Task).values(late))


def is_done(shop: Shop) -> None:
    with shop.engine.begin() as connection:
        connection.execute(update(Task).values(status="done", done_at=NOW))


def waits(shop: Shop) -> None:
    with shop.engine.begin() as connection:
        batch = {"source": "sendgrid", "received_at": after(-1), "body": b"[]"}
        connection.execute(insert(EventBatch).values(batch))


def is_taken_in(shop: Shop) -> None:
    with shop.engine.begin() as connection:
        connection.execute(update(EventBatch).values(applied_at=NOW))


def ran_last(moment: timedelta) -> Callable[[Shop], None]:
    def change(shop: Shop) -> None:
        with shop.engine.begin() as connection:
            own = update(Run).where(Run.kind == "respond")
            connection.execute(own.values(started_at=NOW + moment))

    return change


@pytest.mark.parametrize(
    ("begins", "ends", "kind", "subject"),
    [
        (bounces, resumes, "breaker_open", "reassurance"),
        (is_late, is_done, "tasks_overdue", "tasks"),
        (waits, is_taken_in, "unsubscribe_slow", "respond"),
        (ran_last(-timedelta(hours=3)), ran_last(timedelta()), "run_missing", "what-came-back"),
    ],
    ids=["breaker", "tasks", "unsubscribing", "missing"],
)
def test_what_needs_a_person_begins_once_and_ends_once(
    told: Tiny,
    begins: Callable[[Shop], None],
    ends: Callable[[Shop], None],
    kind: str,
    subject: str,
):
    with told.open() as shop:
        alerting.look(shop, NOW)
        assert standing(shop) == []
        begins(shop)
        for _ in range(2):
            alerting.look(shop, NOW)
            assert standing(shop) == [(kind, subject)]
        with shop.engine.begin() as connection:
            ((begun, over),) = store.untold(connection)
            assert not over
            assert "@" not in begun.said
            store.note_told(connection, begun.id, NOW, over=False)
            assert store.untold(connection) == []
        ends(shop)
        alerting.look(shop, NOW)
        assert standing(shop) == []
        with shop.engine.begin() as connection:
            ((gone, over),) = store.untold(connection)
            assert (gone.id, over) == (begun.id, True)
            store.note_told(connection, gone.id, NOW, over=True)
            assert store.untold(connection) == []


@pytest.mark.briefly("sqlite")
def test_old_data_is_told(told: Tiny):
    with told.open() as shop:
        alerting.look(shop, after(11))
        assert ("source_stale", "orders") in standing(shop)


@pytest.mark.briefly("sqlite")
def test_ratios_are_looked_at_only_where_they_are_known(told: Tiny):
    effects = pd.DataFrame({"journey": ["reassurance", "other"], "ratio_alarm": [True, False]})
    with told.open() as shop:
        alerting.look(shop, NOW, effects)
        alerting.look(shop, NOW)
        assert standing(shop) == [("sample_ratio", "reassurance")]
        alerting.look(shop, NOW, effects.assign(ratio_alarm=False))
        assert standing(shop) == []


@pytest.mark.briefly("sqlite")
def test_of_what_somebody_stopped_nobody_is_told(told: Tiny):
    with told.open() as shop:
        with shop.engine.begin() as connection:
            by_hand = {"journey": "reassurance", "cause": HaltCause.HAND, "why": ""}
            halts.halt(connection, **by_hand, now=NOW)  # type: ignore[arg-type]
        alerting.look(shop, NOW)
        assert standing(shop) == []


@pytest.mark.briefly("sqlite")
def test_nothing_is_looked_at_where_nobody_is_told(tiny: Tiny):
    with tiny.open() as shop:
        bounces(shop)
        alerting.look(shop, NOW)
        assert standing(shop) == []


@pytest.mark.briefly("sqlite")
def test_kinds_that_nobody_wants_are_left_out(told: Tiny):
    told.edit("settings.yaml", "alerts:\n", "alerts:\n  kinds: [tasks_overdue]\n")
    with told.open() as shop:
        bounces(shop)
        is_late(shop)
        alerting.look(shop, NOW)
        assert standing(shop) == [("tasks_overdue", "tasks")]


@pytest.mark.briefly("sqlite")
def test_runs_that_failed_are_over_when_one_of_theirs_ends_well(told: Tiny):
    with told.open() as shop:
        alerting.begin(shop, Cause(AlertKind.RUN_FAILED, "weekday-morning", "it failed"), NOW)
        alerting.look(shop, NOW)
        alerting.went_well(shop, "what-came-back", NOW)
        assert standing(shop) == [("run_failed", "weekday-morning")]
        alerting.went_well(shop, "weekday-morning", NOW)
        assert standing(shop) == []


def test_each_mail_has_a_number_of_its_own_and_reads_in_the_house_s_language(told: Tiny):
    with told.open() as shop:
        bounces(shop)
        alerting.look(shop, NOW)
        with shop.engine.connect() as connection:
            (alert,) = store.standing(connection)
        assert alerting.mail(shop, alert, NOW, over=False) == 1
        assert alerting.mail(shop, alert, NOW, over=True) == 1
        assert alerting.faults(shop.project) == []
    texts = [file.read_bytes() for file in sorted(told.folder.rglob("*.eml"))]
    found = [text for text in texts if b"X-Stammkunde-Notice: alert" in text]
    numbers = {line for text in found for line in text.splitlines() if b"Message-ID" in line}
    assert len(numbers) == len(found) == 2


@pytest.mark.briefly("sqlite")
def test_an_address_that_is_not_set_is_said_before_anything_starts(told: Tiny):
    with told.open() as shop:
        alerts = shop.project.settings.alerts
        assert alerts is not None
        with pytest.raises(ConfigError, match="STAMMKUNDE_ALERTS is not set"):
            alerts.address()
