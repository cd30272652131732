"""The few things of a project that tell how it stands, read without its models: those take time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from flows.addresses import address_of
from flows.crons import CronError, read_cron
from flows.entries import Entry
from flows.errors import ConfigError
from flows.running import found
from segments.names import Locale

_STORE = "sqlite:///var/stammkunde.db"
_MAX_AGE = "4 days"
_DAYS = re.compile(r"([1-9]\d{0,3}) days?")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Glance:
    """What settings.yaml, policy.yaml, sources.yaml and deployments.yaml say of these.

    `store` is as written: an address, or the name of a variable; `max_age` as said, and as time.
    """

    folder: Path
    store: str
    zone: str
    locale: Locale
    max_age: timedelta
    max_age_said: str
    entries: tuple[Entry, ...]

    @property
    def address(self) -> str:
        """Where the store is. Raises `ConfigError` for a variable that is not set."""
        return address_of(self.store, self.folder)


def glance(folder: Path) -> Glance:
    """Read them. Raises `ConfigError` with every fault where what is needed cannot be read so."""
    needs_config(folder)
    try:
        return _quickly(folder)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, CronError, _OddError):
        return _thoroughly(folder)


def needs_config(folder: Path) -> None:
    """Refuse a folder that is no project."""
    if not (folder / "config").is_dir():
        raise ConfigError.at(
            folder, 'there is no folder "config" here. Say --project DIR, or: stammkunde init DIR'
        )


def locale_of(folder: Path) -> Locale:
    """The language of the house, even where the files around it are wrong."""
    try:
        return Locale(_file(folder, "policy.yaml").get("locale", Locale.DE))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, _OddError):
        return Locale.DE


def server_of(folder: Path, environment: Mapping[str, str]) -> str | None:
    """The Prefect server that is meant: that of the environment, else that of `stammkunde up`."""
    if named := environment.get("PREFECT_API_URL"):
        return named
    running = found(folder)
    return running.api if running else None


class _OddError(Exception):
    """Not written as it usually is; whoever reads it thoroughly says what is wrong, if anything."""


def _quickly(folder: Path) -> Glance:
    policy, schedule = _file(folder, "policy.yaml"), {}
    if (folder / "config" / "deployments.yaml").exists():
        schedule = _file(folder, "deployments.yaml")
    zone = _zone(policy.get("zone", "Europe/Berlin"))
    clock = _zone(schedule.get("zone") or zone)
    said = _file(folder, "sources.yaml").get("max_age", _MAX_AGE)
    days = _DAYS.fullmatch(said) if isinstance(said, str) else None
    store = _file(folder, "settings.yaml").get("store", _STORE)
    locale = policy.get("locale", "de")
    written = schedule.get("deployments") or []
    if not days or not isinstance(store, str) or not isinstance(written, list):
        raise _OddError
    if locale not in set(Locale):
        raise _OddError
    project = schedule.get("project")
    before = "" if project is None else f"{project}-"
    entries = tuple(_entry(each, clock, before) for each in written)
    age = timedelta(days=int(days[1]))
    return Glance(folder, store, zone, Locale(locale), age, said, entries)


def _thoroughly(folder: Path) -> Glance:
    # The models take longer to load than all the rest.
    from flows.config import load
    from flows.deployments import load_deployments

    project = load(folder)
    schedule, faults = load_deployments(folder)
    if faults:
        raise ConfigError(faults)
    policy, age = project.policy, project.sources.max_age
    clock = schedule.zone or policy.zone
    entries = tuple(
        Entry(schedule.called(each.name), each.runs, each.cron, each.enabled, clock, "")
        for each in schedule.deployments
    )
    store, span = project.settings.store, timedelta(days=age.days)
    return Glance(folder, store, policy.zone, policy.locale, span, str(age), entries)


def _file(folder: Path, name: str) -> dict[str, Any]:
    text = (folder / "config" / name).read_text(encoding="utf-8-sig")
    data = yaml.load(text, Loader=_LOADER)  # noqa: S506 - the safe loader, in C
    if not isinstance(data, dict):
        raise _OddError
    return data


def _zone(written: object) -> str:
    try:
        return ZoneInfo(str(written)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _OddError from None


def _entry(written: object, zone: str, before: str) -> Entry:
    if not isinstance(written, dict):
        raise _OddError
    name, runs, cron = (written.get(key) for key in ("name", "runs", "cron"))
    enabled = written.get("enabled", True)
    if not (isinstance(name, str) and isinstance(runs, str) and isinstance(enabled, bool)):
        raise _OddError
    if cron is not None:
        read_cron(str(cron))
    return Entry(before + name, runs, None if cron is None else str(cron), enabled, zone, "")
