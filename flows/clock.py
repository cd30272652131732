"""The one place that reads the clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)  # noqa: TID251
