"""A plan becomes rows, in one transaction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from flows.store.models import (
    Base,
    Customer,
    Enrollment,
    PhaseChange,
    SegmentMember,
    Send,
    Task,
)
from segments.names import EnrollmentStatus, Outcome, SkipReason, TaskStatus
from segments.state import Plan, changed_phase

_ENROLLMENT = [
    "customer_id",
    "journey",
    "version",
    "entry_key",
    "arm",
    "status",
    "reason",
    "node",
    "arrived_at",
    "due_at",
    "anchor_at",
    "entered_at",
    "left_at",
    "first_touch_at",
    "goal_at",
    "marked_at",
    "flags",
    "purchase_id",
]
_MOVING = [
    "status",
    "reason",
    "node",
    "arrived_at",
    "due_at",
    "left_at",
    "first_touch_at",
    "goal_at",
    "marked_at",
    "flags",
]
_SEND = [
    "customer_id",
    "contact_id",
    "journey",
    "version",
    "message",
    "purpose",
    "basis",
    "priority",
    "outcome",
    "reason",
    "outranked_by",
    "why",
    "review",
    "due_at",
    "not_before",
    "valid_until",
]
_REDECIDED = [
    "basis",
    "priority",
    "outcome",
    "reason",
    "outranked_by",
    "why",
    "review",
    "not_before",
]


def apply_plan(
    connection: Connection, plan: Plan, enrollments: pd.DataFrame, run_id: int, now: datetime
) -> None:
    """Write everything a plan says. `enrollments` are those the plan started from.

    The caller holds the transaction; unique keys refuse what was written before.
    """
    numbers = _write_enrollments(connection, plan, enrollments, run_id)
    _write_sends(connection, plan, numbers, run_id, now)
    _close_deferred(connection, plan)
    _write_tasks(connection, plan, numbers, enrollments, run_id)
    _write_phases(connection, plan, run_id, now)
    _write_members(connection, plan)


def _write_enrollments(
    connection: Connection, plan: Plan, before: pd.DataFrame, run_id: int
) -> pd.Series:
    """Enrollment number by ref: of those under way, and of those who enter now."""
    rows = plan.enrollments
    moved = rows[rows["enrollment_id"].notna()]
    _update_many(
        connection,
        "enrollment",
        moved.rename(columns={"enrollment_id": "number"})[["number", *_MOVING]],
    )
    new = rows[rows["enrollment_id"].isna()]
    known = before["enrollment_id"].reset_index(drop=True).astype("Int64")
    if new.empty:
        return known
    execute_many(connection, insert(Enrollment), new[_ENROLLMENT].assign(run_id=run_id))
    written = connection.execute(
        select(
            Enrollment.id, Enrollment.customer_id, Enrollment.journey, Enrollment.entry_key
        ).where(
            Enrollment.run_id == run_id,
            Enrollment.customer_id.between(
                int(new["customer_id"].min()), int(new["customer_id"].max())
            ),
        )
    )
    ids = pd.DataFrame(written.fetchall(), columns=["id", "customer_id", "journey", "entry_key"])
    found = new.merge(
        ids.astype({"journey": "str", "entry_key": "str"}),
        on=["customer_id", "journey", "entry_key"],
        validate="one_to_one",
    )
    return pd.concat([known, found.set_index("ref")["id"].astype("Int64")])


def _write_sends(
    connection: Connection, plan: Plan, numbers: pd.Series, run_id: int, now: datetime
) -> None:
    sends = plan.sends.assign(decided_at=pd.Timestamp(now), run_id=run_id)
    again = sends[sends["send_id"].notna()].rename(columns={"send_id": "number"})
    _update_many(connection, "send", again[["number", *_REDECIDED, "decided_at", "run_id"]])
    new = sends[sends["send_id"].isna()]
    new = new.assign(enrollment_id=new["ref"].map(numbers)).rename(columns={"node": "step"})
    execute_many(
        connection,
        insert(Send),
        new[["enrollment_id", "step", *_SEND, "decided_at", "run_id"]].assign(occurrence=0),
    )


def _close_deferred(connection: Connection, plan: Plan) -> None:
    """What waited for somebody who has left their journey since will never go."""
    left = plan.enrollments["status"] != EnrollmentStatus.ACTIVE.value
    gone = plan.enrollments.loc[left & plan.enrollments["enrollment_id"].notna(), ["enrollment_id"]]
    send = Base.metadata.tables["send"]
    execute_many(
        connection,
        update(send)
        .where(
            send.c.enrollment_id == bindparam("number"), send.c.outcome == Outcome.DEFERRED.value
        )
        .values(outcome=Outcome.SKIPPED.value, reason=SkipReason.EXITED.value),
        gone.set_axis(["number"], axis=1),
    )


def _write_tasks(
    connection: Connection, plan: Plan, numbers: pd.Series, before: pd.DataFrame, run_id: int
) -> None:
    if plan.tasks.empty:
        return
    customers = [int(number) for number in plan.tasks["customer_id"].unique()]
    owners: dict[int, str | None] = {}
    for start in range(0, len(customers), 10_000):
        block = customers[start : start + 10_000]
        rows = connection.execute(select(Customer.id, Customer.owner).where(Customer.id.in_(block)))
        owners.update((row.id, row.owner) for row in rows)
    tasks = plan.tasks.assign(
        enrollment_id=plan.tasks["ref"].map(numbers),
        owner=plan.tasks["customer_id"].map(owners),
        status=TaskStatus.OPEN.value,
        run_id=run_id,
    ).rename(columns={"node": "step"})
    execute_many(connection, insert(Task), tasks.drop(columns="ref"))


def _write_phases(connection: Connection, plan: Plan, run_id: int, now: datetime) -> None:
    moment = pd.Timestamp(now)
    phases = plan.phases.rename(columns={"customer_id": "number"})
    new_phase = phases["phase"] != phases["phase_before"].fillna("")
    standing = phases[["number", "phase", "quadrant"]]
    _update_many(connection, "customer", standing[~new_phase])
    _update_many(connection, "customer", standing[new_phase].assign(phase_since=moment))
    moved = phases[changed_phase(phases)]
    changes = moved[["number", "phase_before", "phase"]].set_axis(
        ["customer_id", "before", "after"], axis=1
    )
    execute_many(connection, insert(PhaseChange), changes.assign(at=moment, run_id=run_id))


def _write_members(connection: Connection, plan: Plan) -> None:
    execute_many(
        connection,
        delete(SegmentMember).where(
            SegmentMember.segment == bindparam("name"),
            SegmentMember.customer_id == bindparam("number"),
        ),
        plan.left.set_axis(["name", "number"], axis=1),
    )
    execute_many(connection, insert(SegmentMember), plan.joined)


def execute_many(connection: Connection, statement: Any, rows: pd.DataFrame) -> None:
    """One statement for all rows; nothing at all for none."""
    if len(rows):
        connection.execute(statement, list(records(rows)))


def _update_many(connection: Connection, table: str, rows: pd.DataFrame) -> None:
    """Set the columns of `rows` in the rows of `table` whose id is `number`."""
    target = Base.metadata.tables[table]
    execute_many(connection, update(target).where(target.c.id == bindparam("number")), rows)


def records(rows: pd.DataFrame) -> Iterable[dict[str, Any]]:
    """Rows as the database wants them: plain Python values, None where something is missing."""
    columns: dict[str, list[Any]] = {}
    for name in rows.columns:
        series = rows[name]
        if isinstance(series.dtype, pd.DatetimeTZDtype):
            values: Any = series.dt.to_pydatetime()
        else:
            values = series
        missing = series.isna().to_numpy()
        plain = list(values) if isinstance(series.dtype, pd.DatetimeTZDtype) else series.tolist()
        columns[str(name)] = [
            None if gone else value for value, gone in zip(plain, missing, strict=True)
        ]
    names = list(columns)
    return (dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True))
