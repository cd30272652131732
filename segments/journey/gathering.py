"""Whoever stands at a send is a candidate: to whom it would go, of which message, until when."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from segments.journey.addressees import Addressees
from segments.journey.history import NOBODY, codes_of, distinct, moments, numbers, pairs
from segments.journey.holdout import position
from segments.journey.program import Node, Program
from segments.names import Arm, AttentionClass, JourneyStatus, SkipReason
from segments.spec import Journey, Send
from segments.state import Specs, State

_CLASSES = list(AttentionClass)


@dataclass(frozen=True)
class Stand:
    """A send of a journey at which somebody stands."""

    program: Program
    node: Node
    step: Send

    @property
    def journey(self) -> Journey:
        """The journey as it is written."""
        return self.program.journey

    @property
    def rank(self) -> int:
        """The place of its attention class; 0 is the most important."""
        return _CLASSES.index(self.journey.attention_class)

    @property
    def shadow(self) -> bool:
        """Whether it only looks as if."""
        return self.journey.status == JourneyStatus.SHADOW


class Customers:
    """The customers at hand in order of their numbers, with their profiles in the same order."""

    def __init__(self, customer_id: np.ndarray, profiles: pd.DataFrame) -> None:
        self.numbers = distinct(customer_id)
        self._where = profiles.index.get_indexer(pd.Index(self.numbers))
        self._profiles = profiles

    def __len__(self) -> int:
        return len(self.numbers)

    def column(self, name: str) -> Any:
        """A column of the profile."""
        return self._profiles[name].array.take(self._where)

    def has(self, name: str) -> bool:
        """Whether the profile knows this."""
        return name in self._profiles

    def frame(self, names: Sequence[str]) -> pd.DataFrame:
        """These columns of the profile."""
        return pd.DataFrame({name: self.column(name) for name in names}, index=range(len(self)))


@dataclass(frozen=True)
class Candidates:
    """One row for each message and person, as arrays; what is missing is NOBODY, or "".

    stand is a place in `stands`, who one in `customers`, contact one in `addressees`. send_id and
    outranked_by are those of a message that waited. basis or refusal: what permission says.
    """

    stands: tuple[Stand, ...]
    customers: Customers
    addressees: Addressees
    stand: np.ndarray
    who: np.ndarray
    contact: np.ndarray
    ref: np.ndarray
    enrollment_id: np.ndarray
    send_id: np.ndarray
    entry_key: pd.api.extensions.ExtensionArray
    held_out: np.ndarray
    due_at: np.ndarray
    valid_until: np.ndarray
    message: np.ndarray
    basis: np.ndarray
    refusal: np.ndarray
    outranked_by: np.ndarray

    def __len__(self) -> int:
        return len(self.stand)

    def each(self, get: Callable[[Stand], Any], dtype: Any = object) -> np.ndarray:
        """What `get` says of the step at which each row stands."""
        values = np.empty(len(self.stands), dtype=dtype)
        values[:] = [get(stand) for stand in self.stands]
        found: np.ndarray = values[self.stand]
        return found

    @cached_property
    def contact_id(self) -> np.ndarray:
        """The number of each row's person."""
        found: np.ndarray = np.append(self.addressees.contact_id, NOBODY)[self.contact]
        return found


def gather(
    standing: Sequence[tuple[Program, pd.DataFrame]], state: State, specs: Specs, now: datetime
) -> Candidates | None:
    """All candidates among active enrollments, given per program; None if there are none.

    The index of those frames is the `ref` of the plan; that of `state.profiles` is customer_id.
    """
    stands, parts = _at_sends(standing)
    if not parts:
        return None
    base = {name: _joined([part[name] for part in parts]) for name in parts[0]}
    customers = Customers(base["customer_id"], state.profiles)
    base["who"] = codes_of(customers.numbers, base["customer_id"])
    addressees = Addressees(state, customers.numbers, specs.policy, now)
    chosen: dict[str, Any] = _chosen(
        stands, base, addressees, _waiting(stands, base, state.deferred)
    )
    row = chosen.pop("row")
    found: dict[str, Any] = {name: base[name][row] for name in _KEPT}
    return Candidates(
        stands=tuple(stands),
        customers=customers,
        addressees=addressees,
        valid_until=_valid_until(stands, base, customers, specs)[row],
        message=_messages(stands, base, customers)[row],
        **chosen,
        **found,
    )


_KEPT = ["stand", "who", "ref", "enrollment_id", "entry_key", "held_out", "due_at"]


def _at_sends(
    standing: Sequence[tuple[Program, pd.DataFrame]],
) -> tuple[list[Stand], list[dict[str, Any]]]:
    """The sends at which anybody stands, and who does, as arrays for each program."""
    stands: list[Stand] = []
    parts = []
    for program, rows in standing:
        if rows.empty:
            continue
        codes, names = pd.factorize(rows["node"])
        place = np.full(len(names), NOBODY)
        for code, name in enumerate(names):
            node = program.nodes[program.positions[name]]
            if isinstance(node.step, Send):
                place[code] = len(stands)
                stands.append(Stand(program, node, node.step))
        stand = place[codes]
        here = np.flatnonzero(stand >= 0)
        if len(here):
            rows = rows.take(here) if len(here) < len(rows) else rows
            parts.append({"stand": stand[here], **_arrays(rows)})
    return stands, parts


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return pd.concat([pd.Series(part, copy=False) for part in parts]).array


