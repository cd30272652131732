"""The page of `stammkunde export`, in the words of the person it is about."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import babel
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent
from sqlalchemy import Boolean, Column

from flows.reporting import words_export_de, words_export_en
from flows.reporting.figures import UNKNOWN, money
from flows.reporting.words import WORDS, table_name
from flows.store.holdings import TABLES
from flows.store.types import Utc, Word
from segments.frames import PROFILE, Kind
from segments.names import Locale, Outcome, SkipReason
from segments.spans import parse_span

UNTOLD = frozenset(
    {
        "id", "contact_id", "customer_id", "run_id", "product_id", "permission_id",
        "credit_of_id", "provider_id", "request_id", "batch_id", "block", "body", "claim_id",
        "lease_until", "context", "email_hash", "key_hash", "version", "template_version", "node",
        "step", "entry_key", "sign",
    }
)  # fmt: skip
"""Numbers and marks of ours that tell a person nothing; data.json holds them, as far as told."""

_MONEY = {"total", "list_total", "cost", "amount", "list_price", "unit_cost"}
_SHARES = {"discount_share", "drawn_share"}
_PLAIN = {"row", "line"}
_REFERENCES = {
    "purchase_id": ("purchase", "key"),
    "complaint_id": ("complaint", "key"),
    "send_id": ("send", "message"),
    "enrollment_id": ("enrollment", "journey"),
}
_DECIDED: dict[str, type[StrEnum]] = {"outcome": Outcome, "reason": SkipReason}
_WIDE = 4
"""More columns than that stand below one another, so that a telephone can show them."""

_PAGES = {Locale.DE: words_export_de, Locale.EN: words_export_en}
_SPOKEN = {locale: WORDS[locale] | words.WORDS for locale, words in _PAGES.items()}
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Reader:
    """How the one who reads is spoken to, and the names things of the house have."""

    locale: Locale
    zone: str
    currency: str
    journeys: Mapping[str, str]
    owners: Mapping[str, str]


def page(found: Mapping[str, Any], reader: Reader, titles: Mapping[str, str]) -> str:
    """The whole of it as a page that needs nothing else; readable on paper, too."""
    told = "\n".join(_Page(found, reader, titles).parts())
    return (
        f'<!doctype html>\n<html lang="{reader.locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(titles['title'])}</title><style>{_STYLE}</style></head>\n"
        f"<body><main><h1>{escape(titles['title'])}</h1>\n{told}\n</main></body></html>\n"
    )


def label(name: str, locale: Locale) -> str:
    """What a column is called."""
    called: str = _PAGES[locale].LABELS[name]
    return called


def heading(table: str, locale: Locale) -> str:
    """What a table of the store is called."""
    called: str = _PAGES[locale].HEADINGS[table]
    return called


class _Page:
    def __init__(self, found: Mapping[str, Any], reader: Reader, titles: Mapping[str, str]) -> None:
        self.found, self.reader, self.titles = found, reader, titles
        self.locale, self.zone = reader.locale, ZoneInfo(reader.zone)
        self.words = _PAGES[reader.locale]
        tables = found["tables"]
        self.named = {
            name: {row["id"]: row[column] for row in tables[table] if column in row}
            for name, (table, column) in _REFERENCES.items()
        }
        self.currencies = {row["id"]: row["currency"] for row in tables["purchase"]}

    def parts(self) -> Iterator[str]:
        yield f"<p>{self.said('intro', zone=self.reader.zone.replace('_', ' '))}</p>"
        sections: dict[str, Callable[[Any], Iterator[str]]] = {
            "about": self.about,
            "profile": self.profile,
            "consents": self.consents,
            "messages": self.messages,
            "decisions": self.decisions,
            "events_as_posted": self.posted,
            "tables": self.tables,
        }
        for name, told in self.found.items():
            yield f"<h2>{escape(self.titles[name])}</h2>"
            if told:
                yield from sections[name](told)
            else:
                yield f"<p>{escape(self.titles['nothing'])}</p>"

    def about(self, told: Mapping[str, Any]) -> Iterator[str]:
        yield self.card(
            (label(name, self.locale), self.about_cell(name, value)) for name, value in told.items()
        )

    def about_cell(self, name: str, value: Any) -> str:
        if name == "as_of":
            return self.moment(value)
        if name == "kept_for":
            return _lines(
                f"{self.words.KEPT[what]}: {self.span(each)}" for what, each in value.items()
            )
        if name == "sources":
            return _lines(
                f"{table_name(what, self.locale)}: {each}" for what, each in value.items()
            )
        return _lines(value) if isinstance(value, list) else self.text(value)

    def profile(self, told: Mapping[str, Any]) -> Iterator[str]:
        yield self.card((label(name, self.locale), self.figure(name, told[name])) for name in told)

    def figure(self, name: str, value: Any) -> str:
        column = PROFILE[name]
        if value is not None and column.kind == Kind.MONEY:
            return escape(money(value, self.reader.currency, self.locale))
        if value is not None and column.kind == Kind.MOMENT:
            return self.moment(value)
        return self.plain(name, value, column.words)

    def consents(self, told: Rows) -> Iterator[str]:
        for row in told:
            steps = [self.record("consent_step", step) for step in row["steps"]]
            cells = self.record("permission", {**row, "steps": None})
            yield self.card(cells)
            if steps:
                yield f"<h4>{escape(label('steps', self.locale))}</h4>"
                yield from map(self.card, steps)

    def messages(self, told: Rows) -> Iterator[str]:
        for row in told:
            gone = {"note": self.words.SAID["text_gone"]} if "note" in row else {}
            yield self.card(self.record("send", {**row, **gone}))

    def decisions(self, told: Rows) -> Iterator[str]:
        # The series stands beside its number already.
        rows = [
            {name: each for name, each in row.items() if name != "enrollment_id"} for row in told
        ]
        yield from self.listed("ledger", rows)

    def posted(self, told: Rows) -> Iterator[str]:
        for row in told:
            yield self.card(self.record("event_batch", row))

    def tables(self, told: Mapping[str, Rows]) -> Iterator[str]:
        for name, rows in told.items():
            if rows:
                many = self.said("count", n=len(rows)) if len(rows) > 1 else self.said("one")
                yield f"<h3>{escape(heading(name, self.locale))} <small>{many}</small></h3>"
                yield from self.listed(name, rows)
        if empty := [heading(name, self.locale) for name, rows in told.items() if not rows]:
            yield f"<p>{self.said('empty', what='; '.join(empty))}</p>"

    def listed(self, table: str, rows: Rows) -> Iterator[str]:
        names = [
            name
            for name in dict.fromkeys(each for row in rows for each in row)
            if name not in UNTOLD
        ]
        if len(names) > _WIDE:
            for row in rows:
                yield self.card(self.record(table, row))
            return
        head = "".join(f'<th scope="col">{escape(label(name, self.locale))}</th>' for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{self.cell(table, name, row)}</td>" for name in names) + "</tr>"
            for row in rows
        )
        yield f'<table class="list"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def record(self, table: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for name in row:
            if name not in UNTOLD and name != "steps":
                yield label(name, self.locale), self.cell(table, name, row)

    def cell(self, table: str, name: str, row: Mapping[str, Any]) -> str:
        value = row.get(name)
        if value is None or value == "":
            return UNKNOWN
        if name in _REFERENCES:
            known = self.named[name].get(value)
            return self.plain(name.replace("enrollment_id", "journey"), known)
        if name in _MONEY:
            currency = row.get("currency") or self.currencies.get(
                row.get("purchase_id"), self.reader.currency
            )
            return escape(money(value, currency, self.locale))
        column: Column[Any] | None = TABLES[table].c.get(name)
        kind = None if column is None else column.type
        if isinstance(kind, Utc) or name.endswith("_at") or name == "valid_until":
            return self.moment(value)
        if isinstance(kind, Boolean):
            value = bool(value)
        words = kind.words if isinstance(kind, Word) else None
        return self.plain(name, value, _DECIDED.get(name) if table == "ledger" else words)

    def plain(self, name: str, value: Any, words: type[StrEnum] | None = None) -> str:
        """A value that is no money and no moment."""
        if value is None or value == "":
            return UNKNOWN
        if words is not None:
            return escape(_SPOKEN[self.locale][words][value])
        if isinstance(value, bool):
            return self.said("yes" if value else "no")
        if isinstance(value, dict | list):
            return self.quoted(value)
        if isinstance(value, int | float):
            return escape(self.number(name, value))
        if name == "journey":
            value = self.reader.journeys.get(value, value)
        elif name == "owner":
            value = self.reader.owners.get(value, value)
        elif name == "country":
            value = babel.Locale.parse(self.locale.value).territories.get(value, value)
        return self.text(value)

    def number(self, name: str, value: float) -> str:
        if name in _SHARES:
            return format_percent(value, locale=self.locale.value)
        if name in _PLAIN:
            return str(value)
        return format_decimal(value, "#,##0.##", locale=self.locale.value)

    def moment(self, value: str) -> str:
        at = datetime.fromisoformat(value).astimezone(self.zone)
        day = format_date(at, "long", locale=self.locale.value)
        if at.hour == at.minute == at.second == 0:
            return escape(day)
        return escape(f"{day}, {format_time(at.time(), 'short', locale=self.locale.value)}")

    def span(self, value: str) -> str:
        span = parse_span(value)
        one, many = self.words.UNITS[span.unit]
        return f"{span.count} {one if span.count == 1 else many}"

    def quoted(self, value: Any) -> str:
        """What others reported, in their own words and names."""
        told = json.dumps(value, ensure_ascii=False, indent=2)
        return f"{self.said('verbatim')}<pre>{escape(told)}</pre>"

    def text(self, value: Any) -> str:
        return escape(str(value)).replace("\n", "<br>")

    def said(self, key: str, **parts: object) -> str:
        return escape(self.words.SAID[key].format(**parts))

    def card(self, cells: Any) -> str:
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{cell}</td></tr>' for name, cell in cells
        )
        return f"<table>{rows}</table>"


def _lines(values: Any) -> str:
    return "<br>".join(escape(str(each)) for each in values)


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#1c2324;background:#fff;margin:0}"
    "main{max-width:56rem;margin:0 auto;padding:1rem}"
    "h1{line-height:1.2}h2{margin:2.5rem 0 .5rem;border-bottom:2px solid #1c2324}"
    "h3{margin:1.5rem 0 .25rem}h3 small{font-weight:400;color:#4d585a}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem;break-inside:avoid}"
    "th,td{text-align:left;vertical-align:top;border-bottom:1px solid #c3cacb;"
    "padding:.3rem .6rem .3rem 0;overflow-wrap:anywhere}"
    "table+table{border-top:2px solid #8a9496;margin-top:1.5rem}"
    "th{width:38%;font-weight:600}.list th{width:auto}"
    "pre{white-space:pre-wrap;margin:.25rem 0;font-size:.875rem}"
    "@media(max-width:30rem){table:not(.list) th,table:not(.list) td{display:block;width:auto}"
    "table:not(.list) th{border:0;padding-bottom:0}table:not(.list) td{padding-top:0}}"
)
