"""What Prefect calls the states of runs, said by `status` in the language of the house."""

from datetime import UTC, datetime

import pytest

from flows.entries import Entry
from flows.health.server import Registered, RunSeen
from flows.seen import ServerSeen, StoreSeen
from flows.state_words import state_told
from flows.status import _last
from segments.names import Locale

AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
ENTRY = Entry("weekday-morning", "daily", "30 8 * * 1-5", True, "Europe/Berlin", "")


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (("RUNNING", "Running", ""), "läuft"),
        (
            ("CANCELLED", "Cancelled", "Flow run was cancelled successfully."),
            "abgebrochen; der nächste Lauf erledigt den Rest",
        ),
        (("CANCELLED", "Verpasst", "Zu dieser Zeit lief nichts."), "Verpasst"),
        (("CRASHED", "Crashed", "Kein Lebenszeichen."), "abgestürzt: Kein Lebenszeichen."),
        (("FAILED", "Falsche Eingabe", "Zeile 3"), "Falsche Eingabe: Zeile 3"),
        (("COMPLETED", "Versandt 3", "Versandt 3. Nichts weiter."), "Versandt 3. Nichts weiter."),
    ],
)
def test_the_last_run_is_told_in_german(seen: tuple[str, str, str], said: str) -> None:
    kept = Registered(ENTRY.name, (), False, True, None, AT, RunSeen(*seen, AT, AT))
    server = ServerSeen("http://127.0.0.1:4200/api", None, {ENTRY.name: kept})
    assert _last(ENTRY, StoreSeen(None), server, Locale.DE) == (AT, said)


def test_states_prefect_knows_are_known_here() -> None:
    from prefect import states

    made = [
        states.Scheduled(),
        states.Pending(),
        states.Running(),
        states.Completed(),
        states.Failed(),
        states.Crashed(),
        states.Cancelled(),
        states.Cancelling(),
        states.Paused(timeout_seconds=1),
        states.Suspended(timeout_seconds=1),
        states.AwaitingRetry(),
        states.Retrying(),
    ]
    for state in made:
        for locale in Locale:
            assert state_told(str(state.name), locale) != state.name
