"""As of when a run decides: `--as-of` becomes one moment, read once."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flows.errors import ConfigError


def moment(as_of: str | None, zone: str, now: datetime) -> datetime:
    """The moment a run works as of.

    Nothing given: `now`. A day of the past: its last moment in the business zone, so that the
    whole day is seen. Today: `now`. A day with a time ("2026-11-18T07:00"): that very moment.
    Raises `ConfigError` for anything else, and for a moment that is still to come.
    """
    if as_of is None:
        return now
    here = ZoneInfo(zone)
    try:
        wanted = _read(as_of, here, now)
    except (ValueError, OverflowError):
        raise ConfigError.at(
            "--as-of", f'"{as_of}" is not a day. Write 2026-11-18 or 2026-11-18T07:00'
        ) from None
    if wanted > now:
        raise ConfigError.at("--as-of", f'"{as_of}" is still to come; nobody knows what it brings')
    return wanted


def _read(as_of: str, here: ZoneInfo, now: datetime) -> datetime:
    try:
        day = date.fromisoformat(as_of)
    except ValueError:
        wanted = datetime.fromisoformat(as_of)
        return (wanted if wanted.tzinfo else wanted.replace(tzinfo=here)).astimezone(UTC)
    if day == now.astimezone(here).date():
        return now
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    ends = datetime.combine(day + timedelta(days=1), time(), here)
    return ends.astimezone(UTC) - timedelta(microseconds=1)
