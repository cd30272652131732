"""A project is read whole: every fault at once, and a broken journey stops only itself."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.config import load
from flows.errors import ConfigError
from flows.shipping import shipped
from tests.small import SHIPPED

Make = Callable[..., Path]
RULE = 'Write for example: orders >= 2 and quadrant in ["top", "premium"]'


@pytest.fixture
def project(tmp_path: Path) -> Make:
    """The shipped project with single lines of it written otherwise: file=(old, new)."""

    def make(**changes: tuple[str, str]) -> Path:
        shutil.copytree(shipped() / "config", tmp_path / "config")
        for message in (shipped() / "templates").iterdir():
            (tmp_path / "templates" / message.name).mkdir(parents=True)
        for name, (old, new) in changes.items():
            (file,) = (tmp_path / "config").rglob(f"{name}.yaml")
            text = file.read_text("utf-8")
            assert old in text
            file.write_text(text.replace(old, new, 1) if old else new, encoding="utf-8")
        return tmp_path

    return make


def refused(folder: Path) -> list[str]:
    """Every fault of a project that cannot run."""
    with pytest.raises(ConfigError) as error:
        load(folder)
    return str(error.value).split("\n")


def broken(folder: Path) -> list[str]:
    """Every fault of the journeys left out of a project that runs."""
    return [str(fault) for fault in load(folder).broken]


def test_the_shipped_project_is_fine(project: Make) -> None:
    read = load(project())
    assert read.broken == []
    assert sorted(read.journeys) == SHIPPED
    assert read.running == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        (
            "send: newsletter",
            "send: newsleter",
            18,
            'there is no message "newsleter" under templates/. Did you mean "newsletter"?',
        ),
        (
            "send: newsletter",
            "choose:\n    - else:\n      - send: nothing_like_it",
            20,
            'there is no message "nothing_like_it" under templates/',
        ),
        (
            "orders >= 1",
            "first_time_buyer",
            12,
            'there is no column or segment "first_time_buyer". Did you mean "first_time_buyers"?',
        ),
        (
            "orders >= 1",
            "ordrs >= 1",
            12,
            'there is no column or segment "ordrs". Did you mean "orders"?',
        ),
        ('"ended"', '"endet"', 12, 'phase is never "endet". Did you mean "ended"?'),
        (
            "orders >= 1",
            "orders >= 3 and orders < 2",
            12,
            'the conditions on "orders" can never hold together',
        ),
        ("orders >= 1", "len(orders) >= 1", 12, f'"len(orders)" cannot stand in a rule. {RULE}'),
        (
            'orders >= 1 and phase != "ended" and open_complaints == 0',
            "orders = 1",
            12,
            f'"orders = 1" does not read as a rule. {RULE}',
        ),
        (
            "journey: newsletter",
            "journey: letter",
            3,
            'the journey is called "letter" and the file "newsletter.yaml": use one name',
        ),
        (
            "  on: schedule\n  every: month\n  day: 5\n",
            "  on: segment\n  segment: first_buyers\n",
            10,
            'there is no segment "first_buyers". Did you mean "first_time_buyers"?',
        ),
        (
            "purpose: advertising",
            "purpose: legal",
            3,
            "messages of legal go to everybody: no holdout here",
        ),
        (
            "  - send: newsletter",
            "  - {wait: 1 day, id: a}\n  - {wait: 1 day, id: a}",
            19,
            'the id "a" stands twice',
        ),
    ],
    ids=[
        "unknown message",
        "unknown message in an else",
        "unknown segment",
        "unknown column",
        "unknown word",
        "contradiction",
        "a call",
        "no rule",
        "named otherwise than its file",
        "enters by an unknown segment",
        "legal with a holdout",
        "an id twice",
    ],
)
def test_a_broken_journey_is_left_out_and_the_others_run(
    project: Make, old: str, new: str, line: int, what: str
) -> None:
    read = load(project(newsletter=(old, new)))
    assert [str(fault) for fault in read.broken] == [
        f"config/journeys/newsletter.yaml:{line}  {what}"
    ]
    assert sorted(read.journeys) == [name for name in SHIPPED if name != "newsletter"]


def test_two_files_cannot_hold_one_journey(project: Make) -> None:
    folder = project()
    one = folder / "config" / "journeys" / "newsletter.yaml"
    shutil.copy(one, one.with_suffix(".yml"))
    read = load(folder)
    assert [str(fault) for fault in read.broken] == [
        'config/journeys/newsletter.yml:3  there is a journey "newsletter" already'
    ]
    assert "newsletter" in read.journeys


def test_everything_wrong_with_a_journey_is_told_at_once(project: Make) -> None:
    folder = project(newsletter=("priority: 20", "status: live"))
    file = folder / "config" / "journeys" / "newsletter.yaml"
    text = file.read_text("utf-8").replace("orders >= 1", "ordrs >= 1")
    file.write_text(text.replace("send: newsletter", "send: letter"), encoding="utf-8")
    assert broken(folder) == [
        'config/journeys/newsletter.yaml:7  "status" stands here a second time; '
        "the first is on line 5",
        'config/journeys/newsletter.yaml:12  there is no column or segment "ordrs". '
        'Did you mean "orders"?',
        'config/journeys/newsletter.yaml:18  there is no message "letter" under templates/. '
        'Did you mean "newsletter"?',
    ]


HOME = "config/journeys/newsletter.yaml"
FAULTY = """\
journey: newsletter
title: News
purpose: advertising
enter:
  on: order
  when: order_value > 1 and ordres >= 1
