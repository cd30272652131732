"""Customers with everything that is theirs, as plain rows read from the frames of a state."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from segments.state import State

Row = dict[str, Any]


@dataclass
class Enrollment:
    """One customer travelling one version of one journey; None is what is not known."""

    customer_id: int
    journey: str
    version: str
    entry_key: str
    arm: str
    node: str
    arrived_at: datetime
    anchor_at: datetime
    entered_at: datetime
    status: str = "active"
    reason: str | None = None
    enrollment_id: int | None = None
    due_at: datetime | None = None
    left_at: datetime | None = None
    first_touch_at: datetime | None = None
    goal_at: datetime | None = None
    next_order_at: datetime | None = None
    marked_at: datetime | None = None
    flags: set[str] = field(default_factory=set)
    purchase_id: int | None = None
    contact_id: int | None = None
    order_value: int | None = None
    order_category: str | None = None
    order_discounted: bool | None = None
    order_returned: bool | None = None

    def leave(self, status: str, reason: str, now: datetime) -> None:
        """No longer under way."""
        self.status, self.reason, self.left_at = status, reason, now

    @property
    def since(self) -> datetime:
        """The latest message, task or awaited event, or what started it."""
        return self.marked_at or self.anchor_at


@dataclass
class Customer:
    """A customer, and what the store knows about them."""

    number: int
    profile: Row
    contacts: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    enrollments: list[Enrollment] = field(default_factory=list)
    past: list[Row] = field(default_factory=list)
    deferred: list[Row] = field(default_factory=list)
    touches: list[Row] = field(default_factory=list)
    sent: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    segments: set[str] = field(default_factory=set)

    @property
    def key(self) -> str:
        """What lots are drawn by."""
        return str(self.profile["customer_key"])

    @property
    def objects(self) -> bool:
        """Whether everybody there objected to advertising."""
        return bool(self.contacts) and all(contact["objected"] for contact in self.contacts)

    @property
    def region(self) -> str | None:
        """Whose public holidays are theirs."""
        return self.profile.get("region")


@dataclass
class Base:
    """Everybody, in order of their numbers, and what was known of all at the last run."""

    customers: list[Customer]
    filled: frozenset[str]
    previous_run: datetime | None


def read(state: State) -> Base:
    """The customers of a state."""
    known = {row["customer_id"]: Customer(row["customer_id"], row) for row in rows(state.profiles)}

    def share(frame: pd.DataFrame, name: str) -> None:
        for row in rows(frame):
            if row["customer_id"] in known:
                getattr(known[row["customer_id"]], name).append(row)

    for name in ("contacts", "orders", "past", "touches", "events"):
        share(getattr(state, name), name)
    whose = {}
    for row in rows(state.enrollments):
        if row["customer_id"] in known:
            customer = known[row["customer_id"]]
            whose[row["enrollment_id"]] = customer
            flags = set((row.pop("flags") or "").split())
            customer.enrollments.append(Enrollment(**row, flags=flags))
    for name in ("deferred", "sent"):
        for row in rows(getattr(state, name)):
            if row["enrollment_id"] in whose:
                getattr(whose[row["enrollment_id"]], name).append(row)
    for row in rows(state.members):
        if row["customer_id"] in known:
            known[row["customer_id"]].segments.add(row["segment"])
    bought = defaultdict(set)
    for row in rows(state.grounds):
        bought[row["contact_id"]].add(row["category"])
    for customer in known.values():
        for contact in customer.contacts:
            contact["bought"] = bought.get(contact["contact_id"], set())
    customers = [known[number] for number in sorted(known)]
    return Base(customers, state.filled, state.previous_run)


def rows(frame: pd.DataFrame) -> list[Row]:
    """The rows of a frame as dicts of plain values."""
    columns = {name: [plain(value) for value in frame[name]] for name in frame}
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def plain(value: Any) -> Any:
    """A value of a frame as Python has it; None if it is missing."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if hasattr(value, "item") else value


def told(base: Base) -> dict[tuple[int, str, str], Mapping[str, Any]]:
    """Where everybody stands, by customer, journey and entry."""
    found = {}
    for customer in base.customers:
        for each in customer.enrollments:
            row = vars(each) | {"flags": " ".join(sorted(each.flags))}
            found[each.customer_id, each.journey, each.entry_key] = row
    return found
