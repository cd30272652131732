"""YAML that does not read as meant is told with line and remedy, never with a trace back."""

from pathlib import Path

import pytest
import yaml

from flows.settings import Owners, Senders
from flows.yamlfile import _Loader, _QuickLoader, build, read
from segments.policy import Policy
from segments.spec import Journey, Spec

ROOT = Path(__file__).parents[1]
POLICY = """\
zone: Europe/Berlin
holdout: 0%
phases:
  at_risk_days: 60
  ended_days: 540
"""
COLUMNS = (
    "the indentation does not fit the lines above, or a colon or quotation mark is missing. "
    "Things that belong together start in the same column"
)


def told(folder: Path, text: str | bytes, model: type[Spec] = Policy) -> list[str]:
    """Every fault of a file, as people read it."""
    file = folder / "file.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    document, faults = read(file, "config/file.yaml")
    if document is not None:
        faults = [*faults, *build(model, document)[1]]
    return [str(fault) for fault in sorted(faults)]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("  ended", "\tended", 5, "a tab stands here. Indent with spaces"),
        ("at_risk_days: ", "at_risk_days:\t", 4, "a tab stands here. Indent with spaces"),
        ("  ended_days", " ended_days", 5, COLUMNS),
        (
            "  ended_days",
            "    ended_days",
            5,
            'a colon stands where none may. Check the indentation, or put the text in "…"',
        ),
        ("holdout", "zone", 2, '"zone" stands here a second time; the first is on line 1'),
        ("0%", "*h", 2, 'text that begins with * is put in "…"'),
        ("0%", "%5", 2, 'text that begins with this sign is put in "…"'),
        ("0%", "[1, 2", 2, "a bracket is opened here and not closed, or a comma is missing"),
        ("540", '"540', 5, 'a quotation mark is opened here and never closed with "'),
        ("holdout", "? [a, b]\n: x\nholdout", 2, "a key is one word before a colon"),
        (
            "holdout: 0%",
            "---\nholdout: 0%",
            2,
            'the file ends at a line "---"; write one only, and without it',
        ),
    ],
    ids=[
        "a tab in front",
        "a tab behind a colon",
        "too little indentation",
        "too much indentation",
        "a key twice",
        "an asterisk",
        "a percent sign",
        "an open bracket",
        "an open quotation mark",
        "a list as a key",
        "two documents",
    ],
)
def test_a_slip_in_yaml_is_told_with_its_line_and_remedy(tmp_path, old, new, line, what):
    assert old in POLICY
    assert told(tmp_path, POLICY.replace(old, new, 1)) == [f"config/file.yaml:{line}  {what}"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "config/file.yaml  this file is empty"),
        (b"# only words\n", "config/file.yaml  this file is empty"),
        (
            "zone: UTC\n# Köln".encode("cp1252"),
            "config/file.yaml:2  this is not UTF-8 text. Save the file as UTF-8",
        ),
        (
            "zone: UTC".encode("utf-16"),
            "config/file.yaml:1  this is not UTF-8 text. Save the file as UTF-8",
        ),
        (
            b"zone: UTC\nlocale: d\x00e",
            "config/file.yaml:2  an invisible sign stands here that is no text. Remove it",
        ),
        (
            b"a: " + b"x" * 500_000,
            "config/file.yaml  this file is too large for something written by hand",
        ),
        (b"- a\n- b\n", 'config/file.yaml:1  write "key: value" lines here'),
        (b"zone", 'config/file.yaml:1  write "key: value" lines here'),
        (b"[" * 1000 + b"]" * 1000, "config/file.yaml  this is nested too deeply"),
        (b"zone: [" + b"[" * 80 + b"]" * 81, "config/file.yaml:1  this is nested too deeply"),
        (b"zone: &z [*z]", "config/file.yaml:1  this is nested too deeply"),
    ],
    ids=[
        "empty",
        "comments only",
        "cp1252",
        "utf-16",
        "a zero byte",
        "huge",
        "a list",
        "a word",
        "deep beyond Python",
        "deep",
        "an anchor inside itself",
    ],
)
def test_a_file_that_is_no_configuration_is_told_so(tmp_path, text, said):
    assert told(tmp_path, text) == [said]


