"""A pull as a whole, on both databases."""

from datetime import UTC, datetime
from time import monotonic, sleep

import pandas as pd
import pytest
from sqlalchemy import text

from flows.errors import SourceError
from flows.store.models import (
    Complaint,
    Contact,
    Customer,
    Interaction,
    Permission,
    Product,
    Purchase,
    PurchaseLine,
    Reject,
    SourceState,
)
from tests.intake.puller import Project, counts, table

LINES = """order,customer,ordered_at,product,quantity,unit_price,product_name,category,country
A1,100,2026-02-01 10:00,chair,4,120.50,Chair,seating,DE
A1,100,2026-02-01 10:00,desk,1,800,Desk,tables,DE
A2,200,2026-02-03 09:30,desk,1,800,Desk,tables,AT
C1,100,2026-02-10 08:00,desk,-1,800,Desk,tables,DE
"""


@pytest.fixture
def full(project: Project) -> Project:
    """Every table, written the German way."""
    german = {"separator": ";", "dates": "german", "decimal": ","}
    project.csv(
        "customers",
        "customer;name;country;locale;owner;since\n"
        "100;Möbel Weiß GmbH;DE;de-DE;petersen;01.02.2020\n"
        "200;Bürohaus Süd;AT;deutsch;;\n"
        "300;Neukunde KG;DE;;;\n",
        **german,
    )
    project.csv(
        "contacts",
        "contact;customer;email;salutation;first_name;last_name;role\n"
        "K1;100;Anna.Berg@Weiss.example;Frau;Anna;Berg;Einkauf\n"
        "K2;100;;Herr;Ben;Ohne;Anwender\n"
        "K3;200;no address at all;divers;Chris;Falsch;\n"
        "K4;999;x@y.example;Frau;Nie;Da;\n",
        **german,
    )
    project.csv(
        "products",
        "product;name;category;list_price;unit_cost\n"
        "chair;Stuhl;Sitzen;150,00;60,00\n"
        "desk;Tisch;Tische;1.000,00;400\n",
        **german,
    )
    project.csv(
        "orders",
        "order;customer;ordered_at;contact;kind;credit_of;delivered_at;cancelled_at\n"
        "A1;100;01.02.2026 10:00;K1;Auftrag;;05.02.2026;\n"
        "A2;200;03.02.2026;K1;Auftrag;;09.09.2026;\n"
        "G1;100;10.02.2026;;Gutschrift;A1;;\n"
        "A8;777;11.02.2026;;;;;\n"
        "A9;100;01.04.2026;;;;;\n",
        **german,
    )
    project.csv(
        "order_lines",
        "order;product;quantity;unit_price\n"
        "A1;chair;4;120,50\nA1;desk;1;800\nA2;desk;1;1.000,00\nG1;desk;1;800\n"
        "A8;desk;1;800\nA9;desk;1;800\nA7;desk;1;800\nA2;shelf;2;5,00\n",
        **german,
    )
    project.csv(
        "complaints",
        "complaint;customer;opened_at;closed_at;order;about\n"
        "R1;100;02.02.2026;;A1;Kratzer\nR2;200;03.02.2026;31.12.9999;A1;Falsch\n"
        "R3;888;03.02.2026;;;?\nR4;100;05.03.2026;;;zu früh\n",
        **german,
    )
    project.csv(
        "interactions",
        "interaction;customer;at;contact;channel;direction;mood\n"
        "I1;100;20.02.2026 11:00;K1;Anruf;eingehend;verärgert\n"
        "I2;200;20.02.2026;K1;Messe;;schlecht\nI3;200;20.02.2026;;Fax;;\n",
        **german,
    )
    project.csv(
        "permissions",
        "contact;kind;purpose;at;ended_at\n"
        "K1;Einwilligung;Werbung;01.01.2025;\nK1;Einwilligung;Werbung;01.01.2025;01.02.2026\n"
        "K2;Widerspruch;;irgendwann;\nK3;Einwilligung;;irgendwann;\nK9;consent;;01.01.2025;\n",
        **german,
    )
    return project


