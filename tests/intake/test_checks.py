"""Cells held against the contract: what they become, and which are refused with what words."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.intake import cells
from flows.intake.cells import TEXT, Writing
from flows.intake.checks import Checked, check, needed
from flows.intake.sources import Chunk
from flows.intake.spec import TableSource

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def checked(table: str, *rows: dict[str, str], **source: Any) -> Checked:
    """Check rows of text, filled up with what the table cannot do without."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: pa.array([row.get(name, "") for row in rows], TEXT) for name in names}
    numbered = {"row": pa.array(range(2, len(rows) + 2), pa.int64()), **columns}
    spec = TableSource(csv="x.csv", **source)
    writing = Writing(spec.dates, spec.decimal, "Europe/Berlin", NOW)
    return check(
        table, Chunk(pa.RecordBatch.from_pydict(numbered)), spec, needed(table, {}), writing
    )


def line(**changed: str) -> dict[str, str]:
    whole = {"order": "A1", "customer": "7", "ordered_at": "2026-02-01", "amount": "1"}
    return whole | changed


def reasons(result: Checked) -> list[tuple[int, str, Any, str]]:
    return [tuple(row.values())[:4] for row in result.rejects.to_pylist()]


def good(result: Checked, *columns: str) -> list[Any]:
    """The rows kept, as values of one column or lists of several."""
    found = [result.good[name].to_pylist() for name in columns]
    return found[0] if len(columns) == 1 else [list(row) for row in zip(*found, strict=True)]


def money(text: str, decimal: str = ".") -> int | None:
    read = cells.micro(pa.array([text], TEXT), decimal, native=False)
    value: int | None = cells.minor(read.typed)[0].as_py()
    return value


@pytest.mark.parametrize(
    ("text", "decimal", "cents"),
    [
        ("12.34", ".", 1234),
        ("-0.29", ".", -29),
        ("1.005", ".", 101),
        ("-1.005", ".", -101),
        ("2.675", ".", 268),
        ("1,234,567.89", ".", 123456789),
        ("1.234.567,89", ",", 123456789),
        ("1.234", ",", 123400),
        ("12,50 €", ",", 1250),
        ("EUR 12,50", ",", 1250),
        ("12,50-", ",", -1250),
        ("−3,00", ",", -300),
        ("1'250.50", ".", 125050),
        ("999999999.99", ".", 99999999999),
        ("1.23", ",", None),
        ("1,23", ".", None),
        ("12,,50", ",", None),
        ("1e3", ".", None),
        ("=1+1", ".", None),
        ("١٢", ".", None),
        ("9" * 400, ".", None),
        ("", ".", None),
    ],
)
def test_money_is_read_exactly_or_not_at_all(text: str, decimal: str, cents: int | None) -> None:
    assert money(text, decimal) == cents


