"""Every word of the house can be said in every language."""

import string

import pytest

from flows.reporting.facts import TALLIES
from flows.reporting.words import TABLES, TEXTS, WORDS, say, table_name, word
from segments.frames import SOURCES
from segments.names import LeaveReason, Locale, Outcome, Phase, SkipReason

KINDS = sorted(WORDS[Locale.EN], key=lambda kind: kind.__name__)


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("kind", KINDS)
def test_every_word_of_a_kind_is_said(kind, locale: Locale):
    assert set(WORDS[locale][kind]) == set(kind)
    assert all(text.strip() == text and text for text in WORDS[locale][kind].values())
    assert len(set(WORDS[locale][kind].values())) == len(kind)


def test_languages_say_the_same_kinds_tables_and_texts():
    assert set(WORDS) == set(TABLES) == set(TEXTS) == set(Locale)
    assert set(WORDS[Locale.DE]) == set(KINDS) >= {Phase, Outcome, SkipReason, LeaveReason}
    assert set(TABLES[Locale.DE]) == set(TABLES[Locale.EN]) == set(SOURCES)
    assert set(TEXTS[Locale.DE]) == set(TEXTS[Locale.EN])


@pytest.mark.parametrize("key", sorted(TEXTS[Locale.EN]))
def test_languages_fill_the_same_parts_into_a_text(key: str):
    parts = [
        {name for _, name, _, _ in string.Formatter().parse(TEXTS[locale][key]) if name}
        for locale in Locale
    ]
    assert all(found == parts[0] for found in parts)


def test_every_outcome_belongs_to_exactly_one_figure():
    assert sorted(outcome for group in TALLIES.values() for outcome in group) == sorted(Outcome)


def test_words_are_found_by_their_value():
    assert word(SkipReason, "no_permission", Locale.EN) == "no permission for this kind of message"
    assert say("told_sent", Locale.DE, n=3) == "versandt 3"
    assert table_name("order_lines", Locale.DE) == "Bestellpositionen"
    assert table_name("their_own", Locale.DE) == "their_own"
