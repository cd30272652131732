"""The words reports use, by language: one for every word of the house, and the sentences around."""

from collections.abc import Mapping
from enum import StrEnum

from flows.reporting import (
    words_alerts,
    words_approval,
    words_care,
    words_consent,
    words_day,
    words_de,
    words_deployments,
    words_doctor_de,
    words_doctor_en,
    words_effect,
    words_en,
    words_lists,
    words_mail,
    words_measuring,
    words_people,
    words_pictures,
    words_rights,
    words_secret,
    words_sending,
    words_up,
)
from segments.names import Locale

WORDS = {
    Locale.DE: words_de.WORDS
    | words_alerts.WORDS_DE
    | words_consent.WORDS_DE
    | words_effect.WORDS_DE
    | words_people.WORDS_DE,
    Locale.EN: words_en.WORDS
    | words_alerts.WORDS_EN
    | words_consent.WORDS_EN
    | words_effect.WORDS_EN
    | words_people.WORDS_EN,
}
TABLES = {Locale.DE: words_de.TABLES, Locale.EN: words_en.TABLES}


def _joined(*parts: Mapping[str, str]) -> dict[str, str]:
    """All of them; none may take the place of another."""
    joined: dict[str, str] = {}
    for part in parts:
        if twice := joined.keys() & part.keys():
            raise ValueError(f"said in two ways: {sorted(twice)}")
        joined |= part
    return joined


TEXTS = {
    Locale.DE: _joined(
        words_de.TEXTS,
        words_sending.DE,
        words_approval.DE,
        words_alerts.DE,
        words_lists.DE,
        words_day.DE,
        words_deployments.DE,
        words_mail.DE,
        words_rights.DE,
        words_consent.TEXTS_DE,
        words_effect.DE,
        words_people.TEXTS_DE,
        words_pictures.DE,
        words_secret.DE,
        words_measuring.DE,
        words_care.DE,
        words_doctor_de.WORDS,
        words_up.DE,
    ),
    Locale.EN: _joined(
        words_en.TEXTS,
        words_sending.EN,
        words_approval.EN,
        words_alerts.EN,
        words_lists.EN,
        words_day.EN,
        words_deployments.EN,
        words_mail.EN,
        words_rights.EN,
        words_consent.TEXTS_EN,
        words_effect.EN,
        words_people.TEXTS_EN,
        words_pictures.EN,
        words_secret.EN,
        words_measuring.EN,
        words_care.EN,
        words_doctor_en.WORDS,
        words_up.EN,
    ),
}


_WAYS = {
    "by hand": "bar_from_hand",
    "unsubscribe link": "bar_from_link",
    "mail to unsubscribe": "bar_from_mail",
    "preferences page": "bar_from_page",
}


def word(kind: type[StrEnum], value: str, locale: Locale) -> str:
    """How to say a word of `segments.names` to a colleague."""
    return WORDS[locale][kind][value]


def table_name(table: str, locale: Locale) -> str:
    """How to call a table of intake; a name that is not one of ours stays as it is."""
    return TABLES[locale].get(table, table)


def person_said(key: str, locale: Locale) -> str:
    """A person by the company's own number, or that it was erased."""
    mark, _, number = key.partition(" ")
    return say("person_erased", locale, number=number) if mark == "erased" else key


def whence(source: str, locale: Locale) -> str:
    """Where a wish or a suppression came from: our own ways in words, all else as it is."""
    mark, _, number = source.partition(" ")
    if mark == "send" and number.isdigit():
        return say("bar_from_send", locale, number=number)
    return say(_WAYS[source], locale) if source in _WAYS else source


def say(key: str, locale: Locale, **parts: object) -> str:
    """A heading or sentence, with its parts filled in."""
    return TEXTS[locale][key].format(**parts)
