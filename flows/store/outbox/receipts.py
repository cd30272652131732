"""What became of sends that were handed over, as far as the outlet could tell."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    Text,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)

from flows.store.machine import origins, still
from flows.store.models import Base
from flows.store.sets import Types, among, update_each
from flows.store.types import Utc
from segments.names import Outcome

_send = Base.metadata.tables["send"]
_doubt = Base.metadata.tables["doubt"]

_SILENT = "the outlet did not say why"
_TOLD = frozenset({Outcome.ACCEPTED, Outcome.REJECTED, Outcome.IN_DOUBT})
_ROW: Types = {"its_id": BigInteger(), "its_number": String(200), "its_detail": Text()}


@dataclass(frozen=True)
class Result:
    """What became of a send that was claimed: accepted, rejected or in doubt."""

    send_id: int
    outcome: Outcome
    provider_id: str | None = None
    detail: str | None = None


def record(
    connection: Connection,
    results: Sequence[Result],
    now: datetime,
    *,
    claim_id: str | None = None,
) -> None:
    """Note what became of claimed sends; an event that already told more is left standing.

    With `claim_id`, results of sends that another claim has taken since are passed over.
    """
    if strange := {result.outcome for result in results} - _TOLD:
        raise ValueError(f"not for `record`: {', '.join(sorted(strange))}")
    ours = true() if claim_id is None else _send.c.claim_id == claim_id
    for outcome in _TOLD:
        group = [result for result in results if result.outcome == outcome]
        if outcome == Outcome.IN_DOUBT:
            taken = _still_claimed(connection, [result.send_id for result in group], ours)
            _note(connection, outcome, group, now, ours)
            open_doubts(connection, taken, now)
        else:
            _note(connection, outcome, group, now, ours)


def open_doubts(connection: Connection, send_ids: Collection[int], now: datetime) -> None:
    """Begin to ask about sends that have come to be in doubt just now; their detail says why."""
    if not send_ids:
        return
    why = func.coalesce(_send.c.detail, literal(_SILENT, Text()))
    doubtful = select(_send.c.id, literal(now, Utc()), why).where(
        among(connection, _send.c.id, send_ids)
    )
    connection.execute(insert(_doubt).from_select(["send_id", "since", "why"], doubtful))


def clean(said: str | None, most: int = 2_000) -> str | None:
    """What somebody else's machine said, as a database can keep it: it may be anything."""
    if said is None:
        return None
    return said.replace("\0", "").encode("utf-8", "replace").decode()[:most]


def _still_claimed(
    connection: Connection, send_ids: Collection[int], ours: ColumnElement[bool]
) -> Sequence[int]:
    if not send_ids:
        return []
    claimed = select(_send.c.id).where(
        among(connection, _send.c.id, send_ids), still(Outcome.CLAIMED), ours
    )
    return connection.scalars(claimed.order_by(_send.c.id).with_for_update()).all()


def _note(
    connection: Connection,
    outcome: Outcome,
    results: Sequence[Result],
    now: datetime,
    ours: ColumnElement[bool],
) -> None:
    goes_on = or_(*(_send.c.outcome == origin for origin in origins(outcome)))
    when: dict[str, Any] = {}
    if outcome != Outcome.REJECTED:
        when["handed_over_at"] = func.coalesce(_send.c.handed_over_at, now)
    update_each(
        connection,
        lambda fresh: (
            update(_send)
            .where(_send.c.id == fresh["its_id"], _send.c.outcome != Outcome.QUEUED, ours)
            .values(
                outcome=case(
                    (goes_on, literal(outcome, _send.c.outcome.type)), else_=_send.c.outcome
                ),
                provider_id=func.coalesce(fresh["its_number"], _send.c.provider_id),
                detail=func.coalesce(fresh["its_detail"], _send.c.detail),
                **when,
            )
        ),
        _ROW,
        [
            {
                "its_id": each.send_id,
                "its_number": clean(each.provider_id, 200),
                "its_detail": clean(each.detail),
            }
            for each in results
        ],
    )
