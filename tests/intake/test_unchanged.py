"""Files that are what they were: left alone where nothing can come of them, read where it can."""

import os
from datetime import UTC, datetime

import pytest

from flows.errors import SourceError
from flows.intake.report import PullReport
from flows.store.models import (
    Complaint,
    Contact,
    Customer,
    Interaction,
    Permission,
    Purchase,
    PurchaseLine,
    Reject,
    SourceState,
)
from tests.intake.puller import NOW, Project, counts, table

TOMORROW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CUSTOMERS = "customer,name\n100,Weiss\n200,Süd\n"
CONTACTS = "contact,customer,email\nK1,100,anna@weiss.example\n"
PRODUCTS = "product,name,category,unit_cost\nchair,Chair,seating,\n"
ORDERS = "order,customer,ordered_at,contact,kind\nA1,100,2026-02-01,K1,\nA2,200,2026-02-03,,\n"
LINES = "order,product,amount\nA1,chair,10\nA2,chair,20\n"
COMPLAINTS = "complaint,customer,opened_at,order\nR1,100,2026-02-02,A1\n"
INTERACTIONS = "interaction,customer,at,contact,channel\nI1,100,2026-02-04,K1,call\n"
PERMISSIONS = "contact,kind,at\nK1,consent,2026-01-01\n"


@pytest.fixture
def company(project: Project) -> Project:
    """Every table, with nothing wrong in it, pulled once."""
    project.csv("customers", CUSTOMERS)
    project.csv("contacts", CONTACTS)
    project.csv("products", PRODUCTS)
    project.csv("orders", ORDERS)
    project.csv("order_lines", LINES)
    project.csv("complaints", COMPLAINTS)
    project.csv("interactions", INTERACTIONS)
    project.csv("permissions", PERMISSIONS)
    project.pull()
    return project


def read(report: PullReport) -> set[str]:
    """The tables that were read."""
    return {part.table for part in report.tables if part.place and not part.left_alone}


def test_files_kept_in_full_are_left_alone_until_they_change(company: Project) -> None:
    report = company.pull(TOMORROW)

    assert read(report) == set()
    orders = table(report, "orders")
    assert (orders.read, orders.unchanged, orders.left_alone) == (0, 2, True)
    assert set(counts(report).values()) == {(0, 0)}
    assert not report.message.startswith("There is no order")

    company.csv("customers", CUSTOMERS + "300,Neu\n")
    later = company.pull(TOMORROW)
    assert read(later) == {"customers"}
    assert table(later, "customers").new == 1


