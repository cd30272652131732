"""What stands beside an effect: orders after a message, who gave way to whom, scores given."""

from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, cast, func, or_, select

from flows.store.heard import heard, told
from flows.store.ledger import unpack
from flows.store.models import Ledger, Purchase, Response, Send
from flows.store.session import frame
from segments.effect.nps import PASSIVE, PROMOTER
from segments.names import Outcome, Purpose, ResponseKind

_MESSAGE = ["enrollment_id", "step", "journey", "outranked_by"]


def attributed(connection: Connection, now: datetime) -> pd.DataFrame:
    """journey, orders, revenue: every order once, with the last message before it.

    That is no effect: most would have ordered anyway.
    """
    last = (
        func.row_number()
        .over(
            partition_by=Response.purchase_id,
            order_by=(Send.handed_over_at.desc(), Send.id.desc()),
        )
        .label("place")
    )
    given = (
        select(Send.journey, Purchase.total, last)
        .join_from(Response, Send, Send.id == Response.send_id)
        .join(Purchase, Purchase.id == Response.purchase_id)
        .where(
            Response.kind == ResponseKind.ORDER.value,
            heard(now),
            told(Purchase.seen_at, now),
            or_(Purchase.cancelled_at.is_(None), Purchase.cancelled_at > now),
        )
        .subquery()
    )
    statement = (
        select(
            given.c.journey,
            func.count().label("orders"),
            cast(func.sum(given.c.total), BigInteger).label("revenue"),
        )
        .where(given.c.place == 1)
        .group_by(given.c.journey)
    )
    return frame(connection, statement).sort_values("journey", ignore_index=True)


def displaced(connection: Connection, since: datetime, now: datetime) -> pd.DataFrame:
    """journey, by, waited, lost: messages that had to wait for another journey's, from the ledger.

    A message counts once for each journey it gave way to, however many days it waited; `lost` are
    those of them that became stale over it and never went.
    """
    blocks = select(Ledger.block).where(Ledger.decided_at > since, Ledger.decided_at <= now)
    parts = []
    for block in connection.scalars(blocks.execution_options(stream_results=True)):
        rows = unpack(block)
        rows = rows.loc[rows["outranked_by"].notna(), [*_MESSAGE, "outcome"]]
        if len(rows):
            parts.append(rows)
    if not parts:
        return pd.DataFrame(columns=["journey", "by", "waited", "lost"])
    rows = pd.concat(parts, ignore_index=True)
    lost = rows["outcome"] == Outcome.SKIPPED.value
    messages = rows.assign(lost=lost).groupby(_MESSAGE, dropna=False)["lost"].any().reset_index()
    counted = messages.groupby(["journey", "outranked_by"])["lost"].agg(["size", "sum"])
    found = counted.reset_index().set_axis(["journey", "by", "waited", "lost"], axis=1)
    return found.sort_values(
        ["waited", "journey", "by"], ascending=[False, True, True]
    ).reset_index(drop=True)


def scores(connection: Connection, now: datetime, within: timedelta) -> pd.DataFrame:
    """journey, promoters, passives, detractors, asked: messages that asked for a score, up to now.

    Those handed over in the stretch of time that ends `now`, and what came back of them by then.
    """
    given = and_(
        Response.send_id == Send.id,
        Response.kind == ResponseKind.NPS.value,
        Response.score.is_not(None),
        heard(now),
    )
    each = (
        select(Send.id, Send.journey, func.max(Response.score).label("score"))
        .join(Response, given, isouter=True)
        .where(
            Send.purpose == Purpose.SURVEY.value,
            Send.handed_over_at > now - within,
            Send.handed_over_at <= now,
        )
        .group_by(Send.id, Send.journey)
        .subquery()
    )

    def number(where: ColumnElement[bool]) -> ColumnElement[int]:
        return cast(func.coalesce(func.sum(case((where, 1), else_=0)), 0), BigInteger)

    statement = select(
        each.c.journey,
        number(each.c.score >= PROMOTER).label("promoters"),
        number(each.c.score.between(PASSIVE, PROMOTER - 1)).label("passives"),
        number(each.c.score < PASSIVE).label("detractors"),
        cast(func.count(), BigInteger).label("asked"),
    ).group_by(each.c.journey)
    return frame(connection, statement).sort_values("journey", ignore_index=True)