def test_anchors_that_multiply_are_stopped(tmp_path):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for one, other in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{other}: &{other} [{', '.join([f'*{one}'] * 9)}]")
    said = "config/file.yaml  this file is too large for something written by hand"
    assert told(tmp_path, "\n".join(lines)) == [said]


def test_a_missing_file_and_a_folder_are_told():
    here = Path(__file__)
    assert [str(f) for f in read(here / "x", "x.yaml")[1]] == [
        "x.yaml  this file cannot be read: Not a directory"
    ]
    assert [str(f) for f in read(here.with_name("nowhere"), "x.yaml")[1]] == [
        "x.yaml  this file is missing"
    ]
    assert [str(f) for f in read(here.parent, "x.yaml")[1]] == [
        "x.yaml  this file cannot be read: Is a directory"
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("curency: EUR", 'there is no "curency" here. Did you mean "currency"?'),
        ("ended_days: 9", 'there is no "ended_days" here; it belongs under "phases"'),
        (
            "farbe: rot",
            f'there is no "farbe" here. Here go: {", ".join(Policy.model_fields)}',
        ),
        ("locale: fr", 'locale: there is no "fr". It is one of: de, en'),
        (
            "zone: Europe/Berlyn",
            'zone: "Europe/Berlyn" is not a time zone. Write one like "Europe/Berlin"',
        ),
        ("zone: 5", 'zone: this is to be text; put it in quotes: "5"'),
        ("zone: true", 'zone: this is to be text; put it in quotes: "true"'),
        ("zone: [a]", "zone: write text here"),
        (
            "currency: Euro",
            'currency: "Euro" is no currency. Write its three capital letters: "EUR"',
        ),
        (
            "late_data: 14 Tage",
            'late_data: "14 Tage" is not a span of time. Write a number and a '
            'unit: "3 days", "2 business days", "2 weeks", "3 months", "4 hours"',
        ),
        ("late_data: 9999 weeks", 'late_data: "9999 weeks" is longer than ten years'),
        ("holdout: 110%", 'holdout: a share is written "10%" or 0.1 and lies between 0 and 1'),
        ("holdout: ten", 'holdout: a share is written "10%" or 0.1 and lies between 0 and 1'),
        ("phases: 3", 'phases: write "key: value" lines here'),
        ("phases: {ended_days: many}", 'ended_days: "many" is not a whole number'),
        ("phases: {ended_days: !!int many}", 'ended_days: "many" is not a whole number'),
        (
            "phases: {ended_days: " + "9" * 5000 + "}",
            f'ended_days: "{"9" * 5000}" is not a whole number',
        ),
        ("phases: {ended_days: 1}", "ended_days: 1 does not go; write at least 2"),
        ("phases: {at_risk_overdue: '2,5'}", 'at_risk_overdue: "2,5" is not a number. Write 2.5'),
        ("phases: {at_risk_overdue: 1}", "at_risk_overdue: 1 does not go; write more than 1"),
        (
            "reassurance: {raise_first_in_category: maybe}",
            'raise_first_in_category: write true or false, not "maybe"',
        ),
        ("reassurance: {bands: {}}", 'bands: write a list here, each line with "- " in front'),
        ("reassurance: {bands: [7]}", 'bands, entry 1: write "key: value" lines here'),
        ("reassurance: {bands: [{at_least: 7}]}", '"need" is missing here'),
        (
            "reassurance: {bands: [{at_least: 7, need: ful}]}",
            'need: there is no "ful". Did you mean "full"?',
        ),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(tmp_path, line, what):
    assert told(tmp_path, f"# the house\n{line}\n") == [f"config/file.yaml:2  {what}"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (
            "email: post.nordholz",
            'email: "post.nordholz" is no e-mail address. Write one like "name@company.com"',
        ),
        ("colour: green", 'colour: "green" is no colour. Write # and six digits: "#1f5b4d"'),
        ("name: 'A <b>'", "name: the sender's name goes into a header: no < > , ;"),
        ("imprint: {company: A, address: []}", "address: write at least 1"),
    ],
)
def test_senders_are_told_what_they_look_like(tmp_path, line, what):
    whole = {
        "name": "name: A",
        "email": "email: a@b.example",
        "imprint": "imprint: {company: A, address: [B]}",
    }
    key = line.partition(":")[0]
    text = "\n".join([line, *(said for other, said in whole.items() if other != key)])
    assert told(tmp_path, text, Senders) == [f"config/file.yaml:1  {what}"]


