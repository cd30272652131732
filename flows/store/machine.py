"""Where a send may go from where it stands: the table, and the guard that has the database keep it.

The guard is drawn up by a migration; see `flows.store.migrations` for when it has to be anew.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, String, Update, func, literal_column, update

from flows.store.models import Base
from segments.names import Outcome

_send = Base.metadata.tables["send"]

_ANEW = frozenset({Outcome.QUEUED, Outcome.GHOST, Outcome.DEFERRED, Outcome.SKIPPED})
"""What a plan may decide about a send that has not gone: as of one it never met before."""

# Events overtake one another: a mail can be reported delivered before we have noted that it was
# accepted, and a bounce may follow a delivery. A bounce is therefore the last word, and what has
# arrived was not dropped: whichever comes first, the same word stands in the end.
TRANSITIONS: Mapping[Outcome, frozenset[Outcome]] = {
    Outcome.QUEUED: frozenset(
        {Outcome.CLAIMED, Outcome.RENDER_FAILED, Outcome.EXPIRED, Outcome.CANCELLED}
    ),
    Outcome.CLAIMED: frozenset(
        {
            Outcome.QUEUED,
            Outcome.ACCEPTED,
            Outcome.REJECTED,
            Outcome.IN_DOUBT,
            Outcome.DELIVERED,
            Outcome.BOUNCED,
            Outcome.DROPPED,
        }
    ),
    Outcome.ACCEPTED: frozenset({Outcome.DELIVERED, Outcome.BOUNCED, Outcome.DROPPED}),
    # Back into the queue only where there is evidence that it never went, or where its journey
    # would rather send twice than not at all.
    Outcome.IN_DOUBT: frozenset(
        {
            Outcome.QUEUED,
            Outcome.ACCEPTED,
            Outcome.REJECTED,
            Outcome.DELIVERED,
            Outcome.BOUNCED,
            Outcome.DROPPED,
        }
    ),
    Outcome.DELIVERED: frozenset({Outcome.BOUNCED}),
    Outcome.BOUNCED: frozenset(),
    Outcome.DROPPED: frozenset({Outcome.DELIVERED, Outcome.BOUNCED}),
    Outcome.GHOST: frozenset(),
    Outcome.DEFERRED: _ANEW,
    # These come back only for who begins a journey anew.
    Outcome.SKIPPED: _ANEW,
    Outcome.REJECTED: _ANEW,
    Outcome.RENDER_FAILED: _ANEW,
    Outcome.EXPIRED: _ANEW,
    Outcome.CANCELLED: _ANEW,
}
"""What may become of a send from where it stands; everything else is refused by the database."""

_HANDED_OVER = frozenset(
    {Outcome.ACCEPTED, Outcome.IN_DOUBT, Outcome.DELIVERED, Outcome.BOUNCED, Outcome.DROPPED}
)


def may_become(before: Outcome, after: Outcome) -> bool:
    """Whether a send that stands at `before` may be written as `after`; it may stay as it is."""
    return before == after or after in TRANSITIONS[before]


def origins(target: Outcome) -> list[Outcome]:
    """The outcomes from which a send may become `target`."""
    return [outcome for outcome, onwards in TRANSITIONS.items() if target in onwards]


def move(target: Outcome) -> Update:
    """The statement that makes sends `target`, wherever that is allowed; narrow it down.

    What turns out to have left counts from when it was taken, if nobody noted when it went.
    """
    statement = update(_send).where(_send.c.outcome.in_(origins(target))).values(outcome=target)
    if target not in _HANDED_OVER:
        return statement
    return statement.values(
        handed_over_at=func.coalesce(_send.c.handed_over_at, _send.c.claimed_at)
    )


def stands(outcome: Outcome) -> ColumnElement[bool]:
    """Sends that stand there; written so that both databases find the index of only those."""
    return _send.c.outcome == _written(outcome)


def still(outcome: Outcome) -> ColumnElement[bool]:
    """Whether sends found by their numbers stand there; written so that no index is used for it.

    One that has grown since the database last looked would be read from end to end for a few sends.
    """
    return func.coalesce(_send.c.outcome, "") == _written(outcome)


def _written(outcome: Outcome) -> ColumnElement[str]:
    return literal_column(f"'{outcome.value}'", String())


_TAKEN = (
    "outlet",
    "claim_id",
    "claimed_at",
    "lease_until",
    "request_id",
    "batch_id",
    "send_at",
    "handed_over_at",
    "provider_id",
    "detail",
)


def requeue(origin: Outcome) -> Update:
    """The statement that returns sends which stand at `origin` to the queue, as if never taken.

    Narrow it down to some sends by their numbers.
    """
    nothing: dict[str, Any] = dict.fromkeys(_TAKEN)
    return update(_send).where(still(origin)).values(outcome=Outcome.QUEUED, **nothing)


def guard(dialect: str) -> list[str]:
    """The statements that have a database refuse every move the table does not allow.

    What is written first about a send may be any word; its condition keeps the guard from being
    called at all for moves that are allowed.
    """
    if dialect == "postgresql":
        return [
            "CREATE OR REPLACE FUNCTION guard_send() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{_REFUSED % ('%', '%')}', OLD.outcome, NEW.outcome "
            "USING ERRCODE = 'check_violation'; END $$",
            f"CREATE TRIGGER guard_send {_BEFORE} EXECUTE FUNCTION guard_send()",
        ]
    # SQLite raises only what is written out.
    refusals = " ".join(
        f"WHEN OLD.outcome = '{before}' AND NEW.outcome = '{after}' "
        f"THEN RAISE(ABORT, '{_REFUSED % (before, after)}')"
        for before in Outcome
        for after in Outcome
        if not may_become(before, after)
    )
    unknown = f"ELSE RAISE(ABORT, '{_REFUSED % ('that', 'this')}')"
    return [f"CREATE TRIGGER guard_send {_BEFORE} BEGIN SELECT CASE {refusals} {unknown} END; END"]


_REFUSED = "a send that is %s does not become %s"
_ALLOWED = " ".join(
    f"WHEN '{before}' THEN NEW.outcome IN ({', '.join(map(repr, map(str, sorted(onwards))))})"
    for before, onwards in TRANSITIONS.items()
    if onwards
)
_BEFORE = (
    "BEFORE UPDATE OF outcome ON send FOR EACH ROW WHEN (OLD.outcome <> NEW.outcome "
    f"AND NOT (CASE OLD.outcome {_ALLOWED} ELSE 1 = 0 END))"
)
