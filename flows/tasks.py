"""What the flows share: Prefect tasks around the stages, names and progress."""

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast
from zoneinfo import ZoneInfo

from prefect import runtime, task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext, TagsContext
from prefect.utilities.annotations import quote

from flows import clock
from flows.delivery.report import DeliveryReport
from flows.deployments import business_zone
from flows.errors import ConfigError
from flows.forms import title
from flows.intake.report import PullReport
from flows.moments import moment
from flows.overtime import run_limited
from flows.passing import PAUSES
from flows.reporting.facts import DayFacts, RunFacts
from flows.reporting.subjects import Format, Subject
from flows.reporting.words import say
from flows.responses.apply import ResponseReport
from flows.said_once import say_once
from flows.stages import delivering, measuring, pulling, responding, telling
from flows.stages.deciding import refuse_done
from flows.stages.shop import Progress, Shop, opened
from flows.states import project_here, refusing
from flows.trying import AGAIN, unattended

if TYPE_CHECKING:
    from flows.reporting.charts import Picture

_EVERY_SECONDS = 2.0
_LATE = timedelta(minutes=2)

# Prefect lends our loggers its handler (PREFECT_LOGGING_EXTRA_LOGGERS), but no level.
logging.getLogger("flows").setLevel(logging.INFO)
say_once()

Value = TypeVar("Value")


def sealed(value: Value) -> Value:
    """For a task's argument: Prefect neither looks inside nor copies it; the task gets `value`."""
    return cast(Value, quote(value))


@contextmanager
def shop_and_moment(as_of: str | None) -> Iterator[tuple[Shop, datetime]]:
    """The project of this process, and the moment its run works as of.

    The tags of a run stay with it: for a task with tags Prefect asks its server for slots first,
    which takes a second each time.
    """
    folder, pauses = project_here(), PAUSES if unattended() else ()
    with run_limited(folder), opened(folder, pauses) as shop, TagsContext(current_tags=set()):
        now = clock.now()
        if (scheduled := scheduled_for()) and now - scheduled > _LATE and not as_of:
            name = str(runtime.flow_run.flow_name)
            refuse_done(shop, "plan" if name == "daily" else name, scheduled)
        yield shop, _moment(as_of, shop.project.policy.zone, now)


def _moment(as_of: str | None, zone: str, now: datetime) -> datetime:
    """As of when; what is wrong with it is said of the form where it was written into one."""
    try:
        return moment(as_of, zone, now)
    except ConfigError as error:
        if not unattended():
            raise
        raise ConfigError.at(
            title("as_of"), "; ".join(fault.what for fault in error.faults)
        ) from None


