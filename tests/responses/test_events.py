"""Lines of an inbox file: what is an event, and what is refused and why."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.responses import events
from flows.store.inbox import Event, Refused
from segments.names import ResponseKind

GOOD = {"key": "e1", "send": 7, "kind": "click", "at": "2026-03-01T09:30:00+01:00", "detail": {}}


def line(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_line_is_an_event_with_its_moment_in_utc() -> None:
    assert events.parse(line(detail={"url": "/x"}), 1) == Event(
        "e1", 7, ResponseKind.CLICK, datetime(2026, 3, 1, 8, 30, tzinfo=UTC), {"url": "/x"}
    )


def test_a_score_comes_with_its_number() -> None:
    event = events.parse(line(kind="nps", score=0), 1)
    assert isinstance(event, Event)
    assert (event.kind, event.score) == (ResponseKind.NPS, 0)


@pytest.mark.parametrize("at", ["2026-03-01T08:30:00Z", "20260301T083000+0000"])
def test_moments_come_in_the_forms_of_iso_8601(at: str) -> None:
    event = events.parse(line(at=at), 1)
    assert isinstance(event, Event)
    assert event.at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["opened", "order", "unknown", "Ghost"])
def test_a_kind_we_do_not_know_is_kept_under_its_own_word(kind: str) -> None:
    event = events.parse(line(kind=kind), 1)
    assert isinstance(event, Event)
    assert (event.kind, event.detail) == (ResponseKind.UNKNOWN, {"kind": kind})


BAD = {
    "not JSON": (b"{key: 1}", "", "not JSON"),
    "half a line": (line()[:20], "", "not JSON"),
    "not UTF-8": (b'{"key": "\xe4"}', "", "UTF-8"),
    "a list": (b"[1]", "", "an event is written"),
    "nested without end": (b"[" * 60_000, "", "nested"),
    "no key": (line(key=None), "key", "key"),
    "empty key": (line(key=" "), "key", "key"),
    "long key": (line(key="k" * 201), "key", "longer than 200"),
    "our own key": (line(key="order:1:2"), "key", "our own"),
    "send as text": (line(send="7"), "send", "without quotes"),
    "send as truth": (line(send=True), "send", "number of the send"),
    "no score": (line(kind="nps"), "score", "from 0 to 10"),
    "a score above ten": (line(kind="nps", score=11), "score", "from 0 to 10"),
    "a score as text": (line(kind="nps", score="9"), "score", "without quotes"),
    "no kind": (line(kind=""), "kind", "write one of"),
    "no zone": (line(at="2026-03-01T09:30:00"), "at", "zone"),
    "no date": (line(at="yesterday"), "at", "moment"),
    "a moment before time": (line(at="0001-01-01T00:00:00+02:00"), "at", "moment"),
    "seconds as moment": (line(at=1_772_000_000), "at", "moment"),
    "detail as text": (line(detail="hard"), "detail", "detail"),
    "infinite": (b'{"key": "e", "detail": {"x": 1e999}}', "", "too large"),
    "not a number": (line(detail={"x": float("nan")}), "", "not a number"),
    "endless number": (b'{"send": ' + b"9" * 5000 + b"}", "", "too long"),
    "zero character": (line(detail={"x": "a\0b"}), "", "zero character"),
    "half a character": (line(detail={"x": "\ud800"}), "", "half a character"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_line_that_is_no_event_says_why(case: str) -> None:
    content, field, reason = BAD[case]
    refused = events.parse(content, 12)
    assert isinstance(refused, Refused)
    assert (refused.line, refused.field) == (12, field)
    assert reason in refused.reason
    assert len(refused.value) <= 200


@given(st.binary(max_size=200))
def test_no_line_breaks_the_reading(content: bytes) -> None:
    assert isinstance(events.parse(content, 1), Event | Refused)


def test_lines_keep_their_numbers_past_empty_and_endless_ones(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    endless = b'"' + b"x" * (3 * events.LONGEST_LINE) + b'"'
    file.write_bytes(b"\n".join([b"\xef\xbb\xbf" + line(), b"", endless, b"no", line(key="e2")]))
    found = list(events.read(file))
    assert [each.line for each in found if isinstance(each, Refused)] == [3, 4]
    assert [each.key for each in found if isinstance(each, Event)] == ["e1", "e2"]
