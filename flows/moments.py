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
        day = date.fromisoformat(as_of)
    except ValueError:
        try:
            wanted = datetime.fromisoformat(as_of)
        except ValueError:
            raise ConfigError.at(
                "--as-of", f'"{as_of}" is not a day. Write 2026-11-18 or 2026-11-18T07:00'
            ) from None
        wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=here)
    else:
        ends = datetime.combine(day + timedelta(days=1), time(), here)
        today = now.astimezone(here).date()
        wanted = now if day == today else ends - timedelta(microseconds=1)
    if wanted > now:
        raise ConfigError.at("--as-of", f'"{as_of}" is still to come; nobody knows what it brings')
    return wanted.astimezone(UTC)
