"""What a pull tells: counts per table, why rows were rejected, and whether the data is fresh."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.errors import SourceError
from flows.intake.spec import Sources

MOST_REASONS = 5


@dataclass(frozen=True)
class Reason:
    """Why rows of a table were rejected, or cells left empty."""

    column: str
    reason: str
    rows: int
    first_row: int

    def __str__(self) -> str:
        where = f"{self.column} " if self.column else ""
        return f"{where}{self.reason} ({self.rows:,} times, first in row {self.first_row:,})"


@dataclass(frozen=True)
class TableReport:
    """What became of the rows of one table. `place` is empty for a table derived from lines.

    A table `left_alone` was not read: its file is the one that was kept in full the last time.
    """

    table: str
    place: str = ""
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    emptied: int = 0
    left_out: int = 0
    not_yet: int = 0
    duplicates: int = 0
    reasons: tuple[Reason, ...] = ()
    left_alone: bool = False

    @property
    def reject_share(self) -> float:
        """Rejected rows among those read; rows left out on purpose do not count."""
        return self.rejected / self.read if self.read else 0.0

    @property
    def in_full(self) -> bool:
        """Whether every row came in with all its cells, so that another look finds no more."""
        return not (self.rejected or self.emptied or self.left_out or self.not_yet)


@dataclass(frozen=True)
class PullReport:
    """What a pull brought, and whether it is fresh enough to send on."""

    tables: tuple[TableReport, ...]
    newest_order_at: datetime | None
    stale: bool
    message: str
    seconds: float

    @property
    def reject_share(self) -> float:
        """Rejected rows among all rows read."""
        read = sum(table.read for table in self.tables)
        return sum(table.rejected for table in self.tables) / read if read else 0.0


def freshness(newest: datetime | None, sources: Sources, now: datetime) -> tuple[bool, str]:
    """Whether the newest order is too old to send on, and how to say so; empty if it is not."""
    if newest is None:
        return True, "There is no order yet. Nothing is sent until orders come in."
    age = now - newest
    if age <= timedelta(days=sources.max_age.days):
        return False, ""
    return True, (
        f"The newest order is from {newest:%Y-%m-%d %H:%M} UTC, {age.days} days ago; "
        f"max_age in config/sources.yaml allows {sources.max_age}. "
        "Nothing is sent until newer orders come in. Does the export still run?"
    )


def too_many_rejects(reports: Collection[TableReport], most: float) -> SourceError | None:
    """The error for tables with more rejects than `max_reject_share` allows."""
    faults = []
    for report in reports:
        if report.reject_share > most:
            faults.append(
                f"{report.place}: {report.rejected:,} of {report.read:,} rows of {report.table} "
                f"({report.reject_share:.1%}) make no sense; max_reject_share in "
                f"config/sources.yaml allows {most:.1%}. Nothing was taken in. Mostly:"
            )
            faults += [f"  {reason}" for reason in report.reasons]
    return SourceError("\n".join(faults)) if faults else None
