"""Whom a step writes to at each customer: whoever may be written to, the best placed first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from segments.journey.history import NOBODY, codes_of, numbers
from segments.journey.permission import permission
from segments.names import Role
from segments.policy import Policy
from segments.spec import Journey, Roles, Send
from segments.state import State

_RANK = (Role.BUYER, Role.DECISION_MAKER, Role.USER)
_ANY = tuple(Role)


@dataclass
class Grounds:
    """For each contact at hand on what basis it may be written to, or else why not.

    Contacts nobody has asked about yet are not `known`.
    """

    basis: np.ndarray
    reason: np.ndarray
    known: np.ndarray

    @classmethod
    def unknown(cls, count: int) -> "Grounds":
        """Nobody has been asked about."""
        basis, reason = (np.full(count, "", dtype=object) for _ in range(2))
        return cls(basis, reason, np.zeros(count, dtype=bool))

    @property
    def allowed(self) -> np.ndarray:
        """Whom it may."""
        allowed: np.ndarray = self.known & (self.reason == "")
        return allowed


class Addressees:
    """The contacts of these customers, in order of customer, then place, then number.

    `customers` are numbers in order; a customer is known by the place there, a contact by the
    place here.
    """

    def __init__(self, state: State, customers: np.ndarray, policy: Policy, now: datetime) -> None:
        who = codes_of(customers, state.contacts["customer_id"].to_numpy(dtype="int64"))
        here = np.flatnonzero(who >= 0)
        role = state.contacts["role"].to_numpy(dtype=object)[here]
        rank = np.full(len(here), len(_RANK))
        for place, name in enumerate(_RANK):
            rank[role == name.value] = place
        contact_id = numbers(state.contacts["contact_id"])[here]
        order = np.lexsort((contact_id, rank, who[here]))
        self.frame = state.contacts.take(here[order])
        self.who, self.role, self.contact_id = who[here][order], role[order], contact_id[order]
        self._count = len(customers)
        self._by_number = np.argsort(self.contact_id)
        self._given, self._policy, self._now = state.grounds, policy, now
        self._grounds: dict[tuple[str, ...], Grounds] = {}

    def grounds(self, journey: Journey, who: np.ndarray, categories: np.ndarray | None) -> Grounds:
        """On what basis the contacts of these customers may get a message of this journey.

        `categories` are those of each row, where the journey has those of an order.
        """
        if categories is not None:
            found = Grounds.unknown(len(self.who))
            of_customer = np.full(self._count, "", dtype=object)
            of_customer[who] = categories
        else:
            key = (journey.purpose.value, *_declared(journey))
            found = self._grounds.setdefault(key, Grounds.unknown(len(self.who)))
        asked = np.zeros(self._count, dtype=bool)
        asked[who] = True
        places = np.flatnonzero(asked[self.who] & ~found.known)
        if len(places):
            whole = len(places) == len(self.who)
            told = permission(
                self.frame if whole else self.frame.take(places),
                self._given,
                journey.purpose,
                _declared(journey) if categories is None else of_customer[self.who[places]],
                self._policy,
                self._now,
            )
            found.basis[places] = told["basis"].to_numpy(dtype=object, na_value="")
            found.reason[places] = told["reason"].to_numpy(dtype=object, na_value="")
            found.known[places] = True
        return found

    def named(self, contact_ids: np.ndarray, who: np.ndarray) -> np.ndarray:
        """These very people, as far as they belong to the customer of their row; else NOBODY."""
        place = codes_of(self.contact_id[self._by_number], contact_ids)
        known = place >= 0
        found = np.full(len(place), NOBODY)
        found[known] = self._by_number[place[known]]
        found[known] = np.where(self.who[found[known]] == who[known], found[known], NOBODY)
        return found

    def chosen(
        self, step: Send, allowed: np.ndarray, who: np.ndarray, ordered_by: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(row, contact) for everybody each row writes to; the contact is NOBODY if there is none.

        `buyer` is the person who ordered, where the order names one. Several roles take those who
        may be written to, in the order of the roles, and one who may not only if there is no other.
        Where nobody has the role wanted, the main contact stands in.
        """
        if isinstance(step.to, Roles):
            return self._several(step.to, allowed, who)
        roles = _ANY if step.to == "primary" else (step.to,)
        contact = self._best(roles, allowed)[who]
        if step.to == "buyer":
            own = self.named(ordered_by, who)
            contact = np.where(own >= 0, own, contact)
        return np.arange(len(who)), contact

    def text(self, name: str, contact: np.ndarray) -> Any:
        """What is known of each of these people, missing where nothing is."""
        if name not in self.frame:
            return None
        return self.frame[name].array.take(contact, allow_fill=True)

    def reached(self, allowed: np.ndarray) -> np.ndarray:
        """For each customer whether anybody may be written to."""
        return np.bincount(self.who[allowed], minlength=self._count) > 0

    def _best(self, roles: tuple[str, ...], allowed: np.ndarray) -> np.ndarray:
        """For each customer one person: in the role, else any; allowed, else any."""
        in_role = np.ones(len(self.role), bool) if roles == _ANY else self.role == roles[0]
        best = np.full(self._count, NOBODY)
        others = ~in_role
        for group in (others & ~allowed, others & allowed, in_role & ~allowed, in_role & allowed):
            places = np.flatnonzero(group)[::-1]
            best[self.who[places]] = places
        return best

    def _several(
        self, to: Roles, allowed: np.ndarray, who: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        preference = np.full(len(self.role), len(to.roles))
        for place, role in reversed(list(enumerate(to.roles))):
            preference[self.role == role.value] = place
        places = np.flatnonzero(preference < len(to.roles))
        order = places[np.lexsort((preference[places], ~allowed[places], self.who[places]))]
        many = np.bincount(self.who[order], minlength=self._count)
        first = np.cumsum(many) - many
        number = np.arange(len(order)) - first[self.who[order]]
        order = order[(number < to.max) & (allowed[order] | (number == 0))]
        none = np.flatnonzero(np.bincount(self.who[order], minlength=self._count) == 0)
        stand_in = self._best(_ANY, allowed)[none]
        owner = np.concatenate([self.who[order], none])
        flat = np.concatenate([order, stand_in])[np.argsort(owner, kind="stable")]
        many = np.bincount(owner, minlength=self._count)
        first = np.cumsum(many) - many
        rows = np.repeat(np.arange(len(who)), many[who])
        within = np.arange(len(rows)) - np.repeat(np.cumsum(many[who]) - many[who], many[who])
        return rows, flat[first[who[rows]] + within]


def _declared(journey: Journey) -> tuple[str, ...]:
    """The product categories a journey says it advertises."""
    return tuple(journey.categories) if isinstance(journey.categories, list) else ()
