"""Examples in YAML: how they are read, lived through, and told where they come out otherwise."""

import shutil
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.checking import check_project
from flows.config import load
from flows.errors import ConfigError
from flows.rehearsing import rehearse, whereabouts
from flows.shipping import shipped
from segments.examples import Example
from segments.policy import Policy
from segments.rehearsal import facts
from segments.rehearsal.compare import faults
from segments.rehearsal.lives import Decision, lived
from segments.rehearsal.story import Story
from segments.spec import Journey
from tests.builders import journey, specs
from tests.small import without_examples

Write = Callable[[str], Path]
DAY = date(2026, 6, 1)

CARE = journey(
    "care",
    steps=[{"wait": "2 days"}, {"send": "thanks"}, {"task": {"call": "owner", "about": "well?"}}],
)


def example(**more: Any) -> Example:
    """An order on 1 June, looked at until the 10th."""
    happens = [{"on": "2026-06-01", "order": 900}]
    plain = {"name": "one", "happens": happens, "until": "2026-06-10", "expect": "nothing"}
    return Example.model_validate(plain | more)


def wrong(told: Example, *journeys: dict[str, Any]) -> list[str]:
    """What `faults` says, each with its place in front."""
    acts = [(told.first_day, specs(*(journeys or (CARE,))))]
    return [
        f"{'.'.join(map(str, place))}: {what}" for place, what in faults(told, acts, whereabouts)
    ]


SENT = {"on": "2026-06-03", "send": "thanks"}
CALLED = {"on": "2026-06-03", "task": "call"}


def test_an_example_that_comes_true_says_nothing() -> None:
    assert wrong(example(expect=[SENT, CALLED])) == []


def test_entering_and_leaving_count_where_the_example_names_them() -> None:
    enters, leaves = {"on": "2026-06-01", "enters": "care"}, {"on": "2026-06-03"}
    assert wrong(example(expect=[SENT, CALLED, enters, leaves | {"leaves": "completed"}])) == []
    assert wrong(example(expect=[SENT, CALLED, leaves | {"leaves": "goal"}])) == [
        "expect.2: expected on 2026-06-03 leaves: goal, but on 2026-06-03: leaves: completed"
    ]


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        (
            [{"on": "2026-06-04", "send": "thanks"}, CALLED],
            ["expect.0: expected on 2026-06-04 send thanks, but it is on 2026-06-03"],
        ),
        (
            [SENT | {"to": "user"}, CALLED],
            [
                "expect.0: expected on 2026-06-03 send thanks (to user), but it is "
                "send thanks (to buyer, basis contract, at 07:00)"
            ],
        ),
        (
            [SENT, SENT, CALLED],
            [
                "expect.1: expected on 2026-06-03 send thanks, but "
                "the customer left on 2026-06-03: completed"
            ],
        ),
        (
            [SENT],
            ["expect: not expected, but on 2026-06-03: task call (due 2026-06-05)"],
        ),
        (
            "nothing",
            [
                "expect: not expected, but on 2026-06-03: "
                "send thanks (to buyer, basis contract, at 07:00)",
                "expect: not expected, but on 2026-06-03: task call (due 2026-06-05)",
            ],
        ),
    ],
)
def test_whatever_comes_otherwise_is_told(expect: Any, told: list[str]) -> None:
    assert wrong(example(expect=expect)) == told


def test_why_a_message_was_held_back_is_told() -> None:
    barred = example(contacts=[{"suppressed": "everything"}], expect=[SENT, CALLED])
    assert wrong(barred) == [
        "expect.0: expected on 2026-06-03 send thanks, but it is dropped: suppressed"
    ]


def test_nobody_entered() -> None:
    told = example(happens=[], **{"from": "2026-06-01"}, expect=[SENT])
    assert wrong(told) == [
        "expect.0: expected on 2026-06-03 send thanks, but "
        "the customer has entered no journey by then"
    ]


@pytest.mark.parametrize(
    ("happening", "what"),
    [
        ({"reply": "thanks"}, 'nobody has got "thanks" by then, so there is no reply'),
        ({"done": "visit"}, "there is no visit to be done by then"),
    ],
)
def test_what_cannot_happen_is_told_at_its_line(happening: dict[str, Any], what: str) -> None:
    happens = [{"on": "2026-06-01", "order": 900}, {"on": "2026-06-02", **happening}]
    assert wrong(example(happens=happens, expect=[SENT, CALLED])) == [f"happens.1: {what}"]