def scheduled_for() -> datetime | None:
    """When the schedule wanted this run; None for one that somebody started, or started again."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or not run.auto_scheduled or run.run_count > 1:
        return None
    if run.empirical_policy.pause_keys:
        # It goes on after it waited for approval.
        return None
    return run.expected_start_time


def run_name() -> str:
    """What a run is called in the lists: "daily 2026-11-18", from its flow and parameters."""
    parameters = runtime.flow_run.parameters
    scheduled = runtime.flow_run.scheduled_start_time or clock.now()
    here = scheduled.astimezone(ZoneInfo(business_zone(project_here())))
    when = parameters.get("as_of") or format(here, "%Y-%m-%d %H:%M")
    dry = " (preview)" if parameters.get("dry_run") else ""
    return f"{runtime.flow_run.flow_name} {str(when).replace('T', ' ')}{dry}"


class ProgressBar:
    """A progress artifact that is written at most every two seconds.

    One that is `patient` comes only where it takes longer than that: most short runs need none.
    """

    def __init__(self, key: str, what: str, *, patient: bool = False) -> None:
        self._key, self._what = key, what
        self._id: Any = None if patient else self._create()
        self._said = time.monotonic()

    def __call__(self, _what: str, done: int, of: int) -> None:
        """Show `done` out of `of`; where the whole is unknown nothing can be shown."""
        moment_now = time.monotonic()
        late = moment_now - self._said >= _EVERY_SECONDS
        if self._id is None and of and late:
            self._id = self._create()
        if self._id is not None and of and (done >= of or late):
            self._said = moment_now
            update_progress_artifact(self._id, progress=round(100.0 * min(done / of, 1.0), 1))

    def _create(self) -> Any:
        return create_progress_artifact(progress=0.0, key=self._key, description=self._what)


def progress_bar(shop: Shop, stage: str, *, patient: bool = False) -> Progress:
    """How far a stage is, as an artifact of its run."""
    what = say(f"progress_{stage}", shop.project.policy.locale)
    return ProgressBar(f"{stage}-progress", what, patient=patient)


def _table_by_table(shop: Shop) -> Progress:
    """How far a pull is: a table is done when the next one begins."""
    bar, begun = progress_bar(shop, "pull", patient=True), set[str]()
    number = len(shop.project.sources.given)

    def show(table: str, _rows: int, _of: int) -> None:
        begun.add(table)
        bar(table, len(begun) - 1, number)

    return show


@task(
    name="pull",
    task_run_name="pull the company's data",
    cache_policy=NO_CACHE,
    **AGAIN,
)
@refusing
def pull_data(shop: Shop, now: datetime) -> PullReport:
    """Bring in every table. Repeating it is safe: what is there already changes nothing."""
    return pulling.pull(shop, now, progress=_table_by_table(shop))


# Whatever Prefect's settings say: only the ledger of sends knows what may be handed over again.
@task(name="deliver", task_run_name="deliver what is due", cache_policy=NO_CACHE, retries=0)
@refusing
def deliver_messages(shop: Shop, now: datetime, *, ticking: bool) -> DeliveryReport:
    """Hand over what is queued, with progress to see; `ticking` if it is sent as of this moment."""
    bar = progress_bar(shop, "deliver")
    return delivering.deliver(shop, now, ticking=ticking, progress=bar)


@task(
    name="respond",
    task_run_name="take in what came back",
    cache_policy=NO_CACHE,
    **AGAIN,
)
@refusing
def take_in_responses(shop: Shop, now: datetime) -> ResponseReport:
    """Take in the inbox and attribute orders."""
    return responding.respond(shop, now, progress=progress_bar(shop, "respond", patient=True))


@task(
    name="measure",
    task_run_name="measure what it brought",
    cache_policy=NO_CACHE,
    **AGAIN,
)
@refusing
def measure_effects(shop: Shop, now: datetime) -> RunFacts:
    """Compare treated and held-out customers, journey by journey."""
    return measuring.measure(shop, now, progress=progress_bar(shop, "measure", patient=True))


@task(name="draw", task_run_name="draw pictures", cache_policy=NO_CACHE)
@refusing
def draw_pictures(
    shop: Shop,
    now: datetime,
    subjects: Collection[Subject] = frozenset(Subject),
    measured: RunFacts | None = None,
) -> "list[Picture]":
    """Draw what the journeys did and brought, small enough to be kept with the run."""
    # What draws takes a while to load, and most runs draw nothing.
    from flows.stages import picturing

    return list(picturing.draw(shop, now, Format.PNG, subjects=subjects, measured=measured))


@task(name="report", task_run_name="tell the day", cache_policy=NO_CACHE)
@refusing
def tell_day(
    shop: Shop,
    now: datetime,
    pulled: dict[str, dict[str, int]],
    notes: tuple[str, ...],
    measured: RunFacts | None = None,
) -> DayFacts:
    """What the day did, in figures."""
    return telling.day(shop, now, pulled=pulled, notes=notes, measured=measured)


@task(name="preview", task_run_name="decide without writing", cache_policy=NO_CACHE)
@refusing
def preview_day(shop: Shop, now: datetime) -> DayFacts:
    """What would be decided now; nothing is written."""
    return telling.preview(shop, now, progress=progress_bar(shop, "preview"))