@given(st.decimals(min_value=-999_999, max_value=999_999, places=4))
def test_money_is_rounded_as_people_round_it(value: Decimal) -> None:
    expected = int((value * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    assert money(f"{value:f}") == expected


def test_a_line_is_summed_before_it_is_rounded() -> None:
    result = checked(
        "order_lines",
        line(amount="", unit_price="0.125", quantity="1000"),
        line(amount="", unit_price="0.333", quantity="2.5"),
        line(amount="", unit_price="5", quantity=""),
        line(amount="7", unit_price="5", quantity="-2"),
    )
    assert good(result, "amount") == [12500, 83, 500, 700]
    assert good(result, "quantity") == [1000, 2.5, 1, -2]


@pytest.mark.parametrize(
    ("text", "dates", "moment"),
    [
        ("2026-02-01", "iso", "2026-01-31 23:00"),
        ("2026-02-01T10:00:00.5", "iso", "2026-02-01 09:00:00.5"),
        ("2026-07-01 10:00", "iso", "2026-07-01 08:00"),
        ("2026-02-01T10:00:00Z", "iso", "2026-02-01 10:00"),
        ("2026-02-01T10:00:00-05:00", "iso", "2026-02-01 15:00"),
        ("01.02.2026", "german", "2026-01-31 23:00"),
        ("1.2.2026 10:00", "german", "2026-02-01 09:00"),
        ("02/01/2026 10:00 PM", "us", "2026-02-01 21:00"),
        ("20260201", "%Y%m%d", "2026-01-31 23:00"),
        ("29.03.2026 02:30", "german", "2026-03-29 01:00"),
        ("25.10.2026 02:30", "german", "2026-10-25 00:30"),
        ("2026-02-30", "iso", None),
        ("2026", "iso", None),
        ("01.02.2026", "iso", None),
        ("13/01/2026", "us", None),
        ("00.00.0000", "german", None),
    ],
)
def test_moments_are_read_in_the_form_given(text: str, dates: str, moment: str | None) -> None:
    writing = Writing(dates, ".", "Europe/Berlin", datetime(2030, 1, 1, tzinfo=UTC))
    read = cells.moment(pa.array([text], TEXT), writing, native=False)
    assert read.typed[0].as_py() == (None if moment is None else pd.Timestamp(moment, tz="UTC"))


def test_absurd_dates_are_rejected_and_dates_ahead_wait() -> None:
    result = checked(
        "order_lines",
        line(ordered_at="1899-12-30"),
        line(ordered_at="9999-12-31"),
        line(ordered_at="2026-03-02"),
        line(ordered_at="2026-03-01 12:59"),
    )
    assert [row[:3] for row in reasons(result)] == [
        (2, "ordered_at", "1899-12-30"),
        (3, "ordered_at", "9999-12-31"),
    ]
    assert result.not_yet == 1
    assert good(result, "row") == [5]


def test_what_ends_only_after_now_is_not_known_yet() -> None:
    complaint = {"complaint": "R1", "customer": "7", "opened_at": "2026-02-01"}
    result = checked(
        "complaints",
        complaint | {"closed_at": "2026-03-05"},
        complaint | {"closed_at": "9999-12-31"},
        complaint | {"closed_at": "2026-02-05"},
    )
    assert [at is not None for at in good(result, "closed_at")] == [False, False, True]
    assert result.ahead
    assert result.lost == 0


def test_every_fault_of_a_row_is_told_once() -> None:
    result = checked(
        "order_lines",
        line(customer="", ordered_at="yesterday", amount="a lot"),
        line(amount=""),
        line(quantity="99999999999"),
        line(currency="Taler"),
        line(amount="2000000000"),
    )
    assert len(result.good) == 0
    assert result.lost == 5
    assert reasons(result) == [
        (2, "customer", None, "is empty"),
        (
            2,
            "ordered_at",
            "yesterday",
            'is not a date such as 2026-12-31 ("dates" in sources.yaml names the form)',
        ),
        (4, "quantity", "99999999999", "is not between -10,000,000 and 10,000,000"),
        (
            2,
            "amount",
            "a lot",
            'is not a number such as 1,234.50 ("decimal" in sources.yaml names the sign)',
        ),
        (6, "amount", "2000000000", "is more than 1,000,000,000 in money"),
        (5, "currency", "Taler", "is not a currency such as EUR"),
        (3, "amount", None, "is empty: the line has no price"),
    ]


def test_formulas_are_text_and_nothing_else() -> None:
    formula = '=HYPERLINK("http://evil.example";"look")'
    result = checked("order_lines", line(product_name=formula), line(quantity="=1+1"))
    assert good(result, "product_name") == [formula]
    assert reasons(result)[0][:3] == (3, "quantity", "=1+1")


def test_text_stays_on_one_line_so_that_it_fits_a_header() -> None:
    result = checked("customers", {"customer": " 7 ", "name": "A\r\nBcc: x@y.example\x00"})
    assert good(result, "customer", "name") == [["7", "A Bcc: x@y.example"]]


def test_long_values_are_clipped_in_rejects_and_long_keys_refused() -> None:
    result = checked("customers", {"customer": "k" * 500}, {"customer": "7", "name": "n" * 301})
    assert good(result, "name") == [None]
    assert [(row, column, len(value)) for row, column, value, _ in reasons(result)] == [
        (2, "customer", 200),
        (3, "name", 200),
    ]
    assert result.rejects["whole"].to_pylist() == [True, False]


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("Anna.Berg@Firma.DE", "anna.berg@firma.de"),
        ("mailto:a+b@x.example", "a+b@x.example"),
        ("info@müller-möbel.de", "info@müller-möbel.de"),
        ("anna.berg(at)firma.de", None),
        ("a@b", None),
        ("a..b@firma.de", None),
        ("a@firma.de, b@firma.de", None),
        ("Anna <a@firma.de>", None),
        ("a@-firma.de", None),
    ],
)
def test_an_impossible_address_is_left_empty_and_the_contact_kept(
    email: str, kept: str | None
) -> None:
    result = checked("contacts", {"contact": "K1", "customer": "7", "email": email})
    assert good(result, "email") == [kept]
    assert len(result.rejects) == (kept is None)
    assert result.lost == 0