def test_names_that_the_journey_does_not_know_are_told() -> None:
    happens = [{"on": "2026-06-01", "order": 900}, {"on": "2026-06-02", "by_hand": "cara"}]
    sent = {"on": "2026-06-03", "send": "thank"}
    assert wrong(example(happens=happens, expect=[sent, {"on": "2026-06-01", "enters": "x"}])) == [
        'happens.1.by_hand: there is no journey "cara" in this. Did you mean "care"?',
        'expect.0.send: there is no message "thank" in this. Did you mean "thanks"?',
        'expect.1.enters: there is no journey "x" in this',
    ]


def test_a_customer_nobody_holds_out_cannot_be_held_out() -> None:
    assert wrong(example(arm="held_out")) == [
        ": no journey here holds anybody out, so nobody is held_out"
    ]
    assert wrong(example(takes=["blue"])) == [': no journey here draws "blue"']


def test_the_key_of_a_held_out_customer_is_one_that_the_hash_holds_out() -> None:
    held_out = example(arm="held_out", expect=[{"on": "2026-06-03", "ghost": "thanks"}])
    assert wrong(held_out, CARE | {"holdout": "5%"}) == []


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"happens": [{"on": "2026-06-01"}]}, "write one of order, complaint, objection"),
        (
            {"happens": [{"on": "2026-06-01", "order": 5, "nps": 3}]},
            "not order and nps in one",
        ),
        (
            {"happens": [{"on": "2026-06-01", "nps": 3, "category": "chairs"}]},
            '"category" goes with order, not with nps',
        ),
        (
            {"happens": [{"on": "2026-06-05", "order": 3, "delivered": "2026-06-01"}]},
            "2026-06-01 lies before 2026-06-05, when it began",
        ),
        ({"happens": [{"on": "1.6.2026", "order": 5}]}, '"1.6.2026" is no day'),
        ({"happens": [{"on": "2026-06-01", "at": "25:00", "order": 5}]}, '"25:00" is no time'),
        (
            {"happens": [{"on": "2026-06-01", "order": 5, "by": "user"}]},
            'there is no contact "user" in this example',
        ),
        ({"until": "2026-05-01"}, "until 2026-05-01 lies before the first day, 2026-06-01"),
        ({"until": "2028-06-01"}, "731 days are too long; 400 at most"),
        ({"happens": []}, 'nothing happens, so write on which day it begins: "from: 2026-06-01"'),
        ({"expect": [{"on": "2026-07-01", "send": "x"}]}, "lies outside 2026-06-01 to 2026-06-10"),
        (
            {"expect": [{"on": "2026-06-02", "send": "x", "because": "capped"}]},
            '"because" goes with held or dropped, not with send',
        ),
        ({"contacts": [{"zone": "Berlin"}]}, '"Berlin" is not a time zone'),
    ],
)
def test_an_example_that_makes_no_sense_is_refused(more: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match="validation error") as error:
        example(**more)
    assert what in str(error.value)


def test_figures_follow_from_what_happened() -> None:
    told = example(
        happens=[
            {"on": "2026-01-01", "order": 1000, "category": "chairs"},
            {"on": "2026-01-31", "order": 3000, "category": "desks", "returned": "2026-02-10"},
            {"on": "2026-03-02", "order": 500, "category": "chairs", "discounted": True},
            {"on": "2026-05-01", "complaint": "opened"},
            {"on": "2026-05-20", "complaint": "closed"},
            {"on": "2026-05-25", "talk": "call", "mood": "annoyed"},
            {"on": "2026-05-30", "sales_lock": "2026-06-20"},
            {"on": "2026-06-05", "order": 9000, "known": "2026-06-08"},
        ],
        customer={"quadrant": "top", "net_revenue_12m": 1234.5},
    )
    story = Story(told, ZoneInfo("Europe/Berlin"))
    now = story.moment(date(2026, 6, 6), time(7))
    row = facts.profile(story, Policy(), now, "K1", {}, []).iloc[0]
    assert row["orders"] == 2
    assert row["net_revenue_total"] == 150_000
    assert row["net_revenue_12m"] == 123_450
    assert row["typical_gap_days"] == 60
    assert row["days_since_last_order"] == 96
    assert row["discount_share"] == 0.5
    assert row["last_category"] == "chairs"
    assert row["open_complaints"] == 0
    assert row["days_since_complaint"] == 17
    assert row["last_mood"] == "annoyed"
    assert row["sales_lock"]
    assert row["quadrant"] == "top"
    assert row["phase"] == "exploration"


