"""Somebody asks what we know of them, or to be forgotten: a task for the colleague responsible."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, insert, select

from flows.store.models import Base, Contact, Customer
from segments.names import TaskKind, TaskStatus

_task = Base.metadata.tables["task"]
_DUE = timedelta(days=7)
# The law gives a month (Art. 12 (3) GDPR); whoever leads hears of it in time.
_ESCALATE = timedelta(days=14)
STEPS = {"copy": "data copy", "erase": "data erasure"}
_ABOUT = {
    "copy": "Auskunft über gespeicherte Daten (Art. 15 DSGVO): stammkunde export {key}",
    "erase": "Löschung der Daten (Art. 17 DSGVO): stammkunde erase {key}",
}


def ask_for_data(connection: Connection, contact_id: int, what: str, at: datetime) -> bool:
    """Make the task: `what` is "copy" or "erase". False where one is open already, or nobody."""
    row = connection.execute(
        select(Contact.key, Contact.customer_id, Customer.owner)
        .join(Customer, Customer.id == Contact.customer_id)
        .where(Contact.id == contact_id)
    ).one_or_none()
    if row is None:
        return False
    about = _ABOUT[what].format(key=row.key)[:200]
    same = exists().where(
        _task.c.customer_id == row.customer_id,
        _task.c.step == STEPS[what],
        _task.c.about == about,
        _task.c.status == TaskStatus.OPEN,
    )
    if connection.execute(select(same)).scalar_one():
        return False
    connection.execute(
        insert(_task).values(
            customer_id=row.customer_id,
            owner=row.owner,
            step=STEPS[what],
            kind=TaskKind.WRITE,
            about=about,
            due_at=at + _DUE,
            escalate_at=at + _ESCALATE,
            status=TaskStatus.OPEN,
        )
    )
    return True
