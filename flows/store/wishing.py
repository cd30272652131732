"""What a contact wants to get, how often and in which language: read, and changed by the contact.

Only what changes is written, so that saving a page twice, or as it was, leaves everything alone.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from sqlalchemy import Connection, and_, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import ColumnElement

from flows.store.grounds import ground, in_force, settled
from flows.store.models import Base, Contact, Customer, Permission, Preference, Purchase
from flows.store.suppressing import lift_own, standing, suppress
from flows.store.unsubscribing import unsubscribe
from segments.names import Locale, PermissionKind, Purpose, SuppressionReason

_suppression = Base.metadata.tables["suppression"]
_permission = Base.metadata.tables["permission"]
_preference = Base.metadata.tables["preference"]


class About(StrEnum):
    """What somebody wants to be written to about, beside their orders."""

    ALL = auto()
    ADVERTISING = auto()
    SURVEY = auto()
    NONE = auto()

    @property
    def advertising(self) -> bool:
        """Whether news and offers are among it."""
        return self in (About.ALL, About.ADVERTISING)

    @property
    def survey(self) -> bool:
        """Whether surveys are."""
        return self in (About.ALL, About.SURVEY)


@dataclass(frozen=True)
class Wishes:
    """What somebody wants; `apart_days` is nought for as often as there is something.

    `about` is empty where nothing is said about it.
    """

    about: About | None
    apart_days: int
    locale: Locale | None


@dataclass(frozen=True)
class Source:
    """How a wish came to us: which page, and the wording that was agreed to."""

    page: str
    wording: str


def wishes(connection: Connection, contact_id: int, now: datetime) -> Wishes | None:
    """What holds for this contact; None if there is nobody of that number (any more)."""
    row = connection.execute(
        select(
            func.lower(Contact.email).label("email"),
            Contact.customer_id,
            Preference.apart_days,
            func.coalesce(Preference.locale, Contact.locale, Customer.locale).label("locale"),
        )
        .join(Customer, Customer.id == Contact.customer_id)
        .outerjoin(Preference, Preference.contact_id == Contact.id)
        .where(Contact.id == contact_id)
    ).one_or_none()
    if row is None:
        return None
    barred = _barred(connection, contact_id, now)
    objected = connection.execute(select(exists().where(_objection(contact_id, now)))).scalar_one()
    general = _agreed(connection, contact_id, Purpose.ADVERTISING, now) or _bought(
        connection, contact_id, now
    )
    free = not objected and None not in barred
    own = _agreed(connection, contact_id, Purpose.SURVEY, now)
    advertising = free and general and Purpose.ADVERTISING not in barred
    survey = free and Purpose.SURVEY not in barred and (own or advertising)
    about = {
        (True, True): About.ALL,
        (True, False): About.ADVERTISING,
        (False, True): About.SURVEY,
    }.get((advertising, survey), About.NONE)
    return Wishes(about, row.apart_days or 0, Locale(row.locale) if row.locale else None)


def wish(
    connection: Connection, contact_id: int, wanted: Wishes, at: datetime, source: Source
) -> bool:
    """Have it as the contact wants it from the next claim on; whether there is such a contact."""
    known = wishes(connection, contact_id, at)
    if known is None:
        return False
    # Whoever says "none" objects, even where nothing lets us write to them as yet.
    if wanted.about == About.NONE:
        unsubscribe(connection, contact_id, at, source.page)
    elif wanted.about is not None and wanted.about != known.about:
        had = known.about is not None and known.about.advertising
        _about(connection, contact_id, wanted.about, had, at, source)
    if (wanted.apart_days, wanted.locale) != (known.apart_days, known.locale):
        _keep(connection, contact_id, wanted, known, at)
    return True


def _about(
    connection: Connection,
    contact_id: int,
    wanted: About,
    had_advertising: bool,
    at: datetime,
    source: Source,
) -> None:
    connection.execute(update(_permission).where(_objection(contact_id, at)).values(ended_at=at))
    email = connection.scalar(select(Contact.email).where(Contact.id == contact_id))
    if wanted.advertising:
        lift_own(connection, contact_id, email, [Purpose.ADVERTISING], at, at)
        if not had_advertising:
            _consent(connection, contact_id, Purpose.ADVERTISING, at, source)
    else:
        _stop(connection, contact_id, Purpose.ADVERTISING, at, source)
    if wanted.survey:
        lift_own(connection, contact_id, email, [Purpose.SURVEY], at, at)
        # A survey is advertising, but for those who agreed to surveys.
        if not wanted.advertising and not _agreed(connection, contact_id, Purpose.SURVEY, at):
            _consent(connection, contact_id, Purpose.SURVEY, at, source)
    else:
        _stop(connection, contact_id, Purpose.SURVEY, at, source)


def _stop(
    connection: Connection, contact_id: int, purpose: Purpose, at: datetime, source: Source
) -> None:
    """No more of this purpose: what was agreed to is withdrawn, and the contact barred."""
    connection.execute(
        update(_permission)
        .where(
            _permission.c.contact_id == contact_id,
            _permission.c.kind == PermissionKind.CONSENT,
            _permission.c.purpose == purpose,
            in_force(at),
        )
        .values(ended_at=at)
    )
    suppress(
        connection,
        contact_id=contact_id,
        purpose=purpose,
        reason=SuppressionReason.UNSUBSCRIBE,
        source=source.page,
        at=at,
    )


def _consent(
    connection: Connection, contact_id: int, purpose: Purpose, at: datetime, source: Source
) -> None:
    """An agreement, confirmed as it is given: the link went to the address it is about."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    connection.execute(
        insert(_permission)
        .values(
            contact_id=contact_id,
            kind=PermissionKind.CONSENT,
            purpose=purpose,
            at=at,
            requested_at=at,
            confirmed_at=at,
            source=source.page,
            text_version=source.wording,
            proof="chosen by the contact on the page a link in a message to the address leads to",
        )
        .on_conflict_do_nothing(index_elements=["contact_id", "kind", "purpose", "at"])
    )


