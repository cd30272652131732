"""What costs and which share of holdout applied when: noted on the day they change."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from flows.store.models import Terms
from segments.costs import CostPolicy
from segments.policy import Policy


@dataclass(frozen=True)
class Term:
    """What applied from a moment on, until the next."""

    since: datetime
    costs: CostPolicy
    holdout: float


def note_terms(connection: Connection, policy: Policy, now: datetime) -> None:
    """Remember what policy.yaml says today, if it says something else than before."""
    costs = policy.costs.model_dump(mode="json", by_alias=True)
    latest = connection.execute(
        select(Terms.since, Terms.costs, Terms.holdout)
        .order_by(Terms.since.desc(), Terms.id.desc())
        .limit(1)
    ).first()
    # Of a moment of the past it was said already, and what was said stays.
    if latest is not None and (
        (latest.costs, latest.holdout) == (costs, policy.holdout) or now < latest.since
    ):
        return
    connection.execute(insert(Terms).values(since=now, costs=costs, holdout=policy.holdout))


def read_terms(connection: Connection, policy: Policy) -> list[Term]:
    """All terms, the earliest first, which holds for what was before it too; never empty."""
    rows = connection.execute(
        select(Terms.since, Terms.costs, Terms.holdout).order_by(Terms.since, Terms.id)
    )
    noted = [
        Term(since, CostPolicy.model_validate(costs), holdout) for since, costs, holdout in rows
    ]
    return noted or [Term(datetime.min.replace(tzinfo=UTC), policy.costs, policy.holdout)]
