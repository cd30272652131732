"""Figures as people of a language write them."""

from datetime import UTC, datetime
from math import nan

import pytest

from flows.reporting import figures
from segments.names import Locale


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "expected"),
    [
        (123_456_789, "EUR", Locale.DE, "1.234.567,89\u00a0€"),
        (123_456_789, "EUR", Locale.EN, "€1,234,567.89"),
        (1_050.4, "EUR", Locale.EN, "€10.50"),
        (-5, "EUR", Locale.DE, "-0,05\u00a0€"),
        (1_234, "JPY", Locale.EN, "¥1,234"),
        (nan, "EUR", Locale.DE, "–"),
    ],
)
def test_money(minor: float, currency: str, locale: Locale, expected: str):
    assert figures.money(minor, currency, locale) == expected


def test_signed_money_shows_its_direction_but_zero_has_none():
    shown = [figures.money(value, "EUR", Locale.EN, signed=True) for value in (100, -100, 0.2)]
    assert shown == ["+€1.00", "-€1.00", "€0.00"]


def test_an_interval_without_ends_is_a_dash():
    assert figures.interval(nan, nan, "EUR", Locale.DE) == "–"
    assert figures.interval(-100, 250, "EUR", Locale.EN) == "-€1.00 to +€2.50"


def test_shares():
    assert figures.share(0.1234, Locale.DE) == "12,3\u00a0%"
    assert figures.share(1, Locale.EN) == "100.0%"
    assert figures.share(nan, Locale.EN) == "–"


def test_the_day_is_that_of_the_business_zone():
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert figures.day(late, "Europe/Berlin", Locale.DE) == "Dienstag, 3. März 2026"
    assert figures.day(late, "UTC", Locale.EN) == "Monday, March 2, 2026"
