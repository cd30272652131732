"""The ways out of settings.yaml, opened when they are first used."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from flows.delivery.folder import FolderOutlet
from flows.delivery.outlet import Outlet
from flows.errors import ConfigError
from flows.outlet_settings import FolderOutletSettings, SmtpOutletSettings
from flows.settings import Settings

PLACE = "config/settings.yaml"


class Ways(Mapping[str, Outlet]):
    """Outlets by name. Each is opened once; one of `share` processes that send at the same time.

    Raises `ConfigError` where an outlet lacks something, `DeliveryError` where it cannot work now.
    """

    def __init__(
        self, settings: Settings, folder: Path, *, most_failures: int, share: int = 1
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._most_failures = most_failures
        self._share = share
        self._opened: dict[str, Outlet] = {}
        self._stack = ExitStack()

    def __getitem__(self, name: str) -> Outlet:
        if name not in self._opened:
            self._opened[name] = self._stack.enter_context(self._open(name))
        return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings.outlets)

    def __len__(self) -> int:
        return len(self._settings.outlets)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _open(self, name: str) -> Outlet:
        # Each kind brings libraries that take their time: only those in use are loaded.
        way = self._settings.outlets[name]
        if isinstance(way, FolderOutletSettings):
            return FolderOutlet(self._folder / way.folder)
        if isinstance(way, SmtpOutletSettings):
            from flows.delivery.smtp.outlet import SmtpOutlet

            return SmtpOutlet.open(
                name,
                _from_project(way, self._folder),
                None if way.password is None else secret_of(name, way.password, "the password"),
                None if way.dkim is None else secret_of(name, way.dkim.key, "the key").encode(),
                share=self._share,
            )
        from flows.delivery.sendgrid.outlet import SendGridOutlet

        return SendGridOutlet.open(
            name,
            way,
            secret_of(name, way.key, "the API key"),
            share=self._share,
            most_failures=self._most_failures,
        )


def _from_project(way: SmtpOutletSettings, folder: Path) -> SmtpOutletSettings:
    """A file named in settings.yaml lies where the project does."""
    if way.authority is None:
        return way
    return way.model_copy(update={"authority": str(folder / way.authority)})


def secret_of(name: str, variable: str, what: str) -> str:
    """What an environment variable holds for an outlet; `ConfigError` if nothing."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ConfigError.at(
            PLACE,
            f'outlet "{name}": the environment variable {variable} is not set. Put {what} into it '
            "before you start Stammkunde",
        )
    return value
