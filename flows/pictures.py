"""The command that writes pictures: what it drew, and in words what each shows."""

from pathlib import Path

import typer

from flows import clock
from flows.errors import ConfigError
from flows.moments import moment
from flows.reporting.subjects import OF_A_JOURNEY, Format, Subject
from flows.reporting.words import say
from flows.stages import picturing
from flows.stages.shop import open_shop
from segments.rules import meant


def write_pictures(
    folder: Path,
    out: Path | None,
    format: Format,
    as_of: str | None,
    *,
    journey: str | None = None,
    only: Subject | None = None,
) -> None:
    """Draw and write into `out`, else into the project's var/pictures; older ones are replaced."""
    shop = open_shop(folder)
    journeys = shop.project.journeys
    if journey is not None and journey not in journeys:
        what = f'there is no journey "{journey}"{meant(journey, journeys)}'
        raise ConfigError.at("journey", what)
    if journey is not None and only is not None and only not in OF_A_JOURNEY:
        own = " or ".join(sorted(OF_A_JOURNEY))
        what = f'there is no picture "{only}" of one journey. Write {own}, or leave out the journey'
        raise ConfigError.at("--only", what)
    now = moment(as_of, shop.project.policy.zone, clock.now())
    target = out or folder / "var" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    subjects = picturing.EVERYTHING if only is None else frozenset({only})
    written = 0
    for picture in picturing.draw(shop, now, format, journey=journey, subjects=subjects):
        file = target / picture.file
        file.write_bytes(picture.image)
        typer.echo(f"{file}\n  {picture.alt}")
        written += 1
    if not written:
        typer.echo(say("no_pictures", shop.project.policy.locale))
