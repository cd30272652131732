"""The page of `stammkunde export`: words for everything, amounts and moments as people write."""

import re
from typing import Any

import pytest

from flows.disclosure_page import UNTOLD, Reader, heading, label, page
from flows.reporting import words_export_de, words_export_en
from flows.reporting.words import WORDS
from flows.store.holdings import HELD, READ_OTHERWISE, TABLES
from flows.store.ledger import COLUMNS
from flows.store.types import Word
from segments.frames import PROFILE
from segments.names import Locale
from segments.retention import RetentionPolicy

_PAGES = {Locale.DE: words_export_de, Locale.EN: words_export_en}
_TITLES = dict.fromkeys(
    ("title", "about", "profile", "consents", "messages", "decisions", "events_as_posted",
     "tables", "nothing"), "T",
)  # fmt: skip
_ABOUT = {
    "contact": "P1",
    "customer": "K1",
    "as_of": "2026-06-15T05:00:00.123456+00:00",
    "controller": "X GmbH, Weg 1",
    "purposes": "p",
    "sources": {"customers": "data/customers.csv"},
    "recipients": ["a", "b"],
    "kept_for": {"raw_events": "90 days", "doubts": "1 month"},
    "logic": "l",
    "rights": "r",
}


def _page(locale: Locale, **parts: Any) -> str:
    tables = {name: [] for name in HELD if name not in READ_OTHERWISE} | parts.pop("tables", {})
    found = {"about": _ABOUT, "consents": [], **parts, "tables": tables}
    reader = Reader(
        locale, "Europe/Berlin", "EUR", {"care": "Gut entschieden"}, {"kl": "Kim Linde"}
    )
    return page(found, reader, _TITLES).replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("locale", Locale)
def test_every_table_and_column_of_an_export_has_its_words(locale: Locale):
    for table in HELD:
        for column in TABLES[table].c:
            if table not in READ_OTHERWISE and column.name not in UNTOLD:
                assert label(column.name, locale) != column.name
            if isinstance(column.type, Word):
                words = (
                    _PAGES[locale].WORDS.get(column.type.words) or WORDS[locale][column.type.words]
                )
                assert words.keys() == set(column.type.words)
        if table not in READ_OTHERWISE:
            assert heading(table, locale)
    told = {"decided_at", "good", "steps", "handed_over_at", "valid_until", "token", "sent_at"}
    told |= {"to", "subject", "text", "note", "source", "received_at", "content"}
    for name in told | _ABOUT.keys() | PROFILE.keys() | (COLUMNS.keys() - UNTOLD):
        assert label(name, locale) != name
    for column in PROFILE.values():
        assert column.words is None or column.words in (WORDS[locale] | _PAGES[locale].WORDS)
    assert _PAGES[locale].KEPT.keys() == RetentionPolicy.model_fields.keys()


def test_both_languages_have_words_for_the_same():
    for name in ("WORDS", "HEADINGS", "KEPT", "UNITS", "SAID", "LABELS"):
        assert getattr(words_export_de, name).keys() == getattr(words_export_en, name).keys()


_PROFILE = dict.fromkeys(PROFILE) | {
    "net_revenue_12m": 2631120,
    "last_order_at": "2026-06-14T22:00:00+00:00",
    "sales_lock": True,
    "first_in_category": False,
    "phase": "at_risk",
    "owner": "kl",
    "country": "DE",
    "typical_gap_days": 120.0,
    "discount_share": 0.25,
}
_ROWS = {
    "purchase": [
        {"id": 31, "key": "B-7", "ordered_at": "2026-01-05T09:30:59+00:00", "kind": "credit",
         "currency": "CHF", "total": 123456, "customer_id": 977},
    ],
    "purchase_line": [{"id": 4, "purchase_id": 31, "line": 1, "quantity": 2.0, "amount": -990}],
    "phase_change": [
        {"id": 1, "customer_id": 977, "at": "2026-01-05T09:30:59+00:00", "after": "prospect"},
        {"id": 2, "customer_id": 977, "at": "2026-02-05T09:30:59+00:00", "before": "prospect",
         "after": "ended"},
    ],
}  # fmt: skip


