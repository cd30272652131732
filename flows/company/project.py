"""How the company's files are called and what their columns mean: its sources.yaml."""

from segments.frames import SOURCES
from segments.names import Locale

THEIRS: dict[Locale, dict[str, dict[str, str]]] = {
    Locale.DE: {
        "customers": {
            "customer": "kundennummer",
            "name": "firma",
            "country": "land",
            "locale": "sprache",
            "industry": "branche",
            "owner": "betreuer",
            "since": "kunde_seit",
        },
        "contacts": {
            "contact": "ansprechpartner",
            "customer": "kundennummer",
            "email": "e_mail",
            "salutation": "anrede",
            "title": "titel",
            "first_name": "vorname",
            "last_name": "nachname",
            "role": "rolle",
            "locale": "sprache",
        },
        "products": {
            "product": "artikelnummer",
            "name": "bezeichnung",
            "category": "warengruppe",
            "list_price": "listenpreis",
            "unit_cost": "einstandspreis",
            "fact": "hinweis",
        },
        "orders": {
            "order": "auftrag",
            "customer": "kundennummer",
            "ordered_at": "bestelldatum",
            "contact": "besteller",
            "credit_of": "gutschrift_zu",
            "cancelled_at": "storniert_am",
            "delivered_at": "geliefert_am",
        },
        "order_lines": {
            "order": "auftrag",
            "product": "artikelnummer",
            "quantity": "menge",
            "unit_price": "einzelpreis",
            "list_price": "listenpreis",
            "unit_cost": "einstandspreis",
        },
    },
    Locale.EN: {
        "customers": {"customer": "customer_no", "name": "company", "since": "customer_since"},
        "contacts": {"contact": "contact_no", "customer": "customer_no", "email": "e_mail"},
        "products": {"product": "item_no", "name": "description"},
        "orders": {"order": "order_no", "customer": "customer_no", "ordered_at": "order_date"},
        "order_lines": {"order": "order_no", "product": "item_no", "unit_price": "net_price"},
    },
}
"""What the company calls our columns, where it has words of its own."""

WRITTEN: dict[str, tuple[str, ...]] = {
    table: tuple(columns)
    for table, columns in SOURCES.items()
    if table not in ("order_lines", "suppressions", "task_results")
} | {"order_lines": ("order", "product", "quantity", "unit_price", "list_price", "unit_cost")}
"""Which of our columns each file holds; the company keeps no list of blocked addresses."""


EXPORTED: dict[Locale, str] = {Locale.DE: "exportiert_am", Locale.EN: "exported_at"}
"""Last column of every file: when the row was written, by which only newer rows are read."""


def header(table: str, locale: Locale) -> list[str]:
    """The first row of a file, in the company's words."""
    theirs = THEIRS[locale].get(table, {})
    return [*(theirs.get(column, column) for column in WRITTEN[table]), EXPORTED[locale]]


def sources_yaml(locale: Locale | str) -> str:
    """config/sources.yaml for the company's files; a column it does not name is called as ours."""
    text = [_TOP[Locale(locale)]]
    for table in WRITTEN:
        text.append(f"  {table}:\n    csv: data/{table}.csv")
        text.append(f"    watermark: {EXPORTED[Locale(locale)]}")
        theirs = THEIRS[Locale(locale)].get(table, {})
        if theirs:
            text.append("    columns:")
            text.extend(f"      {ours}: {name}" for ours, name in theirs.items())
    return "\n".join(text) + "\n"


_TOP = {
    Locale.DE: """\
# yaml-language-server: $schema=schema/sources.json
# Where the company's own tables are, and what it calls our columns (ours on the left, theirs on
# the right). Columns that carry our names need no line. `watermark` is the column by which only
# rows newer than those of the last pull are read.
max_age: 10 days            # with no newer order than this, nothing is sent
max_reject_share: 5%        # stop if more rows than this are unusable
tables:""",
    Locale.EN: """\
# yaml-language-server: $schema=schema/sources.json
# Where the company's own tables are, and what it calls our columns (ours on the left, theirs on
# the right). Columns that carry our names need no line. `watermark` is the column by which only
# rows newer than those of the last pull are read.
max_age: 10 days            # with no newer order than this, nothing is sent
max_reject_share: 5%        # stop if more rows than this are unusable
tables:""",
}
