"""The ledger: what goes in comes out, only what covers the customer is read, and little is used."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from flows.store.ledger import COLUMNS, pack, read_ledger, unpack, write_ledger
from flows.store.models import Ledger
from tests.store.rows import NOW, ago, people, rows_of

PLAIN: dict[str, Any] = {
    "customer_id": 1,
    "enrollment_id": 7,
    "contact_id": 3,
    "journey": "care",
    "version": "v1",
    "step": "thanks",
    "outcome": "queued",
    "reason": None,
    "outranked_by": None,
    "why": None,
    "due_at": NOW,
}


def decisions(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame([{**PLAIN, **row} for row in rows], columns=list(COLUMNS))
    return frame.astype(COLUMNS)


def alike(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    by = list(COLUMNS)
    sides = [rows.sort_values(by, ignore_index=True)[by].astype(COLUMNS) for rows in (one, other)]
    pd.testing.assert_frame_equal(*sides)
    return True


def test_what_is_packed_comes_out_again():
    rows = decisions(
        {"customer_id": 9, "why": "3 of 3 in 7 days", "outcome": "deferred", "reason": "capped"},
        {"customer_id": 2, "contact_id": None, "outcome": "skipped", "reason": "no_contact"},
        {"customer_id": 2, "due_at": ago(0.123456), "enrollment_id": 1},
        {"customer_id": 10**12, "why": 'a "quoted" word\nand a tab\t', "outranked_by": "high"},
    )
    assert alike(unpack(pack(rows)), rows)


def test_a_block_without_decisions_is_one():
    assert alike(unpack(pack(decisions())), decisions())


numbers = st.integers(0, 2**40)
words = st.sampled_from(["a", "ä", "", "b c"])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "customer_id": numbers,
                "enrollment_id": st.none() | numbers,
                "contact_id": st.none() | numbers,
                "why": st.none() | words,
                "due_at": st.none() | numbers.map(lambda us: ago(us / 1e9)),
            }
        ),
        max_size=20,
    )
)
def test_any_decisions_come_out_as_they_went_in(rows: list[dict[str, Any]]):
    assert alike(unpack(pack(decisions(*rows))), decisions(*rows))


def test_the_order_of_rows_makes_no_difference_to_a_block():
    rows = decisions(*({"customer_id": n, "contact_id": n % 3} for n in range(1, 9)))
    assert pack(rows) == pack(rows.iloc[::-1])


def test_a_customers_decisions_are_found_over_runs_the_earliest_first(engine: Engine):
    people(engine)
    with engine.begin() as connection:
        write_ledger(connection, 1, ago(2), decisions({"customer_id": 1}, {"customer_id": 5}))
        write_ledger(connection, 1, ago(1), decisions({"customer_id": 3, "why": "later"}))
        write_ledger(connection, 1, NOW, decisions({"customer_id": 2}, {"customer_id": 4}))
        write_ledger(connection, 1, NOW, decisions())
        found = read_ledger(connection, 3)
        assert list(found["why"]) == ["later"]
        assert found.loc[0, ["run_id", "decided_at"]].tolist() == [1, pd.Timestamp(ago(1))]
        assert read_ledger(connection, 2)["decided_at"].tolist() == [pd.Timestamp(NOW)]
        assert read_ledger(connection, 5, since=ago(1)).empty
        assert len(read_ledger(connection, 5, until=ago(1))) == 1
        assert read_ledger(connection, 6).empty
    assert rows_of(engine, Ledger, "first_customer", "last_customer", "rows") == [
        (1, 5, 2),
        (2, 4, 2),
        (3, 3, 1),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_decision_takes_a_few_bytes(seed: int):
    rng = np.random.default_rng(seed)
    many = 5_000
    customers = np.sort(rng.choice(20_000, many, replace=False)) + 1
    rows = decisions(*[{}] * many).assign(
        customer_id=customers,
        enrollment_id=pd.array(rng.permutation(many) + 10**7, dtype="Int64"),
        contact_id=pd.array(customers * 2 + rng.integers(0, 2, many), dtype="Int64"),
        outcome=rng.choice(["queued", "deferred", "skipped"], many),
    )
    assert len(pack(rows.astype(COLUMNS))) < 6 * many
