"""Before launch: what the comparison of a journey could show, and after how many weeks."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer
from babel.numbers import format_decimal

from flows import clock
from flows.errors import ConfigError
from flows.foresight import held_out_share, weekly_entries
from flows.moments import moment
from flows.plain import print_tables
from flows.reporting import figures
from flows.reporting.words import say
from flows.stages.shop import Shop, open_shop
from flows.store.foresight import revenue_sums
from segments.effect.power import SEQUENTIAL, needed_weeks, plans, seen_before
from segments.journey.beginning import DEFAULT_WINDOW
from segments.names import Locale
from segments.operands import MINOR_UNITS
from segments.rules import meant

WEEKS = (4, 13, 26, 52)
SHARES = (0.05, 0.1, 0.2, 0.5)
_FOREVER = 520
_LEAST_HELD_OUT = 5


def show_power(
    folder: Path,
    name: str,
    as_of: str | None,
    *,
    weekly: float | None = None,
    effect: float | None = None,
    as_json: bool = False,
) -> None:
    """What can be found by share held out and weeks, and how long an effect would take to find."""
    shop = open_shop(folder)
    found = power(shop, name, as_of, weekly=weekly, effect=effect)
    if as_json:
        rows = found["plans"].to_dict("records")
        typer.echo(json.dumps(found | {"plans": rows}, ensure_ascii=False, indent=2))
        return
    for line in _sentences(found, shop):
        typer.echo(line)
    print_tables([[_row(row, shop) for row in found["plans"].to_dict("records")]])


def power(
    shop: Shop, name: str, as_of: str | None, *, weekly: float | None, effect: float | None
) -> dict[str, Any]:
    """The same as figures; money in minor units per customer, of contribution margin."""
    programs, policy = shop.project.journeys, shop.project.policy
    if name not in programs:
        raise ConfigError.at("power", f'there is no journey "{name}"{meant(name, programs)}')
    program = programs[name]
    now = moment(as_of, policy.zone, clock.now())
    goal = program.journey.goal
    days = goal.within.days if goal else DEFAULT_WINDOW
    with shop.engine.connect() as connection:
        seen = weekly_entries(connection, shop.project, program, now) if weekly is None else None
        sums = revenue_sums(connection, timedelta(days=days), now)
    if weekly is None and seen is None:
        what = (
            "nobody has entered yet, and from history it cannot be seen how many would. Say how "
            "many customers a week you expect: --entries N"
        )
        raise ConfigError.at("power", f"{name}: {what}")
    revenue, reduction = seen_before(sums)
    if not revenue:
        raise ConfigError.at("power", f"{name}: no orders are known yet: stammkunde pull")
    spread = revenue * policy.costs.margin
    entering = weekly if seen is None else seen[0]
    share = held_out_share(program.journey, shop.project)
    wanted = (policy.measure.matters if effect is None else effect) * MINOR_UNITS
    once, adjusted = (
        needed_weeks(spread, wanted, entering or 0.0, share, part) for part in (0.0, reduction)
    )
    return {
        "journey": name,
        "entries_a_week": entering,
        "entries_seen": None if seen is None else seen[1],
        "window_days": days,
        "customers": int(sums["complete"]),
        "spread": spread,
        "reduction": reduction,
        "holdout": share,
        "effect": wanted,
        "weeks": once,
        "weeks_adjusted": adjusted,
        "weeks_any_time": None if adjusted is None else adjusted * SEQUENTIAL,
        "plans": plans(
            spread,
            entering or 0.0,
            sorted({*SHARES, round(share, 6)} - {0.0, 1.0}),
            WEEKS,
            reduction,
        ),
    }


def _sentences(found: Mapping[str, Any], shop: Shop) -> Iterator[str]:
    locale, currency = shop.project.policy.locale, shop.project.policy.currency
    source = {None: "reach_said", True: "reach_seen", False: "reach_orders"}[found["entries_seen"]]
    days = figures.count(found["window_days"], locale)
    yield say(
        "reach_entries",
        locale,
        journey=found["journey"],
        n=_about(found["entries_a_week"], locale),
        source=say(source, locale),
        share=figures.share(found["holdout"], locale),
    )
    yield say(
        "reach_spread",
        locale,
        spread=figures.money(found["spread"], currency, locale),
        days=days,
        reduction=figures.share(found["reduction"], locale),
        customers=figures.count(found["customers"], locale),
    )
    effect = figures.money(found["effect"], currency, locale)
    if found["weeks"] is None:
        yield say("reach_never", locale, effect=effect)
        return
    if found["weeks_adjusted"] > _FOREVER:
        yield say("reach_hopeless", locale, effect=effect)
        return
    yield say(
        "reach_weeks",
        locale,
        effect=effect,
        days=days,
        **{
            name: _weeks(found[name], locale)
            for name in ("weeks", "weeks_adjusted", "weeks_any_time")
        },
    )


def _weeks(number: float, locale: Locale) -> str:
    if number > _FOREVER:
        return say("reach_longer", locale, weeks=_FOREVER)
    return say("reach_about", locale, weeks=_about(number, locale))


def _about(number: float, locale: Locale) -> str:
    """A whole number, or one digit behind the point where it is small."""
    shown = round(number) if number >= 10 else round(number, 1)
    return format_decimal(shown, locale=locale.value)


def _row(row: Mapping[Any, Any], shop: Shop) -> dict[str, str | int]:
    locale, currency = shop.project.policy.locale, shop.project.policy.currency
    names = ("detectable", "detectable_adjusted", "detectable_any_time")
    return {
        say("column_holdout", locale): figures.share(row["share"], locale),
        say("reach_column_weeks", locale): int(row["weeks"]),
        say("reach_column_enter", locale): round(row["customers"]),
        say("reach_column_held_out", locale): round(row["held_out"]),
        **{
            say(f"reach_column_{name}", locale): figures.money(row[name], currency, locale)
            if row["held_out"] >= _LEAST_HELD_OUT
            else figures.UNKNOWN
            for name in names
        },
    }
