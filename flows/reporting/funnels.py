"""How far customers came in each journey: as a table, and drawn by Mermaid."""

import pandas as pd

from flows.reporting import figures
from flows.reporting.facts import RunFacts, records
from flows.reporting.tables import Row
from flows.reporting.words import say
from segments.names import Arm, Locale

STAGES = ("entered", "due", "sent", "delivered", "answered", "goal")
COMPARED = ("entered", "due", "goal")
"""What those held out can reach: nothing is sent to them."""
_TOLD_IF_ANY = ("delivered", "answered")
MOST_DRAWN = 8
"""Journeys that are drawn, those with most customers first; the table has them all."""

_Reached = dict[tuple[str, str], int]


def rows(funnels: pd.DataFrame, facts: RunFacts, locale: Locale) -> list[Row]:
    """A row per journey and group: how many came how far."""
    found: list[Row] = []
    for name in _by_size(funnels):
        reached = _reached(funnels, name)
        for arm in Arm:
            if not reached.get(("entered", arm), 0):
                continue
            steps = STAGES if arm == Arm.TREATED else COMPARED
            row: Row = {
                say("journey", locale): facts.title(name),
                say("group", locale): say(f"funnel_{arm}", locale),
            }
            for stage in STAGES:
                known = stage in steps
                number = reached.get((stage, arm), 0)
                row[say(f"reached_{stage}", locale)] = number if known else figures.UNKNOWN
            found.append(row)
    return found


def drawn(funnels: pd.DataFrame, facts: RunFacts, locale: Locale) -> list[str]:
    """A Mermaid block per journey under its name; whoever sees its source can read it, too."""
    blocks = []
    for name in _by_size(funnels)[:MOST_DRAWN]:
        reached = _reached(funnels, name)
        lines = [f"**{_plain(facts.title(name))}**", "", "```mermaid", "flowchart LR"]
        for arm in Arm:
            if reached.get(("entered", arm), 0):
                lines.append(f"    {_chain(reached, arm, locale)}")
        blocks.append("\n".join([*lines, "```"]))
    return blocks


def _chain(reached: _Reached, arm: Arm, locale: Locale) -> str:
    """The steps of a group as boxes with arrows between them."""
    began = reached["entered", arm]
    steps: list[str] = []
    for stage in STAGES if arm == Arm.TREATED else COMPARED:
        number = reached.get((stage, arm), 0)
        if not number and stage in _TOLD_IF_ANY:
            continue
        label = f"{say(f'reached_{stage}', locale)}: {figures.count(number, locale)}"
        if stage != "entered" and number:
            label += f" ({figures.percent(number / began, locale)})"
        elif stage == "entered" and arm == Arm.HELD_OUT:
            label = f"{say('funnel_held_out', locale)}: {figures.count(number, locale)}"
        steps.append(f'{arm.value[0]}{len(steps)}["{label}"]')
    return " --> ".join(steps)


def _by_size(funnels: pd.DataFrame) -> list[str]:
    """Journeys somebody has begun, those with most customers first."""
    entered = funnels[funnels["stage"] == "entered"]
    sums = entered.assign(number=entered["number"].astype("int64")).groupby("journey")["number"]
    order = sums.sum().reset_index().sort_values(["number", "journey"], ascending=[False, True])
    return [str(row["journey"]) for row in records(order) if row["number"]]


def _reached(funnels: pd.DataFrame, journey: str) -> _Reached:
    own = funnels[funnels["journey"] == journey]
    return {(str(row["stage"]), str(row["arm"])): int(row["number"]) for row in records(own)}


def _plain(title: str) -> str:
    return " ".join(title.split()).replace("<", "&lt;").replace("*", "\\*")
