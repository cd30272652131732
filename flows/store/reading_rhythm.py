"""Whoever asked for advertising less often rests after each one: until when, by contact."""

from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, case, exists, func, select

from flows.store.models import Contact, Preference, Send
from flows.store.reading_touches import NOT_SENT
from flows.store.session import frame
from segments.names import Purpose


def resting(connection: Connection, now: datetime, first: int, last: int) -> pd.DataFrame:
    """contact_id and rests_until of those at customers `first` to `last` who asked for it.

    Messages held back for comparison count like the others, so that both sides get the same.
    """
    if not connection.scalar(select(exists().where(Preference.apart_days.is_not(None)))):
        return pd.DataFrame({"contact_id": [], "rests_until": []})
    planned = case((Send.not_before > Send.decided_at, Send.not_before), else_=Send.decided_at)
    at = case((Send.handed_over_at <= now, Send.handed_over_at), else_=planned)
    rows = frame(
        connection,
        select(
            Preference.contact_id,
            Preference.apart_days,
            func.max(at, type_=Send.decided_at.type).label("at"),
        )
        .join(Contact, Contact.id == Preference.contact_id)
        .join(Send, Send.contact_id == Contact.id)
        .where(
            Contact.customer_id.between(first, last),
            Preference.apart_days.is_not(None),
            Preference.at <= now,
            Send.customer_id.between(first, last),
            Send.purpose == Purpose.ADVERTISING,
            Send.decided_at <= now,
            Send.outcome.not_in(NOT_SENT),
        )
        .group_by(Preference.contact_id, Preference.apart_days),
    )
    apart = pd.to_timedelta(rows["apart_days"].astype("int64"), unit="D")
    until = (rows["at"] + apart).astype("datetime64[us, UTC]")
    return pd.DataFrame({"contact_id": rows["contact_id"].astype("int64"), "rests_until": until})
