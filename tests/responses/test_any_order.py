"""However SendGrid's events come: twice, late, out of order, in other batches, it ends the same."""

import random
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, update

from flows.responses.apply import respond
from flows.store.batches import keep_batches
from flows.store.models import (
    Contact,
    Customer,
    EventBatch,
    Permission,
    Response,
    Send,
    Suppression,
)
from tests.delivery.rows import DAY, NOW, furnish, outcomes, put, send
from tests.responses.posting import written

BEFORE = ["accepted", "accepted", "in_doubt", "claimed", "delivered", "dropped"]
"""Where the sends stand at first; a seventh is none of ours."""

EVENT = st.fixed_dictionaries(
    {
        "stammkunde_send": st.sampled_from([*map(str, range(1, 8)), "x"]),
        "event": st.sampled_from(
            [
                "processed", "deferred", "delivered", "dropped", "bounce", "open", "click",
                "spamreport", "unsubscribe", "group_unsubscribe", "group_resubscribe", "novelty",
            ]
        ),
        # Within a day, and some at the very same moment.
        "timestamp": st.integers(1, 24).map(
            lambda hours: int((NOW - timedelta(hours=hours)).timestamp())
        ),
        "email": st.sampled_from(["ada@example.com", "Bo@example.com", ""]),
    },
    optional={
        "type": st.sampled_from(["bounce", "blocked"]),
        "reason": st.sampled_from(["Bounced Address", "Unsubscribed Address", "other"]),
        "numbered": st.just(True),
    },
)  # fmt: skip


def numbered(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events with the numbers SendGrid gives most of them."""
    return [
        event | {"sg_event_id": f"e{place}"} if event.get("numbered") else event
        for place, event in enumerate(events)
    ]


def start_again(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in (Response, Suppression, Permission, EventBatch, Send):
            connection.execute(delete(table))
    put(
        engine,
        *(
            send(n, contact_id=1 + n % 2, outcome=outcome, claimed_at=NOW - 2 * DAY)
            for n, outcome in enumerate(BEFORE, 1)
        ),
    )


def state(engine: Engine) -> list[Any]:
    """All that events may change, without the numbers rows happen to get."""
    tables = (Send, Response, Suppression, Permission)
    with engine.connect() as connection:
        return [
            sorted(
                tuple(str(value) for value in row)
                for row in connection.execute(
                    select(*(c for c in table.__table__.c if table is Send or c.name != "id"))
                )
            )
            for table in tables
        ]


def told(engine: Engine, nowhere: Path, *batches: list[dict[str, Any]]) -> None:
    """SendGrid posts a batch and is answered; some batches are applied before the next comes."""
    for number, batch in enumerate(batches):
        with engine.begin() as connection:
            keep_batches(connection, [("sendgrid", written(*batch))], NOW)
        if number % 2:
            respond(engine, nowhere, now=NOW, run_id=1)
    respond(engine, nowhere, now=NOW, run_id=1)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    events=st.lists(EVENT, min_size=1, max_size=14).map(numbered),
    dice=st.randoms(use_true_random=False),
    pieces=st.integers(1, 5),
)
def test_duplicates_delays_and_any_order_end_in_the_same_state(
    engine: Engine,
    tmp_path: Path,
    events: list[dict[str, Any]],
    dice: random.Random,
    pieces: int,
) -> None:
    with engine.connect() as connection:
        made = connection.scalar(select(Customer.id).where(Customer.id == 2))
    if not made:
        furnish(engine)
        with engine.begin() as connection:
            connection.execute(insert(Customer).values(id=2, key="C2"))
            values = {"id": 2, "key": "K2", "customer_id": 2, "email": "bo@example.com"}
            connection.execute(insert(Contact).values(values))
            connection.execute(update(Contact).where(Contact.id == 1).values(email="Ada@x.example"))
    start_again(engine)
    told(engine, tmp_path, events)
    expected = state(engine)

    start_again(engine)
    shuffled = [*events, *dice.choices(events, k=4)]
    dice.shuffle(shuffled)
    cuts = sorted(dice.randrange(len(shuffled) + 1) for _ in range(pieces - 1))
    edges = [0, *cuts, len(shuffled)]
    batches = [shuffled[a:b] for a, b in pairwise(edges)]
    told(engine, tmp_path, *batches)
    assert state(engine) == expected


def test_every_pair_of_events_ends_the_same_either_way(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    words = [
        {"event": word, "type": kind, "reason": "Unsubscribed Address"}
        for word, kind in [
            ("processed", ""), ("delivered", ""), ("dropped", ""), ("bounce", "bounce"),
            ("bounce", "blocked"), ("open", ""), ("spamreport", ""), ("unsubscribe", ""),
        ]
    ]  # fmt: skip
    pairs = [(a, b) for a in words for b in words if a is not b]
    first: list[dict[str, Any]] = []
    later: list[dict[str, Any]] = []
    for number, (a, b) in enumerate(pairs, start=1):
        put(engine, send(number, outcome="accepted", handed_over_at=NOW - DAY))
        at = {"timestamp": int((NOW - DAY).timestamp()), "stammkunde_send": str(number)}
        first.append(a | at | {"sg_event_id": f"a{number}", "email": "a@x.example"})
        later.append(b | at | {"sg_event_id": f"b{number}", "email": "a@x.example"})
    told(engine, tmp_path, first)
    told(engine, tmp_path, later)
    stands = outcomes(engine)
    ends: dict[frozenset[str], set[str]] = {}
    for place, (a, b) in enumerate(pairs, start=1):
        both = frozenset({a["event"] + a["type"], b["event"] + b["type"]})
        ends.setdefault(both, set()).add(stands[place])
    assert all(len(found) == 1 for found in ends.values()), ends
