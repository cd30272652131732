"""Real orders, complete: UCI Online Retail and CDNOW."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, func, select

from flows.store.models import Base, Customer, Purchase, PurchaseLine, Reject
from flows.store.session import open_store
from tests.bench.bench_pull import SOURCES
from tests.intake.puller import Project, counts, table
from tests.long import LONG

_FIRST_LINES = 70_000


def real(engine: Engine, shared_data: Path, source: dict[str, object]) -> Project:
    project = Project(engine, shared_data)
    project.most = "0%"
    project.tables["order_lines"] = source
    return project


@pytest.mark.slow
def test_online_retail_comes_in_to_the_cent(shared_data: Path, tmp_path: Path) -> None:
    raw = pd.read_csv(shared_data / "online_retail.csv.gz", dtype=str, keep_default_na=False)
    folder = shared_data
    if not LONG:
        # Until January 2011: the greater part of what is odd about this file is in it already.
        raw, folder = raw.head(_FIRST_LINES), tmp_path
        raw.to_csv(folder / "online_retail.csv.gz", index=False)
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    Base.metadata.create_all(engine)
    project = real(engine, folder, SOURCES["tables"]["order_lines"])

    report = project.pull(datetime(2011, 12, 10, tzinfo=UTC))

    lines = table(report, "order_lines")
    everything = len(raw)
    raw = raw[raw["CustomerID"] != ""]
    nobody = everything - len(raw)
    assert (lines.read, lines.new, lines.left_out, lines.rejected) == (
        everything,
        len(raw),
        nobody,
        0,
    )
    orders, customers = raw["InvoiceNo"].nunique(), raw["CustomerID"].nunique()
    if LONG:
        assert (everything, len(raw), orders, customers) == (541_909, 406_829, 22_190, 4_372)
        assert not report.stale
    assert counts(report)["orders"] == (orders, 0)
    assert counts(report)["customers"] == (customers, 0)
    prices = raw["UnitPrice"].map(lambda price: int(Decimal(price) * 1000))
    exact = prices * raw["Quantity"].astype("int64")
    cents = (exact.abs() + 5) // 10 * exact.map(lambda value: 1 if value >= 0 else -1)
    with engine.connect() as connection:
        totals = dict(connection.execute(select(Purchase.key, Purchase.total)).tuples().all())
        kinds = dict(
            connection.execute(select(Purchase.kind, func.count()).group_by(Purchase.kind))
            .tuples()
            .all()
        )
        rejects = connection.execute(select(func.count()).select_from(Reject)).scalar_one()
    assert totals == cents.groupby(raw["InvoiceNo"]).sum().to_dict()
    assert kinds["credit"] == raw.loc[raw["InvoiceNo"].str.startswith("C"), "InvoiceNo"].nunique()
    assert rejects == nobody
    sales = {number: key for key, number in project.rows(Purchase, "key", "id")}
    given_back = {
        key: sales[sale] for key, sale in project.rows(Purchase, "key", "credit_of_id") if sale
    }
    assert given_back["C541433"] == "541431"
    if LONG:
        assert given_back["C581484"] == "581483"

    again = project.pull(datetime(2011, 12, 10, tzinfo=UTC))

    assert set(counts(again).values()) == {(0, 0)}
    assert table(again, "order_lines").unchanged == len(raw)
    engine.dispose()


@pytest.mark.briefly("sqlite")
def test_cdnow_has_no_order_numbers_and_comes_in_by_customer_and_day(
    engine: Engine, shared_data: Path
) -> None:
    if engine.dialect.name == "postgresql" and not LONG:
        pytest.skip("all of it once more is part of make test-long")
    project = real(
        engine,
        shared_data,
        {
            "csv": "CDNOW_master.txt",
            "separator": "whitespace",
            "dates": "%Y%m%d",
            "zone": "America/New_York",
            "columns": {
                "customer": "customer_id",
                "ordered_at": "date",
                "quantity": "number_of_cds",
                "amount": "dollar_value",
            },
            "defaults": {"currency": "USD"},
        },
    )

    report = project.pull(datetime(1998, 7, 1, 12, tzinfo=UTC))

    assert (table(report, "order_lines").read, table(report, "order_lines").new) == (69_659, 69_659)
    assert counts(report)["customers"] == (23_570, 0)
    assert counts(report)["products"] == (0, 0)
    with engine.connect() as connection:
        total = connection.execute(select(func.sum(PurchaseLine.amount))).scalar_one()
        first = connection.execute(
            select(Purchase.key, Purchase.ordered_at, Purchase.currency)
            .join(Customer)
            .where(Customer.key == "00001")
        ).one()
    assert total == 250_031_563
    assert tuple(first) == ("00001 1997-01-01", datetime(1997, 1, 1, 5, tzinfo=UTC), "USD")
