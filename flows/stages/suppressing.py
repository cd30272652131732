"""Whom providers hold back is held back by us: their lists, read again and again."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from flows.outlet_settings import SendGridOutletSettings
from flows.stages.shop import Progress, Shop, noted_run, quiet
from flows.stages.ways import secret_of
from flows.store.polled import note_poll, polled_until
from flows.store.session import writing
from flows.store.suppressing import Bar, suppress_all

OVERLAP = timedelta(days=1)
"""So much of what was read before is read again: entries may come late, and pages move."""

_BEGINNING = datetime(2009, 1, 1, tzinfo=UTC)
_AT_ONCE = 5_000
_log = logging.getLogger(__name__)


@dataclass
class ListsReport:
    """What the lists said: by list, how many stand on it, and how many of them were new to us."""

    read: dict[str, int] = field(default_factory=dict)
    new: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many were new, over all lists."""
        return sum(self.new.values())


def read_lists(
    shop: Shop, now: datetime, *, everything: bool = False, progress: Progress = quiet
) -> ListsReport:
    """Suppress whom SendGrid came to hold back since the last time, or ever.

    Each list is noted as read when all of it is written: what breaks off is read again.
    """
    # SendGrid's package takes its time to load.
    from flows.delivery.sendgrid import lists, manage

    outlets = {
        name: way
        for name, way in shop.project.settings.outlets.items()
        if isinstance(way, SendGridOutletSettings)
    }
    report = ListsReport()
    with noted_run(shop, "suppressions", now) as (_, counts):
        for outlet, way in outlets.items():
            client = manage.connect(way, secret_of(outlet, way.key, "the API key"))
            for place, name in enumerate(lists.LISTS, start=1):
                source = f"{outlet} {name}"
                with shop.engine.connect() as connection:
                    before = None if everything else polled_until(connection, source)
                start = _BEGINNING if before is None else min(before, now) - OVERLAP
                bars = lists.held_back(client, way, outlet, name, start, now)
                read, new = _write(shop, bars)
                with writing(shop.engine) as connection:
                    note_poll(connection, source, now, read)
                report.read[source], report.new[source] = read, new
                progress("suppressions", place, len(lists.LISTS))
        counts |= {"read": report.read, "new": report.new}
    _log.info("lists of SendGrid: %s read, %s new", sum(report.read.values()), report.total)
    return report


def _write(shop: Shop, bars: Iterator[Bar]) -> tuple[int, int]:
    read = new = 0
    while some := list(islice(bars, _AT_ONCE)):
        with writing(shop.engine) as connection:
            new += suppress_all(connection, some)
        read += len(some)
    return read, new
