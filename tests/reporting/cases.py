"""One run written by hand, with everything a report can show."""

from datetime import UTC, datetime

import pandas as pd

from flows.reporting.facts import RunFacts
from segments.effect.uplift import SUMS, uplift

NOW = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)

SUMMED = pd.DataFrame(
    [
        ("reassurance", "treated", 5_400, 2_700, 900, 950, 61_000_000, 9.1e12, 600.0, 540.0),
        ("reassurance", "held_out", 610, 305, 70, 74, 3_300_000, 2.9e11, 1.0, 9.0),
        ("second_order", "treated", 800, 800, 90, 90, 4_000_000, 8.0e10, 80.0, 72.0),
        ("second_order", "held_out", 88, 88, 7, 7, 260_000, 2.6e9, 8.8, 7.92),
        ("revitalization", "treated", 700, 10, 130, 130, 900_000, 9.0e9, 70.0, 63.0),
        ("revitalization", "held_out", 300, 4, 140, 140, 1_500_000, 1.1e10, 30.0, 27.0),
        ("thanks", "treated", 12, 0, 1, 1, 5_000, 2.5e7, 0.0, 0.0),
    ],
    columns=list(SUMS),
)

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
    effects=uplift(SUMMED),
    notes=("The newest order is 9 days old, so nothing was sent.",),
)

EMPTY = RunFacts(now=NOW, dry_run=True)
