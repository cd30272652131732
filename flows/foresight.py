"""What `check` says beyond faults: how rules meet the real base, and what a change would do.

Nothing here is a fault; each note is a sentence, or a row of a table, for marketing to weigh.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from flows.config import Project
from flows.reporting import figures as told
from flows.reporting.words import say
from flows.store import foresight, review
from flows.store.figures import everybody_figures
from segments.admission import LATEST
from segments.customer.profile import base, profiles
from segments.effect.power import detectable_effect
from segments.journey.program import Program
from segments.names import Locale, Migrate, Trigger
from segments.operands import MINOR_UNITS
from segments.rules import Rule
from segments.spec import Choose, Else, Journey

_WATCHED = timedelta(days=90)
_YEAR = 365


@dataclass(frozen=True)
class Reach:
    """How many customers a rule applies to today; None where only the journey itself can tell."""

    place: str
    rule: str
    customers: int | None


def reach(connection: Connection, project: Project, now: datetime) -> tuple[list[Reach], int]:
    """Every rule of segments and journeys on the real base as of `now`, and how large that is."""
    people = _people(connection, project, now)
    if people is None:
        return [], 0
    found = [
        Reach(f"segment {name}", rule.text, _matching(rule, people))
        for name, rule in project.segments.items()
    ]
    for program in project.journeys.values():
        found += _of_journey(program, people)
    return found, len(people)


def weekly_entries(
    connection: Connection, project: Project, program: Program, now: datetime
) -> tuple[float, bool] | None:
    """How many customers a week enter, and whether any were seen to.

    Seen: as many as entered in the last 90 days. Else, for a journey that starts with an order,
    those whose latest order in that time would have let them in. None where history cannot tell.
    """
    seen = foresight.entries(connection, now - _WATCHED, now).get(program.name)
    if seen:
        return 7 * seen, True
    enter = program.journey.enter
    people = _people(connection, project, now) if enter.on == Trigger.ORDER else None
    if people is None:
        return None
    would = (people["days_since_last_order"] <= _WATCHED.days).to_numpy(dtype=bool, na_value=False)
    if enter.at_least is not None:
        would &= (people["order_value"] >= enter.at_least * MINOR_UNITS).to_numpy(
            dtype=bool, na_value=False
        )
    if program.enter_when is not None:
        takes = _applies(program.enter_when, people)
        if takes is None:
            return None
        would &= takes
    return (float(would.sum()) * 7 / _WATCHED.days, False) if would.any() else None


def _people(connection: Connection, project: Project, now: datetime) -> pd.DataFrame | None:
    """Everybody's profile, with what rules about an order see in the latest one."""
    everybody = everybody_figures(connection, now)
    if everybody.empty:
        return None
    people = profiles(everybody, base(everybody, project.policy, now), project.policy, now)
    return people.assign(**{name: people[column] for name, column in LATEST.items()})


def affected(connection: Connection, project: Project) -> list[str]:
    """What the YAML as it is now does to those under way in an earlier version of it."""
    standing = foresight.under_way(connection)
    notes = []
    for (journey, version), rows in standing.groupby(["journey", "version"], sort=True):
        program = project.journeys.get(str(journey))
        if program is None:
            number = int(rows["number"].sum())
            notes.append(
                f"{journey}: {_enrollments(number)} under way, and its file is gone or has a "
                "fault: they stand still"
            )
        elif version != program.version:
            notes += _moved(program, str(version), rows)
    return notes


def waiting(connection: Connection, project: Project) -> list[str]:
    """What the statuses of now do to messages that wait."""
    statuses = {name: program.journey.status for name, program in project.journeys.items()}
    return review.changes(connection, statuses)


def competing(connection: Connection, project: Project) -> list[str]:
    """Which journeys compete for the same customers, and which of them goes first."""
    ranks = {name: _rank(program.journey) for name, program in project.journeys.items()}
    notes = []
    for row in foresight.in_two(connection).to_dict("records"):
        pair = [row["first"], row["second"]]
        if not all(name in ranks for name in pair):
            continue
        first, second = sorted(pair, key=lambda name: (ranks[name], name))
        tie = ranks[first] == ranks[second]
        order = (
            "neither has priority: what becomes stale first goes first"
            if tie
            else f"{first} goes first"
        )
        notes.append(f"{first} and {second}: {row['customers']} customers are in both; {order}")
    return notes


