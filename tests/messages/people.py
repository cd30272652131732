"""One moment for all tests of messages."""

from datetime import UTC, datetime

AT = datetime(2026, 4, 14, 7, 30, tzinfo=UTC)
