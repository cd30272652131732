"""A journey drawn: every step, every way and every count, as text and as a diagram."""

import re

from flows.reporting.outline import mermaid, outline
from segments.journey.program import Program
from tests.builders import program


def everything() -> Program:
    """A journey with every kind of step."""
    return program(
        name="all",
        title="Alles & <mehr>",
        enter={"on": "order", "again": "per_order", "category": ["Stühle #1", 'A "b"']},
        exit_when="open_complaints > 0",
        goal={"event": "order", "within": "90 days"},
        steps=[
            {"wait": "until tuesday 10:00"},
            {"wait_until": {"event": "delivered", "timeout": "7 days", "on_timeout": "exit"}},
            {
                "split": [
                    {
                        "variant": "a",
                        "steps": [{"send": "thanks", "to": {"roles": ["user"], "max": 2}}],
                    },
                    {"variant": "b", "weight": 3},
                ]
            },
            {"set": "asked"},
            {"task": {"call": "owner", "about": "Alles gut?"}},
            {
                "choose": [
                    {"when": "asked and orders > 2", "steps": ["end"]},
                    {"else": [{"send": "thanks", "variants": {"thanks": 1, "short": 1}}]},
                ]
            },
        ],
    )


def test_the_text_reads_like_the_yaml_with_ids_and_counts():
    counts = {"thanks": {"standing": 0, "sent": 12, "held_back": 3}, "end": {"standing": 2}}
    assert outline(everything(), counts) == [
        "all  Alles & <mehr>",
        'enter: on order, again per_order, category Stühle #1, A "b"',
        "exit_when: open_complaints > 0",
        "goal: order within 90 days",
        "- wait: until tuesday 10:00  [wait_until_tuesday_10_00]",
        "- wait_until: delivered, at most 7 days, then exit  [until_delivered]",
        "- split  [split]",
        "    a (25%):",
        "      - send: thanks to user (at most 2)  [thanks]  sent 12, held back 3",
        "    b (75%): go on",
        "- set: asked  [set_asked]",
        "- task: call owner, due in 2 business days  [call]",
        "- choose  [choose]",
        "    when asked and orders > 2:",
        "      - end  [end_2]",
        "    else:",
        "      - send: thanks or short to primary  [thanks_2]",
        "- end  standing 2",
    ]


def test_the_diagram_has_every_node_once_and_an_arrow_for_every_way():
    drawn = mermaid(everything())
    assert drawn.startswith("flowchart TD\n")
    nodes = re.findall(r"^ {4}(\w+)[\[({]", drawn, re.MULTILINE)
    assert nodes[0] == "enter"
    assert sorted(nodes[1:]) == sorted(f"n_{node.id}" for node in everything().nodes)
    arrows = re.findall(r'^ {4}(\w+) (?:-- "(.*)" )?--> (\w+)$', drawn, re.MULTILINE)
    assert ("n_split", "b (75%)", "n_set_asked") in arrows
    assert ("n_thanks", "", "n_set_asked") in arrows
    assert ("n_choose", "when asked and orders #gt; 2", "n_end_2") in arrows
    assert ("n_thanks_2", "", "n_end") in arrows
    # Whoever takes an end within a way goes nowhere from there.
    assert not [arrow for arrow in arrows if arrow[0] == "n_end_2"]
    assert {start for start, _, _ in arrows} | {end for _, _, end in arrows} == set(nodes)


def test_signs_that_mean_something_to_mermaid_are_written_as_entities():
    first = mermaid(everything()).splitlines()[1]
    assert 'A #quot;b#quot;"])' in first
    assert "Stühle #35;1" in first
