"""Parcels on their way into an outlet, one by one, and what it says about them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock

from flows.delivery.outlet import Outlet, Parcel, Receipt
from flows.errors import DeliveryError
from segments.names import Outcome

_NO_RECEIPT = "the outlet gave no receipt"


class Feed:
    """Gives parcels away one by one while they may go, and knows who has no receipt yet.

    An outlet may take them in a thread of its own; once closed, it gets no more.
    """

    def __init__(self, parcels: Sequence[Parcel], may_go: Callable[[], bool]) -> None:
        self._parcels = iter(parcels)
        self._may_go = may_go
        self._closed = False
        self._lock = Lock()
        self.open: dict[int, str] = {}

    def __iter__(self) -> Iterator[Parcel]:
        return self

    def __next__(self) -> Parcel:
        with self._lock:
            if self._closed or not self._may_go():
                self._closed = True
                raise StopIteration
            parcel = next(self._parcels)
            self.open.update((mail.send_id, parcel.request_id) for mail in parcel.messages)
            return parcel

    def close(self) -> list[int]:
        """Give no more; the messages nobody took."""
        with self._lock:
            self._closed = True
            return [mail.send_id for parcel in self._parcels for mail in parcel.messages]


@dataclass
class Standing:
    """How an outlet does: requests in a row that failed, and how many it may.

    Where it is being tried after a rest, the first one is enough to let it rest again.
    """

    bears: int
    trying: bool = False
    works: bool = False
    failed: int = 0
    told: str | None = None
    _request: str | None = None

    @property
    def too_bad(self) -> bool:
        """Whether it should rest."""
        return self.failed >= (1 if self.trying else self.bears)

    def closed(self) -> DeliveryError:
        """Why it should rest. What the provider said is left out where it may name somebody."""
        last = f", the last one: {self.told}" if self.told and "@" not in self.told else ""
        number = "1 request" if self.failed == 1 else f"{self.failed} requests in a row"
        return DeliveryError(f"{number} failed{last}")

    def note(self, request: str, receipt: Receipt) -> None:
        """Count a receipt; several of one request count once."""
        if receipt.outcome in (Outcome.ACCEPTED, Outcome.REJECTED):
            self.works, self.failed, self._request, self.told = True, 0, None, None
        elif receipt.later is None and request != self._request:
            self.failed += 1
            self._request, self.told = request, receipt.detail


@dataclass
class Handed:
    """What became of parcels that were handed over.

    receipts  of messages that were accepted, rejected, or are in doubt
    again     receipts of messages the outlet did not take: they may be tried again
    back      messages that certainly did not leave, because nobody took them
    closed    why the outlet takes nothing more, if it does not
    failure   what went wrong, if anything else did
    """

    receipts: list[Receipt] = field(default_factory=list)
    again: list[Receipt] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    closed: DeliveryError | None = None
    failure: BaseException | None = None


def hand_over(
    outlet: Outlet, parcels: Sequence[Parcel], may_go: Callable[[], bool], standing: Standing
) -> Handed:
    """Give parcels to an outlet for as long as they may go and it does not fail too often."""
    handed = Handed()
    feed = Feed(parcels, lambda: may_go() and not standing.too_bad)
    try:
        for receipt in outlet.deliver(feed):
            standing.note(feed.open.pop(receipt.send_id), receipt)
            if receipt.outcome == Outcome.QUEUED:
                handed.again.append(receipt)
            else:
                handed.receipts.append(receipt)
    except DeliveryError as error:
        handed.closed = error
    except BaseException as error:
        handed.failure = error
    handed.back = feed.close()
    if handed.closed:
        handed.back += feed.open
    else:
        failed = f"the outlet failed: {type(handed.failure).__name__}"
        why = failed if handed.failure else _NO_RECEIPT
        handed.receipts += [Receipt(n, Outcome.IN_DOUBT, detail=why) for n in feed.open]
    if standing.too_bad and not handed.closed:
        handed.closed = standing.closed()
    return handed
