"""Staged customers, contacts and products become rows of the store."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, case, func, literal, select, union, update

from flows.store.load_stage import STAGES, holds
from flows.store.load_upsert import Counts, upsert
from flows.store.models import (
    Contact,
    Customer,
    Product,
    SalesLock,
)

FROM_INTAKE = "intake"
"""Source of the sales locks the company's own data set."""


def merge_customers(connection: Connection, given: Collection[str]) -> Counts:
    """Write the customers brought, or those whom orders and contacts name."""
    stage_ = STAGES["customers"]
    if "customers" in given:
        if not holds(connection, stage_):
            return Counts()
        rows = select(
            stage_.c.customer.label("key"),
            stage_.c.name,
            stage_.c.country,
            stage_.c.locale,
            stage_.c.industry,
            stage_.c.owner,
            stage_.c.since,
            stage_.c.state,
            stage_.c.contract_end,
        ).order_by(stage_.c.row)
        return upsert(connection, Customer, rows, ["key"])
    orders, contacts, lines = STAGES["orders"], STAGES["contacts"], STAGES["order_lines"]
    if not holds(connection, orders, contacts):
        return Counts()
    everybody = union(select(orders.c.customer), select(contacts.c.customer)).subquery()
    named = (
        select(orders.c.customer, func.max(lines.c.row).label("row"))
        .join(lines, lines.c.order == orders.c.order)
        .where(lines.c.country.is_not(None))
        .group_by(orders.c.customer)
        .subquery()
    )
    rows = (
        select(everybody.c.customer.label("key"), lines.c.country)
        .outerjoin(named, named.c.customer == everybody.c.customer)
        .outerjoin(lines, lines.c.row == named.c.row)
        .order_by(everybody.c.customer)
    )
    return upsert(connection, Customer, rows, ["key"], filled={"country"})


def merge_locks(connection: Connection, given: Collection[str], now: datetime) -> None:
    """Hold advertising back where the company says a negotiation is under way, and end it there."""
    stage_ = STAGES["customers"]
    if "customers" not in given or not holds(connection, stage_):
        return
    theirs = select(Customer.id).join(stage_, stage_.c.customer == Customer.key)
    rows = theirs.where(stage_.c.sales_lock_until.is_not(None)).with_only_columns(
        Customer.id.label("customer_id"),
        literal(now, stage_.c.sales_lock_until.type).label("since"),
        stage_.c.sales_lock_until.label("until"),
        literal(FROM_INTAKE).label("source"),
    )
    upsert(connection, SalesLock, rows, ["customer_id", "source"], kept={"since"})
    over = theirs.where(stage_.c.sales_lock_until.is_(None))
    connection.execute(
        update(SalesLock)
        .where(
            SalesLock.source == FROM_INTAKE,
            SalesLock.until > now,
            SalesLock.customer_id.in_(over),
        )
        .values(until=now)
    )


def merge_products(connection: Connection, given: Collection[str]) -> Counts:
    """Write the products brought, and those that only lines name."""
    counts = Counts()
    stage_, lines = STAGES["products"], STAGES["order_lines"]
    if "products" in given and holds(connection, stage_):
        rows = select(
            stage_.c.product.label("key"),
            stage_.c.name,
            stage_.c.category,
            stage_.c.list_price,
            stage_.c.unit_cost,
            stage_.c.fact,
        ).order_by(stage_.c.row)
        counts = upsert(connection, Product, rows, ["key"])
    if not holds(connection, lines):
        return counts
    latest = (
        select(
            lines.c.product,
            func.max(case((lines.c.product_name.is_not(None), lines.c.row))).label("named"),
            func.max(case((lines.c.category.is_not(None), lines.c.row))).label("sorted"),
        )
        .where(lines.c.product.is_not(None))
        .group_by(lines.c.product)
        .subquery()
    )
    named, sorted_ = lines.alias("named"), lines.alias("sorted")
    rows = (
        select(
            latest.c.product.label("key"), named.c.product_name.label("name"), sorted_.c.category
        )
        .outerjoin(named, named.c.row == latest.c.named)
        .outerjoin(sorted_, sorted_.c.row == latest.c.sorted)
        .order_by(latest.c.product)
    )
    columns = {"name", "category"}
    if "products" not in given:
        return upsert(connection, Product, rows, ["key"], filled=columns)
    # An article missing from the product list was sold all the same.
    upsert(connection, Product, rows, ["key"], kept=columns)
    return counts


def merge_contacts(connection: Connection) -> Counts:
    """Write the people of customers."""
    stage_ = STAGES["contacts"]
    if not holds(connection, stage_):
        return Counts()
    rows = (
        select(
            stage_.c.contact.label("key"),
            Customer.id.label("customer_id"),
            stage_.c.email,
            stage_.c.salutation,
            stage_.c.title,
            stage_.c.first_name,
            stage_.c.last_name,
            stage_.c.role,
            stage_.c.locale,
            stage_.c.zone,
        )
        .join(Customer, Customer.key == stage_.c.customer)
        .order_by(stage_.c.row)
    )
    return upsert(connection, Contact, rows, ["key"])
