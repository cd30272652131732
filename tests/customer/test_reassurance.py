"""How much confirmation a purchase needs."""

import pandas as pd
import pytest

from segments.customer.reassurance import reassurance_for
from segments.names import Reassurance
from segments.policy import PriceBand, ReassurancePolicy
from tests.customer.rows import words


def need(
    value: int | None,
    first: bool | None = False,
    mood: str | None = None,
    policy: ReassurancePolicy | None = None,
) -> str:
    return reassurance_for(
        pd.Series([value], dtype="Int64"),
        pd.Series([first], dtype="boolean"),
        words(mood),
        policy or ReassurancePolicy(),
    )[0]


@pytest.mark.parametrize(
    ("euros", "expected"),
    [
        (0, "none"),
        (499, "none"),
        (500, "light"),
        (2_499, "light"),
        (2_500, "full"),
        (90_000, "full"),
    ],
)
def test_the_price_decides(euros: int, expected: str):
    assert need(euros * 100) == expected


def test_a_first_purchase_in_its_category_needs_one_step_more():
    assert need(50_000, first=True) == "full"
    assert need(50_000, first=True, policy=ReassurancePolicy(raise_first_in_category=False)) == (
        "light"
    )
    assert need(50_000, first=None) == "light"


@pytest.mark.parametrize(
    ("mood", "expected"),
    [("delighted", "light"), ("neutral", "light"), ("annoyed", "full"), ("angry", "full")],
)
def test_a_discontent_customer_needs_one_step_more(mood: str, expected: str):
    assert need(50_000, mood=mood) == expected


def test_below_all_bands_only_half_the_lowest_price_is_worth_a_word():
    assert need(25_000, first=True) == "light"
    assert need(24_999, first=True, mood="angry") == "none"
    assert need(25_000, first=True, mood="angry") == "full"


def test_without_an_order_there_is_nothing_to_confirm():
    assert need(None, first=None, mood="angry") == "none"
    assert need(None, policy=ReassurancePolicy(bands=[PriceBand(at_least=0, need="light")])) == (
        "none"
    )


def test_without_bands_nobody_is_reassured():
    assert need(900_000, first=True, policy=ReassurancePolicy(bands=[])) == "none"


def test_a_band_that_asks_for_nothing_is_not_raised_far_below_the_next():
    policy = ReassurancePolicy(
        bands=[
            PriceBand(at_least=0, need=Reassurance.NONE),
            PriceBand(at_least=500, need=Reassurance.LIGHT),
        ]
    )
    assert need(1_000, first=True, policy=policy) == "none"
    assert need(30_000, first=True, policy=policy) == "light"
