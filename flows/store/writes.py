"""A plan becomes rows, in one transaction."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, bindparam, delete, select

from flows.store.bulk import insert_rows, numbers, update_rows
from flows.store.ledger import write_ledger
from flows.store.models import SegmentMember, Send, Task
from flows.store.reading_touches import NOT_SENT
from flows.store.session import frame
from flows.store.staffing import Staff, assigned
from segments.names import EnrollmentStatus, LeaveReason, Outcome, SkipReason, TaskStatus
from segments.state import Plan, changed_phase, changed_quadrant

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
    "version",
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
_TASK = [
    "enrollment_id",
    "customer_id",
    "owner",
    "step",
    "kind",
    "about",
    "due_at",
    "escalate_at",
    "status",
    "run_id",
]
_NOBODY = Staff()


def apply_plan(
    connection: Connection,
    plan: Plan,
    enrollments: pd.DataFrame,
    run_id: int,
    now: datetime,
    *,
    staff: Staff = _NOBODY,
    restarting: Collection[str] = (),
    begun: pd.DataFrame | None = None,
) -> None:
    """Write everything a plan says. `enrollments` are those the plan started from.

    `restarting` names the journeys that let those under way begin anew. `begun` says of those who
    enter how their comparison begins, see `segments.journey.beginning`. The caller holds the
    transaction; unique keys refuse what was written before.
    """
    known = _write_enrollments(connection, plan, enrollments, run_id, begun)
    sends = plan.sends.assign(
        enrollment_id=plan.sends["ref"].map(known).astype("Int64"),
        step=plan.sends["node"],
        decided_at=pd.Timestamp(now),
        run_id=run_id,
    )
    _write_sends(connection, sends, restarting)
    write_ledger(connection, run_id, now, sends)
    _close_deferred(connection, plan, enrollments)
    _write_tasks(connection, plan, known, run_id, staff, restarting)
    _write_phases(connection, plan, run_id, now)
    _write_members(connection, plan)


def _write_enrollments(
    connection: Connection,
    plan: Plan,
    before: pd.DataFrame,
    run_id: int,
    begun: pd.DataFrame | None,
) -> pd.Series:
    """Enrollment number by ref: of those under way, and of those who enter now."""
    rows = plan.enrollments
    moved = rows[rows["enrollment_id"].notna()].rename(columns={"enrollment_id": "id"})
    update_rows(connection, "enrollment", moved[["id", *_MOVING]])
    new = rows[rows["enrollment_id"].isna()]
    known = before["enrollment_id"].reset_index(drop=True).astype("Int64")
    if new.empty:
        return known
    fresh = new[_ENROLLMENT].assign(id=numbers(connection, "enrollment", len(new)), run_id=run_id)
    if begun is not None:
        fresh = fresh.join(begun)
    insert_rows(connection, "enrollment", fresh)
    return pd.concat([known, pd.Series(fresh["id"].array, index=new["ref"]).astype("Int64")])


def _write_sends(connection: Connection, sends: pd.DataFrame, restarting: Collection[str]) -> None:
    again = sends[sends["send_id"].notna()]
    new = sends[sends["send_id"].isna()]
    if restarting:
        old = _met_before(connection, new[new["journey"].isin(sorted(restarting))])
        # What was sent stays as it is; what was held back then is decided anew in its row.
        new = new[~new.index.isin(old.index)]
        again = pd.concat([again, old[old["outcome_then"].isin(_HELD_BACK)]])
    again = again.assign(id=again["send_id"])
    update_rows(connection, "send", again[["id", *_REDECIDED, "decided_at", "run_id"]])
    columns = ["enrollment_id", "step", *_SEND, "decided_at", "run_id"]
    insert_rows(connection, "send", new[columns].assign(occurrence=0))


_HELD_BACK = [outcome.value for outcome in NOT_SENT]


def _met_before(connection: Connection, sends: pd.DataFrame) -> pd.DataFrame:
    """Those that have a row of their own already, from before their enrollment began anew."""
    if sends.empty:
        return sends.assign(outcome_then=None)
    rows = frame(
        connection,
        select(
            Send.id.label("send_then"),
            Send.enrollment_id,
            Send.step,
            Send.contact_id,
            Send.outcome.label("outcome_then"),
        ).where(
            Send.customer_id.between(*_ends(sends["customer_id"])),
            Send.journey.in_(sorted(set(sends["journey"]))),
        ),
    )
    found = sends.reset_index().merge(rows, on=["enrollment_id", "step", "contact_id"])
    return found.set_index("index").assign(send_id=lambda rows: rows["send_then"])


def _close_deferred(connection: Connection, plan: Plan, before: pd.DataFrame) -> None:
    """What waited for somebody who has left their journey, or begun it anew, will never go."""
    rows = plan.enrollments[plan.enrollments["enrollment_id"].notna()]
    version = before["version"].reset_index(drop=True)
    anew = rows["version"].to_numpy() != version.loc[rows["ref"]].to_numpy()
    left = rows[(rows["status"] != EnrollmentStatus.ACTIVE.value).to_numpy() | anew]
    if left.empty:
        return
    waiting = frame(
        connection,
        select(Send.id, Send.enrollment_id).where(
            Send.outcome == Outcome.DEFERRED,
            Send.customer_id.between(*_ends(left["customer_id"])),
        ),
    )
    # Whoever begins anew may stand at that very message again, and then it was decided just now.
    waiting = waiting[~waiting["id"].isin(plan.sends["send_id"])]
    gone = waiting.merge(left[["enrollment_id", "reason"]], on="enrollment_id")
    goal = gone["reason"] == LeaveReason.GOAL.value
    reason = goal.map({True: SkipReason.GOAL_REACHED.value, False: SkipReason.EXITED.value})
    closed = gone[["id"]].assign(outcome=Outcome.SKIPPED.value, reason=reason)
    update_rows(connection, "send", closed)


def _write_tasks(
    connection: Connection,
    plan: Plan,
    known: pd.Series,
    run_id: int,
    staff: Staff,
    restarting: Collection[str],
) -> None:
    if plan.tasks.empty:
        return
    tasks = plan.tasks.assign(
        enrollment_id=plan.tasks["ref"].map(known),
        step=plan.tasks["node"],
        owner=assigned(connection, plan.tasks, staff),
        status=TaskStatus.OPEN.value,
        run_id=run_id,
    )
    if restarting:
        tasks = tasks[~_given_before(connection, tasks)]
    insert_rows(connection, "task", tasks[_TASK])


def _given_before(connection: Connection, tasks: pd.DataFrame) -> np.ndarray:
    """Whether an enrollment that begins anew gave its colleague this very task already."""
    rows = frame(
        connection,
        select(Task.enrollment_id, Task.step).where(
            Task.customer_id.between(*_ends(tasks["customer_id"]))
        ),
    )
    given = pd.MultiIndex.from_frame(rows.astype({"enrollment_id": "Int64", "step": "str"}))
    asked = tasks[["enrollment_id", "step"]].astype({"enrollment_id": "Int64", "step": "str"})
    return pd.MultiIndex.from_frame(asked).isin(given)


def _write_phases(connection: Connection, plan: Plan, run_id: int, now: datetime) -> None:
    moment = pd.Timestamp(now)
    phases = plan.phases.rename(columns={"customer_id": "id"})
    new_phase = phases["phase"] != phases["phase_before"].fillna("")
    standing = phases[["id", "phase", "quadrant"]]
    update_rows(connection, "customer", standing[~new_phase])
    update_rows(connection, "customer", standing[new_phase].assign(phase_since=moment))
    moved = phases[changed_phase(phases)]
    changes = moved[["id", "phase_before", "phase"]].set_axis(
        ["customer_id", "before", "after"], axis=1
    )
    insert_rows(connection, "phase_change", changes.assign(at=moment, run_id=run_id))
    moved = phases[changed_quadrant(phases)]
    changes = moved[["id", "quadrant_before", "quadrant"]].set_axis(
        ["customer_id", "before", "after"], axis=1
    )
    insert_rows(connection, "quadrant_change", changes.assign(at=moment, run_id=run_id))


def _write_members(connection: Connection, plan: Plan) -> None:
    execute_many(
        connection,
        delete(SegmentMember).where(
            SegmentMember.segment == bindparam("name"),
            SegmentMember.customer_id == bindparam("number"),
        ),
        plan.left.set_axis(["name", "number"], axis=1),
    )
    insert_rows(connection, "segment_member", plan.joined)


def _ends(customer_ids: pd.Series) -> tuple[int, int]:
    return int(customer_ids.min()), int(customer_ids.max())


def execute_many(connection: Connection, statement: Any, rows: pd.DataFrame) -> None:
    """One statement for all rows; nothing at all for none."""
    if len(rows):
        connection.execute(statement, list(records(rows)))


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
