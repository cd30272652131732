"""When something starts, as one says it: "Monday to Friday at 08:30"."""

from itertools import pairwise

from flows.crons import Cron
from flows.reporting.words import say
from segments.names import Locale

_MOST_TIMES = 4


def in_words(cron: Cron, locale: Locale) -> str:
    """The days and the times."""
    return f"{_which_days(cron, locale)} {_which_times(cron, locale)}"


def _which_days(cron: Cron, locale: Locale) -> str:
    of_months = ""
    if len(cron.months) < 12:
        names = say("cron_months", locale).split(",")
        listed = _listed([names[month - 1] for month in sorted(cron.months)], locale)
        of_months = " " + say("cron_of_months", locale, months=listed)
    if cron.either or len(cron.days) < 31:
        days = _listed([say("cron_day", locale, day=day) for day in sorted(cron.days)], locale)
        dates = say("cron_dates", locale, days=days) + of_months
        week = _week(cron.weekdays, locale)
        if cron.either:
            return say("cron_either", locale, dates=dates, week=week)
        return (
            dates if len(cron.weekdays) == 7 else f"{dates} {say('cron_only', locale, week=week)}"
        )
    return _week(cron.weekdays, locale) + of_months


def _which_times(cron: Cron, locale: Locale) -> str:
    if len(cron.hours) * len(cron.minutes) <= _MOST_TIMES:
        times = [f"{h:02}:{m:02}" for h in cron.hours for m in cron.minutes]
        return say("cron_at", locale, times=_listed(times, locale))
    every = _every(cron, locale)
    if len(cron.hours) == 24:
        return every
    first = f"{cron.hours[0]:02}:{cron.minutes[0]:02}"
    last = f"{cron.hours[-1]:02}:{cron.minutes[-1]:02}"
    return say("cron_from", locale, every=every, first=first, last=last)


def _every(cron: Cron, locale: Locale) -> str:
    step, hours = _step(cron.minutes, 60), _step(cron.hours, 24)
    if len(cron.minutes) == 1:
        minute = f"{cron.minutes[0]:02}"
        if hours in (1, None):
            return say("cron_hourly", locale, minute=minute)
        return say("cron_hours", locale, step=hours, minute=minute)
    if step is None:
        minutes = _listed([f"{m:02}" for m in cron.minutes], locale)
        return say("cron_at_minutes", locale, minutes=minutes)
    return say("cron_minute" if step == 1 else "cron_minutes", locale, step=step)


def _step(values: tuple[int, ...], whole: int) -> int | None:
    """How far apart they are, if evenly, and to the end of the whole."""
    apart = {b - a for a, b in pairwise(values)}
    if len(apart) != 1:
        return None
    step = apart.pop()
    return step if step == 1 or values[-1] + step >= whole else None


def _week(days: frozenset[int], locale: Locale) -> str:
    if len(days) == 7:
        return say("cron_every_day", locale)
    names = say("cron_weekdays", locale).split(",")
    ordered = sorted(days, key=lambda day: (day - 1) % 7)
    places = [(day - 1) % 7 for day in ordered]
    if len(places) > 2 and places == list(range(places[0], places[-1] + 1)):
        return say("cron_to", locale, first=names[ordered[0]], last=names[ordered[-1]])
    return _listed([names[day] for day in ordered], locale)


def _listed(words: list[str], locale: Locale) -> str:
    *some, last = words
    return f"{', '.join(some)} {say('cron_and', locale)} {last}" if some else last