def test_what_matters_is_the_content_not_the_date_of_a_file(company: Project) -> None:
    file = company.folder / "customers.csv"
    before = file.stat()
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 5_000_000_000))
    assert read(company.pull()) == set()

    company.csv("customers", CUSTOMERS.replace("Weiss", "Woiss"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read(company.pull()) == {"customers"}
    assert ("100", "Woiss") in company.rows(Customer, "key", "name")


def test_a_row_that_referred_to_nobody_comes_in_with_whom_it_refers_to(company: Project) -> None:
    company.csv("contacts", CONTACTS + "K3,300,c@neu.example\n")
    assert table(company.pull(), "contacts").rejected == 1
    # Its file is what it was, but it was not kept in full.
    assert table(company.pull(), "contacts").rejected == 1

    company.csv("customers", CUSTOMERS + "300,Neu\n")
    report = company.pull()

    assert table(report, "contacts").new == 1
    assert read(company.pull()) == set()


def test_a_row_that_waits_is_looked_at_again_when_its_time_has_come(company: Project) -> None:
    company.csv("orders", ORDERS + "A3,100,2026-03-02,,\n")
    company.csv("order_lines", LINES + "A3,chair,5\n")
    company.csv("complaints", COMPLAINTS + "R2,100,2026-02-20,A3\n")
    assert table(company.pull(), "orders").not_yet == 1
    assert dict(company.rows(Complaint, "key", "purchase_id"))["R2"] is None

    report = company.pull(TOMORROW)

    assert counts(report)["orders"] == counts(report)["order_lines"] == (1, 0)
    assert dict(company.rows(Complaint, "key", "purchase_id"))["R2"] is not None


def test_a_permission_finds_the_order_it_rests_on_when_that_comes(company: Project) -> None:
    company.csv("orders", ORDERS + "A3,100,2026-03-02,,\n")
    company.csv("order_lines", LINES + "A3,chair,5\n")
    company.csv("permissions", "contact,kind,at,order\nK1,existing_customer,2026-01-01,A3\n")
    company.pull()
    assert company.rows(Permission, "kind", "purchase_id")[-1] == ("existing_customer", None)

    company.pull(TOMORROW)

    ids = dict(company.rows(Purchase, "key", "id"))
    found = dict(company.rows(Permission, "kind", "purchase_id"))
    assert found["existing_customer"] == ids["A3"]


def test_a_cell_that_was_still_ahead_is_looked_at_again(company: Project) -> None:
    company.csv(
        "complaints",
        "complaint,customer,opened_at,order,closed_at\nR1,100,2026-02-02,A1,2026-03-02 09:00\n",
    )
    company.pull()
    assert company.rows(Complaint, "closed_at") == [(None,)]

    company.pull(TOMORROW)

    assert company.rows(Complaint, "closed_at") == [(datetime(2026, 3, 2, 8, tzinfo=UTC),)]


def test_a_pull_as_of_an_earlier_day_does_not_trust_a_later_one(company: Project) -> None:
    company.pull(TOMORROW)
    yesterday = datetime(2026, 2, 28, tzinfo=UTC)
    assert "orders" in read(company.pull(yesterday))


def test_orders_and_their_lines_are_read_together(company: Project) -> None:
    company.csv("orders", ORDERS.replace("A2,200,2026-02-03,,", "A2,200,2026-02-03,,credit"))

    report = company.pull()

    assert {"orders", "order_lines"} <= read(report)
    assert ("A2", "credit", -2000) in company.rows(Purchase, "key", "kind", "total")
    company.csv("order_lines", LINES.replace("A1,chair,10", "A1,chair,11"))
    assert {"orders", "order_lines"} <= read(company.pull())
    assert ("A1", 1100) in company.rows(Purchase, "key", "total")


def test_products_that_get_a_cost_reach_lines_without(company: Project) -> None:
    company.csv("products", PRODUCTS.replace("seating,", "chairs,6.50"))
    company.csv("order_lines", LINES)

    company.pull()

    assert company.rows(PurchaseLine, "unit_cost") == [(650,), (650,)]
    assert {row[0] for row in company.rows(Purchase, "category")} == {"chairs"}


def test_somebody_who_moves_takes_no_orders_or_calls_along(company: Project) -> None:
    company.csv("contacts", CONTACTS.replace("K1,100", "K1,200"))

    report = company.pull()

    assert dict(company.rows(Purchase, "key", "contact_id"))["A1"] is None
    assert company.rows(Interaction, "contact_id") == [(None,)]
    assert table(report, "interactions").emptied == 1
    assert {"orders", "order_lines", "interactions"} <= read(report)


def test_an_order_that_changes_hands_leaves_the_complaint_of_the_one_before(
    company: Project,
) -> None:
    company.csv("orders", ORDERS.replace("A1,100,2026-02-01,K1", "A1,200,2026-02-01,"))

    company.pull()

    assert company.rows(Complaint, "purchase_id") == [(None,)]


def test_a_credit_finds_an_order_that_comes_later(company: Project) -> None:
    head = ORDERS.replace("kind\n", "kind,credit_of\n").replace(",\n", ",,\n")
    company.csv("orders", head + "G1,200,2026-02-20,,credit,A9\n")
    company.csv("order_lines", LINES + "G1,chair,-5\n")
    company.pull()
    assert dict(company.rows(Purchase, "key", "credit_of_id"))["G1"] is None

    company.csv("orders", head + "G1,200,2026-02-20,,credit,A9\nA9,200,2026-02-10,,,\n")
    company.csv("order_lines", LINES + "G1,chair,-5\nA9,chair,5\n")
    company.pull()

    ids = dict(company.rows(Purchase, "key", "id"))
    assert dict(company.rows(Purchase, "key", "credit_of_id"))["G1"] == ids["A9"]
    assert read(company.pull()) == set()


def test_a_refused_pull_keeps_no_fingerprint(company: Project) -> None:
    company.most = "10%"
    company.csv("customers", CUSTOMERS.replace("Weiss", "Woiss"))
    company.csv("permissions", PERMISSIONS + "K1,consent,some day\n")
    for _ in range(2):
        with pytest.raises(SourceError, match="max_reject_share"):
            company.pull()
    assert ("100", "Weiss") in company.rows(Customer, "key", "name")

    company.csv("permissions", PERMISSIONS)
    assert {"customers"} <= read(company.pull())
    assert ("100", "Woiss") in company.rows(Customer, "key", "name")


def test_a_pull_that_cannot_read_a_file_keeps_no_fingerprint(company: Project) -> None:
    company.csv("customers", CUSTOMERS.replace("Weiss", "Woiss"))
    (company.folder / "permissions.csv").unlink()
    with pytest.raises(SourceError, match=r"permissions\.csv is not there"):
        company.pull()

    company.csv("permissions", PERMISSIONS)
    assert read(company.pull()) == {"customers"}


def test_another_meaning_of_the_same_file_is_read(company: Project) -> None:
    everything = set(company.tables)
    company.csv("customers", CUSTOMERS, columns={"industry": "name"})
    assert read(company.pull()) == everything
    assert ("100", "Weiss") in company.rows(Customer, "key", "industry")

    assert read(company.pull(max_reject_share="50%")) == everything
    assert read(company.pull(max_reject_share="50%", currency="CHF")) == everything
    assert {row[0] for row in company.rows(Purchase, "currency")} == {"CHF"}
    assert read(company.pull(max_reject_share="50%", currency="CHF", zone="UTC")) == everything
    assert datetime(2026, 2, 1, tzinfo=UTC) in [
        row[0] for row in company.rows(Purchase, "ordered_at")
    ]


def test_rejects_stay_in_the_list_and_in_the_report(company: Project) -> None:
    company.csv("contacts", CONTACTS + "K2,200,nonsense\n")
    for _ in range(2):
        report = company.pull()
        assert table(report, "contacts").emptied == 1
        assert not table(report, "contacts").left_alone
    assert company.rows(Reject, "source", "row", "value") == [("contacts", 3, "nonsense")]


def test_a_watermark_survives_a_file_left_alone(project: Project) -> None:
    head = "order,customer,ordered_at,amount,changed\n"
    first = "A1,1,2026-01-01,10,2026-01-01 08:00\n"
    project.csv("order_lines", head + first, watermark="changed")
    project.pull()
    assert read(project.pull()) == set()
    marks = project.rows(SourceState, "watermark")
    assert marks == [("2026-01-01 08:00:00.000000",)]

    project.csv(
        "order_lines", head + first + "A2,1,2026-01-02,5,2026-01-02 08:00\n", watermark="changed"
    )
    assert counts(project.pull())["orders"] == (1, 0)
    assert len(project.rows(Contact, "id")) == 0


def test_what_databases_answer_is_always_read(company: Project) -> None:
    import sqlite3

    with sqlite3.connect(company.folder / "shop.db") as shop:
        shop.execute("CREATE TABLE people (customer TEXT, name TEXT)")
        shop.execute("INSERT INTO people VALUES ('100', 'Weiss')")
    shop.close()
    (company.folder / "config" / "sources").mkdir(parents=True)
    (company.folder / "config" / "sources" / "people.sql").write_text("SELECT * FROM people")
    company.tables["customers"] = {"url": "sqlite:///shop.db", "sql": "sources/people.sql"}
    company.pull()

    assert read(company.pull(NOW)) == {"customers"}