def _keep(
    connection: Connection, contact_id: int, wanted: Wishes, known: Wishes, at: datetime
) -> None:
    """The rhythm and the language; a language that is not changed stays what the data say."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    values: dict[str, object] = {"apart_days": wanted.apart_days or None, "at": at}
    if wanted.locale != known.locale:
        values["locale"] = wanted.locale
    connection.execute(
        insert(_preference)
        .values(contact_id=contact_id, **values)
        .on_conflict_do_update(index_elements=["contact_id"], set_=values)
    )


def _objection(contact_id: int, now: datetime) -> ColumnElement[bool]:
    return and_(
        Permission.contact_id == contact_id,
        Permission.kind == PermissionKind.OBJECTION,
        in_force(now),
    )


def _of(contact_id: int) -> ColumnElement[bool]:
    """Suppressions of the contact and of the address."""
    address = select(func.lower(Contact.email)).where(Contact.id == contact_id).scalar_subquery()
    return or_(_suppression.c.contact_id == contact_id, _suppression.c.email == address)


def _barred(connection: Connection, contact_id: int, now: datetime) -> set[str | None]:
    """The purposes the contact is barred from; None stands for all."""
    customer = select(Contact.customer_id).where(Contact.id == contact_id).scalar_subquery()
    everywhere = or_(_of(contact_id), _suppression.c.customer_id == customer)
    return set(
        connection.execute(
            select(_suppression.c.purpose).where(everywhere, standing(now))
        ).scalars()
    )


def _agreed(connection: Connection, contact_id: int, purpose: Purpose, now: datetime) -> bool:
    asked = exists().where(
        Permission.contact_id == contact_id,
        Permission.kind == PermissionKind.CONSENT,
        Permission.purpose == purpose,
        in_force(now),
        settled(now),
    )
    return bool(connection.execute(select(asked)).scalar_one())


def _bought(connection: Connection, contact_id: int, now: datetime) -> bool:
    """Whether a purchase lets us write of the like (§ 7 (3) UWG)."""
    bought = exists().where(
        Permission.contact_id == contact_id, Purchase.id == Permission.purchase_id, ground(now)
    )
    return bool(connection.execute(select(bought)).scalar_one())
