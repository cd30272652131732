"""What costs and which share of holdout applied when: noted on the day they change."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from flows.store.models import Terms
from segments.costs import CostPolicy, MeasurePolicy
from segments.policy import Policy


@dataclass(frozen=True)
class Term:
    """What applied from a moment on, until the next."""

    since: datetime
    costs: CostPolicy
    holdout: float
    measure: MeasurePolicy = field(default_factory=MeasurePolicy)


def note_terms(connection: Connection, policy: Policy, now: datetime) -> None:
    """Remember what policy.yaml says today, if it says something else than before."""
    said = {
        "costs": policy.costs.model_dump(mode="json", by_alias=True),
        "holdout": policy.holdout,
        "measure": policy.measure.model_dump(mode="json"),
    }
    latest = connection.execute(
        select(Terms.since, Terms.costs, Terms.holdout, Terms.measure)
        .order_by(Terms.since.desc(), Terms.id.desc())
        .limit(1)
    ).first()
    # Of a moment of the past it was said already, and what was said stays.
    if latest is None or (
        latest.since <= now and any(latest._mapping[name] != said[name] for name in said)
    ):
        connection.execute(insert(Terms).values(since=now, **said))


def read_terms(connection: Connection, policy: Policy, now: datetime) -> list[Term]:
    """What applied up to `now`, the earliest first, which holds for what was before it too.

    Never empty; the last is what applies at that moment.
    """
    rows = connection.execute(
        select(Terms.since, Terms.costs, Terms.holdout, Terms.measure).order_by(
            Terms.since, Terms.id
        )
    )
    noted = [
        Term(
            since,
            CostPolicy.model_validate(costs),
            holdout,
            MeasurePolicy.model_validate(measure),
        )
        for since, costs, holdout, measure in rows
    ]
    if not noted:
        beginning = datetime.min.replace(tzinfo=UTC)
        return [Term(beginning, policy.costs, policy.holdout, policy.measure)]
    return [noted[0], *(term for term in noted[1:] if term.since <= now)]
