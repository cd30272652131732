"""Everything a customer does that an effect is measured by, one row a happening."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    select,
)

from flows.store.models import (
    Complaint,
    ComplaintCorrection,
    Purchase,
    PurchaseCorrection,
    Response,
    Send,
    Task,
)
from flows.store.terms import Term
from segments.costs import CostPolicy
from segments.effect.windows import ADDED
from segments.names import OrderKind, ResponseKind, TaskKind, TaskStatus
from segments.operands import MINOR_UNITS

Column = ColumnElement[Any]


def happenings(terms: Sequence[Term]) -> list[Select[Any]]:
    """`HAPPENINGS` of `segments.effect.windows`, one query for each kind of them.

    What an order leaves and a message or task costs follows from the `terms` of its day.
    """
    return [*_of_orders(terms), *_of_ours(terms), *_of_anger()]


def _of_orders(terms: Sequence[Term]) -> list[Select[Any]]:
    parts = []
    for table, sign, corrected in (
        (Purchase, _ONE, None),
        (PurchaseCorrection, cast(PurchaseCorrection.sign, Float), PurchaseCorrection.corrected_at),
    ):
        at = table.ordered_at
        sale = case((table.kind == OrderKind.SALE.value, 1.0), else_=0.0)
        total = cast(table.total, Float)
        listed = func.coalesce(table.list_total, table.total)
        goods = func.coalesce(
            cast(table.cost, Float),
            listed * _by_day(terms, at, lambda costs: 1 - float(costs.margin)),
        )
        handling = case(
            (
                table.kind == OrderKind.SALE.value,
                _by_day(terms, at, lambda costs: costs.order * MINOR_UNITS),
            ),
            else_=_by_day(terms, at, lambda costs: costs.return_ * MINOR_UNITS),
        )
        parts.append(
            _rows(
                table.customer_id,
                at,
                seen=table.seen_at,
                gone=table.cancelled_at,
                corrected=corrected,
                orders=sign * sale,
                revenue=sign * total,
                margin=sign * (total - goods - handling),
                returns=sign * (1.0 - sale),
            )
        )
    return parts


def _of_ours(terms: Sequence[Term]) -> list[Select[Any]]:
    """What our reaching out costs: every message and measure, whichever journey it came from."""
    message = _by_day(terms, Send.handed_over_at, lambda costs: costs.message * MINOR_UNITS)
    by_kind = {kind.value: _by_day(terms, Task.done_at, partial(_task, kind)) for kind in TaskKind}
    return [
        _rows(Send.customer_id, Send.handed_over_at, margin=-message).where(
            Send.handed_over_at.is_not(None)
        ),
        _rows(
            Task.customer_id,
            Task.done_at,
            # Once it is done nothing changes it any more.
            seen=Task.changed_at,
            margin=-case(by_kind, value=Task.kind, else_=0.0),
        ).where(
            and_(
                Task.customer_id.is_not(None),
                Task.done_at.is_not(None),
                Task.status == TaskStatus.DONE.value,
            )
        ),
    ]


_ONE: Column = literal(1.0)


def _of_anger() -> list[Select[Any]]:
    """Complaints about goods or service, mails reported as spam, and those who want no more."""
    kinds = {ResponseKind.COMPLAINT: "complaints", ResponseKind.UNSUBSCRIBE: "unsubscribes"}
    return [
        _rows(Complaint.customer_id, Complaint.opened_at, seen=Complaint.seen_at, complaints=_ONE),
        _rows(
            ComplaintCorrection.customer_id,
            ComplaintCorrection.opened_at,
            seen=ComplaintCorrection.seen_at,
            corrected=ComplaintCorrection.corrected_at,
            complaints=cast(ComplaintCorrection.sign, Float),
        ),
        *(
            _rows(Send.customer_id, Response.at, seen=Response.seen_at, **{figure: _ONE})
            .join_from(Response, Send, Send.id == Response.send_id)
            .where(Response.kind == kind.value)
            for kind, figure in kinds.items()
        ),
    ]


def _rows(
    customer: Any,
    at: Any,
    *,
    seen: Any = None,
    gone: Any = None,
    corrected: Any = None,
    **figures: Column,
) -> Select[Any]:
    moments = {"seen_at": seen, "gone_at": gone, "corrected_at": corrected}
    return select(
        customer.label("customer_id"),
        at.label("at"),
        *(moment.label(name) for name, moment in moments.items() if moment is not None),
        *(cast(figures[name.value], Float).label(name.value) for name in ADDED if name in figures),
    )


def _task(kind: TaskKind, costs: CostPolicy) -> float:
    return costs.task.of(kind) * MINOR_UNITS


def _by_day(terms: Sequence[Term], at: Any, figure: Callable[[CostPolicy], float]) -> Column:
    """A figure of the terms that applied at that moment; what was before the first has those."""
    values = [literal(float(figure(term.costs))) for term in terms]
    until: list[datetime] = [term.since for term in terms[1:]]
    if not until:
        return values[0]
    ways = [(at < moment, value) for moment, value in zip(until, values, strict=False)]
    return case(*ways, else_=values[-1])
