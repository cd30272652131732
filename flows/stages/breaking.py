"""Circuit breakers: where too much of what went came back, a journey or a way out stands still."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import babel
import pandas as pd
from babel.numbers import format_percent
from sqlalchemy import Connection

from flows.calendars import holidays_around
from flows.delivery.routes import routes
from flows.reporting.figures import count
from flows.reporting.standing import Standing, named, sentence
from flows.reporting.standing import told as told_of
from flows.reporting.words import say
from flows.stages.shop import Shop
from flows.store import halts
from flows.store.halts import Halts
from flows.store.outbox import side_by_side
from flows.store.rates import Asked, Rate, rates, waiting
from segments.effect.wilson import lower_bound
from segments.journey.calendar import Calendar
from segments.names import HaltCause, Locale
from segments.policy import RatePolicy
from segments.spans import Span

_SAID = {HaltCause.BOUNCES: "came_back", HaltCause.COMPLAINTS: "complained"}
_WARN_FROM = 1 / 3
"""Of the limit of complaints: Gmail blocks from 0.30 % on, and wants to see less than 0.10 %."""


@dataclass(frozen=True)
class Opened:
    """A journey or a way out that stands still from now on, and why."""

    journey: str | None
    outlet: str | None
    cause: HaltCause
    why: str


def look(shop: Shop, now: datetime) -> list[Opened]:
    """Have stand still whatever had too much come back, and have somebody look into it.

    Too much is a share above the limit even after allowing for chance, by Wilson's lower bound:
    of few messages, one that came back proves nothing. A journey that stands still does not bring
    its way out to a standstill, too. What stood still before is not told again.
    """
    sending = shop.project.policy.sending
    limits = (HaltCause.BOUNCES, sending.bounces), (HaltCause.COMPLAINTS, sending.complaints)
    opened = []
    with shop.engine.connect() as connection:
        still = halts.open_halts(connection, now)
        for cause, limit in limits:
            for rate in _rates(connection, shop, cause, limit, limit.above, still, now):
                if _certain(rate, limit):
                    why = _said(shop, _SAID[cause], rate, limit)
                    opened.append(Opened(**rate.scope.where, cause=cause, why=why))
    if not opened:
        return []
    with side_by_side(shop.engine) as connection:
        return [each for each in opened if _open(connection, shop, each, now)]


def warnings(shop: Shop, now: datetime) -> list[str]:
    """Where complaints come near the limit, a sentence each; of what stands still, none."""
    cause, limit = HaltCause.COMPLAINTS, shop.project.policy.sending.complaints
    with shop.engine.connect() as connection:
        still = halts.open_halts(connection, now)
        near = _rates(connection, shop, cause, limit, limit.above * _WARN_FROM, still, now)
    return [
        sentence(_said(shop, "complaints_near", rate, limit))
        for rate in near
        if not _certain(rate, limit)
    ]


def told(shop: Shop, now: datetime) -> list[str]:
    """What stands still, why, and how much waits for it; and where complaints come near the limit.

    A sentence each, for the end of a run.
    """
    with shop.engine.connect() as connection:
        found = standing(connection, shop, now)
    lines = told_of(found, shop.project.policy.locale, shop.project.policy.zone)
    return [*lines, *warnings(shop, now)]


def standing(connection: Connection, shop: Shop, now: datetime) -> Standing:
    """What stands still, and what waits in the queue meanwhile."""
    still = halts.open_halts(connection, now)
    open_now = routes(shop.project.settings, still.outlets)
    return Standing(still, waiting(connection, now), open_now.own, open_now.ways)


def _rates(
    connection: Connection,
    shop: Shop,
    cause: HaltCause,
    limit: RatePolicy,
    share: float,
    still: Halts,
    now: datetime,
) -> list[Rate]:
    """Rates of what goes on: of journeys, and of ways out by the messages of such journeys."""
    project = shop.project
    asked = Asked(
        project.journeys.keys() - still.journeys.keys(),
        project.settings.outlets.keys(),
        now - timedelta(days=limit.within.days),
        share,
        limit.of_at_least,
    )
    found = rates(connection, cause, asked, now)
    journeys = [each for each in found if each.scope.journey]
    too_high = {each.scope.journey for each in journeys if _certain(each, limit)}
    if too_high:
        found = rates(connection, cause, replace(asked, journeys=asked.journeys - too_high), now)
    outlets = [each for each in found if each.scope.outlet]
    return [*journeys, *(each for each in outlets if each.scope.outlet not in still.outlets)]


def _certain(rate: Rate, limit: RatePolicy) -> bool:
    return lower_bound(rate.hits, rate.of) > limit.above


def _open(connection: Connection, shop: Shop, opened: Opened, now: datetime) -> bool:
    """Stop it, and give whoever looks after what nobody else does a task; if it went until now."""
    if not halts.halt(
        connection,
        journey=opened.journey,
        outlet=opened.outlet,
        cause=opened.cause,
        why=opened.why,
        now=now,
    ):
        return False
    locale = shop.project.policy.locale
    what = named(opened.journey, opened.outlet, locale)
    halts.task(
        connection,
        about=say("halt_task", locale, what=what, why=opened.why),
        owner=shop.project.owners.default,
        due_at=_next_business_day(shop, now),
    )
    return True


def _said(shop: Shop, key: str, rate: Rate, limit: RatePolicy) -> str:
    """What was counted, in the words of the key."""
    policy = shop.project.policy
    locale = policy.locale
    return say(
        key,
        locale,
        what=named(**rate.scope.where, locale=locale),
        hits=count(rate.hits, locale),
        of=count(rate.of, locale),
        since=rate.since.astimezone(ZoneInfo(policy.zone)).date().isoformat(),
        share=_percent(rate.hits / rate.of, locale),
        bound=_percent(lower_bound(rate.hits, rate.of), locale),
        limit=_percent(limit.above, locale),
    )


def _percent(share: float, locale: Locale) -> str:
    """With as many decimals as it takes: these shares are small."""
    pattern = babel.Locale.parse(locale.value).percent_formats[None].pattern
    return format_percent(share, pattern.replace("0", "0.##"), locale=locale.value)


def _next_business_day(shop: Shop, now: datetime) -> datetime:
    policy = shop.project.policy
    calendar = Calendar(policy, holidays_around(now, policy))
    tomorrow = pd.Series([pd.Timestamp(now) + timedelta(days=1)]).astype("datetime64[us, UTC]")
    due: datetime = calendar.later(tomorrow, Span(0, "business_days"))[0].to_pydatetime()
    return due
