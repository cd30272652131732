"""Where the store is: read from the environment where settings.yaml names a variable."""

import os
from pathlib import Path

from flows.errors import ConfigError

_SQLITE = "sqlite:///"


def address_of(store: str, project: Path) -> str:
    """What `store` in settings.yaml means; relative SQLite paths start at the project."""
    address = store
    if "://" not in address:
        if address not in os.environ:
            raise ConfigError.at(
                "config/settings.yaml",
                f'"store: {address}" names an environment variable that is not set',
            )
        address = os.environ[address]
    if address.startswith(_SQLITE) and not address.startswith(_SQLITE + "/"):
        return _SQLITE + str(project.resolve() / address.removeprefix(_SQLITE))
    return address
