"""Who is told when something needs a person, read without a look at anything else."""

from pathlib import Path

from flows.alert_settings import AlertSettings
from flows.deployments import house_locale
from flows.settings import Settings
from flows.yamlfile import build, read
from segments.names import Locale


def told_of(folder: Path) -> tuple[AlertSettings | None, Locale]:
    """Who is told what, and in which language; nobody where the settings cannot be read."""
    document, _ = read(folder / "config" / "settings.yaml", "config/settings.yaml")
    settings = build(Settings, document)[0] if document else None
    return (settings.alerts if settings else None), house_locale(folder)
