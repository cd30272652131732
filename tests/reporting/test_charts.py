"""Pictures: the same bytes for the same data, in both languages, told in words as well."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flows.reporting import charts, charts_customers, charts_effects, charts_journeys
from flows.reporting.charts import Look, Picture, apart
from flows.reporting.subjects import Format
from segments.names import Locale, Outcome, Phase, Quadrant, SkipReason, Yardstick

ROOT = Path(__file__).parents[2]
LONG = "Eine Journey mit einem außerordentlich langen Titel, den niemand auf eine Zeile bekommt"
_NONE = float("nan")
_RANGES = ["adjusted_difference", "adjusted_low", "adjusted_high", "sequence_low", "sequence_high"]
ESTIMATES = pd.DataFrame(
    [
        ("care", 120, -300, 560, -700, 940, "undecided", False),
        ("thanks", 1520, 400, 2640, 100, 2940, "helps", False),
        ("again", -2220, -3800, -640, -4300, -140, "hurts", False),
        ("long", 50, -100, 200, -190, 290, "no_effect", False),
        ("wide", 900, -5100, 6900, -90_000, 92_000, "too_small", False),
        ("new", _NONE, _NONE, _NONE, _NONE, _NONE, "no_holdout", False),
        ("odd", 900, 500, 1300, 300, 1500, "helps", True),
        ("+", 300, 100, 500, -20, 620, "", False),
    ],
    columns=["journey", *_RANGES, "verdict", "ratio_alarm"],
).assign(outcome="margin", part=None)
TITLES = {"+": "All together", "care": "Pflege", "long": LONG, "thanks": "Danke <&> mehr"}
DAYS = pd.date_range("2026-08-01", "2026-11-22", periods=9, tz="UTC")
LOOKS = pd.DataFrame(
    {
        "at": DAYS,
        "adjusted_difference": [_NONE, 900, 700, 800, 600, 500, 650, 620, 640],
        "adjusted_low": [_NONE, -9000, -4000, -2000, -900, -500, -100, 10, 60],
        "adjusted_high": [_NONE, 10_800, 5400, 3600, 2100, 1500, 1400, 1230, 1220],
        "sequence_low": [_NONE, -20_000, -9000, -5000, -2500, -1500, -900, -300, -200],
        "sequence_high": [_NONE, 21_800, 10_400, 6600, 3700, 2500, 2200, 1540, 1480],
        "missing": [50, 48, 40, 22, 3, 0, 0, 0, 0],
    }
)
STAGES = pd.DataFrame(
    [
        ("entered", "treated", 4120),
        ("due", "treated", 3900),
        ("sent", "treated", 3500),
        ("delivered", "treated", 3440),
        ("answered", "treated", 0),
        ("goal", "treated", 1320),
        ("entered", "held_out", 455),
        ("due", "held_out", 430),
        ("goal", "held_out", 121),
    ],
    columns=["stage", "arm", "number"],
)
UNSENT = pd.DataFrame(
    [
        *(("skipped", reason, 900 // place) for place, reason in enumerate(SkipReason, start=1)),
        ("deferred", "quiet", 310),
        ("bounced", None, 600),
        ("queued", None, 99),
    ],
    columns=["outcome", "reason", "number"],
)
STANDING = pd.DataFrame({"quadrant": ["top", "small"], "number": [61, 1191]})
MOVES = pd.DataFrame(
    [
        *((one, two, 7) for one in Quadrant for two in Quadrant if one != two),
        (None, "small", 9),
    ],
    columns=["before", "after", "number"],
)
PHASES = pd.DataFrame(
    [(at, phase, 10 + 3 * place) for place, phase in enumerate(Phase) for at in DAYS],
    columns=["at", "phase", "number"],
)


@cache
def all_of(look: Look) -> list[Picture]:
    """One picture of each kind."""
    return [
        charts_effects.effects(ESTIMATES, TITLES, look),
        charts_effects.over_time("effect-care", LONG, LOOKS, Yardstick.MARGIN, look),
        charts_journeys.funnel("funnel-care", "Pflege", STAGES, look),
        charts_journeys.not_sent(UNSENT, 90, look),
        charts_customers.matrix(STANDING, MOVES, 90, look),
        charts_customers.phases(PHASES, look),
    ]


NOTHING: dict[str, Callable[[Look], Picture]] = {
    "effects": lambda look: charts_effects.effects(ESTIMATES.head(0), TITLES, look),
    "no difference yet": lambda look: charts_effects.effects(ESTIMATES.iloc[5:6], {}, look),
    "effect": lambda look: charts_effects.over_time(
        "effect", "Pflege", LOOKS.head(1), Yardstick.GOAL, look
    ),
    "effect of nothing": lambda look: charts_effects.over_time(
        "effect", "Pflege", pd.DataFrame(), Yardstick.GOAL, look
    ),
    "funnel": lambda look: charts_journeys.funnel("funnel", "Pflege", STAGES.head(0), look),
    "not sent": lambda look: charts_journeys.not_sent(UNSENT.head(0), 90, look),
    "matrix": lambda look: charts_customers.matrix(STANDING.head(0), MOVES.head(0), 90, look),
    "phases": lambda look: charts_customers.phases(PHASES.head(0), look),
}


@pytest.mark.parametrize("format", Format)
def test_the_same_data_give_the_same_bytes_in_any_process(format: Format) -> None:
    program = (
        "import sys; from tests.reporting.test_charts import *;"
        "print(digests(Format(sys.argv[1])));"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, format.value],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "3", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stderr == ""
    assert said.stdout.strip() == str(digests(format))


def digests(format: Format) -> list[str]:
    """What identifies the bytes of each picture."""
    pictures = all_of(Look(Locale.DE, "EUR", format, "Stand: heute"))
    assert max(len(one.image) for one in pictures) < 250_000
    return [f"{one.file} {sha256(one.image).hexdigest()}" for one in pictures]


@pytest.mark.parametrize("locale", Locale)
def test_a_picture_is_told_in_words_too(locale: Locale) -> None:
    for picture in all_of(Look(locale)):
        root = ElementTree.fromstring(picture.image)  # noqa: S314 - our own
        space = "{http://www.w3.org/2000/svg}"
        assert root.get("role") == "img"
        assert root.get("lang") == locale.value
        assert root.findtext(f"{space}title") == picture.title
        assert root.findtext(f"{space}desc") == picture.alt
        desc = root.find(f"{space}desc")
        assert desc is not None
        assert desc.get("id") == root.get("aria-describedby")
        assert b"<dc:date>" not in picture.image
        assert "nan" not in picture.alt.lower().split()


def test_words_say_the_figures() -> None:
    effects, over_time, funnel, unsent, matrix, phases = (
        picture.alt for picture in all_of(Look(Locale.EN))
    )
    assert "Danke <&> mehr: +€15.20 (+€4.00 to +€26.40), helps" in effects
    assert "new: nobody held out" in effects
    assert "odd: +€9.00 (+€5.00 to +€13.00), none: the groups are not divided" in effects
    assert "All together: +€3.00 (+€1.00 to +€5.00), weighted by how much" in effects
    assert "at the end +€6.40, 95 % interval from +€0.60 to +€12.20" in over_time
    assert "began the journey: 4,120" in funnel
    assert "answered" not in funnel
    assert "Held out: began the journey: 455" in funnel
    assert "other reasons" in unsent
    assert "bounced: the address did not take it: 600" in unsent
    assert "waits to be sent" not in unsent
    assert "small customer → top customer: 7" in matrix
    assert "maturity: 19 → 19" in phases


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("what", NOTHING)
def test_without_data_a_picture_says_so(what: str, locale: Locale) -> None:
    picture = NOTHING[what](Look(locale))
    said = {Locale.DE: "Noch nichts", Locale.EN: "Nothing yet"}[locale]
    assert said in picture.alt


def test_a_png_keeps_the_colours_that_tell_verdicts_apart() -> None:
    effects = charts_effects.effects(ESTIMATES, TITLES, Look(Locale.DE, "EUR", Format.PNG))
    colours = {
        colour for _, colour in Image.open(BytesIO(effects.image)).convert("RGB").getcolors()
    }
    for named in (charts.GREEN, charts.VERMILION, charts.BLUE):
        wanted = np.array([int(named[place : place + 2], 16) for place in (1, 3, 5)])
        assert min(np.abs(np.array(colour) - wanted).max() for colour in colours) < 12


def test_a_picture_fits_into_an_address() -> None:
    picture = charts_customers.phases(PHASES, Look(Locale.DE, "EUR", Format.PNG))
    assert picture.data_uri.startswith("data:image/png;base64,")
    assert len(picture.data_uri) < 60_000


def test_commands_that_draw_nothing_do_not_load_what_draws() -> None:
    program = "import sys, flows.cli, flows.cli_pictures; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12))
def test_labels_stand_apart_in_their_order(places: list[float]) -> None:
    moved = apart(places, 7.0, 0.0, 100.0)
    order = np.argsort(places, kind="stable")
    steps = np.diff(np.array(moved)[order])
    assert (steps >= 7.0 - 1e-9).all()
    assert min(moved) >= -1e-9
    assert max(moved) <= max(100.0, 7.0 * (len(places) - 1)) + 1e-9


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_can_stand_in_the_picture_of_what_did_not_go(outcome: Outcome) -> None:
    one = pd.DataFrame({"outcome": [outcome.value], "reason": [None], "number": [3]})
    assert charts_journeys.not_sent(one, 90, Look(Locale.DE)).alt
