"""Who enters a journey."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from segments.frames import ORDER
from segments.journey.holdout import position
from segments.names import AttentionClass, Purpose
from segments.spans import WEEKDAYS
from tests.reference.house import House
from tests.reference.path import Path
from tests.reference.people import Customer, Enrollment, Row
from tests.reference.rules import holds

_CATCH_UP = 3
_NO_ORDER: Row = {}


@dataclass
class Occasion:
    """What may start an enrollment; `earlier` lies before the journey was there."""

    key: str
    at: datetime
    earlier: bool = False
    order: Row | None = None
    score: int | None = None


def enters(customer: Customer, path: Path, house: House) -> list[Enrollment]:
    """The enrollments of this customer that begin today, standing at the first step."""
    if path.journey.purpose == Purpose.ADVERTISING and customer.objects:
        return []
    found = [
        each for each in _occasions(customer, path, house) if _wanted(each, customer, path, house)
    ]
    found.sort(key=lambda each: (each.earlier, each.at, each.key))
    past = [row for row in customer.past if row["journey"] == path.journey.journey]
    again = path.journey.enter.reentry
    once = again.mode in ("never", "after")
    if once and any(_bars(row, path, customer, house) for row in past):
        return []
    known = {row["entry_key"] for row in past}
    entering: list[Occasion] = []
    for each in found:
        if each.key in known or (once and entering):
            continue
        known.add(each.key)
        entering.append(each)
    return [_begun(each, customer, path, house) for each in entering if _room(each, path, house)]


def _room(each: Occasion, path: Path, house: House) -> bool:
    """A backfill takes in so many and no more; customers come in order of their numbers."""
    name = path.journey.journey
    if not each.earlier:
        return True
    if house.room.get(name, 0) < 1:
        return False
    house.room[name] -= 1
    house.backfilled[name] = house.backfilled.get(name, 0) + 1
    return True


def _bars(row: Row, path: Path, customer: Customer, house: House) -> bool:
    """Whether having been in a journey keeps somebody out of it."""
    span = path.journey.enter.reentry.span
    if span is None or row["left_at"] is None:
        return True
    # A second run of one day must not let in whom the first did not.
    left_today = row["left_at"] >= house.clock.begins(house.today)
    return left_today or house.clock.later(row["entered_at"], span, customer.region) > house.now


def _wanted(each: Occasion, customer: Customer, path: Path, house: House) -> bool:
    order = each.order or _NO_ORDER
    facts = customer.profile | {name: order.get(name) for name in ORDER}
    facts |= dict.fromkeys(path.flags, False)
    segments = house.specs.segments
    if order.get("order_returned") or holds(path.journey.exit_when, facts, segments):
        return False
    if each.score is not None:
        # A rule about a score is about the one that starts it, whatever was given since.
        facts["last_nps"] = each.score
    when = path.journey.enter.when
    return when is None or holds(when, facts, segments)


def _begun(each: Occasion, customer: Customer, path: Path, house: House) -> Enrollment:
    order = each.order or _NO_ORDER
    own: Row = {name: order.get(name) for name in ("purchase_id", "contact_id", *ORDER)}
    return Enrollment(
        customer_id=customer.number,
        journey=path.journey.journey,
        version=path.version,
        entry_key=each.key,
        arm=_arm(customer, path, house),
        node=path.first.id,
        arrived_at=each.at,
        anchor_at=each.at,
        entered_at=house.now,
        **own,
    )


def _arm(customer: Customer, path: Path, house: House) -> str:
    journey, policy = path.journey, house.specs.policy
    if journey.attention_class in (AttentionClass.LEGAL, AttentionClass.COMPLAINT_RECOVERY):
        return "treated"
    own = position(journey.journey, [customer.key])[0] < journey.holdout
    everywhere = (
        journey.purpose == Purpose.ADVERTISING
        and position("global holdout", [customer.key])[0] < policy.holdout
    )
    return "held_out" if own or everywhere else "treated"


def _occasions(customer: Customer, path: Path, house: House) -> list[Occasion]:
    enter = path.journey.enter
    find = {
        "order": _orders,
        "phase": _phase,
        "segment": _segment,
        "date": _date,
        "complaint": _complaint,
        "nps": _nps,
        "manual": _manual,
        "schedule": _schedule,
    }
    return list(find[enter.on](customer, path, house))


def _orders(customer: Customer, path: Path, house: House) -> Iterator[Occasion]:
    enter = path.journey.enter
    for order in customer.orders:
        at, value = order["ordered_at"], order["order_value"]
        if not _since(path, house) <= at <= house.now:
            continue
        if enter.at_least is not None and (value is None or value < round(enter.at_least * 100)):
            continue
        if enter.category and not set(enter.category) & set(_lines(order["categories"])):
            continue
        if enter.product and not set(enter.product) & set(_lines(order["products"])):
            continue
        yield Occasion(order["order_key"], at, _early(at, path, house), order)


def _lines(text: str | None) -> list[str]:
    return (text or "").split("\n")


def _phase(customer: Customer, path: Path, house: House) -> Iterator[Occasion]:
    wanted = path.journey.enter.phase
    now, before = customer.profile["phase"], customer.profile["phase_before"]
    if now == wanted and before not in (None, wanted):
        yield Occasion(house.today.isoformat(), house.now)
    elif now == wanted and _backfills(path, house):
        yield Occasion(house.today.isoformat(), house.now, earlier=True)


def _segment(customer: Customer, path: Path, house: House) -> Iterator[Occasion]:
    enter = path.journey.enter
    inside = house.is_in(customer, enter.segment)
    was = enter.segment in customer.segments
    changed = was and not inside if enter.turn == "leaving" else inside and not was
    if changed and enter.segment in house.base.filled:
        yield Occasion(house.today.isoformat(), house.now)
    elif inside and enter.turn == "entering" and _backfills(path, house):
        yield Occasion(house.today.isoformat(), house.now, earlier=True)


def _date(customer: Customer, path: Path, house: House) -> Iterator[Occasion]:
    """Days nobody ran are caught up with, as far as late data goes."""
    enter, clock = path.journey.enter, house.clock
    value = customer.profile[str(enter.date)]
    if value is None:
        return
    days = [base := clock.day(value)]
    if enter.yearly:
        days = [_same_day(base, year) for year in range(base.year + 1, house.today.year + 15)]
    span, sign = enter.shift
    first = max(_next_day(house), _started(path, house), house.today - house.late)
    for day in days:
        falls = day
        if span.count:
            falls = clock.day(clock.later(clock.begins(day), span, customer.region, sign))
        if first <= falls <= house.today:
            yield Occasion(day.isoformat(), clock.begins(falls))


def _same_day(day: date, year: int) -> date:
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))


def _next_day(house: House) -> date:
    """The day after the last run, today at the latest."""
    previous = house.base.previous_run
    if previous is None:
        return house.today
    return min(house.clock.day(previous) + timedelta(days=1), house.today)


def _complaint(customer: Customer, path: Path, house: House) -> Iterator[Occasion]:
    turn = path.journey.enter.turn
    for each in _events(customer, f"complaint_{turn}", path, house):
        if each.earlier and turn == "opened" and not customer.profile["open_complaints"]:
            continue
        each.key += f":{turn}"
        yield each


def _nps(customer: Customer, path: Path, house: House) -> Iterator[Occasion]:
    yield from _events(customer, "nps", path, house)


def _events(customer: Customer, kind: str, path: Path, house: House) -> Iterator[Occasion]:
    for event in customer.events:
        at = event["at"]
        if event["kind"] == kind and _since(path, house) <= at <= house.now:
            score = event["score"] if kind == "nps" else None
            yield Occasion(event["key"], at, _early(at, path, house), score=score)


def _manual(customer: Customer, path: Path, house: House) -> Iterator[Occasion]:
    """Nobody is put in by mistake, so it counts from before the journey as well."""
    for event in customer.events:
        mine = event["kind"] == "manual" and event["journey"] == path.journey.journey
        if mine and house.now - house.late <= event["at"] <= house.now:
            yield Occasion(event["key"], event["at"])


def _schedule(customer: Customer, path: Path, house: House) -> Iterator[Occasion]:
    """On its days, and on the first run within three days where nobody ran on one."""
    days = [house.today - timedelta(days=back) for back in range(_CATCH_UP + 1)]
    falls = next((day for day in days if _is_on(day, path)), None)
    if falls is None or falls < _started(path, house):
        return
    previous = house.base.previous_run
    missed = previous is not None and house.clock.day(previous) < falls
    if falls == house.today or missed:
        yield Occasion(falls.isoformat(), house.clock.begins(falls))


def _is_on(day: date, path: Path) -> bool:
    enter = path.journey.enter
    if enter.every in WEEKDAYS:
        return WEEKDAYS[day.weekday()] == enter.every
    every: dict[str, Sequence[int]] = {"quarter": (1, 4, 7, 10), "year": (enter.month,)}
    months = every.get(str(enter.every), range(1, 13))
    return enter.every == "day" or (day.day == enter.day and day.month in months)


def _started(path: Path, house: House) -> date:
    return house.clock.day(_start(path, house))


def _start(path: Path, house: House) -> datetime:
    return house.specs.started.get(path.journey.journey, house.now)


def _backfills(path: Path, house: House) -> bool:
    return house.specs.backfill.get(path.journey.journey, 0) > 0


def _since(path: Path, house: House) -> datetime:
    """Late data starts a journey, but not what was before it, unless that is asked for."""
    oldest = house.now - house.late
    if _backfills(path, house):
        return min(_start(path, house) - house.late, oldest)
    return max(house.clock.begins(_started(path, house)), oldest)


def _early(at: datetime, path: Path, house: House) -> bool:
    return at < house.clock.begins(_started(path, house))
