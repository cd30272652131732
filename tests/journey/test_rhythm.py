"""Whoever asked for advertising less often gets it less often, and everything else as before."""

from datetime import timedelta

import pandas as pd
import pytest

from tests.builders import NOW, contacts, specs
from tests.journey.bidding import bid, told

AD = {"purpose": "advertising"}


def resting(*until: object) -> pd.DataFrame:
    """The contacts of the first customers, resting until these moments."""
    people = contacts(*({"customer_id": number} for number, _ in enumerate(until, start=1)))
    return people.assign(rests_until=pd.Series(list(until), dtype="datetime64[us, UTC]"))


def test_advertising_waits_for_its_time_and_says_until_when():
    soon = NOW + timedelta(days=3)
    sends = bid(specs(AD), to=resting(soon))
    assert told(sends, "care") == [
        "deferred",
        "capped",
        f"asked for less: none before {soon + timedelta(hours=2):%Y-%m-%d %H:%M}",
    ]
    assert bid(specs(AD), to=resting(NOW)).loc["care", "outcome"] == "queued"
    assert bid(specs(AD), to=resting(pd.NaT)).loc["care", "outcome"] == "queued"


@pytest.mark.parametrize("purpose", ["service", "survey"])
def test_what_is_no_advertising_does_not_wait(purpose: str):
    sends = bid(specs({"purpose": purpose}), to=resting(NOW + timedelta(days=3)))
    assert sends.loc["care", "outcome"] == "queued"


def test_whoever_rests_takes_nobodys_place():
    spec = specs(AD | {"name": "ad", "priority": 90}, {"name": "help"})
    sends = bid(spec, to=resting(NOW + timedelta(days=3)))
    assert sends.loc["ad", "outcome"] == "deferred"
    assert sends.loc["help", "outcome"] == "queued"
