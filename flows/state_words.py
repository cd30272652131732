"""Names Prefect gives states by itself, in the language of the house."""

from flows.reporting.words import say
from segments.names import Locale

_KEYS = {
    "Scheduled": "prefect_scheduled",
    "Late": "prefect_late",
    "Pending": "prefect_pending",
    "Submitting": "prefect_pending",
    "InfrastructurePending": "prefect_pending",
    "AwaitingConcurrencySlot": "prefect_queued",
    "Running": "prefect_running",
    "Resuming": "prefect_pending",
    "AwaitingRetry": "prefect_again",
    "Retrying": "prefect_again",
    "Paused": "prefect_paused",
    "Suspended": "prefect_paused",
    "Cancelling": "prefect_cancelling",
    "Cancelled": "prefect_cancelled",
    "Completed": "prefect_completed",
    "Failed": "prefect_failed",
    "Crashed": "prefect_crashed",
    "TimedOut": "prefect_timed_out",
}


def state_told(name: str, locale: Locale) -> str:
    """A state in words; one of ours has them already."""
    key = _KEYS.get(name)
    return name if key is None else say(key, locale)