def test_numbers_that_are_names_keep_their_noughts(tmp_path):
    text = (
        "default: a\nowners:\n  a: {name: A, email: a@b.example, phone: 05141555}\n"
        "  b: {name: B, email: b@b.example, phone: +495141555}\n"
    )
    (tmp_path / "owners.yaml").write_text(text, encoding="utf-8")
    document, _ = read(tmp_path / "owners.yaml", "owners.yaml")
    owners, faults = build(Owners, document)
    assert faults == []
    assert [owner.phone for owner in owners.owners.values()] == ["05141555", "+495141555"]
    wrong = text.replace("  a:", "  Lindner:").replace("05141555", "5141555")
    assert told(tmp_path, wrong, Owners) == [
        'config/file.yaml:3  "Lindner" is no name. Write small letters, digits and _ only',
        'config/file.yaml:3  phone: this is to be text; put it in quotes: "5141555"',
    ]


def test_words_that_yaml_takes_for_something_else_stay_words(tmp_path):
    (tmp_path / "x.yaml").write_text("on: no\nat: 10:30\nday: 2026-11-18\nyes: true\n", "utf-8")
    document, faults = read(tmp_path / "x.yaml", "x.yaml")
    assert (document.data, faults) == (
        {"on": "no", "at": "10:30", "day": "2026-11-18", "yes": True},
        [],
    )


