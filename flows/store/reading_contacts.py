"""Who may be written to, and on what ground: the contacts of a range of customers."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, case, func, or_, select, union_all
from sqlalchemy.sql.expression import ColumnElement, Select

from flows.store.grounds import in_force, settled
from flows.store.models import Contact, Customer, Permission, Response, Send, Suppression
from flows.store.reading_rhythm import resting
from flows.store.session import frame
from flows.store.suppressing import standing
from segments.names import Basis, Outcome, PermissionKind, Purpose, ResponseKind
from segments.policy import Policy

_SCOPES = (Purpose.ADVERTISING, Purpose.SURVEY)
_BARRED = (*_SCOPES, Purpose.SERVICE, Purpose.LEGAL)
_ARRIVED = (Outcome.ACCEPTED, Outcome.DELIVERED)
_WELCOME = (
    ResponseKind.DELIVERED,
    ResponseKind.REPLY,
    ResponseKind.CLICK,
    ResponseKind.NPS,
    ResponseKind.ORDER,
)
_ENDED, _ASKED, _GIVEN = range(3)
_NEVER = np.iinfo(np.int64).min
"""How numpy holds a moment that is missing."""

Array = NDArray[Any]


def read_contacts(
    connection: Connection,
    policy: Policy,
    now: datetime,
    first: int,
    last: int,
    *,
    uses: bool = False,
) -> pd.DataFrame:
    """Everybody at customers `first` to `last`, with what `segments.journey.permission` asks.

    contact_id, customer_id, role; has_address, objected; suppressed (for everything) and
    suppressed_PURPOSE; consent_PURPOSE, unconfirmed_PURPOSE (asked for only) and used_PURPOSE (its
    last use) for advertising and surveys; zone, country and state as far as they are known; and, if
    there is anybody among them, suppressed_service and suppressed_legal, and rests_until of those
    who asked for advertising less often.
    Messages and answers count as uses of a consent where it can fall asleep, or `uses` says so.
    """
    # Grouping what people said is left to arrays: the databases take several times as long.
    people = frame(connection, _people(first, last))
    people = people.astype({"customer_id": "int64", "has_address": "bool"})
    ids = people["contact_id"].to_numpy("int64")
    told = _Told(ids)
    told.bar(frame(connection, _bars(now, first, last)))
    if len(ids):
        told.hear(frame(connection, _sayings(now, first, last, (int(ids.min()), int(ids.max())))))
    if uses or policy.permission.consent_dormant_after is not None:
        told.use(frame(connection, _uses(now, first, last)))
    people = people.assign(**told.columns)
    rests = resting(connection, now, first, last)
    return people if rests.empty else people.merge(rests, on="contact_id", how="left")


def _people(first: int, last: int) -> Select[tuple[Any, ...]]:
    """Who works at these customers, and where do they live?"""
    return (
        select(
            Contact.id.label("contact_id"),
            Contact.customer_id,
            Contact.role,
            case((func.coalesce(Contact.email, "") != "", 1), else_=0).label("has_address"),
            Contact.zone,
            Customer.country,
            Customer.state,
        )
        .join(Customer, Customer.id == Contact.customer_id)
        .where(Contact.customer_id.between(first, last), Customer.id.between(first, last))
    )


def _bars(now: datetime, first: int, last: int) -> Select[tuple[int, int]]:
    """Which messages must not go to whom, by address, person or customer? All are scope 0."""
    barred = select(
        Contact.id.label("contact_id"), _scope(Suppression.purpose, _BARRED).label("scope")
    )
    theirs = (
        Suppression.email == func.lower(Contact.email),
        Suppression.contact_id == Contact.id,
        Suppression.customer_id == Contact.customer_id,
    )
    found = union_all(
        *(
            barred.join(Suppression, of).where(
                Contact.customer_id.between(first, last), standing(now)
            )
            for of in theirs
        )
    ).subquery()
    return select(found.c.contact_id, found.c.scope)


def _sayings(
    now: datetime, first: int, last: int, contacts: tuple[int, int]
) -> Select[tuple[Any, ...]]:
    """What did these contacts agree or object to? An objection is scope 0.

    People of the same customers mostly have numbers close together, so that `contacts`, the lowest
    and the highest, spare the databases most of the table.
    """
    standing = case(
        (~in_force(now), _ENDED),
        (settled(now), _GIVEN),
        (Permission.kind == PermissionKind.OBJECTION, _GIVEN),
        else_=_ASKED,
    )
    objection = Permission.kind == PermissionKind.OBJECTION
    consent = and_(Permission.kind == PermissionKind.CONSENT, Permission.purpose.in_(list(_SCOPES)))
    confirmed = case((Permission.confirmed_at <= now, Permission.confirmed_at))
    return (
        select(
            Permission.contact_id,
            case((objection, 0), else_=_scope(Permission.purpose)).label("scope"),
            standing.label("standing"),
            func.coalesce(confirmed, Permission.at, type_=Permission.at.type).label("at"),
        )
        .join(Contact, Contact.id == Permission.contact_id)
        .where(
            Contact.customer_id.between(first, last),
            Permission.contact_id.between(*contacts),
            Permission.at <= now,
            or_(objection, consent),
        )
    )


def _uses(now: datetime, first: int, last: int) -> Select[tuple[Any, ...]]:
    """When did these contacts last get, or answer, a message that rested on consent?

    What was handed over and did not come back counts as got: not every provider reports arrival.
    """
    answered = and_(
        Response.send_id == Send.id, Response.at <= now, Response.kind.in_(list(_WELCOME))
    )
    at = case((Response.at > Send.handed_over_at, Response.at), else_=Send.handed_over_at)
    scope = _scope(Send.purpose)
    return (
        select(Send.contact_id, scope.label("scope"), func.max(at).label("at"))
        .outerjoin(Response, answered)
        .where(
            Send.customer_id.between(first, last),
            Send.contact_id.is_not(None),
            Send.basis == Basis.CONSENT,
            Send.purpose.in_(list(_SCOPES)),
            Send.outcome.in_(list(_ARRIVED)),
            Send.handed_over_at <= now,
        )
        .group_by(Send.contact_id, Send.purpose)
    )


def _scope(purpose: Any, among: tuple[Purpose, ...] = _SCOPES) -> ColumnElement[int]:
    numbers = [(purpose == scope, number) for number, scope in enumerate(among, start=1)]
    return case(*numbers, else_=0)


class _Told:
    """What is known of these contacts, column by column."""

    def __init__(self, contact_ids: Array) -> None:
        self._order = np.argsort(contact_ids)
        self._ids = contact_ids[self._order]
        scopes = ("", *(f"_{scope}" for scope in _SCOPES))
        none = np.zeros((3, len(contact_ids)), dtype=bool)
        self._given, self._asked, self._ended = (none.copy() for _ in range(3))
        self._suppressed = np.zeros((1 + len(_BARRED), len(contact_ids)), dtype=bool)
        self._used = np.full((3, len(contact_ids)), _NEVER)
        self._scopes = scopes

    @property
    def columns(self) -> dict[str, Any]:
        """The flags and moments of `read_contacts`."""
        found: dict[str, Any] = {"objected": self._given[0]}
        # Whoever once withdrew has to confirm before it counts again.
        unconfirmed = self._asked & ~self._ended
        for number, scope in enumerate(self._scopes):
            found[f"suppressed{scope}"] = self._suppressed[number]
            if scope:
                found[f"consent{scope}"] = self._given[number]
                found[f"unconfirmed{scope}"] = unconfirmed[number]
                given = self._given[number] | self._asked[number]
                used = np.where(given, self._used[number], _NEVER).view("datetime64[us]")
                found[f"used{scope}"] = pd.DatetimeIndex(used).tz_localize("UTC")
        for number, purpose in enumerate(_BARRED, start=1):
            if purpose not in _SCOPES and self._suppressed[number].any():
                found[f"suppressed_{purpose}"] = self._suppressed[number]
        return found

    def bar(self, rows: pd.DataFrame) -> None:
        """Take in the result of `_bars`."""
        who, scope, _ = self._placed(rows)
        self._suppressed[scope, who] = True

    def hear(self, rows: pd.DataFrame) -> None:
        """Take in the result of `_sayings`; a consent's beginning is its first use."""
        who, scope, rows = self._placed(rows)
        standing = rows["standing"].to_numpy("int64")
        for word, flags in (
            (_ENDED, self._ended),
            (_ASKED, self._asked),
            (_GIVEN, self._given),
        ):
            flags[scope[standing == word], who[standing == word]] = True
        self._use(rows[standing != _ENDED], who[standing != _ENDED], scope[standing != _ENDED])

    def use(self, rows: pd.DataFrame) -> None:
        """Take in the result of `_uses`."""
        who, scope, rows = self._placed(rows)
        self._use(rows, who, scope)

    def _use(self, rows: pd.DataFrame, who: Array, scope: Array) -> None:
        at = rows["at"].dt.tz_localize(None).to_numpy("datetime64[us]").view("int64")
        np.maximum.at(self._used, (scope, who), at)

    def _placed(self, rows: pd.DataFrame) -> tuple[Array, Array, pd.DataFrame]:
        """The place of each row's contact, and its scope; rows of others are left out.

        Somebody may come in between two queries.
        """
        ids = rows["contact_id"].to_numpy("int64")
        place = np.minimum(np.searchsorted(self._ids, ids), max(len(self._ids) - 1, 0))
        known = self._ids[place] == ids if len(self._ids) else np.zeros(len(ids), dtype=bool)
        if not known.all():
            rows, place = rows[known], place[known]
        return self._order[place], rows["scope"].to_numpy("int64"), rows
