"""Scores and answers people gave on our page, beside the message that asked for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.inbox import Event, keep
from flows.store.models import Base, Response, Send
from segments.names import ResponseKind

_answer = Base.metadata.tables["survey_answer"]


@dataclass(frozen=True)
class Asked:
    """A message that asked for a score; `score` is the one given on our page, if any."""

    send_id: int
    message: str
    locale: str | None
    score: int | None


def asked(connection: Connection, send_id: int) -> Asked | None:
    """The message a link for a score is of."""
    row = connection.execute(
        select(Send.message, Send.locale, Response.score)
        .outerjoin(Response, Response.key == _key(send_id))
        .where(Send.id == send_id)
    ).one_or_none()
    return None if row is None else Asked(send_id, *row)


def keep_score(connection: Connection, send_id: int, score: int, at: datetime) -> int:
    """Keep the score as the response it is; the first one stands. The one that stands.

    Reports of past days stay what they were, and a colleague may have called already.
    """
    event = Event(_key(send_id), send_id, ResponseKind.NPS, at, {"by": "page"}, score)
    keep(connection, [event], at)
    statement = select(Response.score).where(Response.key == event.key)
    standing = connection.execute(statement).scalar_one()
    return score if standing is None else standing


def keep_answers(
    connection: Connection, send_id: int, answers: Mapping[str, str], at: datetime
) -> None:
    """Keep what was answered, by question; the latest word on each counts."""
    if not answers:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    statement = insert(_answer)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["send_id", "question"],
            set_={"answer": statement.excluded.answer, "at": statement.excluded.at},
        ),
        [
            {"send_id": send_id, "question": question, "answer": answer, "at": at}
            for question, answer in answers.items()
        ],
    )


def _key(send_id: int) -> str:
    return f"score:{send_id}"
