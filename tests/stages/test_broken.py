"""A rule that breaks on the data is found in every journey that uses it; those are left out."""

from dataclasses import replace

from flows.stages.broken import blamed, without
from segments.rules import RuleDataError
from tests.builders import specs

RULE = "orders > 3"
SPEC = specs(
    {"name": "enters", "enter": {"on": "order", "when": RULE}},
    {"name": "exits", "exit_when": RULE},
    {
        "name": "chooses",
        "steps": [{"choose": [{"when": RULE, "steps": []}, {"else": [{"send": "x"}]}]}],
    },
    {"name": "watches", "enter": {"on": "segment", "segment": "dear"}},
    {"name": "fine", "exit_when": "orders > 4"},
    segments={"dear": RULE},
)


def test_every_journey_that_uses_the_rule_is_named_with_the_place():
    found = blamed(SPEC, RuleDataError(RULE, "cannot be answered"))
    assert found == {
        name: f'{name}, {place}: the rule "orders > 3" cannot be answered; left out'
        for name, place in [
            ("enters", "enter"),
            ("exits", "exit_when"),
            ("chooses", "step choose"),
            ("watches", "segment dear"),
        ]
    }


def test_what_is_left_out_rests_in_all_versions():
    old = replace(SPEC.programs[0], version="old")
    rest = without(replace(SPEC, earlier={("enters", "old"): old}), {"enters", "exits"})
    assert [program.name for program in rest.programs] == ["chooses", "watches", "fine"]
    assert not rest.earlier