def _cells(text: str) -> dict[str, str]:
    return dict(re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', text))


def test_a_german_reads_german_words_amounts_days_and_spans():
    text = _page(Locale.DE, profile=_PROFILE, decisions=[], tables=_ROWS)
    cells = _cells(text)
    assert cells["Nettoumsatz der letzten 12 Monate"] == "26.311,20 €"
    assert cells["Letzte Bestellung"] == "15. Juni 2026"
    assert cells["Stand"] == "15. Juni 2026, 07:00"
    assert (cells["Verhandlung läuft"], cells["Bundesland"]) == ("ja", "–")
    assert cells["Phase der Beziehung"] == "Gefährdung"
    assert (cells["Betreut von"], cells["Land"]) == ("Kim Linde", "Deutschland")
    assert cells["Anteil der Bestellungen mit Rabatt"] == "25 %"
    assert cells["Wie lange wir es aufbewahren"].endswith("geklärt wurden: 1 Monat")
    assert "wie sie eingingen: 90 Tage" in cells["Wie lange wir es aufbewahren"]
    assert cells["Woher die Daten stammen"] == "Kunden: data/customers.csv"
    assert (cells["Art"], cells["Nettosumme"]) == ("Gutschrift", "1.234,56 CHF")
    assert "<td>B-7</td><td>1</td><td>2</td><td>-9,90 CHF</td>" in text
    assert "<td>5. Januar 2026, 10:30</td><td>Anbahnung</td><td>–</td>" in text
    assert not re.search(r"977|True|None|_12m|2631120|\+00:00| days", text)


def test_an_english_reader_reads_english_ones():
    cells = _cells(_page(Locale.EN, profile=_PROFILE, tables=_ROWS))
    assert cells["Net revenue of the last 12 months"] == "€26,311.20"
    assert cells["As of"] == "June 15, 2026, 7:00 AM"
    assert (cells["Negotiation under way"], cells["Federal state"]) == ("yes", "–")
    assert cells["Language"] == "–"
    assert "as they came in: 90 days" in cells["How long we keep it"]


def test_decisions_messages_and_what_was_posted_are_told_in_words():
    text = _page(
        Locale.DE,
        messages=[{"id": 5, "message": "m1", "purpose": "advertising", "basis": "consent",
                   "sent_at": "2026-01-05T09:30:59+00:00", "text": "", "note": "no longer kept"}],
        decisions=[{"run_id": 888, "decided_at": "2026-01-05T09:30:59+00:00", "customer_id": 977,
                    "enrollment_id": 55, "journey": "care", "version": "v0", "step": "s",
                    "outcome": "skipped", "reason": "quiet"}],
        events_as_posted=[{"source": "sendgrid", "received_at": "2026-01-05T09:30:59+00:00",
                           "content": [{"event": "delivered", "email": "a@<b>.example"}]}],
    )  # fmt: skip
    held_back = "<td>zurückgehalten</td><td>außerhalb der erlaubten Stunden"
    assert f"<td>Gut entschieden</td>{held_back}" in text
    assert "Einwilligung" in text
    assert "Der Wortlaut wird nicht mehr aufbewahrt." in text
    assert "Wörtlich, wie es uns gemeldet wurde:<pre>" in text
    assert "a@&lt;b&gt;.example" in text
    assert not re.search("888|977|skipped|no longer", text)


def test_a_consent_tells_its_steps():
    step = {"id": 9, "permission_id": 2, "contact_id": 1, "kind": "mailed", "purpose": "survey",
            "at": "2026-01-05T09:30:59+00:00", "token": "abc"}  # fmt: skip
    row = {"id": 2, "kind": "consent", "purpose": "survey", "at": "2026-01-05T09:30:59+00:00"}
    text = _page(Locale.DE, consents=[{**row, "good": False, "steps": [step]}])
    assert _cells(text)["Gilt"] == "nein"
    assert "Mail zur Bestätigung" in text
