"""The gates a message must pass, one behind the other; the first that holds decides."""

from dataclasses import dataclass
from datetime import datetime

from segments.names import JourneyStatus, Purpose
from segments.spec import Journey, Roles, Send
from tests.reference.house import House
from tests.reference.path import Path, Stop
from tests.reference.people import Customer, Enrollment, Row
from tests.reference.travelling import drawn
from tests.reference.writing import addressees, allowed

PROMOTION = (Purpose.ADVERTISING, Purpose.SURVEY)


@dataclass
class Candidate:
    """A message of one step to one person, and what became of it."""

    each: Enrollment
    customer: Customer
    path: Path
    stop: Stop
    contact: Row | None
    send_id: int | None
    waited_for: str | None
    message: str
    due_at: datetime
    valid_until: datetime
    not_before: datetime
    basis: str | None = None
    outcome: str | None = None
    reason: str | None = None
    outranked_by: str | None = None

    @property
    def journey(self) -> Journey:
        """The journey as it is written."""
        return self.path.journey

    def told(self) -> Row:
        """As a plan tells it."""
        each, journey = self.each, self.journey
        review = journey.status == JourneyStatus.REVIEW and self.outcome == "queued"
        return {
            "customer_id": self.customer.number,
            "journey": each.journey,
            "entry_key": each.entry_key,
            "version": self.path.version,
            "node": self.stop.id,
            "send_id": self.send_id,
            "contact_id": self.contact and self.contact["contact_id"],
            "message": self.message,
            "purpose": journey.purpose.value,
            "priority": journey.priority,
            "basis": self.basis,
            "outcome": self.outcome,
            "reason": self.reason,
            "outranked_by": self.outranked_by,
            "review": "pending" if review else None,
            "due_at": self.due_at,
            "not_before": self.not_before,
            "valid_until": self.valid_until,
        }


def candidates(each: Enrollment, customer: Customer, path: Path, house: House) -> list[Candidate]:
    """The messages of the step at which an enrollment stands; who waited keeps their person."""
    stop = path.stops[each.node]
    step, journey = stop.step, path.journey
    assert isinstance(step, Send)
    assert each.due_at is not None
    by_number = {contact["contact_id"]: contact for contact in customer.contacts}
    waiting = [
        (by_number.get(row["contact_id"]), row["send_id"], row.get("outranked_by"))
        for row in customer.deferred
        if row["enrollment_id"] == each.enrollment_id and row["node"] == stop.id
    ]
    if not waiting:
        people = addressees(each, customer, step, journey, house)
        waiting = [(contact, None, None) for contact in people]
    message = step.send
    if step.variants is not None:
        salt = f"{each.journey}/{stop.id}"
        message = drawn(salt, list(step.variants.items()), customer)
    until = house.clock.later(each.due_at, step.valid_for or journey.valid_for, customer.region)
    return [
        Candidate(
            each=each,
            customer=customer,
            path=path,
            stop=stop,
            contact=contact,
            send_id=send_id,
            waited_for=by,
            message=message,
            due_at=each.due_at,
            valid_until=until,
            not_before=max(each.due_at, house.now),
        )
        for contact, send_id, by in waiting
    ]


def held_back(one: Candidate, house: House) -> bool:
    """Whether a gate before attention decides, and what."""
    if one.contact is None:
        return _skip(one, "no_contact")
    one.basis, refusal = allowed(one.contact, one.each, one.journey, house)
    if refusal is not None:
        return _skip(one, refusal)
    if _already_sent(one):
        return _skip(one, "already_sent")
    stale = one.valid_until <= house.now
    if (reason := on_hold(one.customer, one.journey.purpose, house)) is not None:
        return _skip(one, reason) if stale else _defer(one, reason)
    if stale:
        one.outranked_by = one.waited_for
        return _skip(one, "expired")
    if one.journey.status == JourneyStatus.SHADOW:
        return _skip(one, "shadow")
    zone, region = one.contact["zone"], one.contact["region"]
    one.not_before = house.clock.next_allowed(one.not_before, one.journey.purpose, zone, region)
    if one.not_before >= one.valid_until:
        return _skip(one, "quiet")
    if one.not_before >= house.tomorrow:
        return _defer(one, "quiet")
    rests_until = one.contact.get("rests_until")
    if one.journey.purpose == Purpose.ADVERTISING and rests_until is not None:
        return one.not_before < rests_until and _defer(one, "capped")
    return False


def on_hold(customer: Customer, purpose: Purpose, house: House) -> str | None:
    """What holds messages of this purpose back from the whole customer."""
    profile = customer.profile
    if purpose in PROMOTION:
        if (profile["open_complaints"] or 0) > 0:
            return "complaint_open"
        days = profile["days_since_complaint"]
        if days is not None and days < house.specs.policy.complaint_hold.days:
            return "complaint_hold"
    if purpose == Purpose.ADVERTISING and profile["sales_lock"]:
        return "sales_lock"
    return None


def _already_sent(one: Candidate) -> bool:
    """Whether this enrollment gave the message of this step before it began anew."""
    assert isinstance(one.stop.step, Send)
    assert one.contact is not None
    several = isinstance(one.stop.step.to, Roles)
    return any(
        row["enrollment_id"] == one.each.enrollment_id
        and row["node"] == one.stop.id
        and (not several or row["contact_id"] == one.contact["contact_id"])
        for row in one.customer.sent
    )


def _skip(one: Candidate, reason: str) -> bool:
    one.outcome, one.reason = "skipped", reason
    return True


def _defer(one: Candidate, reason: str) -> bool:
    one.outcome, one.reason = "deferred", reason
    return True
