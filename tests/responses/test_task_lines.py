"""A line of the inbox says what became of a task."""

import json
from datetime import UTC, datetime

import pytest

from flows.responses.events import parse
from flows.store.inbox import Refused
from flows.store.tasks import TaskResult
from segments.names import Mood, TaskOutcome

DONE = {"task": 7, "done": "2026-06-15T09:00:00+02:00"}
AT = datetime(2026, 6, 15, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ({}, TaskResult(7, AT)),
        (
            {"mood": "content", "note": "fine"},
            TaskResult(7, AT, TaskOutcome.REACHED, Mood.CONTENT, "fine"),
        ),
        ({"outcome": "not_reached"}, TaskResult(7, AT, TaskOutcome.NOT_REACHED)),
    ],
)
def test_outcome_mood_and_note_are_read(said: dict[str, str], result: TaskResult):
    assert parse(json.dumps(DONE | said).encode(), 1) == result


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        ({"outcome": "maybe"}, "outcome", "one of reached, not_reached, message_left, not_needed"),
        ({"mood": 3}, "mood", "one of delighted"),
        ({"outcome": "not_reached", "mood": "angry"}, "mood", "nobody spoke"),
        ({"note": ["x"]}, "note", "is text"),
        ({"note": "a\0b"}, "note", "is text"),
        ({"task": "7"}, "task", "without quotes"),
    ],
)
def test_what_makes_no_sense_is_refused(said: dict[str, object], field: str, reason: str):
    found = parse(json.dumps(DONE | said).encode(), 4)
    assert isinstance(found, Refused)
    assert (found.line, found.field) == (4, field)
    assert reason in found.reason
