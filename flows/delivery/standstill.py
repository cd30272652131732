"""What stands still at the end of a delivery, in sentences."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from flows.delivery.block import Terms
from flows.delivery.report import DeliveryReport
from flows.delivery.routes import Routes, routes
from flows.store import halts, outbox, rates
from flows.store.halts import HaltFacts, Halts
from segments.names import HaltCause


def tell_standstill(
    connection: Connection, terms: Terms, now: datetime, report: DeliveryReport
) -> None:
    """Note how many messages wait, and for what."""
    if report.set_aside:
        report.left_in_queue = outbox.waiting_by_message(connection, now, report.set_aside)
    halted = halts.open_halts(connection, now)
    taken = routes(terms.settings, halted.outlets)
    report.waiting = sum(
        each.due
        for each in rates.waiting(connection, now)
        if halted.everything or each.journey in halted.journeys or each.purpose not in taken.ways
    )
    report.halts = list(_sentences(terms, halted, taken))
    if report.waiting and not report.handed_over:
        keys = [each.why for each in halted.outlets.values() if each.cause == HaltCause.KEY]
        report.refused = keys[0] if keys else None


def _sentences(terms: Terms, halted: Halts, taken: Routes) -> Iterator[str]:
    zone = ZoneInfo(terms.limits.zone)
    if halted.everything:
        yield f"everything stands still{_why(halted.everything, zone)}"
    for journey, halt in sorted(halted.journeys.items()):
        yield f"{journey} stands still{_why(halt, zone)}"
    for outlet, halt in sorted(halted.outlets.items()):
        if outlet in terms.settings.outlets:
            others = ", ".join(sorted(taken.instead_of(outlet)))
            instead = f". Its messages go through {others}" if others else ""
            yield f"{outlet} stands still{_why(halt, zone)}{instead}"


def _why(halt: HaltFacts, zone: ZoneInfo) -> str:
    until = f" until {halt.until.astimezone(zone):%Y-%m-%d %H:%M}" if halt.until else ""
    return f"{until}: {halt.why}"
