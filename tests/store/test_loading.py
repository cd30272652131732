"""Staging and merging, on both databases."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from flows.store import loading
from flows.store.loading import Counts, Reading
from flows.store.models import Product, Purchase, PurchaseLine, Reject, Run

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AT = pd.Timestamp("2026-02-01 10:00", tz="UTC")


@pytest.fixture
def run_id(engine: Engine) -> int:
    """A run to which rejects belong."""
    with engine.begin() as connection:
        run = insert(Run).values(kind="pull", as_of=NOW, started_at=NOW, counts={})
        return int(connection.execute(run.returning(Run.id)).scalar_one())


def line(
    order: str = "A1", product: str = "desk", amount: int = 100, **more: Any
) -> dict[str, Any]:
    head = {"order": order, "customer": "7", "ordered_at": AT, "product": product}
    return {**head, "quantity": 1.0, "amount": amount, **more}


def batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.RecordBatch.from_pydict({name: [row.get(name) for row in rows] for name in names})


def load(
    engine: Engine,
    run_id: int,
    lines: list[dict[str, Any]],
    rejects: list[dict[str, Any]] = [],  # noqa: B006
    **others: list[dict[str, Any]],
) -> dict[str, Counts]:
    tables = {"order_lines": lines, **others}
    with loading.staging(engine) as connection:
        with connection.begin():
            for table, rows in tables.items():
                numbered = [{"row": row, **cells} for row, cells in enumerate(rows, start=2)]
                loading.stage(connection, table, batch(numbered))
            loading.stage_rejects(connection, "order_lines", batch(rejects))
            loading.index(connection)
            loading.settle(connection, set(tables))
        readings = {table: Reading(f"{table}.csv", len(rows)) for table, rows in tables.items()}
        return loading.merge(
            connection, set(tables), readings, now=NOW, run_id=run_id, currency="EUR"
        )


def rows(engine: Engine, *columns: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns))]


def test_a_merge_that_fails_leaves_the_store_as_it_was(engine: Engine, run_id: int) -> None:
    load(engine, run_id, [line()])
    reject = {"row": 3, "column": "amount", "value": "x", "reason": "no number", "whole": True}

    with pytest.raises(IntegrityError):
        load(engine, run_id + 1, [line(amount=900), line("A2")], [reject])

    assert rows(engine, Purchase.key, Purchase.total) == [("A1", 100)]
    assert rows(engine, Reject.id) == []
    assert load(engine, run_id, [line(amount=900), line("A2")], [reject])["orders"] == Counts(1, 0)


def test_the_same_reject_is_kept_once_with_its_first_run(engine: Engine, run_id: int) -> None:
    reject = {"row": 3, "column": "amount", "value": "x", "reason": "no number", "whole": True}
    for _ in range(2):
        load(engine, run_id, [line()], [reject])

    assert rows(engine, Reject.run_id, Reject.source, Reject.place, Reject.row, Reject.value) == [
        (run_id, "order_lines", "order_lines.csv", 3, "x")
    ]


def test_costs_come_from_products_once_and_history_keeps_them(engine: Engine, run_id: int) -> None:
    product = {"product": "desk", "name": "Tisch", "unit_cost": 60, "list_price": 120}
    lines = [line(), line("A2", unit_cost=50)]
    load(engine, run_id, lines, products=[product])

    counts = load(engine, run_id, lines, products=[product | {"unit_cost": 70}])

    assert counts["order_lines"] == Counts()
    assert counts["products"] == Counts(0, 1)
    assert rows(engine, Purchase.key, Purchase.cost, Purchase.list_total) == [
        ("A1", 60, 120),
        ("A2", 50, 120),
    ]


def test_another_product_on_a_line_brings_its_own_cost(engine: Engine, run_id: int) -> None:
    products = [{"product": "desk", "unit_cost": 60}, {"product": "chair", "unit_cost": None}]
    load(engine, run_id, [line()], products=products)

    load(engine, run_id, [line(product="chair")], products=products)

    assert rows(engine, PurchaseLine.unit_cost) == [(None,)]
    assert rows(engine, Purchase.cost) == [(None,)]


def test_a_product_missing_from_the_list_is_sold_all_the_same(engine: Engine, run_id: int) -> None:
    lines = [line(), line("A2", "shelf", product_name="Regal", category="Regale")]

    load(engine, run_id, lines, products=[{"product": "desk", "name": "Tisch"}])

    assert rows(engine, Product.key, Product.name) == [("desk", "Tisch"), ("shelf", "Regal")]
    assert rows(engine, Purchase.key, Purchase.category) == [("A1", None), ("A2", "Regale")]


def test_a_name_once_known_is_not_emptied_by_lines_without(engine: Engine, run_id: int) -> None:
    load(engine, run_id, [line(product_name="Tisch", country="DE")])

    counts = load(engine, run_id, [line(product_name=None, country=None)])

    assert counts["products"] == counts["customers"] == Counts()
    assert rows(engine, Product.name) == [("Tisch",)]


def test_the_newest_order_is_a_sale_known_at_that_moment(engine: Engine, run_id: int) -> None:
    later = pd.Timestamp("2026-02-20", tz="UTC")
    load(engine, run_id, [line(), line("A2") | {"ordered_at": later}, line("G1", amount=-5)])

    with engine.connect() as connection:
        assert loading.newest_order(connection, NOW) == later
        assert loading.newest_order(connection, AT.to_pydatetime()) == AT
        assert loading.newest_order(connection, datetime(2026, 1, 1, tzinfo=UTC)) is None