JOURNEY = """\
journey: hello
title: Hello
purpose: service
enter:
  on: order
steps:
  - wait: 2 days
  - choose:
      - when: orders > 1
        steps:
          - send: hello
            to: buyer
      - else:
          - task: {call: owner, about: Ring}
"""
STEP = 'a step begins with "wait", "wait_until", "send", "task", "set", "choose", "split" or "end"'


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("- wait:", "- wiat:", 7, f'"wiat" is no step: {STEP}. Did you mean "wait"?'),
        ("- wait: 2 days", "- hello", 7, f'"hello" is no step: {STEP}'),
        ("- wait: 2 days", "- 7", 7, f'"7" is no step: {STEP}'),
        ("to: buyer", "too: buyer", 12, 'there is no "too" here. Did you mean "to"?'),
        ("to: buyer", "to: byer", 12, 'to: there is no "byer". Did you mean "buyer"?'),
        (
            "to: buyer",
            "wait: 3 days",
            12,
            '"wait" is a step of its own: begin it with "- wait: …"',
        ),
        (
            "      - else:\n          - task: {call: owner, about: Ring}\n",
            "",
            8,
            'a choose ends in one "- else:" for everybody else',
        ),
        (
            "call: owner",
            "call: The Boss",
            14,
            'call: "The Boss" is no name. Write small letters, digits and _ only',
        ),
        (
            "to: buyer",
            "to: {roles: [byer]}",
            12,
            'roles, entry 1: there is no "byer". Did you mean "buyer"?',
        ),
        (
            "to: buyer",
            "to: {roles: [buyer], mx: 2}",
            12,
            'there is no "mx" here. Did you mean "max"?',
        ),
        ("to: buyer", "to: {}", 12, '"roles" is missing here'),
        (
            "to: buyer",
            "to: [buyer]",
            12,
            "to: write one word here: primary, buyer, user, decision_maker, billing",
        ),
        (
            "enter:",
            "categories: ordr\nenter:",
            4,
            'categories: there is no "ordr". Write "order" or a list, each line with "- " in front',
        ),
        (
            "enter:",
            "categories: [1]\nenter:",
            4,
            'categories, entry 1: this is to be text; put it in quotes: "1"',
        ),
        (
            "enter:",
            "categories: {a: b}\nenter:",
            4,
            'categories: write a list here, each line with "- " in front',
        ),
        ("title:", "titel:", 2, 'there is no "titel" here. Did you mean "title"?'),
        ("- else:", "- esle:", 13, 'there is no "esle" here. Did you mean "else"?'),
        ("- when:", "- wenn:", 9, 'there is no "wenn" here. Did you mean "when"?'),
        (
            "call: owner",
            "call: owner, visit: owner",
            14,
            'task: a task is one of "call: owner", "visit: owner", "write: owner"',
        ),
        (
            "enter:",
            "when: orders > 1\nenter:",
            4,
            'there is no "when" here; it belongs under "enter" or under "choose"',
        ),
        (
            "  on: order",
            "  on: order\n  priority: 3",
            6,
            'there is no "priority" here; it belongs at the top, without indentation',
        ),
        (
            "  on: order",
            "  on: schedule",
            4,
            'enter: with "on: schedule" write which: "every: ..."',
        ),
        ("  on: order", "  phase: at_risk", 4, '"on" is missing here'),
        ("title: Hello", "title: 2026", 2, 'title: this is to be text; put it in quotes: "2026"'),
        ("title: Hello", "title: ''", 2, "title: this is empty; write something"),
        (
            "title: Hello",
            "title: " + "x" * 121,
            2,
            "title: this is longer than 120 characters",
        ),
        (
            "title: Hello",
            "title: x\npriority: 101",
            3,
            "priority: 101 does not go; write at most 100",
        ),
    ],
)
def test_a_journey_is_told_at_the_very_step(tmp_path, old, new, line, what):
    assert old in JOURNEY
    said = told(tmp_path, JOURNEY.replace(old, new, 1), Journey)
    assert said == [f"config/file.yaml:{line}  {what}"]


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file(tmp_path):
    text = "zone: Mars\nzone: UTC\ncurency: EUR\nholdout: 2\nphases:\n  ended_days: x\n"
    assert [said.partition("  ")[0] for said in told(tmp_path, text)] == [
        f"config/file.yaml:{line}" for line in (1, 2, 3, 4, 6)
    ]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "config").rglob("*.yaml")), ids=lambda file: file.stem
)
def test_both_loaders_read_the_same(file: Path):
    def told(node: yaml.Node) -> object:
        parts = node.value
        if isinstance(node, yaml.SequenceNode):
            parts = [told(each) for each in node.value]
        elif isinstance(node, yaml.MappingNode):
            parts = [(told(key), told(value)) for key, value in node.value]
        return node.tag, node.start_mark.line, parts

    text = file.read_text(encoding="utf-8")
    quick, thorough = (yaml.compose(text, Loader=each) for each in (_QuickLoader, _Loader))
    assert told(quick) == told(thorough)


def test_settings_say_what_would_look_right_and_repeat_no_secret(tmp_path):
    from flows.settings import Settings

    file = tmp_path / "settings.yaml"
    file.write_text(
        "outlets:\n  sg:\n    kind: sendgrid\n    key: SG.abc.def\n    address: api.sendgrid.com\n"
        "alerts: {webhook: chat.example.com}\nweb:\n  address: mail.example.com\n"
        "  client_header: X For\n  inbound: {replies: antwort}\n",
        "utf-8",
    )
    document, _ = read(file, "settings.yaml")
    _, faults = build(Settings, document)
    said = {fault.line: fault.what for fault in faults}
    assert said[4] == (
        "key: write the name of an environment variable, such as SENDGRID_API_KEY; the secret "
        "itself stands there, never here"
    )
    for line in (5, 6, 8):
        assert 'is no address. Write one like "https://' in said[line]
    assert "is no name of a header" in said[9]
    assert "is no e-mail address" in said[10]