def test_order_lines_alone_bring_customers_products_orders_and_lines(project: Project) -> None:
    project.csv("order_lines", LINES)

    report = project.pull()

    assert counts(report) == {
        "order_lines": (4, 0),
        "customers": (2, 0),
        "products": (2, 0),
        "orders": (3, 0),
    }
    assert project.rows(Customer, "key", "country") == [("100", "DE"), ("200", "AT")]
    assert project.rows(Product, "key", "name", "category") == [
        ("chair", "Chair", "seating"),
        ("desk", "Desk", "tables"),
    ]
    assert project.rows(Purchase, "key", "kind", "total", "category", "currency") == [
        ("A1", "sale", 128200, "tables", "EUR"),
        ("A2", "sale", 80000, "tables", "EUR"),
        ("C1", "credit", -80000, "tables", "EUR"),
    ]
    at = project.rows(Purchase, "ordered_at")[0][0]
    assert at == datetime(2026, 2, 1, 9, 0, tzinfo=UTC)


def test_all_tables_in_german_come_in_as_they_are_meant(full: Project) -> None:
    report = full.pull()

    assert full.rows(Customer, "key", "name", "locale", "owner") == [
        ("100", "Möbel Weiß GmbH", "de", "petersen"),
        ("200", "Bürohaus Süd", "de", None),
        ("300", "Neukunde KG", None, None),
    ]
    assert full.rows(Contact, "key", "email", "salutation", "role") == [
        ("K1", "anna.berg@weiss.example", "ms", "buyer"),
        ("K2", None, "mr", "user"),
        ("K3", None, "none", None),
    ]
    assert full.rows(Purchase, "key", "kind", "total", "list_total", "cost", "credit_of") == [
        ("A1", "sale", 128200, 160000, 64000, None),
        ("A2", "sale", 101000, None, None, None),
        ("G1", "credit", -80000, -100000, -40000, "A1"),
    ]
    ids = dict(full.rows(Purchase, "key", "id"))
    assert dict(full.rows(Purchase, "key", "credit_of_id"))["G1"] == ids["A1"]
    people = dict(full.rows(Contact, "key", "id"))
    buyers = dict(full.rows(Purchase, "key", "contact_id"))
    assert buyers == {"A1": people["K1"], "A2": None, "G1": None}
    assert full.rows(Complaint, "key", "purchase_id", "closed_at") == [
        ("R1", ids["A1"], None),
        ("R2", None, None),
    ]
    assert full.rows(Interaction, "key", "channel", "direction", "mood") == [
        ("I1", "call", "in", "annoyed"),
        ("I2", "fair", None, None),
    ]
    assert full.rows(Permission, "kind", "purpose", "at") == [
        ("consent", "advertising", datetime(2024, 12, 31, 23, tzinfo=UTC)),
        ("objection", "advertising", datetime(1970, 1, 1, tzinfo=UTC)),
    ]
    assert dict(full.rows(Permission, "kind", "ended_at"))["consent"] is not None
    assert table(report, "orders").not_yet == 1
    assert table(report, "order_lines").not_yet == 1
    assert table(report, "permissions").duplicates == 1


def test_every_reject_says_where_and_why(full: Project) -> None:
    full.pull()

    found = full.rows(Reject, "source", "row", "column", "value", "reason")

    assert [(source, row, column, value) for source, row, column, value, _ in found] == [
        ("complaints", 3, "order", "A1"),
        ("complaints", 4, "customer", "888"),
        ("contacts", 4, "email", "no address at all"),
        ("contacts", 5, "customer", "999"),
        ("interactions", 3, "contact", "K1"),
        ("interactions", 3, "mood", "schlecht"),
        ("interactions", 4, "channel", "Fax"),
        ("order_lines", 6, "order", "A8"),
        ("order_lines", 8, "order", "A7"),
        ("orders", 3, "contact", "K1"),
        ("orders", 5, "customer", "777"),
        ("permissions", 4, "at", "irgendwann"),
        ("permissions", 5, "at", "irgendwann"),
        ("permissions", 6, "contact", "K9"),
    ]
    reasons = {row[:3]: row[4] for row in found}
    assert reasons["orders", 5, "customer"] == "there is no such customer"
    assert "31.12.2026" in reasons["permissions", 5, "at"]


