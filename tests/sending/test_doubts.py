"""Messages nobody knows the fate of: found out by events, logs or withdrawal, else as said."""

from typing import Any

import pytest

from tests.sending.letters import (
    BUYERS,
    KEY,
    MINUTE,
    NOW,
    NUMBERS,
    OTHERS,
    Letters,
    addresses,
)

AFTER_A_WHILE = NOW + 2 * MINUTE
LEASE_OVER = NOW + 12 * MINUTE
"""Nobody can be at work any more on what was taken at `NOW`, for ten minutes."""

OVERDUE = NOW + 16 * MINUTE
"""Word of it was awaited for 15 minutes."""

MODES: dict[str, dict[str, Any]] = {"single": {}, "batched": {"mode": "batched"}}
WITH_UNDO = {"mode": "batched", "undo": "20 minutes"}


@pytest.mark.parametrize(("mode", "what"), [("single", "status 500"), ("batched", "reset")])
def test_what_was_taken_without_an_answer_is_settled_by_events(
    letters: Letters, mode: str, what: str
):
    letters.settings(**MODES[mode])
    letters.simulator.fault(what, "after_accept", count=2)
    report = letters.send()
    assert report.in_doubt >= 2
    assert report.in_doubt + report.handed_over == len(NUMBERS)
    letters.hear(AFTER_A_WHILE)
    assert letters.outcomes() == {"delivered": len(NUMBERS)}
    assert letters.send(AFTER_A_WHILE).handed_over == 0
    assert letters.doubts() == {"delivered": report.in_doubt}
    assert letters.copies() == addresses()


@pytest.mark.parametrize("mode", MODES)
def test_where_events_stay_away_email_logs_say_that_it_went(quick: Letters, mode: str):
    quick.settings(**MODES[mode])
    quick.simulator.fault("status 500", "after_accept", count=2)
    in_doubt = quick.send().in_doubt
    assert quick.send(AFTER_A_WHILE).handed_over == 0
    assert quick.outcomes() == {"accepted": len(NUMBERS)}
    assert quick.doubts() == {"accepted": in_doubt}
    assert quick.copies() == addresses()
    quick.hear(OVERDUE)
    assert quick.outcomes() == {"delivered": len(NUMBERS)}


def test_a_batch_that_can_be_withdrawn_is_and_goes_anew(letters: Letters):
    letters.settings(**WITH_UNDO)
    letters.simulator.fault("status 500", "after_accept", count=1)
    in_doubt = letters.send().in_doubt
    assert 2 <= in_doubt < len(NUMBERS)
    assert letters.send(AFTER_A_WHILE).handed_over == 0
    assert letters.outcomes() == {"accepted": len(NUMBERS) - in_doubt, "in_doubt": in_doubt}
    assert letters.send(LEASE_OVER).handed_over == in_doubt
    assert letters.outcomes() == {"accepted": len(NUMBERS)}
    assert letters.doubts() == {"queued": in_doubt}
    assert letters.copies() == {}
    letters.hear(NOW + 60 * MINUTE)
    assert letters.copies() == addresses()
    assert letters.outcomes() == {"delivered": len(NUMBERS)}
    told = letters.simulator.accepted().values()
    assert sorted((row["accepted"], row["withdrawn"], row["copies"]) for row in told) == (
        [(1, 0, 1)] * (len(NUMBERS) - in_doubt) + [(2, 1, 1)] * in_doubt
    )


def test_a_batch_that_leaves_later_is_not_given_up_before(letters: Letters):
    letters.settings(**WITH_UNDO)
    letters.simulator.fault("status 500", "after_accept", count=3)
    assert letters.send().in_doubt == len(NUMBERS)
    # Too late to withdraw it for certain, and too early for anything to be known.
    assert letters.send(OVERDUE).handed_over == 0
    assert letters.outcomes() == {"in_doubt": len(NUMBERS)}
    assert letters.doubts() == {"": len(NUMBERS)}
    assert letters.send(NOW + 30 * MINUTE).handed_over == 0
    assert letters.outcomes() == {"accepted": len(NUMBERS)}
    assert letters.copies() == addresses()


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not taken"])
def test_where_nobody_knows_the_journey_decides(letters: Letters, taken: bool):
    letters.settings(mode="batched")
    letters.simulator.account(log_delay=86400.0)
    letters.simulator.fault("status 500", "after_accept" if taken else "after_body")
    assert letters.send().in_doubt == len(NUMBERS)
    letters.simulator.faults()
    assert letters.send(LEASE_OVER).handed_over == 0
    assert letters.outcomes() == {"in_doubt": len(NUMBERS)}
    assert letters.send(OVERDUE).handed_over == len(OTHERS)
    assert letters.outcomes() == {"in_doubt": len(BUYERS), "accepted": len(OTHERS)}
    assert letters.doubts() == {"in_doubt": len(BUYERS), "queued": len(OTHERS)}
    before = addresses() if taken else {}
    assert letters.copies() == {
        who: before.get(who, 0) + (who in addresses(OTHERS))
        for who in addresses(NUMBERS if taken else OTHERS)
    }
    letters.hear(OVERDUE + 60 * MINUTE)
    known = NUMBERS if taken else OTHERS
    rest = {} if taken else {"in_doubt": len(BUYERS)}
    assert letters.outcomes() == {"delivered": len(known)} | rest


def test_a_key_that_may_not_read_the_logs_leaves_it_to_the_journey(quick: Letters):
    quick.simulator.account(keys={KEY: ["mail.send"]})
    quick.simulator.fault("status 500", "after_accept", count=2)
    in_doubt = quick.send().in_doubt
    assert in_doubt == 2
    assert quick.send(AFTER_A_WHILE).halts == []
    assert quick.outcomes() == {"accepted": len(NUMBERS) - in_doubt, "in_doubt": in_doubt}
    (known,) = {row[0] for row in quick.rows("doubt", "known")}
    assert known.startswith("SendGrid could not be asked about it: SendGrid does not allow this")
