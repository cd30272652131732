"""A journey as a forward-only program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.frames import PROFILE
from segments.journey.program import MOST_NODES, ProgramError, compile_journey, version_of
from segments.rules import compile_rule
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


def test_steps_are_named_after_what_they_do():
    steps = [
        {"wait": "until tuesday 10:00"},
        {"wait_until": {"event": "reply", "timeout": "3 days"}},
        {"wait_until": {"date": "contract_end", "timeout": "3 days"}},
        {"set": "dear"},
        {"split": [{"variant": "a", "steps": ["end"]}, {"variant": "b"}]},
        {"task": {"visit": "owner", "about": "Hello"}},
    ]
    assert [node.id for node in program(steps=steps).nodes] == [
        "wait_until_tuesday_10_00",
        "until_reply",
        "until_contract_end",
        "set_dear",
        "split",
        "end_2",
        "visit",
        "end",
    ]


def test_a_split_fills_the_way_from_nought_to_one():
    ways = [
        {"variant": "a", "weight": 1, "steps": [WAIT]},
        {"variant": "b", "weight": 0, "steps": [WAIT, SEND]},
        {"variant": "c", "weight": 3},
    ]
    first = program(steps=[{"split": ways}, SEND]).nodes[0]
    assert first.shares == (("a", 0.25, 1), ("b", 0.25, 2), ("c", 1.0, 4))


def test_a_version_is_what_decides_and_nothing_else():
    base = version_of(Journey.model_validate(journey()))
    assert base == version_of(Journey.model_validate(journey(title="Other", status="paused")))
    backfill = {"on": "order", "again": "per_order", "backfill": {"max": 5}}
    assert base == version_of(Journey.model_validate(journey(enter=backfill)))
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


@pytest.mark.parametrize(
    ("spec", "place", "what"),
    [
        (
            {"enter": {"on": "date", "date": "contrct_end"}},
            ("enter", "date"),
            'there is no column "contrct_end". Did you mean "contract_end"?',
        ),
        (
            {"enter": {"on": "date", "date": "orders"}},
            ("enter", "date"),
            '"orders" is no date. Dates are: since, contract_end, first_order_at, last_order_at, '
            "expected_order_at",
        ),
        (
            {"steps": [{"wait_until": {"date": "sinc", "timeout": "1 day"}}]},
            ("steps", 0, "wait_until", "date"),
            'there is no column "sinc". Did you mean "since"?',
        ),
        (
            {"steps": [_choose([{"set": "orders"}])]},
            ("steps", 0, "choose", 0, "steps", 0, "set"),
            '"orders" is a column already; name the flag otherwise',
        ),
        (
            {"steps": [{"set": "timed_out"}]},
            ("steps", 0, "set"),
            '"timed_out" is set by wait_until alone; name the flag otherwise',
        ),
        (
            {"enter": {"on": "segment", "segment": "regular"}},
            ("enter", "segment"),
            'there is no segment "regular". Did you mean "regulars"?',
        ),
        (
            {"enter": {"on": "order", "when": "vip"}, "steps": [{"set": "vip"}]},
            ("enter", "when"),
            'there is no column or segment "vip"',
        ),
        (
            {"exit_when": "timed_out"},
            ("exit_when",),
            'there is no column or segment "timed_out"',
        ),
        (
            {"enter": {"on": "nps"}, "exit_when": "order_value > 5"},
            ("exit_when",),
            'order_value is known only in a journey with "on: order"',
        ),
    ],
)
def test_what_is_not_there_or_not_free_is_refused(spec, place, what):
    segments = {"regulars": compile_rule("orders >= 3", PROFILE)}
    with pytest.raises(ProgramError) as refused:
        compile_journey(Journey.model_validate(journey(**spec)), segments)
    assert refused.value.faults == [(place, what)]


def test_a_flag_is_not_named_like_a_segment():
    segments = {"regulars": compile_rule("orders >= 3", PROFILE)}
    spec = journey(steps=[{"set": "regulars"}])
    with pytest.raises(ProgramError, match="is a segment already"):
        compile_journey(Journey.model_validate(spec), segments)


def test_rules_know_the_flags_of_their_journey():
    steps = [{"set": "dear"}, {"wait_until": {"event": "reply", "timeout": "1 day"}}]
    ways = {"choose": [{"when": "dear and timed_out"}, {"else": []}]}
    assert program(steps=[*steps, ways], exit_when="not dear").exit_when.columns == {"dear"}


def test_the_longest_journey_that_is_allowed_compiles():
    """Five thousand nodes, each a rule, all of the same names."""
    choose = {"choose": [{"when": "orders == 1", "steps": [SEND]}, {"else": []}]}
    compiled = program(steps=[choose] * ((MOST_NODES - 1) // 2))
    assert len(compiled.nodes) == MOST_NODES - 1
    assert len(compiled.positions) == len(compiled.nodes)


def test_a_journey_without_end_is_refused_with_the_limit():
    with pytest.raises(ProgramError, match=str(MOST_NODES - 1)):
        program(steps=[WAIT] * MOST_NODES)


def _split(one, other):
    return {"split": [{"variant": "a", "steps": one}, {"variant": "b", "steps": other}]}


_STEPS = st.recursive(
    st.lists(st.sampled_from([WAIT, SEND]), max_size=3),
    lambda inner: st.lists(
        st.one_of(
            st.sampled_from([WAIT, SEND]),
            st.builds(lambda a, b: _choose(a, otherwise=b), inner, inner),
            st.builds(_split, inner, inner),
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
        ways = [*(way for _, way in node.ways), *(way for _, _, way in node.shares)]
        for target in (node.next, *ways):
            assert place < target <= last
    assert len(compiled.positions) == len(compiled.nodes)
