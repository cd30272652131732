"""The keys links in mails are made with: how they are read while they change, and replaced."""

import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import overload

import typer

from flows.config import load
from flows.errors import ConfigError
from flows.reporting.words import say
from flows.settings import SECRET_VARIABLE, link_secrets, secret_file


class Keyring(Sequence[bytes]):
    """The keys of links as they are at this moment, the newest first.

    Whoever runs for weeks reads links made with a new key without being started again.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        self._keys = link_secrets(project)
        self._written = _written(project)

    @overload
    def __getitem__(self, place: int) -> bytes: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[bytes, ...]: ...

    def __getitem__(self, place: int | slice) -> bytes | tuple[bytes, ...]:
        return self._now()[place]

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> tuple[bytes, ...]:
        written = _written(self._project)
        # Where somebody took the file away, what was known reads on.
        if written is not None and written != self._written:
            with suppress(ConfigError, OSError):
                self._keys = link_secrets(self._project)
            self._written = written
        return self._keys


def rotate(folder: Path) -> None:
    """Put a new key before those there are, and say what is to be done with it."""
    locale = load(folder).policy.locale
    known = link_secrets(folder)
    fresh = secrets.token_hex(32)
    if os.environ.get(SECRET_VARIABLE, "").strip():
        typer.echo(
            say("secret_put_before", locale, variable=SECRET_VARIABLE, fresh=fresh, n=len(known))
        )
        return
    file = secret_file(folder)
    text = "\n".join([fresh, *(key.decode() for key in known)]) + "\n"
    beside = file.with_name(f"{file.name}.new")
    try:
        beside.unlink(missing_ok=True)
        beside.touch(mode=0o600)
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise ConfigError.at("var/secret.key", f"cannot be written: {error.strerror}") from error
    typer.echo(say("secret_rotated", locale, mark=mark(fresh.encode()), n=len(known)))


def show(folder: Path) -> None:
    """Say where the keys are and which they are, by marks that give nothing away."""
    locale = load(folder).policy.locale
    known = link_secrets(folder)
    inside = bool(os.environ.get(SECRET_VARIABLE, "").strip())
    place = SECRET_VARIABLE if inside else "var/secret.key"
    typer.echo(say("secret_place", locale, place=place))
    for number, key in enumerate(known):
        typer.echo(say("secret_older" if number else "secret_newest", locale, mark=mark(key)))


def mark(key: bytes) -> str:
    """By which a key is told from others, and which says nothing of it."""
    return hashlib.sha256(b"stammkunde mark " + key).hexdigest()[:8]


def _written(project: Path) -> tuple[int, int] | None:
    """Which file it is, and when it was written."""
    try:
        found = secret_file(project).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
