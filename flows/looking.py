"""What can be looked at in the terminal: journeys as a list, and one of them step by step."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from flows import clock
from flows.errors import ConfigError
from flows.moments import moment
from flows.plain import print_tables
from flows.reporting import figures, outline
from flows.reporting.words import say, word
from flows.stages.shop import open_shop
from flows.store import overview
from segments.journey.program import Program
from segments.names import JourneyStatus, Locale
from segments.rules import meant

_COUNTED = ("standing", "waiting", "review", "sent", "ghosts")


def list_journeys(folder: Path, as_of: str | None, *, as_json: bool) -> None:
    """All journeys of the project, and those that are in the store but in no file any more."""
    shop = open_shop(folder)
    now = moment(as_of, shop.project.policy.zone, clock.now())
    with shop.engine.connect() as connection:
        found = overview.journeys(connection, now).set_index("journey")
    rows = []
    for name in sorted({*shop.project.journeys, *found.index}):
        program = shop.project.journeys.get(name)
        numbers = found.loc[name].to_dict() if name in found.index else {}
        rows.append(
            {
                "journey": name,
                "title": program.journey.title if program else None,
                "status": program.journey.status.value if program else None,
                **{key: int(numbers.get(key, 0)) for key in _COUNTED},
                "goal_rate": _rate(numbers, program),
            }
        )
    for fault in shop.project.broken:
        typer.echo(f"left out: {fault}", err=True)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        print_tables([[_told(row, shop.project.policy.locale) for row in rows]])


def show_journey(folder: Path, name: str, as_of: str | None, *, as_mermaid: bool) -> None:
    """One journey, with counts at each step, and how many go on in earlier versions of it."""
    shop = open_shop(folder)
    programs = shop.project.journeys
    if name not in programs:
        what = f'there is no journey "{name}"{meant(name, programs)}'
        raise ConfigError.at("journey", what)
    program = programs[name]
    now = moment(as_of, shop.project.policy.zone, clock.now())
    with shop.engine.connect() as connection:
        nodes = overview.nodes(connection, name, now)
    counts = _counts(nodes[nodes["version"] == program.version])
    if as_mermaid:
        typer.echo(outline.mermaid(program, counts), nl=False)
        return
    typer.echo("\n".join(outline.outline(program, counts)))
    earlier = nodes[(nodes["version"] != program.version) & (nodes["standing"] > 0)]
    for version, stand in earlier.groupby("version", sort=True)["standing"].sum().items():
        typer.echo(f"{stand} under way in the earlier version {version}")


def _rate(numbers: dict[str, Any], program: Program | None) -> float | None:
    """Share of the treated that reached the goal; none where there is no goal, or nobody yet."""
    if program is None or program.journey.goal is None or not numbers.get("treated"):
        return None
    return round(float(numbers["goals"]) / float(numbers["treated"]), 4)


def _told(row: dict[str, Any], locale: Locale) -> dict[str, str | int]:
    rate = row["goal_rate"]
    status = row["status"]
    return {
        say("journey", locale): row["journey"],
        say("status", locale): word(JourneyStatus, status, locale) if status else figures.UNKNOWN,
        **{say(f"column_{name}", locale): row[name] for name in _COUNTED},
        say("goal_rate", locale): figures.UNKNOWN if rate is None else figures.share(rate, locale),
    }


def _counts(nodes: pd.DataFrame) -> dict[str, dict[str, int]]:
    numbers = [name for name in nodes.columns if name not in ("version", "node")]
    return {
        str(row["node"]): {name: int(row[name]) for name in numbers}
        for row in nodes.to_dict("records")
    }