def test_a_second_pull_changes_nothing(full: Project) -> None:
    full.pull()
    before = full.everything()

    report = full.pull()

    after = full.everything()
    for name, rows in before.items():
        pd.testing.assert_frame_equal(after[name], rows, obj=name)
    assert set(counts(report).values()) == {(0, 0)}
    assert table(report, "order_lines").unchanged == 5


def test_what_was_ahead_comes_in_when_its_time_has_come(full: Project) -> None:
    full.pull()

    report = full.pull(datetime(2026, 10, 1, tzinfo=UTC))

    assert counts(report)["orders"] == (1, 1)
    assert dict(full.rows(Purchase, "key", "total"))["A9"] == 80000
    assert dict(full.rows(Purchase, "key", "delivered_at"))["A2"] is not None
    assert [key for (key,) in full.rows(Complaint, "key")] == ["R1", "R2", "R4"]


def test_changed_lines_replace_the_old_ones_and_the_sums(project: Project) -> None:
    project.csv("order_lines", LINES)
    project.pull()
    lines = dict(project.rows(PurchaseLine, "amount", "id"))
    gone = "A1,100,2026-02-01 10:00,desk,1,800,Desk,tables,DE\n"
    project.csv("order_lines", LINES.replace("4,120.50", "2,120.50").replace(gone, ""))

    report = project.pull()

    assert counts(report)["order_lines"] == (0, 1)
    assert ("A1", 24100, "seating") in project.rows(Purchase, "key", "total", "category")
    assert dict(project.rows(PurchaseLine, "amount", "id"))[24100] == lines[48200]


def test_a_credit_without_reference_gives_back_the_latest_equal_order_before_it(
    project: Project,
) -> None:
    days = [("S1", 1, 50), ("S2", 2, 50), ("C1", 3, -50), ("S3", 4, 50), ("C2", 5, -50)]
    days += [("C3", 6, -50), ("C4", 7, -50), ("S4", 8, 50), ("C5", 9, -50), ("C6", 10, -70)]
    rows = "".join(f"{key},7,2026-01-{day:02d},{amount}\n" for key, day, amount in days)
    project.csv("order_lines", "order,customer,ordered_at,amount\n" + rows + "S9,8,2026-01-01,70\n")

    project.pull()

    names = {number: key for key, number in project.rows(Purchase, "key", "id")}
    found = {
        key: names[sale] for key, sale in project.rows(Purchase, "key", "credit_of_id") if sale
    }
    assert found == {"C1": "S2", "C2": "S3", "C3": "S1", "C5": "S4"}


def test_a_credit_for_an_unknown_order_stays_with_its_customer(project: Project) -> None:
    project.csv("orders", "order,customer,ordered_at,kind,credit_of\nG1,7,2026-01-05,credit,X9\n")
    project.csv("order_lines", "order,amount\nG1,12.30\n")

    project.pull()

    assert project.rows(Purchase, "key", "total", "credit_of_id") == [("G1", -1230, None)]


def test_too_many_rejects_keep_everything_out_but_the_rejects(project: Project) -> None:
    project.most = "10%"
    project.csv("order_lines", LINES + "A5,100,31.02.2026,desk,1,1,,,\n")

    with pytest.raises(SourceError, match=r"1 of 5 rows of order_lines \(20.0%\)") as error:
        project.pull()

    assert "ordered_at is not a date such as 2026-12-31" in str(error.value)
    assert project.rows(Reject, "row", "value") == [(6, "31.02.2026")]
    assert project.rows(Purchase, "id") == []
    assert project.rows(SourceState, "source") == []


