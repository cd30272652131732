"""Whatever is wrong with a journey, something of it is left to look at, and nothing breaks."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.mending import mended
from flows.yamlfile import Document, build
from flows.yamlschema import Place
from segments.journey.program import ProgramError, compile_journey
from segments.spec import Journey

JOURNEY: dict[str, Any] = {
    "journey": "hello",
    "title": "Hello",
    "purpose": "service",
    "categories": ["chairs"],
    "enter": {"on": "order", "when": "orders > 1"},
    "goal": {"event": "order", "within": "3 days"},
    "steps": [
        {"wait": "2 days"},
        {
            "choose": [
                {"when": "orders > 1", "steps": [{"send": "hello", "to": "buyer"}]},
                {"else": [{"task": {"call": "owner", "about": "Ring"}}]},
            ]
        },
        {"split": [{"variant": "a", "steps": [{"set": "tried"}]}, {"variant": "b"}]},
        {"wait_until": {"event": "order", "timeout": "3 days"}},
    ],
}
JUNK: list[Any] = [None, 7, "x", "end", [], {}, [1], {"a": 1}, True, {"else": []}, {"choose": None}]


def places(data: Any, at: Place = ()) -> Iterator[Place]:
    """Every place of a document."""
    yield at
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from places(value, (*at, key))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_left_of_any_journey_can_be_looked_at(data):
    spoilt = copy.deepcopy(JOURNEY)
    for _ in range(data.draw(st.integers(1, 4))):
        *around, key = data.draw(st.sampled_from([place for place in places(spoilt) if place]))
        parent: Any = spoilt
        for part in around:
            parent = parent[part]
        value = parent.pop(key)
        if isinstance(parent, list):
            parent.insert(key, copy.deepcopy(data.draw(st.sampled_from(JUNK))))
        else:
            name = data.draw(st.sampled_from([key, f"{key}x", "zzz", "when", "steps", "choose"]))
            parent[name] = data.draw(st.sampled_from([value, *copy.deepcopy(JUNK)]))
    document = Document("x.yaml", spoilt, dict.fromkeys(places(spoilt), 1))
    if build(Journey, document)[0] is None:
        before = copy.deepcopy(spoilt)
        left = mended(document).journey
        assert left is not None
        assert document.data == before
        with suppress(ProgramError):
            compile_journey(left, {})