def test_a_run_knows_what_happened_by_seven() -> None:
    def entered(at: str) -> list[Decision]:
        told = example(happens=[{"on": "2026-06-01", "at": at, "order": 900}])
        return lived(told, [(DAY, specs(CARE))], whereabouts)[:1]

    assert [each.on for each in entered("7:00")] == [DAY]
    assert [each.on for each in entered("7:01")] == [date(2026, 6, 2)]


def test_the_first_run_is_of_the_first_day_whatever_the_clocks_do() -> None:
    story = Story(example(), ZoneInfo("Europe/Berlin"))
    assert story.moment(date(2026, 3, 29), time(7)).isoformat() == "2026-03-29T05:00:00+00:00"
    assert isinstance(story.moment(DAY), datetime)
    assert min(story.turning_days) == DAY


def test_a_journey_with_examples_reads_back_as_it_was_stored() -> None:
    for program in load(shipped()).journeys.values():
        stored = program.journey.model_dump(mode="json", by_alias=True, exclude_unset=True)
        assert Journey.model_validate(stored) == program.journey


@pytest.fixture
def project(tmp_path: Path) -> Write:
    """The shipped project with these examples and no others, of the journey after buying."""

    def write(examples: str) -> Path:
        for folder in ("config", "templates"):
            shutil.copytree(shipped() / folder, tmp_path / folder)
        file = without_examples(tmp_path) / "config" / "journeys" / "reassurance.yaml"
        head = file.read_text("utf-8")
        file.write_text(f"{head}examples:\n{examples}", encoding="utf-8")
        return tmp_path

    return write


def test_check_names_file_and_line_of_an_example_that_fails(project: Write) -> None:
    folder = project(
        "  - name: Dank\n"
        "    happens: [{on: 2026-06-01, order: 900}]\n"
        "    until: 2026-06-10\n"
        "    expect:\n"
        "      - {on: 2026-06-04, send: reassurance}\n"
        "  - name: Nichts\n"
        "    happens: [{on: 2026-06-01, order: 900}]\n"
        "    until: 2026-06-10\n"
        "    expect: nothing\n"
    )
    line = folder.joinpath("config/journeys/reassurance.yaml").read_text("utf-8").split("\n")
    first = line.index("  - name: Dank") + 1
    told = [
        f'config/journeys/reassurance.yaml:{first + 4}  example "Dank": expected on 2026-06-04 '
        "send reassurance, but it is on 2026-06-03",
        f'config/journeys/reassurance.yaml:{first + 8}  example "Nichts": not expected, but on '
        "2026-06-03: send reassurance (to buyer, basis contract, at 07:00)",
    ]
    assert [str(fault) for fault in rehearse(load(folder))] == told
    with pytest.raises(ConfigError) as error:
        check_project(folder, quick=True)
    assert str(error.value).split("\n") == told


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("order: 900", "ordr: 900", 'there is no "ordr" here. Did you mean "order"?'),
        ("until: 2026-06-10", "until: 10.6.2026", '"10.6.2026" is no day.'),
        ("send: reassurance", "sends: reassurance", '"sends" here. Did you mean "send"?'),
        ("quadrant: top", "quadrnt: top", 'there is no "quadrnt" here. Did you mean "quadrant"?'),
        ("quadrant: top", "quadrant: tpo", 'quadrant: there is no "tpo". Did you mean "top"?'),
        ("because: quiet", "because: quite", 'because: there is no "quite". Did you mean "quiet"?'),
        ("expect:", "expects:", 'there is no "expects" here. Did you mean "expect"?'),
    ],
)
def test_a_slip_in_an_example_is_told_like_any_other(
    project: Write, old: str, new: str, what: str
) -> None:
    text = (
        "  - name: Dank\n"
        "    customer: {quadrant: top}\n"
        "    happens: [{on: 2026-06-01, order: 900}]\n"
        "    until: 2026-06-10\n"
        "    expect:\n"
        "      - {on: 2026-06-03, send: reassurance}\n"
        "      - {on: 2026-06-04, held: reassurance, because: quiet}\n"
    )
    folder = project(text.replace(old, new))
    told = [str(fault) for fault in load(folder).broken]
    lines = folder.joinpath("config/journeys/reassurance.yaml").read_text("utf-8").split("\n")
    number = next(n for n, line in enumerate(lines, start=1) if new in line)
    assert len(told) == 1, told
    assert told[0].startswith(f"config/journeys/reassurance.yaml:{number}  ")
    assert what in told[0]
