"""`stammkunde digest`: the morning's mail to colleagues, or what it would say."""

from collections.abc import Sequence
from pathlib import Path

import typer

from flows import clock
from flows.errors import ConfigError
from flows.messages.library import Library
from flows.moments import moment
from flows.reporting.words import say
from flows.stages import digesting
from flows.stages.shop import Shop, opened
from segments.names import Locale
from segments.operands import meant


def send_digests(folder: Path, owner: str | None, as_of: str | None, *, dry_run: bool) -> None:
    """Send today's digests, or print them."""
    with opened(folder) as shop:
        now = moment(as_of, shop.project.policy.zone, clock.now())
        locale = shop.project.policy.locale
        _one_of_us(shop, owner)
        if dry_run:
            library = Library.open(shop.project.templates)
            found = digesting.digests(shop, now, owner)
            for each in found:
                if not each.empty:
                    letter = digesting.mail(shop.project, library, each, now)
                    typer.echo(f"{letter.to_name}: {letter.subject}\n\n{letter.text}")
            _tell("digest_quiet", [each.owner for each in found if each.empty], locale)
            return
        report = digesting.digest(shop, now, owner)
        _tell("digest_sent", report.sent, locale)
        _tell("digest_before", report.before, locale)
        _tell("digest_quiet", report.quiet, locale)


def _tell(what: str, people: Sequence[str], locale: Locale) -> None:
    if people:
        typer.echo(say(what, locale, who=", ".join(people)))


def _one_of_us(shop: Shop, owner: str | None) -> None:
    people = shop.project.owners.owners
    if owner is not None and owner not in people:
        hint = meant(owner, people) or f". There are: {', '.join(people)}"
        raise ConfigError.at("--owner", f'"{owner}" is not in config/owners.yaml{hint}')
