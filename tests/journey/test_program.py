"""A journey as a forward-only program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.journey.program import MOST_NODES, ProgramError, compile_journey, version_of
from segments.spec import Journey
from tests.builders import journey, program

WAIT, SEND = {"wait": "2 days"}, {"send": "thanks"}


def _choose(*ways, otherwise=()):
    branches = [{"when": "orders == 1", "steps": list(way)} for way in ways]
    return {"choose": [*branches, {"else": list(otherwise)}]}


def test_ways_of_a_choose_meet_again_behind_it():
    inner = _choose([WAIT], otherwise=[])
    compiled = program(steps=[_choose([SEND, inner], otherwise=[SEND]), WAIT])
    assert [(node.id, node.next) for node in compiled.nodes] == [
        ("choose", 4),
        ("thanks", 2),
        ("choose_2", 5),
        ("wait_2_days", 5),
        ("thanks_2", 5),
        ("wait_2_days_2", 6),
        ("end", 6),
    ]
    assert [way for _, way in compiled.nodes[0].ways] == [1]
    assert [way for _, way in compiled.nodes[2].ways] == [3]


def test_a_given_id_stands_and_a_second_one_is_refused():
    named = {"id": "hello", **SEND}
    assert program(steps=[named, SEND]).nodes[0].id == "hello"
    with pytest.raises(ProgramError, match="stands twice"):
        program(steps=[named, named])


def test_a_version_is_what_decides_and_nothing_else():
    base = version_of(Journey.model_validate(journey()))
    assert base == version_of(Journey.model_validate(journey(title="Other", status="paused")))
    assert base != version_of(Journey.model_validate(journey(steps=[WAIT, SEND])))
    assert base != version_of(Journey.model_validate(journey(holdout="10%")))


def test_faults_are_named_with_their_place():
    spec = journey(
        exit_when="nope > 1", steps=[{"choose": [{"when": "odrers == 1"}, {"else": [SEND]}]}]
    )
    with pytest.raises(ProgramError) as refused:
        compile_journey(Journey.model_validate(spec), {})
    assert [place for place, _ in refused.value.faults] == [
        ("exit_when",),
        ("steps", 0, "choose", 0, "when"),
    ]


def test_a_journey_without_end_is_refused_with_the_limit():
    with pytest.raises(ProgramError, match=str(MOST_NODES - 1)):
        program(steps=[WAIT] * MOST_NODES)


_STEPS = st.recursive(
    st.lists(st.sampled_from([WAIT, SEND]), max_size=3),
    lambda inner: st.lists(
        st.one_of(
            st.sampled_from([WAIT, SEND]),
            st.builds(lambda a, b: _choose(a, otherwise=b), inner, inner),
        ),
        max_size=3,
    ),
    max_leaves=12,
)


@given(_STEPS)
def test_every_step_leads_forward_and_every_id_is_its_own(steps):
    compiled = program(steps=[WAIT, *steps])
    last = len(compiled.nodes) - 1
    for place, node in enumerate(compiled.nodes[:-1]):
        for target in (node.next, *(way for _, way in node.ways)):
            assert place < target <= last
    assert len(compiled.positions) == len(compiled.nodes)
