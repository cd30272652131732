"""Staged rows made to agree with one another and with the store, before anything is written."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Connection,
    Table,
    and_,
    cast,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from flows.store.load_erased import Erased, keep_out
from flows.store.load_refused import (
    KEYS,
    Condition,
    Settled,
    any_row,
    count,
    empty,
    reject,
    take_out,
)
from flows.store.load_stage import REJECTS, STAGES, WATERMARK, holds, measure, note_filled
from flows.store.models import Contact, Customer, Purchase, Task


def keep_new_orders(connection: Connection, since: datetime) -> int:
    """Drop the lines of orders none of whose lines is newer; an order changes as a whole."""
    lines = STAGES["order_lines"]
    if not holds(connection, lines):
        return 0
    mark = lines.c[WATERMARK]
    new = select(lines.c.order).where(or_(mark >= since, mark.is_(None)))
    return count(connection, delete(lines).where(lines.c.order.not_in(new)))


def settle(
    connection: Connection, given: Collection[str], erased: Erased | None = None
) -> dict[str, Settled]:
    """Drop what is doubled or refers to nothing; the last of several rows with one key stays.

    Nor does anybody come back who was erased, as `erased` tells.
    """
    settled = {
        table: Settled(duplicates=_drop_duplicates(connection, table))
        for table in STAGES
        if table in given
    }

    if erased is not None:
        for table, number in keep_out(connection, erased).items():
            if table in settled:
                settled[table] = replace(settled[table], left_out=number)

    def refuse(table: str, column: str, wrong: Condition, of: str, reason: str) -> None:
        if table in settled:
            dropped = take_out(connection, table, column, wrong, of, reason)
            settled[table] = replace(
                dropped,
                duplicates=settled[table].duplicates,
                left_out=dropped.left_out + settled[table].left_out,
            )

    if "customers" in given:
        for table in ("contacts", "orders"):
            nobody = ~_customer_known(STAGES[table], given)
            refuse(table, "customer", nobody, "customers", "there is no such customer")
    if "orders" in given:
        lines = STAGES["order_lines"]
        refuse("order_lines", "order", ~_order_known(lines), "orders", "there is no such order")
    else:
        _settle_lines(connection, given, settled)
        _derive_orders(connection)
    for table in ("complaints", "interactions"):
        nobody = ~_customer_known(STAGES[table], given)
        refuse(table, "customer", nobody, "customers", "there is no such customer")
    strangers = ~_contact_known(STAGES["permissions"])
    refuse("permissions", "contact", strangers, "contacts", "there is no such contact")
    if "suppressions" in given:
        _settle_suppressions(connection, given, settled, refuse)
    unknown = ~exists().where(Task.id == cast(STAGES["task_results"].c.task, BigInteger))
    refuse("task_results", "task", unknown, "tasks", "there is no such task")
    for table in ("orders", "interactions"):
        if table in given:
            wrong = ~_contact_known(STAGES[table], of_customer=True)
            reason = "the customer has no such contact; left empty"
            empty(connection, table, "contact", wrong, "contacts", reason)
    if "complaints" in given:
        wrong = ~_order_known(STAGES["complaints"], of_customer=True)
        reason = "the customer has no such order; left empty"
        empty(connection, "complaints", "order", wrong, "orders", reason)
    if "permissions" in given:
        wrong = ~_order_known(STAGES["permissions"])
        empty(connection, "permissions", "order", wrong, "orders", "there is no such order")
    return settled


def _settle_suppressions(
    connection: Connection,
    given: Collection[str],
    settled: dict[str, Settled],
    refuse: Callable[[str, str, Condition, str, str], None],
) -> None:
    """One that names nobody we know bars nobody, unless it names an address as well."""
    stage = STAGES["suppressions"]
    for column, known, of in (
        ("contact", _contact_known(stage), "contacts"),
        ("customer", _customer_known(stage, given), "customers"),
    ):
        stranger = and_(stage.c[column].is_not(None), ~known)
        others = [stage.c[name] for name in ("email", "contact", "customer") if name != column]
        alone = and_(stranger, *(other.is_(None) for other in others))
        reason = f"there is no such {column}"
        before = settled["suppressions"]
        refuse("suppressions", column, alone, of, reason)
        after = settled["suppressions"]
        settled["suppressions"] = replace(
            after,
            rejected=before.rejected + after.rejected,
            not_yet=before.not_yet + after.not_yet,
        )
        empty(connection, "suppressions", column, stranger, of, f"{reason}; left empty")
    nobody = and_(stage.c.email.is_(None), stage.c.contact.is_(None), stage.c.customer.is_(None))
    before = settled["suppressions"]
    if any_row(connection, stage, nobody):
        # A cell that made no sense was rejected under its own name.
        told = exists().where(REJECTS.c.source == "suppressions", REJECTS.c.row == stage.c.row)
        why = "names nobody: neither address nor contact nor customer"
        reject(connection, "suppressions", "email", and_(nobody, ~told), why, whole=True)
        gone = count(connection, delete(stage).where(nobody))
        settled["suppressions"] = replace(before, rejected=before.rejected + gone)


def _drop_duplicates(connection: Connection, table: str) -> int:
    stage = STAGES[table]
    if not holds(connection, stage):
        return 0
    if table == "permissions":
        count(
            connection,
            update(stage).where(stage.c.purpose.is_(None)).values(purpose="advertising"),
        )
        key = [stage.c.contact, stage.c.kind, stage.c.purpose, stage.c.at]
    elif table in KEYS:
        key = [stage.c[KEYS[table]]]
    else:
        return 0
    last = select(func.max(stage.c.row)).group_by(*key)
    return count(connection, delete(stage).where(stage.c.row.not_in(last)))


def _settle_lines(
    connection: Connection, given: Collection[str], settled: dict[str, Settled]
) -> None:
    lines = STAGES["order_lines"]
    if not holds(connection, lines):
        return
    if "customers" in given:
        settled["order_lines"] = take_out(
            connection,
            "order_lines",
            "customer",
            ~_customer_known(lines, given),
            "customers",
            "there is no such customer",
        )
    shared = (
        select(lines.c.order)
        .group_by(lines.c.order)
        .having(func.min(lines.c.customer) != func.max(lines.c.customer))
    )
    if connection.execute(shared.limit(1)).first() is None:
        return
    first = lines.alias("first")
    owner = (
        select(first.c.customer)
        .where(first.c.order == lines.c.order)
        .order_by(first.c.row)
        .limit(1)
        .scalar_subquery()
    )
    wrong = and_(lines.c.order.in_(shared), lines.c.customer != owner)
    reason = "another customer has the same order number"
    reject(connection, "order_lines", "customer", wrong, reason, whole=True)
    named = select(REJECTS.c.row).where(
        REJECTS.c.source == "order_lines", REJECTS.c.reason == reason
    )
    # By the rows named: comparing anew while deleting would move the first line of an order.
    rejected = count(connection, delete(lines).where(lines.c.row.in_(named)))
    before = settled["order_lines"]
    settled["order_lines"] = replace(before, rejected=before.rejected + rejected)


def _derive_orders(connection: Connection) -> None:
    lines, orders = STAGES["order_lines"], STAGES["orders"]
    if not holds(connection, lines):
        return
    names = ["row", "order", "customer", "ordered_at", "currency"]
    rows = select(
        func.min(lines.c.row),
        lines.c.order,
        func.min(lines.c.customer),
        func.min(lines.c.ordered_at),
        func.min(lines.c.currency),
    ).group_by(lines.c.order)
    connection.execute(insert(orders).from_select(names, rows))
    note_filled(connection, orders)
    measure(connection, orders)


def _customer_known(stage: Table, given: Collection[str]) -> Condition:
    customer = stage.c.customer
    bringing = ["customers"] if "customers" in given else ["orders", "contacts"]
    return or_(
        exists().where(Customer.key == customer),
        *(
            exists().where(other.c.customer == customer)
            for other in (STAGES[table].alias(f"{table}_brought") for table in bringing)
        ),
    )


def _contact_known(stage: Table, *, of_customer: bool = False) -> Condition:
    brought = STAGES["contacts"].alias("contacts_brought")
    here = exists().where(brought.c.contact == stage.c.contact)
    if not of_customer:
        return or_(here, exists().where(Contact.key == stage.c.contact))
    theirs = exists().where(
        brought.c.contact == stage.c.contact, brought.c.customer == stage.c.customer
    )
    stored = exists().where(
        Contact.key == stage.c.contact,
        Contact.customer_id == Customer.id,
        Customer.key == stage.c.customer,
    )
    # What a contact's row says today counts more than what we stored of it.
    return or_(theirs, and_(~here, stored))


def _order_known(stage: Table, *, of_customer: bool = False) -> Condition:
    brought = STAGES["orders"].alias("orders_brought")
    here = exists().where(brought.c.order == stage.c.order)
    if not of_customer:
        return or_(here, exists().where(Purchase.key == stage.c.order))
    theirs = exists().where(
        brought.c.order == stage.c.order, brought.c.customer == stage.c.customer
    )
    stored = exists().where(
        Purchase.key == stage.c.order,
        Purchase.customer_id == Customer.id,
        Customer.key == stage.c.customer,
    )
    # As with contacts: what an order's row says today counts.
    return or_(theirs, and_(~here, stored))
