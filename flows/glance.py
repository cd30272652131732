"""The few things of a project that tell how it stands, read without pandas and journeys."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from flows.deployments import FILE, load_deployments
from flows.entries import Entry
from flows.errors import ConfigError, Fault
from flows.intake.spec import Sources
from flows.running import found
from flows.settings import Settings, store_address
from flows.yamlfile import build, read
from segments.names import Locale
from segments.policy import Policy
from segments.spec import Spec

Model = TypeVar("Model", bound=Spec)


@dataclass(frozen=True)
class Glance:
    """What settings.yaml, policy.yaml, sources.yaml and deployments.yaml say."""

    folder: Path
    settings: Settings
    policy: Policy
    sources: Sources
    entries: tuple[Entry, ...]

    @property
    def locale(self) -> Locale:
        """The language of the house."""
        return self.policy.locale

    @property
    def zone(self) -> str:
        """The clock of the house."""
        return self.policy.zone

    @property
    def address(self) -> str:
        """Where the store is. Raises `ConfigError` for a variable that is not set."""
        return store_address(self.settings, self.folder)


def glance(folder: Path) -> Glance:
    """Read them. Raises `ConfigError` with every fault of every one of these files."""
    needs_config(folder)
    faults: list[Fault] = []
    settings = _file(folder, Settings, "config/settings.yaml", faults)
    policy = _file(folder, Policy, "config/policy.yaml", faults)
    sources = _file(folder, Sources, "config/sources.yaml", faults)
    deployments, wrong = load_deployments(folder)
    faults += wrong
    if faults or settings is None or policy is None or sources is None:
        raise ConfigError(faults)
    zone = deployments.zone or policy.zone
    entries = tuple(
        Entry(each.name, each.runs, each.cron, each.enabled, zone, FILE)
        for each in deployments.deployments
    )
    return Glance(folder, settings, policy, sources, entries)


def needs_config(folder: Path) -> None:
    """Refuse a folder that is no project."""
    if not (folder / "config").is_dir():
        raise ConfigError.at(
            folder, 'there is no folder "config" here. Say --project DIR, or: stammkunde init DIR'
        )


def locale_of(folder: Path) -> Locale:
    """The language of the house, even where the files around it are wrong."""
    document, _ = read(folder / "config" / "policy.yaml", "config/policy.yaml")
    written = document.data.get("locale") if document and isinstance(document.data, dict) else None
    return Locale(written) if written in {each.value for each in Locale} else Locale.DE


def server_of(folder: Path, environment: Mapping[str, str]) -> str | None:
    """The Prefect server that is meant: that of the environment, else that of `stammkunde up`."""
    if named := environment.get("PREFECT_API_URL"):
        return named
    running = found(folder)
    return running.api if running else None


def _file(folder: Path, model: type[Model], name: str, faults: list[Fault]) -> Model | None:
    document, wrong = read(folder / name, name)
    faults += wrong
    if document is None:
        return None
    built, wrong = build(model, document)
    faults += wrong
    return built
