"""Everybody at one node moves in one operation; programs run forward, so one pass does."""

from datetime import datetime

import numpy as np
import pandas as pd

from segments.journey.calendar import later
from segments.journey.program import NodeKind, Program
from segments.journey.standing import Standing
from segments.names import EnrollmentStatus, LeaveReason
from segments.spec import Task, Wait


def advance(
    program: Program, rows: pd.DataFrame, profiles: pd.DataFrame, now: datetime, zone: str
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Move active enrollments of one program as far as they may go, and the tasks met on the way.

    They stop at a wait that is not over and at a send, which is for the candidates' gates to
    decide. Tasks, a frame a node: ref (index of `rows`), customer_id, node, kind, about, due_at.
    """
    standing = Standing(rows, profiles)
    moment = np.datetime64(now.replace(tzinfo=None), "us") - _offset(now)
    position = rows["node"].map(program.positions).to_numpy(dtype="int64", copy=True)
    arrived = _utc(rows["arrived_at"])
    due = _utc(rows["due_at"])
    ended = np.zeros(len(rows), dtype=bool)
    tasks: list[pd.DataFrame] = []
    for place, node in enumerate(program.nodes):
        here = np.flatnonzero(position == place)
        if not len(here):
            continue
        if node.kind == NodeKind.END:
            ended[here] = True
        elif node.kind == NodeKind.SEND:
            due[here] = arrived[here]
        elif isinstance(node.step, Wait):
            due[here] = _utc(later(_series(arrived[here]), node.step.wait, zone))
            over = here[due[here] <= moment]
            arrived[over] = due[over]
            position[over] = node.next
        elif isinstance(node.step, Task):
            tasks.append(_tasks(rows, here, node.id, node.step, now, zone))
            position[here] = node.next
        else:
            target = np.full(len(here), -1)
            for rule, way in node.ways:
                open_ = np.flatnonzero(target < 0)
                target[open_[standing.applies(rule, here[open_])]] = way
            position[here] = np.where(target < 0, node.next, target)
    ids = np.array([node.id for node in program.nodes], dtype=object)
    moved = rows.assign(
        node=pd.array(ids[position], dtype="str"),
        arrived_at=_series(arrived, rows),
        due_at=_series(due, rows),
    )
    if ended.any():
        moved.loc[ended, ["status", "reason"]] = [
            EnrollmentStatus.FINISHED.value,
            LeaveReason.COMPLETED.value,
        ]
        moved.loc[ended, "left_at"] = pd.Timestamp(now)
    return moved, tasks


def empty_tasks() -> pd.DataFrame:
    """No tasks, with all columns."""
    return pd.DataFrame(
        {
            "ref": pd.Series(dtype="int64"),
            "customer_id": pd.Series(dtype="int64"),
            "node": pd.Series(dtype="str"),
            "kind": pd.Series(dtype="str"),
            "about": pd.Series(dtype="str"),
            "due_at": pd.Series(dtype="datetime64[us, UTC]"),
        }
    )


def _tasks(
    rows: pd.DataFrame, here: np.ndarray, node: str, step: Task, now: datetime, zone: str
) -> pd.DataFrame:
    met = pd.Series(pd.Timestamp(now), index=range(len(here))).astype("datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "ref": rows.index[here],
            "customer_id": rows["customer_id"].to_numpy()[here],
            "node": node,
            "kind": step.task.kind.value,
            "about": step.task.about,
            "due_at": later(met, step.task.due, zone),
        }
    )


def _utc(moments: pd.Series) -> np.ndarray:
    plain = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    values: np.ndarray = plain.to_numpy(dtype="datetime64[us]", copy=True)
    return values


def _series(moments: np.ndarray, like: pd.DataFrame | None = None) -> pd.Series:
    index = None if like is None else like.index
    return pd.Series(moments, index=index).dt.tz_localize("UTC")


def _offset(now: datetime) -> np.timedelta64:
    return np.timedelta64(now.utcoffset(), "us")
