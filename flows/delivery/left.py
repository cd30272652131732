"""How much is left at the end of a delivery, because something stands still or does not render."""

from datetime import datetime

from sqlalchemy import Connection

from flows.delivery.block import Terms
from flows.delivery.report import DeliveryReport
from flows.delivery.routes import routes
from flows.store import halts, outbox, rates
from segments.names import HaltCause


def count_left(connection: Connection, terms: Terms, now: datetime, report: DeliveryReport) -> None:
    """Note how many messages wait, and whether an outlet that lets nobody in is all there is."""
    if report.set_aside:
        report.left_in_queue = outbox.waiting_by_message(connection, now, report.set_aside)
    still = halts.open_halts(connection, now)
    ways = routes(terms.settings, still.outlets).ways
    report.waiting = sum(
        each.due
        for each in rates.waiting(connection, now)
        if still.everything or each.journey in still.journeys or each.purpose not in ways
    )
    if report.waiting and not report.handed_over:
        keys = [each.why for each in still.outlets.values() if each.cause == HaltCause.KEY]
        report.refused = keys[0] if keys else None
