"""Numbers, shares, money and days as people of a language write them."""

from datetime import datetime
from decimal import Decimal
from math import floor, isnan, log10
from zoneinfo import ZoneInfo

import babel
from babel.dates import format_date
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)

from flows.reporting.words import say
from segments.names import Locale

UNKNOWN = "–"


def count(number: int, locale: Locale) -> str:
    """A whole number with its thousands set apart."""
    return format_decimal(int(number), locale=locale.value)


def share(value: float, locale: Locale) -> str:
    """A share as percent with one decimal; a dash where it is unknown."""
    if isnan(value):
        return UNKNOWN
    pattern = babel.Locale.parse(locale.value).percent_formats[None].pattern
    return format_percent(value, pattern.replace("0", "0.0"), locale=locale.value)


def percent(value: float, locale: Locale) -> str:
    """A share as whole percent."""
    return format_percent(value, locale=locale.value)


def number(value: float, locale: Locale) -> str:
    """A figure with three digits that say something; a dash where it is unknown."""
    if isnan(value):
        return UNKNOWN
    digits = 0 if value == 0 else max(0, 2 - floor(log10(abs(value))))
    return format_decimal(round(value, min(digits, 6)), format="#,##0.######", locale=locale.value)


def percent_more(ratio: float, locale: Locale) -> str:
    """A ratio as how much more or less it is: 1.08 is "+8.0%"."""
    text = share(ratio - 1, locale)
    return f"+{text}" if ratio > 1 else text


def money(minor: float, currency: str, locale: Locale, *, signed: bool = False) -> str:
    """Minor units as an amount; with its sign if asked; a dash where it is unknown."""
    if isnan(minor):
        return UNKNOWN
    amount = Decimal(round(minor)).scaleb(-get_currency_precision(currency))
    text = format_currency(amount, currency, locale=locale.value)
    return f"+{text}" if signed and amount > 0 else text


def interval(low: float, high: float, currency: str, locale: Locale) -> str:
    """From one amount to another; a dash where it is unknown."""
    if isnan(low) or isnan(high):
        return UNKNOWN
    ends = (money(end, currency, locale, signed=True) for end in (low, high))
    return f" {say('to', locale)} ".join(ends)


def round_money(minor: float, currency: str, locale: Locale) -> str:
    """The same with its sign and, where the amount is a whole one, without the digits behind it."""
    amount = Decimal(round(minor)).scaleb(-get_currency_precision(currency))
    if amount != amount.to_integral_value():
        return money(minor, currency, locale, signed=True)
    pattern = babel.Locale.parse(locale.value).currency_formats["standard"].pattern
    text = format_currency(
        amount, currency, pattern.replace(".00", ""), locale=locale.value, currency_digits=False
    )
    return f"+{text}" if amount > 0 else text


def points(value: float, unit: str, locale: Locale) -> str:
    """A difference of shares or numbers with its sign and as many digits as it needs."""
    if isnan(value):
        return UNKNOWN
    text = format_decimal(value, "+0.###;-0.###" if value else "0", locale=locale.value)
    return f"{text} {unit}".rstrip()


def short_day(moment: datetime, locale: Locale) -> str:
    """The day of a moment in few letters: 22. Nov. 2026."""
    return format_date(moment.date(), "medium", locale=locale.value)


def short_day_in(moment: datetime, zone: str, locale: Locale) -> str:
    """The same with the day of the week, in the business zone: Mon 16 Nov."""
    here = moment.astimezone(ZoneInfo(zone)).date()
    form = "EEE d. MMM" if locale == Locale.DE else "EEE d MMM"
    return format_date(here, form, locale=locale.value)


def day(moment: datetime, zone: str, locale: Locale) -> str:
    """The day in the business zone, written out."""
    return format_date(moment.astimezone(ZoneInfo(zone)).date(), "full", locale=locale.value)
