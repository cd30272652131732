"""One run written by hand, with everything a report can show."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from flows.reporting.facts import DayFacts, Figures, RunFacts, figures
from segments.effect.estimate import estimate
from segments.effect.sums import SUMS

NOW = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


def _arm(journey: str, arm: str, customers: int, complete: int, buyers: int, mean: float):
    """Sums of an arm in which some bring the same each, and the others nothing."""
    each = mean * complete / max(buyers, 1)
    share = {"reassurance": 0.1, "second_order": 0.1, "revitalization": 0.1}.get(journey, 0.0)
    shared = {
        "journey": journey,
        "part": None,
        "arm": arm,
        "customers": customers,
        "complete": complete,
        "before": 0.5 * buyers,
        "before_squares": 0.5 * buyers,
        "expected": share * customers,
        "expected_variance": share * (1 - share) * customers,
    }
    for outcome, value in (("goal", 1.0), ("revenue", 2.5 * each), ("margin", each)):
        yield shared | {
            "outcome": outcome,
            "nonzero": buyers,
            "total": value * buyers,
            "squares": value**2 * buyers,
            "product": 0.4 * value * buyers,
        }


_ARMS = [
    ("reassurance", "treated", 5_400, 2_700, 900, 4_200.0),
    ("reassurance", "held_out", 610, 305, 70, 1_100.0),
    ("second_order", "treated", 800, 800, 90, 1_600.0),
    ("second_order", "held_out", 88, 88, 7, 1_200.0),
    ("revitalization", "treated", 700, 700, 130, 900.0),
    ("revitalization", "held_out", 300, 300, 140, 1_500.0),
    ("thanks", "treated", 12, 0, 0, 0.0),
]
SUMMED = pd.DataFrame([row for arm in _ARMS for row in _arm(*arm)])[list(SUMS)]
_OF_TOP = SUMMED[SUMMED["journey"] == "reassurance"].assign(part="quadrant:top")
_HOUSE = SUMMED[SUMMED["journey"] == "second_order"].assign(journey="*")


def estimated(sums: pd.DataFrame) -> pd.DataFrame:
    """As the stage has it estimated."""
    return estimate(sums, pace=40.0, matters={"margin": 100.0})


FULL = RunFacts(
    now=NOW,
    titles={
        "reassurance": "Nach dem Kauf: gut entschieden",
        "second_order": "Zweite Bestellung | <b>neu</b>",
    },
    pulled={
        "order_lines": {"read": 12_345, "new": 1_200, "changed": 3, "unchanged": 1, "rejected": 5},
        "contacts": {"read": 9, "new": 0, "changed": 0, "rejected": 0},
        "extras": {"read": 1},
    },
    entered=pd.DataFrame(
        [
            ("reassurance", "held_out", 4),
            ("reassurance", "treated", 41),
            ("second_order", "treated", 1_003),
        ],
        columns=["journey", "arm", "number"],
    ),
    left=pd.DataFrame(
        [("reassurance", "goal", 2), ("reassurance", "order_returned", 1)],
        columns=["journey", "reason", "number"],
    ),
    sends=pd.DataFrame(
        [
            ("reassurance", "reassurance", "accepted", None, 400, 1),
            ("reassurance", "reassurance", "delivered", None, 87, 2),
            ("reassurance", "reassurance", "ghost", None, 12, 3),
            ("reassurance", "reassurance", "render_failed", None, 2, 17),
            ("reassurance", "reassurance", "skipped", "no_permission", 6, 30),
            ("second_order", "second_order", "deferred", None, 3, 40),
            ("second_order", "second_order", "queued", None, 1, 44),
            ("second_order", "second_order", "skipped", "no_permission", 14, 41),
            ("second_order", "second_order", "skipped", "complaint_open", 10, 42),
            ("second_order", "win_back", "skipped", "template_error", 1, 43),
        ],
        columns=["journey", "message", "outcome", "reason", "number", "example"],
    ),
    tasks=pd.DataFrame([("reassurance", "call", 3)], columns=["journey", "kind", "number"]),
    phases=pd.DataFrame(
        [
            (None, "exploration", 30),
            ("exploration", "expansion", 7),
            ("maturity", "at_risk", 7),
        ],
        columns=["before", "after", "number"],
    ),
    rejects=pd.DataFrame(
        [
            ("order_lines", 5, "inbox/lines.csv", 18, "ordered_at", "this is no date | at all"),
            ("order_lines", 5, "inbox/lines.csv", 19, "ordered_at", "this is no date"),
        ],
        columns=["source", "number", "place", "row", "column", "reason"],
    ),
    journeys=pd.DataFrame(
        [
            ("reassurance", "enrollment", "active", 5_000),
            ("reassurance", "enrollment", "exited", 10),
            ("reassurance", "enrollment", "finished", 1_000),
            ("reassurance", "goal", "order", 970),
            ("reassurance", "response", "click", 300),
            ("reassurance", "send", "accepted", 5),
            ("reassurance", "send", "delivered", 5_395),
            ("reassurance", "send", "ghost", 610),
            ("reassurance", "send", "skipped", 31),
            ("reassurance", "skip", "no_permission", 31),
            ("reassurance", "task", "call", 20),
            ("reassurance", "task", "visit", 1),
            ("second_order", "enrollment", "active", 900),
        ],
        columns=["journey", "what", "word", "number"],
    ),
    effects=estimated(pd.concat([SUMMED, _OF_TOP])),
    house=estimated(_HOUSE),
    notes=("The newest order is 9 days old, so nothing was sent.",),
)

EMPTY = RunFacts(now=NOW, dry_run=True)

DAY = DayFacts(
    FULL,
    figures(FULL.sends, FULL.entered, 1_203),
    before=Figures(orders=1_100, began=1_048, sent=500, held_out=11, left_out=0),
    day_before=NOW - timedelta(days=3),
    funnels=pd.DataFrame(
        [
            ("reassurance", "treated", "entered", 5_400),
            ("reassurance", "treated", "due", 5_395),
            ("reassurance", "treated", "sent", 5_390),
            ("reassurance", "treated", "delivered", 5_300),
            ("reassurance", "treated", "answered", 0),
            ("reassurance", "treated", "goal", 970),
            ("reassurance", "held_out", "entered", 610),
            ("reassurance", "held_out", "due", 608),
            ("reassurance", "held_out", "goal", 80),
            ("second_order", "treated", "entered", 1_003),
        ],
        columns=["journey", "arm", "stage", "number"],
    ),
    waits=pd.DataFrame(
        [("second_order", 7, 12, NOW), ("second_order", 8, 3, NOW)],
        columns=["journey", "run_id", "messages", "valid_until"],
    ),
    still=("Journey revitalization stands still since 2026-03-01 08:00: stopped by hand.",),
    doubts=({"Send": 12, "Message": "reassurance"},),
    in_doubt=1_201,
    overdue=2,
    mails="var/mails/index.html",
)
QUIET = DayFacts(EMPTY)
