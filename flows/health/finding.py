"""A finding: what was looked at, how it stands, and the figures its sentence needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto


class Grade(StrEnum):
    """How something stands."""

    FINE = auto()
    LOOK = auto()
    BROKEN = auto()
    SKIPPED = auto()


class Area(StrEnum):
    """What a finding is about; they are told in this order."""

    CONFIG = auto()
    VERSIONS = auto()
    STORE = auto()
    KEYS = auto()
    DOMAINS = auto()
    WEB = auto()
    SERVER = auto()
    SCHEDULES = auto()
    CLUSTER = auto()
    DATA = auto()
    SENDING = auto()
    DISK = auto()


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    `key` names its sentence, and with it what mends it, where something is to be mended.
    """

    area: Area
    grade: Grade
    key: str
    parts: Mapping[str, object] = field(default_factory=dict)

    @property
    def to_mend(self) -> bool:
        """Whether somebody ought to do something about it."""
        return self.grade in (Grade.LOOK, Grade.BROKEN)


def fine(area: Area, key: str, **parts: object) -> Finding:
    """All is well with it."""
    return Finding(area, Grade.FINE, key, parts)


def look(area: Area, key: str, **parts: object) -> Finding:
    """Nothing fails for it, but somebody should look."""
    return Finding(area, Grade.LOOK, key, parts)


def broken(area: Area, key: str, **parts: object) -> Finding:
    """Something does not work for it."""
    return Finding(area, Grade.BROKEN, key, parts)


def skipped(area: Area, key: str, **parts: object) -> Finding:
    """It was not looked at, and why."""
    return Finding(area, Grade.SKIPPED, key, parts)


def worst(findings: Iterable[Finding]) -> Grade:
    """The worst of them; fine where there is none."""
    grades = {finding.grade for finding in findings}
    return next((grade for grade in (Grade.BROKEN, Grade.LOOK) if grade in grades), Grade.FINE)
