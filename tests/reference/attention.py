"""Who of several takes a customer's attention today, and whether anybody may."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from segments.attention import Cap, days_of
from segments.names import AttentionClass, JourneyStatus
from segments.spec import Journey, Send
from tests.reference.gates import Candidate, on_hold
from tests.reference.house import House
from tests.reference.path import Path, Stop
from tests.reference.people import Customer, Enrollment, Row
from tests.reference.rules import holds
from tests.reference.travelling import Traveller
from tests.reference.writing import allowed

_CLASSES = list(AttentionClass)


@dataclass(eq=False)
class Bid:
    """A step of an enrollment that wants to write, be it to one person or to several."""

    each: Enrollment
    path: Path
    stop: Stop
    at: datetime
    until: datetime | None = None
    rows: tuple[Candidate, ...] = ()

    @property
    def journey(self) -> Journey:
        """The journey as it is written."""
        return self.path.journey

    @property
    def rank(self) -> int:
        """The place of its class, 0 the most important."""
        return _CLASSES.index(self.journey.attention_class)

    @property
    def legal(self) -> bool:
        """Whether nothing may hold it back."""
        return self.journey.attention_class == AttentionClass.LEGAL


class Attention:
    """One customer's attention: what they had of it, and how much there may be."""

    def __init__(self, customer: Customer, house: House) -> None:
        self.customer, self.house = customer, house
        self.policy = house.specs.policy.attention
        self.caps, self.gap = self._budget()

    def decide(self, asking: list[Candidate]) -> None:
        """Give everybody who is still asking an outcome."""
        bids = _bids(asking)
        for bid in bids:
            self._against_the_past(bid)
        free = [bid for bid in bids if bid.rows[0].outcome is None]
        coming = self._coming() if free else []
        for bid in free:
            saved_for = None if self._exempt(bid) else self._saved_for(bid, coming)
            if saved_for is not None:
                _defer(bid, "outranked", saved_for.each.journey)
        free = [bid for bid in free if bid.rows[0].outcome is None]
        best = min(free, key=self._order, default=None)
        for bid in free:
            if bid is best or bid.legal:
                for row in bid.rows:
                    row.outcome = "ghost" if bid.each.arm == "held_out" else "queued"
            else:
                assert best is not None
                _defer(bid, "outranked", best.each.journey)

    def _budget(self) -> tuple[list[Cap], int]:
        for budget in self.policy.budgets:
            if holds(budget.when, self.customer.profile, self.house.specs.segments):
                caps = self.policy.caps if budget.caps is None else budget.caps
                return caps, days_of(budget.min_gap or self.policy.min_gap)
        return self.policy.caps, days_of(self.policy.min_gap)

    def _exempt(self, bid: Bid) -> bool:
        return bid.legal or bid.journey.attention_class in self.policy.exempt

    def _had(self, bid: Bid) -> list[Row]:
        """What the customer had already, but for what this very step wrote to others."""
        latest: dict[object, Row] = {}
        for number, touch in enumerate(self.customer.touches):
            step = (touch["enrollment_id"], touch["node"])
            if touch["enrollment_id"] is None:
                latest[number] = touch
            elif step != (bid.each.enrollment_id, bid.stop.id):
                before = latest.get(step, touch)
                latest[step] = touch if touch["at"] > before["at"] else before
        return list(latest.values())

    def _against_the_past(self, bid: Bid) -> None:
        """Caps, the gap to earlier days and to colleagues, and what went today already."""
        had, clock = self._had(bid), self.house.clock
        midnight = clock.begins(self.house.today)
        today = [touch for touch in had if touch["purpose"] and touch["at"] >= midnight]
        if not self._exempt(bid):
            if any(self._used(cap, bid, had) >= cap.most for cap in self._caps(bid)):
                return _defer(bid, "capped")
            last = max((touch["at"] for touch in had if touch not in today), default=None)
            if last is not None and (clock.day(bid.at) - clock.day(last)).days < self.gap:
                return _defer(bid, "too_soon")
        if today and not bid.legal:
            return _defer(bid, "outranked", min(touch["journey"] for touch in today))
        return None

    def _caps(self, bid: Bid) -> Iterable[Cap]:
        """The caps that concern a message of this purpose."""
        purpose = bid.journey.purpose
        return [cap for cap in self.caps if cap.purpose is None or cap.purpose == purpose]

    def _used(self, cap: Cap, bid: Bid, had: list[Row]) -> int:
        since = bid.at - cap.window
        counts = [touch for touch in had if touch["at"] > since]
        if cap.purpose is not None:
            counts = [touch for touch in counts if touch["purpose"] == cap.purpose]
        return len(counts)

    def _coming(self) -> list[Bid]:
        """What is due within the look-ahead, as things stand, and could go then."""
        house, clock = self.house, self.house.clock
        days = days_of(self.policy.look_ahead)
        if not days:
            return []
        ends = clock.begins(house.today + timedelta(days=days + 1)) - timedelta(microseconds=1)
        found = []
        for each in self.customer.enrollments:
            path = house.path(each.journey, each.version)
            if each.status != "active" or path is None or each.node not in path.stops:
                continue
            if isinstance(path.stops[each.node].step, Send):
                continue
            traveller = Traveller.ahead(each, self.customer, path, house, ends)
            traveller.go()
            then = traveller.each
            if then.status == "active" and isinstance(traveller.stop.step, Send):
                assert then.due_at is not None
                # What is due on a Sunday goes on Monday.
                purpose, region = path.journey.purpose, self.customer.region
                at = clock.next_allowed(then.due_at, purpose, None, region)
                bid = Bid(each, path, traveller.stop, at)
                if clock.day(then.due_at) > house.today and self._hopeful(bid):
                    found.append(bid)
        return found

    def _hopeful(self, bid: Bid) -> bool:
        """Whether nothing known today will keep it from going."""
        journey = bid.journey
        if journey.status == JourneyStatus.SHADOW:
            return False
        if on_hold(self.customer, journey.purpose, self.house) is not None:
            return False
        return journey.categories == "order" or any(
            allowed(contact, bid.each, journey, self.house)[1] is None
            for contact in self.customer.contacts
        )

    def _saved_for(self, bid: Bid, coming: list[Bid]) -> Bid | None:
        """The most important message to come that this one would keep from going."""
        blocked = [other for other in coming if self._gives_way(bid, other)]
        return min(blocked, key=_importance, default=None)

    def _gives_way(self, bid: Bid, other: Bid) -> bool:
        ours = (bid.rank, -bid.journey.priority)
        if ours <= (other.rank, -other.journey.priority) or not self._blocks(bid, other):
            return False
        # Who would become stale by waiting gives way to a higher class only.
        day = self.house.clock.day
        assert bid.until is not None
        last_day = day(bid.until - timedelta(microseconds=1))
        lasts = (last_day - day(other.at)).days >= max(self.gap, 1)
        return lasts or other.rank < bid.rank

    def _blocks(self, bid: Bid, other: Bid) -> bool:
        if self._exempt(other):
            return False
        day = self.house.clock.day
        if (day(other.at) - day(bid.at)).days < self.gap:
            return True
        had = self._had(other)
        return any(
            self._used(cap, other, had) == cap.most - 1
            and bid.at > other.at - cap.window
            and cap.purpose in (None, bid.journey.purpose)
            for cap in self._caps(other)
        )

    def _order(self, bid: Bid) -> tuple[object, ...]:
        """Class, priority, value, deadline, and last the lot."""
        lot = "\n".join((bid.each.journey, bid.each.entry_key, self.customer.key))
        digest = blake2b(lot.encode(), digest_size=8).digest()
        return (bid.rank, -bid.journey.priority, -bid.journey.value, bid.until, digest)


def _importance(bid: Bid) -> tuple[object, ...]:
    return (bid.rank, -bid.journey.priority, bid.at, bid.each.journey)


def _bids(asking: list[Candidate]) -> list[Bid]:
    """The candidates of one step share their fate."""
    together: dict[int, list[Candidate]] = {}
    for one in asking:
        together.setdefault(id(one.each), []).append(one)
    return [
        Bid(
            rows[0].each,
            rows[0].path,
            rows[0].stop,
            min(row.not_before for row in rows),
            rows[0].valid_until,
            tuple(rows),
        )
        for rows in together.values()
    ]


def _defer(bid: Bid, reason: str, by: str | None = None) -> None:
    for row in bid.rows:
        row.outcome, row.reason, row.outranked_by = "deferred", reason, by
