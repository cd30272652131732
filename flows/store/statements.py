"""Statements are compiled once a process, however often a store is opened."""

from typing import Any

_MOST = 2_000

Key = tuple[Any, ...]


class Compiled(dict[Key, Any]):
    """What SQLAlchemy made of our statements, shared by all engines on databases of one kind.

    An engine keeps its own otherwise, so that whoever opens a store compiles everything anew.
    """

    def get(self, key: Key, default: Any = None) -> Any:
        """The statement as it was compiled for any such database."""
        return super().get(_alike(key), default)

    def __setitem__(self, key: Key, compiled: Any) -> None:
        if len(self) >= _MOST:
            self.clear()
        super().__setitem__(_alike(key), compiled)


COMPILED = Compiled()


def _alike(key: Key) -> Key:
    """The key without the one dialect it was made for, but with what statements depend on."""
    dialect, *rest = key
    return (dialect.name, dialect.driver, dialect.server_version_info, *rest)