def test_words_are_understood_in_german_and_english() -> None:
    result = checked(
        "contacts",
        {
            "contact": "1",
            "customer": "7",
            "salutation": "FRAU",
            "role": "Einkauf",
            "locale": "de-AT",
        },
        {"contact": "2", "customer": "7", "salutation": "Mr.", "role": "user", "locale": "English"},
        {"contact": "3", "customer": "7", "salutation": "Dr.", "role": "", "locale": "fr"},
    )
    assert good(result, "salutation", "role", "locale") == [
        ["ms", "buyer", "de"],
        ["mr", "user", "en"],
        [None, None, None],
    ]
    assert [row[:3] for row in reasons(result)] == [(4, "salutation", "Dr."), (4, "locale", "fr")]


def test_an_objection_is_never_lost_for_a_wrong_date() -> None:
    result = checked(
        "permissions",
        {"contact": "1", "kind": "Widerspruch", "at": "some day", "purpose": "alles"},
        {"contact": "1", "kind": "consent", "at": "some day"},
        {"contact": "1", "kind": "consent", "at": "2026-01-01", "ended_at": "some day"},
        {"contact": "", "kind": "Widerspruch", "at": "2026-01-01"},
    )
    assert good(result, "kind", "at") == [["objection", pd.Timestamp("1970-01-01", tz="UTC")]]
    assert result.lost == 3


def test_defaults_fill_what_is_empty() -> None:
    result = checked(
        "order_lines",
        line(amount="", unit_price="2,00", quantity=""),
        line(amount="", unit_price="2,00", quantity="3"),
        decimal=",",
        defaults={"quantity": 1.5, "currency": "chf"},
    )
    assert good(result, "amount") == [300, 600]
    assert good(result, "currency") == ["CHF", "CHF"]


def test_an_order_is_a_customers_day_where_orders_have_no_number() -> None:
    rows = [line(ordered_at="2026-01-31 23:30"), line(ordered_at="2026-02-01 00:30")]
    for row in rows:
        del row["order"]
    assert good(checked("order_lines", *rows), "order") == ["7 2026-01-31", "7 2026-02-01"]


def test_an_empty_order_number_is_a_reject_where_orders_have_numbers() -> None:
    assert reasons(checked("order_lines", line(order=""))) == [(2, "order", None, "is empty")]


def test_a_date_that_makes_no_sense_costs_a_customer_that_cell_alone() -> None:
    result = checked(
        "customers",
        {"customer": "7", "since": "1899-12-30"},
        {"customer": "8", "since": "9999-12-31"},
        {"customer": "9", "since": "2020-02-01"},
    )
    assert [at is None for at in good(result, "since")] == [True, True, False]
    assert [row[:3] for row in reasons(result)] == [
        (2, "since", "1899-12-30"),
        (3, "since", "9999-12-31"),
    ]


def test_an_objection_holds_from_the_beginning_where_its_date_is_absurd() -> None:
    result = checked("permissions", {"contact": "1", "kind": "Widerspruch", "at": "9999-12-31"})
    assert good(result, "at") == [datetime(1970, 1, 1, tzinfo=UTC)]


def test_one_moment_that_does_not_exist_leaves_those_beside_it_alone() -> None:
    written = ["2026-02-01T10:00:00+01:00", "2026-02-30T10:00:00+01:00", "null", ""]
    writing = Writing("iso", ".", "Europe/Berlin", NOW)
    read = cells.moment(pa.array(written, TEXT), writing, native=False)
    assert read.typed.to_pylist() == [datetime(2026, 2, 1, 9, tzinfo=UTC), None, None, None]
    assert [mask.tolist() for mask, _ in read.wrong] == [
        [False, True, False, False],
        [False] * 4,
        [False] * 4,
    ]


def test_spaces_of_every_kind_stand_in_numbers_but_not_in_addresses() -> None:
    assert money("1\u00a0234,50\u202f€", ",") == 123450
    result = checked("contacts", {"contact": "K", "customer": "7", "email": "a\u00a0b@x.example"})
    assert good(result, "email") == [None]
