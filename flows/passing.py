"""What passes by itself: a database that restarts, a network that is away. Then trying helps."""

import errno
from collections.abc import Callable, Iterator, Sequence
from time import sleep
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

from flows.errors import DeliveryError, PipelineError
from segments.names import HaltCause

PAUSES = (5.0, 20.0, 60.0)
"""How long to wait before each further try."""

_AWAY = frozenset(
    {
        errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH,
        errno.ENETDOWN, errno.ENETUNREACH, errno.ENOTCONN, errno.ECONNRESET,
    }
)  # fmt: skip
# PostgreSQL: connections (08), resources (53), an operator's doing (57P), deadlocks (40).
_CLASSES = ("08", "53", "57P", "40")
_SQLITE = ("locked", "busy", "disk i/o")

Value = TypeVar("Value")


class StoreGoneError(PipelineError):
    """The database went away in the middle of something."""


def passes(error: BaseException | None) -> bool:
    """Whether the same may go well in a minute."""
    return any(map(_passes, _behind(error)))


def gone(error: OperationalError) -> StoreGoneError:
    """That the database does not answer, as a sentence."""
    told = StoreGoneError(
        f"the database does not answer ({type(error.orig).__name__}). Nothing was lost: the next "
        "run completes the work"
    )
    # Whoever asks why finds it behind the sentence.
    told.__cause__ = error
    return told


def patiently(work: Callable[[], Value], pauses: Sequence[float] = PAUSES) -> Value:
    """Do it, and again after each pause while what is wrong may pass."""
    for pause in pauses:
        try:
            return work()
        except Exception as error:
            if not passes(error):
                raise
            sleep(pause)
    return work()


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__


def _passes(error: BaseException) -> bool:
    if isinstance(error, DeliveryError):
        return error.cause is HaltCause.PROVIDER
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _database_passes(error)
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    return isinstance(error, OSError) and error.errno in _AWAY


def _database_passes(error: DBAPIError) -> bool:
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.orig, "sqlstate", "")
    if state is None:
        # psycopg could not connect, or lost the connection: the server said nothing at all.
        return True
    said = str(error.orig).lower()
    return state.startswith(_CLASSES) if state else any(word in said for word in _SQLITE)
