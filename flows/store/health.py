"""What the store knows of how things stand, as questions for whoever only looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.store.looking import Question, Row, moment, moment_if_any
from segments.names import HaltCause

_RUN = """
SELECT * FROM (
    SELECT run.kind, run.as_of, run.started_at, run.ended_at, run.failed, (
        SELECT well.as_of FROM run AS well
        WHERE well.kind = run.kind AND well.ended_at IS NOT NULL AND well.failed IS NULL
        ORDER BY well.id DESC LIMIT 1
    ) AS went_well
    FROM run WHERE run.kind = :kind{n} ORDER BY run.id DESC LIMIT 1
) AS newest{n}
"""
# What counts as waiting and as taken is written out, so that the index that holds only these is
# used.
_QUEUE = """
SELECT waiting.due, waiting.later, waiting.asks, taken.number, taken.abandoned
FROM (
    SELECT
        SUM(CASE WHEN COALESCE(review, '') <> 'pending' AND not_before <= :now THEN 1 END) AS due,
        SUM(CASE WHEN COALESCE(review, '') <> 'pending' AND not_before > :now THEN 1 END) AS later,
        SUM(CASE WHEN review = 'pending' THEN 1 END) AS asks
    FROM send WHERE outcome = 'queued'
) AS waiting, (
    SELECT COUNT(*) AS number, SUM(CASE WHEN lease_until < :now THEN 1 END) AS abandoned
    FROM send WHERE outcome = 'claimed'
) AS taken
"""
_DOUBTS = "SELECT COUNT(*), MIN(since) FROM doubt WHERE settled_at IS NULL"
_STILL = """
SELECT journey, outlet, cause, why, since, until FROM halt
WHERE ended_at IS NULL AND since <= :now AND (until IS NULL OR until > :now)
ORDER BY since, id
"""
_TASKS = """
SELECT COUNT(*), COUNT(escalated_at), NULL, NULL FROM task WHERE status = 'open'
UNION ALL
SELECT NULL, NULL, due_at, COUNT(*) FROM task WHERE status = 'open' AND due_at <= :now
GROUP BY due_at
"""
_NEWEST_ORDER = "SELECT MAX(ordered_at) FROM purchase WHERE ordered_at <= :now"
_BATCHES = """
SELECT waiting.number, waiting.since, odd.number
FROM (
    SELECT COUNT(*) AS number, MIN(received_at) AS since
    FROM event_batch WHERE applied_at IS NULL
) AS waiting, (
    SELECT COUNT(*) AS number FROM event_batch
    WHERE applied_at >= :since AND problem IS NOT NULL
) AS odd
"""
_ALERTS = (
    "SELECT subject, said, since, told_at FROM alert WHERE ended_at IS NULL ORDER BY since, id"
)


@dataclass(frozen=True)
class RunNote:
    """The last run of a stage as the store notes it, and as of when one last went well."""

    kind: str
    as_of: datetime
    began_at: datetime
    ended_at: datetime | None
    failed: str | None
    went_well: datetime | None


@dataclass(frozen=True)
class Queue:
    """Messages that wait: due by now, later, for approval; and those taken, of them abandoned."""

    due: int = 0
    later: int = 0
    review: int = 0
    taken: int = 0
    abandoned: int = 0


@dataclass(frozen=True)
class Doubts:
    """Messages still asked about: how many, and since when the first is."""

    open: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Still:
    """Something that stands still, and why; everything where neither is named."""

    journey: str | None
    outlet: str | None
    cause: HaltCause
    why: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Tasks:
    """What colleagues are to do: open, handed on, and of the open ones by due moment."""

    open: int
    handed_on: int
    due: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True)
class Batches:
    """Events that came and are not worked through, since when, and those that cannot be."""

    waiting: int = 0
    since: datetime | None = None
    odd: int = 0


@dataclass(frozen=True)
class Standing:
    """Something that needs a person, the sentence for it, and whether anybody was told."""

    subject: str
    said: str
    since: datetime
    told_at: datetime | None


def moment_now() -> Question[datetime | None]:
    """What time it is for a database server; a file has no clock of its own."""
    return Question("SELECT clock_timestamp()", lambda rows: moment_if_any(rows[0][0]))


def runs(kinds: Sequence[str]) -> Question[dict[str, RunNote]]:
    """The last run of each stage that ever ran."""
    kinds = kinds or [""]
    sql = " UNION ALL ".join(_RUN.format(n=n) for n in range(len(kinds)))
    return Question(sql, _runs, {f"kind{n}": kind for n, kind in enumerate(kinds)})


def queue(now: datetime) -> Question[Queue]:
    """Messages that wait, and those a process has taken."""
    return Question(_QUEUE, lambda rows: Queue(*(number or 0 for number in rows[0])), {"now": now})


def doubts() -> Question[Doubts]:
    """Messages nobody knows the fate of, yet."""
    return Question(_DOUBTS, lambda rows: Doubts(rows[0][0], moment_if_any(rows[0][1])))


def standing_still(now: datetime) -> Question[list[Still]]:
    """What stands still at this moment, the longest first."""
    return Question(_STILL, _still, {"now": now})


def tasks(now: datetime) -> Question[Tasks]:
    """What is open, and by when what is due was to be done."""
    return Question(_TASKS, _tasks, {"now": now})


def newest_order(now: datetime) -> Question[datetime | None]:
    """When the latest order up to now was placed."""
    return Question(_NEWEST_ORDER, lambda rows: moment_if_any(rows[0][0]), {"now": now})


def batches(since: datetime) -> Question[Batches]:
    """Events that wait to be worked through, and those nobody could read from `since` on."""
    return Question(_BATCHES, _batches, {"since": since})


def alerts() -> Question[list[Standing]]:
    """What needs a person and is not over, the longest first."""
    return Question(_ALERTS, _alerts)


def polls() -> Question[dict[str, datetime]]:
    """When each list of others, and each source, was read."""
    return Question("SELECT source, read_at FROM source_state", _polls)


def _runs(rows: Sequence[Row]) -> dict[str, RunNote]:
    return {
        kind: RunNote(
            kind, moment(as_of), moment(began), moment_if_any(ended), failed, moment_if_any(well)
        )
        for kind, as_of, began, ended, failed, well in rows
    }


def _still(rows: Sequence[Row]) -> list[Still]:
    return [
        Still(journey, outlet, HaltCause(cause), why, moment(since), moment_if_any(until))
        for journey, outlet, cause, why, since, until in rows
    ]


def _tasks(rows: Sequence[Row]) -> Tasks:
    number, handed_on = next((row[0], row[1]) for row in rows if row[0] is not None)
    due = sorted((moment(at), many) for _, _, at, many in rows if at is not None)
    return Tasks(number, handed_on, tuple(due))


def _batches(rows: Sequence[Row]) -> Batches:
    ((waiting, since, odd),) = rows
    return Batches(waiting, moment_if_any(since), odd)


def _alerts(rows: Sequence[Row]) -> list[Standing]:
    return [
        Standing(subject, said, moment(since), moment_if_any(told))
        for subject, said, since, told in rows
    ]


def _polls(rows: Sequence[Row]) -> dict[str, datetime]:
    return {source: moment(at) for source, at in rows}
