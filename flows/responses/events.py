"""Lines of an inbox file as events, or as refused lines with the reason."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from flows.store.inbox import Event, Refused
from flows.store.tasks import TaskResult
from segments.names import Mood, ResponseKind, TaskOutcome

Word = TypeVar("Word", bound=StrEnum)

KINDS = frozenset(
    {
        ResponseKind.DELIVERED,
        ResponseKind.BOUNCE,
        ResponseKind.COMPLAINT,
        ResponseKind.UNSUBSCRIBE,
        ResponseKind.REPLY,
        ResponseKind.CLICK,
        ResponseKind.NPS,
    }
)
"""What a line may report; any other word is kept as unknown. Orders are found by ourselves."""

LONGEST_LINE = 64 * 1024
RESERVED = "order:"
_LONGEST_KEY = 200
_VALUE_KEPT = 200


def read(file: Path) -> Iterator[Event | TaskResult | Refused]:
    """Every line of the file in turn; empty lines are passed over."""
    with file.open("rb") as stream:
        for number, line in _lines(stream):
            if line is None:
                reason = f"the line is longer than {LONGEST_LINE // 1024} KB"
                yield Refused(number, "", "", reason)
            elif line.strip():
                yield parse(line, number)


def parse(line: bytes, number: int) -> Event | TaskResult | Refused:
    """One line as an event, or as word of a task that is done, or why it is neither."""
    try:
        return _said(json.loads(line.decode("utf-8-sig"), parse_constant=_no_number))
    except UnicodeDecodeError:
        field, reason = "", "the line is not UTF-8"
    except RecursionError:
        field, reason = "", "the line is nested too deeply"
    except json.JSONDecodeError as error:
        field, reason = "", f"the line is not JSON: {error.msg} at character {error.colno}"
    except _NoEventError as error:
        field, reason = error.field, str(error)
    except ValueError:
        field, reason = "", "the line holds a number that is too long"
    return Refused(number, field, _shown(line), reason)


class _NoEventError(ValueError):
    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        super().__init__(reason)


def _said(value: Any) -> Event | TaskResult:
    if isinstance(value, dict) and "task" in value:
        return _result(value)
    return _event(value)


def _result(value: dict[str, Any]) -> TaskResult:
    outcome = _one_of(value, "outcome", TaskOutcome) or TaskOutcome.REACHED
    mood = _one_of(value, "mood", Mood)
    if mood is not None and outcome != TaskOutcome.REACHED:
        raise _NoEventError("mood", f'"mood" goes with "reached": with "{outcome}" nobody spoke')
    note = value.get("note")
    if note is not None and (not isinstance(note, str) or "\0" in note):
        raise _NoEventError("note", '"note" is text')
    number, at = _number(value, "task"), _at(value, "done")
    return TaskResult(number, at, outcome, mood, note)


def _one_of(value: dict[str, Any], name: str, words: type[Word]) -> Word | None:
    said = value.get(name)
    if said is None:
        return None
    if said not in list(words):
        raise _NoEventError(name, f'"{name}" is one of {", ".join(words)}')
    return words(said)


def _event(value: Any) -> Event:
    if not isinstance(value, dict):
        raise _NoEventError("", 'an event is written {"key": ..., "send": ..., "kind": ...}')
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise _NoEventError("", "the line holds half a character (a lone surrogate)") from None
    except ValueError:
        raise _NoEventError("", "the line holds a number that is too large") from None
    if rb"\u0000" in text:
        raise _NoEventError("", "the line holds a zero character")
    kind, word = _kind(value)
    detail = value.get("detail") or {}
    if not isinstance(detail, dict):
        raise _NoEventError("detail", '"detail" is written {"name": value}')
    if kind == ResponseKind.UNKNOWN:
        detail = {**detail, "kind": word}
    score = _score(value) if kind == ResponseKind.NPS else None
    return Event(_key(value), _number(value, "send"), kind, _at(value), detail, score)


def _key(value: dict[str, Any]) -> str:
    key = value.get("key")
    if not isinstance(key, str) or not key.strip():
        raise _NoEventError("key", '"key" names the event and must not be missing or empty')
    if len(key) > _LONGEST_KEY:
        raise _NoEventError("key", f'"key" is longer than {_LONGEST_KEY} characters')
    if key.startswith(RESERVED):
        raise _NoEventError("key", f'keys that begin with "{RESERVED}" are our own')
    return key


def _number(value: dict[str, Any], name: str) -> int:
    number = value.get(name)
    if not isinstance(number, int) or isinstance(number, bool):
        raise _NoEventError(name, f'"{name}" is the number of the {name}, without quotes')
    return number


def _score(value: dict[str, Any]) -> int:
    score = value.get("score")
    if not isinstance(score, int) or isinstance(score, bool) or not 0 <= score <= 10:
        raise _NoEventError("score", '"score" is a whole number from 0 to 10, without quotes')
    return score


def _kind(value: dict[str, Any]) -> tuple[ResponseKind, str]:
    kind = value.get("kind")
    if not isinstance(kind, str) or not kind.strip():
        raise _NoEventError("kind", f'"kind" is missing; write one of {", ".join(sorted(KINDS))}')
    word = kind.strip().lower()
    return (ResponseKind(word), word) if word in KINDS else (ResponseKind.UNKNOWN, kind)


def _at(value: dict[str, Any], name: str = "at") -> datetime:
    at = value.get(name)
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    what = f'"{name}" is a moment with its zone, such as "2026-03-01T09:30:00+01:00"'
    raise _NoEventError(name, what)


def _no_number(word: str) -> Any:
    raise _NoEventError("", f"{word} is not a number")


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None for one too long to be held."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) <= LONGEST_LINE or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        yield number, None


def _shown(line: bytes) -> str:
    return line.decode("utf-8", "replace").replace("\0", "\ufffd").strip()[:_VALUE_KEPT]
