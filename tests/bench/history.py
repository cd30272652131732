"""Three months of journeys: who was in which, where they stand, what was sent and answered."""

from collections.abc import Iterator

import numpy as np

from segments.journey.program import NodeKind, Program
from tests.bench.draw import DAY, any_of, numbered, same
from tests.bench.stream import NOTHING, Columns

BLOCK = 100_000
ENTERED = 0.1
"""Share of customers each journey has taken in."""


def tables(
    rng: np.random.Generator,
    customers: int,
    programs: tuple[Program, ...],
    until: np.datetime64,
) -> Iterator[tuple[str, Columns]]:
    """Enrollments from 90 to 15 days ago, a quarter of them under way, with their sends."""
    begin = until - 90 * DAY
    yield (
        "run",
        {
            "id": np.array([1]),
            "kind": same("plan", 1),
            "as_of": np.array([begin]),
            "started_at": np.array([begin]),
            "ended_at": np.array([begin]),
            "counts": same("{}", 1),
        },
    )
    for number, program in enumerate(programs, start=1):
        yield (
            "journey_version",
            {
                "id": np.array([number]),
                "journey": same(program.name, 1),
                "version": same(program.version, 1),
                "spec": same(program.journey.model_dump_json(by_alias=True, exclude_unset=True), 1),
                "started_at": np.array([begin]),
            },
        )
    enrollment, send = 1, 1
    for first in range(1, customers + 1, BLOCK):
        ids = np.arange(first, min(first + BLOCK, customers + 1))
        for program in programs:
            took = ids[rng.random(len(ids)) < ENTERED]
            columns = _enrollments(rng, program, took, enrollment, until)
            yield "enrollment", columns
            enrollment += len(took)
            for table, rows in _sends(rng, program, columns, send, until):
                yield table, rows
                send += len(rows["id"]) if table == "send" else 0


def _enrollments(
    rng: np.random.Generator,
    program: Program,
    customers: np.ndarray,
    first: int,
    until: np.datetime64,
) -> Columns:
    many = len(customers)
    ids = np.arange(first, first + many)
    entered = until - 15 * DAY - (rng.random(many) * 75 * 86_400e6).astype("timedelta64[us]")
    stops = [node.id for node in program.nodes if node.kind == NodeKind.WAIT] or ["end"]
    active = (rng.random(many) < 0.25) & (stops != ["end"])
    left = entered + (rng.random(many) * 15 * 86_400e6).astype("timedelta64[us]")
    due = until + (rng.random(many) * 30 * 86_400e6).astype("timedelta64[us]")
    never = np.datetime64("NaT", "us")
    return {
        "id": ids,
        "customer_id": customers,
        "journey": same(program.name, many),
        "version": same(program.version, many),
        "entry_key": numbered("bench ", ids),
        "arm": any_of(rng, ["treated", "held_out"], many, [0.9, 0.1]),
        "status": np.where(active, b"active", b"finished"),
        "reason": np.where(active, b"", b"completed"),
        "node": np.where(active, any_of(rng, stops, many), b"end"),
        "arrived_at": np.where(active, entered, left),
        "due_at": np.where(active, due, left),
        "anchor_at": entered,
        "entered_at": entered,
        "left_at": np.where(active, never, left),
        "first_touch_at": entered,
        "run_id": same_number(1, many),
    }


def _sends(
    rng: np.random.Generator,
    program: Program,
    enrollments: Columns,
    first: int,
    until: np.datetime64,
) -> Iterator[tuple[str, Columns]]:
    step = next(node for node in program.nodes if node.kind == NodeKind.SEND)
    many = len(enrollments["id"])
    ids = np.arange(first, first + many)
    at = enrollments["entered_at"]
    sent = rng.random(many) < 0.85
    gone = np.where(sent, at, np.datetime64("NaT", "us"))
    yield (
        "send",
        {
            "id": ids,
            "enrollment_id": enrollments["id"],
            "customer_id": enrollments["customer_id"],
            "contact_id": same_number(NOTHING, many),
            "journey": enrollments["journey"],
            "version": enrollments["version"],
            "step": same(step.id, many),
            "occurrence": same_number(0, many),
            "message": same(step.id, many),
            "purpose": same(program.journey.purpose, many),
            "priority": same_number(program.journey.priority, many),
            "outcome": np.where(sent, b"delivered", b"skipped"),
            "reason": np.where(sent, b"", b"no_permission"),
            "due_at": at,
            "not_before": at,
            "valid_until": at + 7 * DAY,
            "decided_at": at,
            "handed_over_at": gone,
            "run_id": same_number(1, many),
        },
    )
    answered = np.flatnonzero(sent & (rng.random(many) < 0.1))
    yield (
        "response",
        {
            "id": ids[answered],
            "key": numbered("R", ids[answered]),
            "send_id": ids[answered],
            "kind": same("click", len(answered)),
            "at": at[answered] + DAY,
        },
    )


def same_number(number: int, count: int) -> np.ndarray:
    """The same number in every row."""
    return np.full(count, number, dtype=np.int64)
