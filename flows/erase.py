"""`stammkunde erase`: a person is forgotten, after a look at what that does."""

from functools import partial
from pathlib import Path

import typer

from flows import clock
from flows.erased import hash_of
from flows.errors import ConfigError
from flows.moments import moment
from flows.reporting.words import say
from flows.settings import link_secrets
from flows.stages.shop import noted_run, open_shop
from flows.store.erasing import Erased, erase
from flows.store.holdings import Person, person
from flows.store.session import writing
from segments.names import Locale

_FOLDERS = ("var/mails", "var/inbox", "data")
_MOST_NAMED = 10


class _DryRunError(Exception):
    """Nothing is to be kept of what was tried."""


def erase_contact(
    folder: Path, contact: str, as_of: str | None, *, yes: bool, dry_run: bool
) -> None:
    """Say what it does, ask, and do it."""
    shop = open_shop(folder)
    now, locale = moment(as_of, shop.project.policy.zone, clock.now()), shop.project.policy.locale
    hashed = partial(hash_of, link_secrets(folder)[0])
    with shop.engine.connect() as connection:
        who = person(connection, contact)
    if who is None:
        raise ConfigError.at("erase", f'there is no contact "{contact}" (any more)')
    tried: list[Erased] = []
    try:
        with writing(shop.engine) as connection:
            tried.append(erase(connection, who, now, hashed))
            raise _DryRunError
    except _DryRunError:
        typer.echo("\n".join(_told(tried[0], contact, locale)))
    files = _files(folder, who)
    if dry_run:
        _tell_files(files, locale)
        typer.echo(say("erase_nothing", locale))
        return
    if not yes and not typer.confirm(say("erase_sure", locale, contact=contact)):
        typer.echo(say("erase_nothing", locale))
        raise typer.Exit(1)
    with noted_run(shop, "erase", now) as (_, counts):
        with writing(shop.engine) as connection:
            done = erase(connection, who, now, hashed)
        counts |= {"contact": who.contact_id, "changed": dict(done.changed), "queued": done.queued}
    typer.echo(say("erase_done", locale, contact=contact))
    _tell_files(files, locale)


def _told(done: Erased, contact: str, locale: Locale) -> list[str]:
    rows = [f"  {table}: {number}" for table, number in sorted(done.changed.items())]
    lines = [say("erase_rows", locale, contact=contact), *rows]
    if done.queued:
        lines.append(say("erase_queued", locale, n=done.queued))
    if done.sharing:
        lines.append(say("erase_sharing", locale, n=done.sharing))
    return lines


def _files(folder: Path, who: Person) -> list[str]:
    """Files of this project that hold the address; they are not ours to change."""
    if not who.email:
        return []
    needle = who.email.encode()
    return [
        str(file.relative_to(folder))
        for name in _FOLDERS
        for file in sorted((folder / name).rglob("*"))
        if file.is_file() and needle in file.read_bytes()
    ]


def _tell_files(files: list[str], locale: Locale) -> None:
    if not files:
        return
    more = len(files) - _MOST_NAMED
    named = ", ".join(files[:_MOST_NAMED])
    if more > 0:
        named = say("and_more", locale, named=named, n=more)
    typer.echo(say("erase_files", locale, files=named))
