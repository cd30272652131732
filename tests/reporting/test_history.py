"""What happened with a customer, in sentences."""

from datetime import UTC, datetime

import pytest

from flows.reporting.history import sentence
from flows.store.clicks import MACHINE
from flows.store.timeline import Moment
from segments.names import Locale


def response(locale: Locale, **about: object) -> str:
    told = {"score": None, "send": 7, "message": "thanks"} | about
    return sentence(Moment(datetime(2026, 6, 1, tzinfo=UTC), "response", told), locale, "UTC")


@pytest.mark.parametrize(
    ("locale", "scanned", "strange"),
    [
        (
            Locale.EN,
            "A program checked a link of thanks; nobody clicked",
            "Not understood (moved): thanks",
        ),
        (
            Locale.DE,
            "Ein Programm prüfte einen Link von thanks; niemand klickte",
            "Nicht verstanden (moved): thanks",
        ),
    ],
)
def test_what_no_person_did_is_not_told_as_theirs(
    locale: Locale, scanned: str, strange: str
) -> None:
    assert response(locale, kind="unknown", told=MACHINE) == scanned
    assert response(locale, kind="unknown", told="moved") == strange
