"""What every way out looks like: messages go in, receipts come back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from flows.outgoing import Outgoing
from segments.names import Outcome


@dataclass(frozen=True)
class Receipt:
    """What an outlet says about one message: accepted, rejected, in doubt, or queued again.

    `later` belongs to one that is queued again because its recipient's server asked for patience:
    it says nothing against the outlet, and is tried again so much later. `hard` belongs to one
    that is rejected because there is no such mailbox: its address is written to no more.
    """

    send_id: int
    outcome: Outcome
    provider_id: str | None = None
    detail: str | None = None
    later: timedelta | None = None
    hard: bool = False


@dataclass(frozen=True)
class Prepared:
    """A composed message and all that is needed to make it again."""

    outgoing: Outgoing
    message: str
    locale: str
    template_version: str
    sources: bytes
    context: str


@dataclass(frozen=True)
class RenderFailure:
    """A message that does not work for one person; `detail` says where in the template and why."""

    send_id: int
    message: str
    detail: str


@dataclass(frozen=True)
class Parcel:
    """Messages that leave in one request.

    Its number, the batch it can be withdrawn by, and when the provider sends it are committed
    before it is handed over, so that a request nobody knows the fate of can be asked about.
    """

    request_id: str
    messages: tuple[Outgoing, ...]
    batch_id: str | None = None
    send_at: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """A message in doubt: what its outlet needs to know to find out about it."""

    send_id: int
    request_id: str | None
    email: str
    handed_over_at: datetime
    batch_id: str | None
    send_at: datetime | None


@dataclass(frozen=True)
class Evidence:
    """What an outlet knows of a message in doubt.

    `outcome` is ACCEPTED (it went), QUEUED (it certainly did not, and never will), or IN_DOUBT
    (nobody knows). `known` says so in a sentence. `asked` is false where nobody could be asked just
    now, so that it is worth asking again.
    """

    send_id: int
    outcome: Outcome
    known: str
    provider_id: str | None = None
    asked: bool = True


class Outlet(Protocol):
    """A way out."""

    def pack(self, messages: Sequence[Outgoing], now: datetime) -> list[Parcel]:
        """Put messages together as they will leave. Nothing leaves yet; each is in one parcel.

        Raises `DeliveryError` where that needs the provider and the provider is down.
        """
        ...

    def deliver(self, parcels: Iterable[Parcel]) -> Iterable[Receipt]:
        """Hand over parcels: one receipt a message.

        Take a parcel only when it is about to leave, one after the other: they end early when
        the time for them is over, and those nobody took go back to the queue.
        A receipt of QUEUED says that the message certainly was not taken and may be tried again.
        Raises `DeliveryError` only if the messages it has taken without giving a receipt for them
        certainly did not leave; after any other exception they count as in doubt.
        """
        ...

    def look_up(self, asked: Sequence[Asked], now: datetime) -> Iterable[Evidence]:
        """Find out about messages in doubt: from the provider's log, or by withdrawing them."""
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