def test_lines_left_out_are_kept_in_the_list_but_not_held_against_the_file(
    project: Project,
) -> None:
    project.most = "0%"
    project.csv("order_lines", LINES + "A5,,2026-02-01,desk,1,1,,,\n", without_customer="leave_out")

    report = project.pull()

    assert table(report, "order_lines").left_out == 1
    assert report.reject_share == 0
    assert project.rows(Reject, "row", "reason") == [(6, "left out: it names no customer")]


def test_lines_of_orders_left_out_are_left_out_as_well(project: Project) -> None:
    project.csv(
        "orders", "order,customer,ordered_at\nA1,,2026-02-01\n", without_customer="leave_out"
    )
    project.csv("order_lines", "order,amount\nA1,1\n")

    report = project.pull()

    assert table(report, "order_lines").left_out == 1
    assert report.reject_share == 0


def test_an_order_number_of_two_customers_keeps_the_first(project: Project) -> None:
    project.csv("order_lines", LINES + "A2,100,2026-02-03 09:30,desk,1,800,,,\n")

    report = project.pull()

    assert table(report, "order_lines").rejected == 1
    assert project.rows(Reject, "row", "reason") == [
        (6, "another customer has the same order number")
    ]


def test_old_orders_stop_the_sending(project: Project) -> None:
    project.csv("order_lines", LINES)

    assert not project.pull(datetime(2026, 2, 6, tzinfo=UTC)).stale
    report = project.pull()

    assert report.stale
    assert "The newest order is from 2026-02-03" in report.message
    assert report.newest_order_at == datetime(2026, 2, 3, 8, 30, tzinfo=UTC)


def test_a_watermark_takes_in_whole_orders_that_changed(project: Project) -> None:
    head = "order,customer,ordered_at,amount,changed\n"
    old = "A1,1,2026-01-01,10,2026-01-01 08:00\nA1,1,2026-01-01,20,2026-01-01 08:00\n"
    project.csv("order_lines", head + old, watermark="changed")
    project.pull()
    assert project.rows(SourceState, "watermark") == [("2026-01-01 08:00:00.000000",)]

    newer = old.replace("20,2026-01-01 08:00", "25,2026-01-02 08:00")
    ahead = "A3,1,2026-03-09,5,2026-01-01 23:00\n"
    project.csv("order_lines", head + newer + ahead + old.replace("A1", "A0"), watermark="changed")
    report = project.pull()

    assert project.rows(Purchase, "key", "total") == [("A0", 3000), ("A1", 3500)]
    assert table(report, "order_lines").not_yet == 1
    # A row that waits holds the mark, so that it is not passed over when its time comes.
    assert project.rows(SourceState, "watermark") == [("2026-01-01 23:00:00.000000",)]
    later = project.pull(datetime(2026, 3, 10, tzinfo=UTC))
    assert counts(later)["orders"] == (1, 0)


def test_rows_older_than_the_watermark_are_not_read_again(project: Project) -> None:
    project.csv("order_lines", LINES)
    head = "customer,name,changed\n"
    project.csv(
        "customers", head + "100,Alt,2026-01-05\n200,Zwei,2026-01-01\n", watermark="changed"
    )
    project.pull()
    project.csv(
        "customers", head + "100,Neu,2026-01-06\n200,Anders,2026-01-01\n", watermark="changed"
    )

    project.pull()

    assert project.rows(Customer, "key", "name") == [("100", "Neu"), ("200", "Zwei")]


@pytest.mark.briefly("sqlite", "postgresql")
def test_nothing_temporary_is_left_behind(project: Project) -> None:
    project.csv("order_lines", LINES)
    project.pull()

    sqlite = project.engine.dialect.name == "sqlite"
    catalogue = (
        "SELECT name FROM sqlite_temp_master" if sqlite else "SELECT tablename FROM pg_tables"
    )

    def left() -> list[str]:
        with project.engine.connect() as connection:
            names = connection.execute(text(catalogue)).scalars().all()
        return [name for name in names if name.startswith("stage")]

    # A process of PostgreSQL cleans up behind a closed connection in its own time.
    until = monotonic() + 5
    while left() and monotonic() < until:
        sleep(0.05)
    assert not left()