holdut: 10%
steps:
  - sennd: x
  - choose:
      - when: first_buyers
        steps:
          - {wait: 1 dya, id: twice}
          - send: nothing_like_it
          - {wait: 1 day, id: a}
      - else:
          - {wait: 1 day, id: a}
"""


def test_a_misspelt_key_hides_no_wrong_rule_message_or_segment(project: Make) -> None:
    assert broken(project(newsletter=("", FAULTY))) == [
        f'{HOME}:6  there is no column or segment "ordres". Did you mean "orders"?',
        f'{HOME}:7  there is no "holdut" here. Did you mean "holdout"?',
        f'{HOME}:9  "sennd" is no step: a step begins with "wait", "wait_until", "send", "task", '
        '"set", "choose", "split" or "end". Did you mean "send"?',
        f'{HOME}:11  there is no column or segment "first_buyers". '
        'Did you mean "first_time_buyers"?',
        f'{HOME}:13  wait: "1 dya" is not a span of time. Write a number and a unit: "3 days", '
        '"2 business days", "2 weeks", "3 months", "4 hours"',
        f'{HOME}:14  there is no message "nothing_like_it" under templates/',
        f'{HOME}:17  the id "a" stands twice',
    ]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("journey: newsletter", "jurney: newsletter", [1, 6, 7, 9, 11, 13, 14, 17]),
        ("journey: newsletter", "journey: News Letter", [1, 6, 7, 9, 11, 13, 14, 17]),
        ("title: News\n", "", [1, 5, 6, 8, 10, 12, 13, 16]),
        ("purpose: advertising", "purpose: advertisement", [3, 6, 7, 9, 11, 13, 14, 17]),
        (
            "enter:\n  on: order\n  when",
            "exit_when: ordres > 1\ngaol",
            [1, 4, 5, 5, 6, 8, 10, 12, 13, 16],
        ),
        ("  on: order\n", "", [4, 5, 6, 8, 10, 12, 13, 16]),
        ("  on: order", "  on: ordr", [5, 6, 7, 9, 11, 13, 14, 17]),
        ("  on: order", "  on: segment", [4, 6, 7, 9, 11, 13, 14, 17]),
        ("  on: order", "  on: order\n  day: 3", [4, 7, 8, 10, 12, 14, 15, 18]),
        ("- choose", "- chose", [6, 7, 9, 10, 11, 13, 14, 17]),
        ("      - else:\n          - {wait: 1 day, id: a}\n", "", [6, 7, 9, 10, 11, 13, 14]),
        (
            "      - when: first",
            "      - else: []\n      - when: first",
            [6, 7, 9, 10, 12, 14, 15, 17],
        ),
        ("      - when: first", "      - wenn: first", [6, 7, 9, 11, 11, 13, 14, 17]),
        (
            "      - else:",
            "      - split: [{variant: a}, {variant: a}]\n      - else:",
            [6, 7, 9, 11, 13, 14, 16, 18],
        ),
        (
            "- send: no",
            "- {send: no, to: byer}\n          - send: no",
            [6, 7, 9, 11, 13, 14, 14, 15, 18],
        ),
        ("- when: first_buyers", "- when: 7", [6, 7, 9, 11, 13, 14, 17]),
        ("      - else:", "      - esle:", [6, 7, 9, 11, 13, 14, 16]),
        ("steps:\n  - sennd", "stpes:\n  - sennd", [6, 7, 8, 9, 11, 13, 14, 17]),
        ("holdut: 10%", "holdout: 10%\nattention: legal", [1, 6, 10, 12, 14, 15, 18]),
    ],
)
def test_whatever_is_wrong_in_a_journey_the_rest_is_looked_at(
    project: Make, old: str, new: str, lines: list[int]
) -> None:
    assert old in FAULTY
    said = broken(project(newsletter=("", FAULTY.replace(old, new, 1))))
    assert [int(fault.partition("yaml:")[2].split()[0]) for fault in said] == lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "segments:\n  a: ordrs == 1\n  b: a and orders > 1\n  c: 7\n  d: c\nsegmnts: {}\n",
            [
                ':2  there is no column or segment "ordrs". Did you mean "orders"?',
                ':4  c: this is to be text; put it in quotes: "7"',
                ':6  there is no "segmnts" here. Did you mean "segments"?',
            ],
        ),
        (
            "segments:\n  a: b\n  b: a\n  c: d\n  d: c\n  e: a and ordrs > 1\n",
            [
                ":2  these segments go round in a circle: a -> b -> a",
                ":4  these segments go round in a circle: c -> d -> c",
                ':6  there is no column or segment "ordrs". Did you mean "orders"?',
            ],
        ),
        (
            "segments:\n  a: order_value > 1\n  b: ''\n",
            [
                ':2  order_value is known only in a journey with "on: order"',
                ":3  b: this is empty; write something",
            ],
        ),
        (
            "segments:\n  a: b\n  b: orders > 1 and c\n  c: not a\n",
            [":2  these segments go round in a circle: a -> b -> c -> a"],
        ),
        (
            "segments:\n  a: orders > 1 or a\n",
            [":2  these segments go round in a circle: a -> a"],
        ),
        (
            "segments:\n  orders: orders == 1\n",
            [':2  "orders" is a column already; name it otherwise'],
        ),
        (
            "segments:\n  a: foo and orders == 1\n  b: bar == 2\n  c: a and orders == 2\n",
            [
                ':2  there is no column or segment "foo"',
                ':3  there is no column or segment "bar"',
            ],
        ),
        (
            "segments:\n  - a: orders == 1\n",
            [':1  segments: write "key: value" lines here'],
        ),
        (
            "segments:\n  First Buyers: orders == 1\n",
            [':2  "First Buyers" is no name. Write small letters, digits and _ only'],
        ),
        (
            "segments:\n  a: orders\n",
            [':2  "orders" is a number, not a yes or no. Compare it with something'],
        ),
        (
            "segments: {a: orders == 1\n",
            [":1  a bracket is opened here and not closed, or a comma is missing"],
        ),
    ],
    ids=[
        "a wrong key beside wrong rules",
        "two circles and a wrong rule",
        "known only to an order, and empty",
        "a circle",
        "itself",
        "named like a column",
        "unknown columns, told once",
        "a list",
        "a name with a space",
        "not a yes or no",
        "no YAML",
    ],
)
def test_segments_say_what_is_wrong_and_nothing_that_follows_from_it(
    project: Make, text: str, said: list[str]
) -> None:
    assert refused(project(segments=("", text))) == [f"config/segments.yaml{line}" for line in said]


def test_a_segment_may_share_its_name_with_a_word(project: Make) -> None:
    text = 'segments:\n  top: quadrant == "top"\n  ended: phase == "ended" and not top\n'
    assert sorted(load(project(segments=("", text))).segments) == ["ended", "top"]


def test_faults_of_every_file_come_together_and_in_order(project: Make) -> None:
    folder = project(
        policy=("currency", "curency"),
        segments=("orders == 1", "ordrs == 1"),
        newsletter=("send: newsletter", "sned: newsletter"),
        sources=("dates: german", "dates: deutsch"),
        owners=("default: lindner", "default: lindnr"),
    )
    (folder / "config" / "senders.yaml").unlink()
    assert refused(folder) == [
        'config/journeys/newsletter.yaml:18  "sned" is no step: a step begins with "wait", '
        '"wait_until", "send", "task", "set", "choose", "split" or "end". Did you mean "send"?',
        'config/owners.yaml:3  "default: lindnr" is not among the owners below',
        'config/policy.yaml:4  there is no "curency" here. Did you mean "currency"?',
        'config/segments.yaml:4  there is no column or segment "ordrs". Did you mean "orders"?',
        "config/senders.yaml  this file is missing",
        'config/sources.yaml:32  dates: "deutsch" does not describe a date. '
        'Write iso, german, us, or a pattern with year, month and day like "%Y%m%d"',
    ]


def test_a_folder_without_configuration_says_what_to_do(tmp_path: Path) -> None:
    assert refused(tmp_path) == [
        f'{tmp_path}  there is no folder "config" here. Say --project DIR, or: stammkunde init DIR'
    ]


def test_drafts_and_paused_journeys_rest(project: Make) -> None:
    folder = project(
        newsletter=("status: draft", "status: shadow"),
        reassurance=("status: draft", "status: live"),
        revitalization=("status: draft", "status: paused"),
    )
    read = load(folder)
    assert sorted(program.name for program in read.running) == ["newsletter", "reassurance"]
    assert read.live == {"reassurance"}