def detectable(
    connection: Connection, project: Project, now: datetime
) -> list[dict[str, str | int]]:
    """The smallest effect each journey with a holdout can show within a year, as table rows."""
    locale: Locale = project.policy.locale
    entered = foresight.entries(connection, now - _WATCHED, now)
    rows: list[dict[str, str | int]] = []
    for name, program in sorted(project.journeys.items()):
        journey = program.journey
        share = held_out_share(journey, project)
        if not share:
            continue
        a_year = entered.get(name, 0.0) * _YEAR
        window = timedelta(days=journey.goal.within.days if journey.goal else _WATCHED.days)
        spread = foresight.revenue_spread(connection, window, now)
        effect = None if spread is None else detectable_effect(spread, a_year, share)
        rows.append(
            {
                say("journey", locale): name,
                say("column_holdout", locale): told.share(share, locale),
                say("entries_a_year", locale): round(a_year),
                say("detectable", locale): told.UNKNOWN
                if effect is None
                else told.money(effect, project.policy.currency, locale),
            }
        )
    return rows


def held_out_share(journey: Journey, project: Project) -> float:
    """Held out of a journey: its own share, and of the rest what is kept out everywhere."""
    everywhere = project.policy.holdout if journey.purpose == "advertising" else 0.0
    return 1 - (1 - journey.holdout) * (1 - everywhere)


def _rank(journey: Journey) -> tuple[int, int, float]:
    classes = list(type(journey.attention_class))
    return (classes.index(journey.attention_class), -journey.priority, -journey.value)


def _moved(program: Program, version: str, rows: pd.DataFrame) -> Iterator[str]:
    stay = {
        Migrate.KEEP: f"they stay on version {version[:4]}",
        Migrate.RESTART: f"they begin anew in version {program.version[:4]}",
        Migrate.EXIT: "they leave the journey",
    }[program.journey.migrate]
    for row in rows.to_dict("records"):
        gone = "" if row["node"] in program.positions else ", which is gone"
        stands = "stands" if row["number"] == 1 else "stand"
        yield (
            f"{program.name}: {_enrollments(row['number'])} {stands} on step "
            f"{row['node']}{gone}: {stay}"
        )


def _of_journey(program: Program, people: pd.DataFrame) -> list[Reach]:
    found = []
    for key, rule in (("enter: when", program.enter_when), ("exit_when", program.exit_when)):
        if rule is not None:
            found.append(Reach(f"{program.name} {key}", rule.text, _matching(rule, people)))
    for node in program.nodes:
        if isinstance(node.step, Choose):
            rules = [rule for rule, _ in node.ways]
            found += _ways(f"{program.name} {node.id}", rules, node.step, people)
    return found


def _ways(place: str, rules: Sequence[Rule], step: Choose, people: pd.DataFrame) -> Iterator[Reach]:
    """Each way out of a choose: who comes to it is only whom no way before it took."""
    left = np.ones(len(people), dtype=bool)
    known = True
    for way, rule in zip(step.choose, [*rules, None], strict=True):
        if rule is None or isinstance(way, Else):
            yield Reach(place, "else", int(left.sum()) if known else None)
            return
        takes = _applies(rule, people)
        known = known and takes is not None
        yield Reach(place, rule.text, int((left & takes).sum()) if known else None)
        if takes is not None:
            left &= ~takes


def _matching(rule: Rule, people: pd.DataFrame) -> int | None:
    takes = _applies(rule, people)
    return None if takes is None else int(takes.sum())


def _applies(rule: Rule, people: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    """None where the rule asks for what only an enrollment knows, such as its flags."""
    if not rule.columns <= set(people.columns):
        return None
    return rule.applies(people)


def _enrollments(number: int) -> str:
    return "1 enrollment" if number == 1 else f"{number} enrollments"


def reach_rows(found: Sequence[Reach], locale: Locale) -> list[Mapping[str, object]]:
    """The reach of rules as table rows."""
    return [
        {
            say("where_written", locale): each.place,
            say("rule", locale): each.rule,
            say("column_customers", locale): told.UNKNOWN
            if each.customers is None
            else each.customers,
        }
        for each in found
    ]
