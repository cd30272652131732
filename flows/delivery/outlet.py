"""What every way out looks like: messages go in, receipts come back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from flows.outgoing import Outgoing
from segments.names import Outcome


@dataclass(frozen=True)
class Receipt:
    """What an outlet says about one message: accepted, rejected or in doubt."""

    send_id: int
    outcome: Outcome
    provider_id: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A composed message and all that is needed to make it again."""

    outgoing: Outgoing
    message: str
    locale: str
    template_version: str
    sources: bytes
    context: dict[str, Any]


@dataclass(frozen=True)
class RenderFailure:
    """A message that does not work for one person; `detail` says where in the template and why."""

    send_id: int
    message: str
    detail: str


class Outlet(Protocol):
    """A way out.

    `deliver` gives one receipt a message. It raises `DeliveryError` only if it took none of the
    messages it has not given a receipt for; after any other exception they count as in doubt.
    """

    def deliver(self, messages: Sequence[Outgoing]) -> Iterable[Receipt]:
        """Hand over messages, in order."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go of files and connections."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
