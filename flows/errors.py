"""Everything a user can be told: what is wrong, where, and what to write instead."""

from dataclasses import dataclass
from pathlib import Path

from segments.names import HaltCause

FAILED, WRONG = 1, 2
"""Exit codes: something failed in the run; the configuration or the input is wrong."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in one place."""

    place: str
    line: int
    what: str

    def __str__(self) -> str:
        where = f"{self.place}:{self.line}" if self.line else self.place
        return f"{where}  {self.what}" if where else self.what


class PipelineError(Exception):
    """Root of what this project raises on purpose; its text is meant to be read by marketing."""


class ConfigError(PipelineError):
    """The configuration is wrong. Carries every fault found, in order of file and line."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(map(str, self.faults)))

    @classmethod
    def at(cls, place: Path | str, what: str, line: int = 0) -> "ConfigError":
        """A single fault."""
        return cls([Fault(str(place), line, what)])


class SourceError(PipelineError):
    """The company's data cannot be used: unreadable, too many rejects, or stale."""


class MessageError(PipelineError):
    """A template does not render for somebody."""


class DeliveryError(PipelineError):
    """An outlet cannot take messages at all, and why: its `cause` decides what happens next.

    PROVIDER: it rests for a while, and its fallback is used. KEY and QUOTA: it stands still until
    somebody resumes it.
    """

    def __init__(self, told: str, cause: HaltCause = HaltCause.PROVIDER) -> None:
        super().__init__(told)
        self.cause = cause
