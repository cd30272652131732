"""The command `measure` in the terminal: what one journey, or all, brought, in words or as data."""

import json
from pathlib import Path

import typer

from flows import clock
from flows.errors import ConfigError
from flows.moments import moment
from flows.plain import say_measured
from flows.reporting.measured import as_data, as_table, only
from flows.stages import measuring
from flows.stages.shop import open_shop
from segments.rules import meant

_SCREEN = Path("-")


def tell(
    folder: Path,
    journey: str | None,
    as_of: str | None,
    *,
    as_json: bool = False,
    csv: Path | None = None,
) -> None:
    """Measure as of a moment, and say it: in tables, as JSON, or as a CSV file ("-": the screen).

    Writes nothing into the store, so it may be asked as often as one likes.
    """
    shop = open_shop(folder)
    project = shop.project
    now = moment(as_of, project.policy.zone, clock.now())
    facts = measuring.evidence(shop, now)
    if journey is not None:
        known = {*project.journeys, *facts.effects["journey"]}
        if journey not in known:
            what = f'there is no journey "{journey}"{meant(journey, known)}'
            raise ConfigError.at("journey", what)
        facts = only(facts, journey)
    locale = project.policy.locale
    if csv is not None:
        text = as_table(facts, locale).to_csv(index=False)
        _write(csv, text)
    elif as_json:
        typer.echo(json.dumps(as_data(facts, locale), ensure_ascii=False, indent=2))
    else:
        say_measured(facts, locale)


def _write(file: Path, text: str) -> None:
    """Into the file, unless it holds something else than what we wrote into it before."""
    head = text.partition("\n")[0]
    if file == _SCREEN:
        typer.echo(text, nl=False)
        return
    if file.exists():
        with file.open(encoding="utf-8", errors="replace") as there:
            if there.readline().rstrip("\n") != head:
                raise ConfigError.at(
                    file,
                    "this file is there and holds something else; say another one, or, to compare "
                    "what stands in it: --arm COLUMN --control VALUE --outcome COLUMN",
                )
    file.write_text(text, encoding="utf-8")
    typer.echo(f"{file}: {len(text.splitlines()) - 1} rows")
