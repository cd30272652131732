"""What stands beside an effect, from stores written by hand, on both databases."""

from datetime import timedelta

import pandas as pd
from sqlalchemy import Connection

from flows.store.evidence import attributed, displaced, scores
from flows.store.ledger import COLUMNS, write_ledger
from flows.store.models import Enrollment, Purchase, Response, Run, Send
from tests.store.test_effects import START, bought, day, enrolled, owed, store, write

__all__ = ["store"]


def decided(connection: Connection, at: float, *rows: tuple[int, str, str, str]) -> None:
    """Decisions of a run: enrollment, step, outcome, who went before; all of `again`."""
    frame = pd.DataFrame(
        [
            {"enrollment_id": one, "step": step, "outcome": outcome, "outranked_by": by or None,
             "customer_id": one, "journey": "again", "version": "v1", "due_at": day(at)}
            for one, step, outcome, by in rows
        ]
    ).reindex(columns=list(COLUMNS))  # fmt: skip
    write_ledger(connection, int(at), day(at), frame.astype(COLUMNS))


def test_an_order_is_told_once_with_the_last_message_before_it(store: Connection):
    write(store, Enrollment, [enrolled(1, id=1), enrolled(1, id=2, journey="other")])
    write(
        store,
        Send,
        [
            owed(1, id=1, handed_over_at=day(1)),
            owed(2, id=2, journey="other", handed_over_at=day(2)),
        ],
    )
    write(
        store,
        Purchase,
        [
            bought(1, day(3), 500, id=1),
            bought(1, day(3), 70, id=2, seen_at=day(9)),
            bought(1, day(3), 9, id=3, cancelled_at=day(4)),
        ],
    )
    told = {"kind": "order", "at": day(3)}
    write(
        store,
        Response,
        [
            {"key": f"{send}:{order}", "send_id": send, "purchase_id": order, **told}
            for send in (1, 2)
            for order in (1, 2, 3)
        ],
    )
    assert attributed(store, day(5)).to_dict("records") == [
        {"journey": "other", "orders": 1, "revenue": 500}
    ]
    assert attributed(store, day(9))["revenue"].tolist() == [570]
    assert attributed(store, day(2)).empty


def test_a_message_that_waited_counts_once_and_may_be_lost(store: Connection):
    run = {"id": 3, "kind": "plan", "as_of": day(3), "started_at": day(3), "counts": {}}
    write(store, Run, [run])
    decided(store, 1, (1, "one", "deferred", "care"), (2, "one", "deferred", "care"))
    decided(store, 2, (1, "one", "deferred", "care"), (2, "one", "skipped", "care"))
    decided(store, 3, (1, "one", "queued", ""), (3, "one", "deferred", "news"))
    found = displaced(store, START, day(3))
    assert found.to_dict("records") == [
        {"journey": "again", "by": "care", "waited": 2, "lost": 1},
        {"journey": "again", "by": "news", "waited": 1, "lost": 0},
    ]
    assert displaced(store, START, day(1))["lost"].tolist() == [0]
    assert displaced(store, day(3), day(9)).empty


def test_scores_are_counted_with_those_asked(store: Connection):
    survey = {"purpose": "survey", "handed_over_at": day(1)}
    write(store, Enrollment, [enrolled(1, id=1)])
    write(
        store,
        Send,
        [owed(1, id=at, step=f"s{at}", **survey) for at in range(1, 7)]
        + [owed(1, id=7, step="ghost", purpose="survey"), owed(1, id=8, step="ad")],
    )
    given = {1: 10, 2: 9, 3: 8, 4: 6, 5: 3}
    write(
        store,
        Response,
        [
            {"key": f"n{send}", "send_id": send, "kind": "nps", "score": score, "at": day(send)}
            for send, score in given.items()
        ],
    )
    year = timedelta(days=365)
    (row,) = scores(store, day(4), year).to_dict("records")
    assert row == {"journey": "again", "promoters": 2, "passives": 1, "detractors": 1, "asked": 6}
    assert scores(store, day(9), year)["detractors"].tolist() == [2]
    assert scores(store, day(400), year).empty
