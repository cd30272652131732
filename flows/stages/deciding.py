"""When it is decided: by one run at a time, never backwards, and for missed days afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flows.errors import ConfigError, PipelineError
from flows.stages.shop import Shop, noted_run
from flows.store import runs
from flows.store.turns import turn

FURTHEST = timedelta(days=14)
"""Days missed longer ago are not decided any more: what was due then is no longer of use."""


class AlreadyDoneError(PipelineError):
    """A run that starts late finds that a later one did its work; nothing is wrong."""


@contextmanager
def deciding(shop: Shop, now: datetime) -> Iterator[tuple[int, dict[str, Any]]]:
    """A noted run that decides, as the only one: neither Prefect's nor anybody else's beside it."""
    with turn(shop.engine, "plan") as ours:
        if not ours:
            raise PipelineError(
                "another run is deciding at this moment, so this one left it alone. "
                "Nothing was lost: start it again once the other has ended"
            )
        _refuse_past(shop, now)
        with noted_run(shop, "plan", now) as noted:
            yield noted


def days_to_decide(shop: Shop, now: datetime) -> list[datetime]:
    """As of when a scheduled run decides: each day that was missed, in order, and then today.

    A missed day is one of the schedule after the last that was decided. Today counts once its time
    has come, and is decided as of `now`.
    """
    policy, schedule = shop.project.policy, shop.project.deployments
    here = ZoneInfo(schedule.zone or policy.zone)
    today = now.astimezone(here).date()
    with shop.engine.connect() as connection:
        latest = runs.latest_run(connection, "plan")
    if latest is None:
        return [now]
    decided = latest.astimezone(here).date()
    by_day = {
        moment.astimezone(here).date(): moment
        for moment in schedule.daily_moments(policy.zone, max(latest, now - FURTHEST), now)
    }
    missed = [moment for day, moment in sorted(by_day.items()) if decided < day < today]
    return [*missed, now] if today in by_day or not missed else missed


def refuse_done(shop: Shop, kind: str, scheduled: datetime) -> None:
    """Raise `AlreadyDoneError` if this stage went well as of a moment after `scheduled`."""
    with shop.engine.connect() as connection:
        latest = runs.latest_run(connection, kind)
    if latest is not None and latest >= scheduled:
        here = ZoneInfo(shop.project.policy.zone)
        raise AlreadyDoneError(
            f"What was due at {scheduled.astimezone(here):%Y-%m-%d %H:%M} was done by the run of "
            f"{latest.astimezone(here):%Y-%m-%d %H:%M}"
        )


def _refuse_past(shop: Shop, now: datetime) -> None:
    """Time runs one way: what was decided as of a later moment cannot be decided before it."""
    with shop.engine.connect() as connection:
        latest = runs.latest_run(connection, "plan")
    if latest is not None and now < latest:
        raise ConfigError.at(
            "--as-of",
            f"the plan has been made up to {latest:%Y-%m-%d %H:%M} UTC already; "
            "take that moment or a later one",
        )
