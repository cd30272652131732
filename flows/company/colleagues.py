"""What the company's people do with their tasks, and how customers rate them when asked."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from flows.company import wording
from flows.company.chance import Array, pick
from segments.names import Locale, Mood, ResponseKind, TaskKind, TaskOutcome

ASKING = frozenset({"satisfaction"})
"""Messages that ask for a score."""

_DONE_A_DAY = 0.45
_SATURDAY = 5
_OUTCOMES: dict[str, float] = {
    TaskOutcome.REACHED: 0.68,
    TaskOutcome.NOT_REACHED: 0.18,
    TaskOutcome.MESSAGE_LEFT: 0.1,
    TaskOutcome.NOT_NEEDED: 0.04,
}
_MOODS: dict[str, float] = {
    Mood.DELIGHTED: 0.12,
    Mood.CONTENT: 0.45,
    Mood.NEUTRAL: 0.28,
    Mood.ANNOYED: 0.12,
    Mood.ANGRY: 0.03,
}
_ANSWERED = 0.35
_SCORES = np.array([0.01, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.14, 0.21, 0.22, 0.18])


def work(
    rng: np.random.Generator, locale: Locale, tasks: pd.DataFrame, day: date
) -> list[dict[str, Any]]:
    """Tasks done on this day, as lines of an inbox file. Takes task and kind of those open.

    Nobody works at the weekend, and what is to be looked after in sending is left to others.
    """
    ours = tasks[tasks["kind"] != TaskKind.CHECK].sort_values("task")
    if day.weekday() >= _SATURDAY or ours.empty:
        return []
    done = ours["task"].to_numpy()[rng.random(len(ours)) < _DONE_A_DAY]
    begins = np.datetime64(day, "s")
    at = begins + rng.integers(8 * 3600, 15 * 3600, len(done)).astype("timedelta64[s]")
    outcomes = pick(rng, _OUTCOMES, len(done))
    moods = pick(rng, _MOODS, len(done))
    chosen = rng.random(len(done))
    lines = []
    for task, moment, outcome, mood, chance in zip(done, at, outcomes, moods, chosen, strict=True):
        line = {"task": int(task), "done": f"{moment}+00:00", "outcome": outcome}
        if outcome == TaskOutcome.REACHED:
            notes = wording.NOTES[locale][Mood(mood)]
            line |= {"mood": mood, "note": notes[int(chance * len(notes))]}
        lines.append(line)
    return lines


def scores(rng: np.random.Generator, touched: pd.DataFrame) -> list[dict[str, Any]]:
    """Scores given to messages that ask for one. Takes send_id, message and sent_at."""
    asked = touched[touched["message"].isin(ASKING)].sort_values("send_id")
    answers: Array = rng.random(len(asked)) < _ANSWERED
    given = rng.choice(len(_SCORES), len(asked), p=_SCORES)
    later = rng.integers(1800, 36_000, len(asked)).astype("timedelta64[s]")
    sent = pd.to_datetime(asked["sent_at"], utc=True).dt.tz_convert(None)
    at = sent.to_numpy("datetime64[s]") + later
    return [
        {
            "key": f"nordholz-{send}-{ResponseKind.NPS}",
            "send": int(send),
            "kind": str(ResponseKind.NPS),
            "score": int(score),
            "at": f"{moment}+00:00",
        }
        for send, score, moment in zip(
            asked["send_id"].to_numpy()[answers], given[answers], at[answers], strict=True
        )
    ]
