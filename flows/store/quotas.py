"""Quotas of a day: a new sender begins with few messages, in all and to one domain.

Bookings are made in the transaction that claims. On PostgreSQL the row of the whole day is locked
first, so that two senders at once share what the day allows; who needs several outlets takes them
in order of their names.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, case, select
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base

_quota = Base.metadata.tables["quota"]
_ALL = ""
_NOWHERE = "?"
"""The domain of an address that has none."""


@dataclass(frozen=True)
class Allowance:
    """What a day still allows: in all, and to each domain where that is limited."""

    left: int
    by_domain: Mapping[str, int] | None


def allotted(
    connection: Connection,
    sends: Mapping[int, str],
    outlet: str,
    day: date,
    limit: int | None,
    per_domain: int | None,
) -> list[int]:
    """Which of these sends (each with its domain) may go that day, in their order; books them."""
    if limit is None:
        return list(sends)
    domains = {number: domain or _NOWHERE for number, domain in sends.items()}
    allowed = allowance(connection, outlet, day, limit, per_domain, set(domains.values()))
    booked: Counter[str] = Counter()
    going: list[int] = []
    for number, domain in domains.items():
        if len(going) >= allowed.left:
            break
        if allowed.by_domain is None or booked[domain] < allowed.by_domain[domain]:
            booked[domain] += 1
            going.append(number)
    take(connection, outlet, day, booked)
    return going


def allowance(
    connection: Connection,
    outlet: str,
    day: date,
    limit: int,
    per_domain: int | None,
    domains: Collection[str],
) -> Allowance:
    """What the day still allows, held for us until the transaction ends."""
    begun = _insert(connection).values(outlet=outlet, day=day, domain=_ALL, taken=0)
    connection.execute(begun.on_conflict_do_nothing())
    of_day = select(_quota.c.taken).where(_quota.c.outlet == outlet, _quota.c.day == day)
    taken = connection.scalar(of_day.where(_quota.c.domain == _ALL).with_for_update())
    left = max(limit - int(taken or 0), 0)
    if per_domain is None:
        return Allowance(left, None)
    rows = connection.execute(
        of_day.add_columns(_quota.c.domain).where(_quota.c.domain.in_(sorted(domains)))
    )
    known = {domain: number for number, domain in rows}
    return Allowance(left, {each: max(per_domain - known.get(each, 0), 0) for each in domains})


def take(connection: Connection, outlet: str, day: date, counts: Mapping[str, int]) -> None:
    """Book messages by domain; whoever holds the allowance may."""
    _book(connection, outlet, day, counts, 1)


def give_back(connection: Connection, outlet: str, day: date, counts: Mapping[str, int]) -> None:
    """Return what was booked for messages that did not go after all."""
    _book(connection, outlet, day, counts, -1)


def _book(
    connection: Connection, outlet: str, day: date, counts: Mapping[str, int], sign: int
) -> None:
    numbers = Counter({_ALL: sum(counts.values())})
    for domain, number in counts.items():
        numbers[domain or _NOWHERE] += number
    if not numbers[_ALL]:
        return
    insert = _insert(connection)
    taken = _quota.c.taken + insert.excluded.taken
    # The row of the whole day comes first: whoever has it locked is alone with the others too.
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["outlet", "day", "domain"],
            set_={"taken": case((taken > 0, taken), else_=0)},
        ),
        [
            {"outlet": outlet, "day": day, "domain": domain, "taken": sign * number}
            for domain, number in sorted(numbers.items())
            if number
        ],
    )


def _insert(connection: Connection) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(_quota)
    return sqlite.insert(_quota)