def _arrays(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "ref": rows.index.to_numpy(dtype="int64"),
        "customer_id": rows["customer_id"].to_numpy(dtype="int64"),
        "enrollment_id": numbers(rows["enrollment_id"]),
        "ordered_by": numbers(rows["contact_id"]),
        "categories": rows["order_category"].to_numpy(dtype=object, na_value=""),
        "entry_key": rows["entry_key"].array,
        "held_out": (rows["arm"] == Arm.HELD_OUT.value).to_numpy(dtype=bool),
        "due_at": moments(rows["due_at"]),
    }


def _waiting(
    stands: list[Stand], base: dict[str, Any], deferred: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Messages that waited: of which row, for whom, and by whom they were outranked last."""
    known, enrollment = np.unique(base["enrollment_id"], return_inverse=True)
    whose = codes_of(known, numbers(deferred["enrollment_id"]))
    here = np.flatnonzero((whose >= 0) & (known[whose] != NOBODY))
    if not len(here):
        none = np.zeros(0, dtype="int64")
        return {
            "row": none,
            "contact_id": none,
            "send_id": none,
            "outranked_by": np.zeros(0, dtype=object),
        }
    rows, waits = pairs(enrollment, whose[here], len(known))
    deferred = deferred.take(here)
    nodes = pd.Index([stand.node.id for stand in stands])
    step, names = pd.factorize(nodes)
    stays = names.get_indexer(pd.Index(deferred["node"]))[waits] == step[base["stand"][rows]]
    rows, deferred = rows[stays], deferred.take(waits[stays])
    by = np.full(len(rows), "", dtype=object)
    if "outranked_by" in deferred:
        by = deferred["outranked_by"].to_numpy(dtype=object, na_value="")
    return {
        "row": rows,
        "contact_id": numbers(deferred["contact_id"]),
        "send_id": numbers(deferred["send_id"]),
        "outranked_by": by,
    }


def _chosen(
    stands: list[Stand],
    base: dict[str, Any],
    addressees: Addressees,
    waiting: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Whom each row writes to, on what basis or why not.

    A message that waited keeps the people it was meant for, whatever they said meanwhile, so that
    nobody gets it in their place.
    """
    meant = addressees.named(waiting["contact_id"], base["who"][waiting["row"]])
    waits = np.zeros(len(base["stand"]), dtype=bool)
    waits[waiting["row"]] = True
    parts: list[dict[str, np.ndarray]] = []
    for stand, rows in _layers(stands, base):
        journey, who = stand.journey, base["who"][rows]
        categories = base["categories"][rows] if journey.categories == "order" else None
        grounds = addressees.grounds(journey, who, categories)
        fresh = rows[~waits[rows]]
        row, contact = addressees.chosen(
            stand.step, grounds.allowed, base["who"][fresh], base["ordered_by"][fresh]
        )
        here = np.zeros(len(waits), dtype=bool)
        here[rows] = True
        kept = np.flatnonzero(here[waiting["row"]])
        contact = np.concatenate([contact, meant[kept]])
        parts.append(
            {
                "row": np.concatenate([fresh[row], waiting["row"][kept]]),
                "contact": contact,
                "send_id": np.concatenate([np.full(len(row), NOBODY), waiting["send_id"][kept]]),
                "outranked_by": np.concatenate(
                    [np.full(len(row), "", dtype=object), waiting["outranked_by"][kept]]
                ),
                "basis": np.append(grounds.basis, "")[contact],
                "refusal": np.append(grounds.reason, SkipReason.NO_CONTACT.value)[contact],
            }
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _layers(stands: list[Stand], base: dict[str, Any]) -> Iterator[tuple[Stand, np.ndarray]]:
    """The rows at each stand; a customer there for several orders comes once in each layer."""
    order = np.argsort(base["stand"], kind="stable")
    ends = np.cumsum(np.bincount(base["stand"], minlength=len(stands)))
    for stand, rows in zip(stands, np.split(order, ends[:-1]), strict=True):
        if stand.journey.categories != "order":
            if len(rows):
                yield stand, rows
            continue
        while len(rows):
            _, first = np.unique(base["who"][rows], return_index=True)
            yield stand, rows[first]
            rows = np.delete(rows, first)


def _valid_until(
    stands: list[Stand], base: dict[str, Any], customers: Customers, specs: Specs
) -> np.ndarray:
    spans = [stand.step.valid_for or stand.journey.valid_for for stand in stands]
    codes, distinct = pd.factorize(np.array([str(span) for span in spans], dtype=object))
    row_code = codes[base["stand"]]
    until = np.empty(len(row_code), dtype="datetime64[us]")
    for code in range(len(distinct)):
        rows = np.flatnonzero(row_code == code)
        span = spans[int(np.flatnonzero(codes == code)[0])]
        regions = None
        if span.unit == "business_days" and customers.has("region"):
            regions = customers.column("region").take(base["who"][rows])
        until[rows] = specs.calendar.later(base["due_at"][rows], span, regions)
    return until


def _messages(stands: list[Stand], base: dict[str, Any], customers: Customers) -> np.ndarray:
    """The message of each row; of several the one the customer's hash chooses."""
    written = np.array([stand.step.send for stand in stands], dtype=object)
    message: np.ndarray = written[base["stand"]]
    for place, stand in enumerate(stands):
        if stand.step.variants is not None:
            rows = np.flatnonzero(base["stand"] == place)
            keys = customers.column("customer_key").take(base["who"][rows])
            salt = f"{stand.program.name}/{stand.node.id}"
            names, weights = zip(*stand.step.variants.items(), strict=True)
            bounds = np.cumsum(weights) / sum(weights)
            taken = bounds.searchsorted(position(salt, keys), side="right")
            message[rows] = np.array(names, dtype=object)[taken]
    return message
