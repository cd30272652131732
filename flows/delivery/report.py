"""What a delivery did, in counts."""

from collections import Counter
from dataclasses import dataclass, field

from flows.delivery.outlet import Receipt, RenderFailure
from segments.names import Outcome, SkipReason

_FAILURES_TOLD = 20


@dataclass
class DeliveryReport:
    """What a delivery did.

    failures       the first messages that did not render
    refusals       receipts of the first messages that were rejected
    by_outlet      what became of messages, by the way they took
    set_aside      messages that failed for too many people, and `left_in_queue` how many wait
    put_off        messages beyond what an outlet takes on a day: they go on a later one
    again          times an outlet did not take a message, which will be tried again
    waiting        messages that are due and wait because sending stands still
    halts          what stands still and why, a sentence each
    refused        why nothing went at all: an outlet does not let us in
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    held_back: Counter[SkipReason] = field(default_factory=Counter)
    by_message: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    by_outlet: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    set_aside: set[str] = field(default_factory=set)
    left_in_queue: dict[str, int] = field(default_factory=dict)
    found_stale: int = 0
    put_off: int = 0
    again: int = 0
    waiting: int = 0
    halts: list[str] = field(default_factory=list)
    refused: str | None = None
    failures: list[RenderFailure] = field(default_factory=list)
    refusals: list[Receipt] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def handed_over(self) -> int:
        """Messages an outlet has accepted."""
        return self.outcomes[Outcome.ACCEPTED]

    @property
    def in_doubt(self) -> int:
        """Messages nobody knows the fate of."""
        return self.outcomes[Outcome.IN_DOUBT]

    def tell(self, failure: RenderFailure) -> None:
        """Keep the failure for the reader, if there are not enough of them yet."""
        if len(self.failures) < _FAILURES_TOLD:
            self.failures.append(failure)

    def tell_refused(self, receipt: Receipt) -> None:
        """The same of a message that was rejected."""
        if len(self.refusals) < _FAILURES_TOLD:
            self.refusals.append(receipt)

    def count(self, message: str, outcome: Outcome, outlet: str | None = None) -> None:
        """Count what became of a message."""
        self.outcomes[outcome] += 1
        if message:
            self.by_message[message, outcome] += 1
        if outlet:
            self.by_outlet[outlet, outcome] += 1

    def add(self, other: "DeliveryReport") -> None:
        """Count in what another process did."""
        self.outcomes += other.outcomes
        self.held_back += other.held_back
        self.by_message += other.by_message
        self.by_outlet += other.by_outlet
        self.set_aside |= other.set_aside
        self.found_stale += other.found_stale
        self.put_off += other.put_off
        self.again += other.again
        for failure in other.failures:
            self.tell(failure)
        for receipt in other.refusals:
            self.tell_refused(receipt)
