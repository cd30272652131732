"""The proof of each consent of a person, to be printed at any time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from flows.store.models import ConsentStep, Contact, Permission, Send


@dataclass(frozen=True)
class Proof:
    """One thing a person agreed or objected to, with every step of it in order."""

    permission: dict[str, Any]
    steps: list[dict[str, Any]]


def contact_id(connection: Connection, key: str) -> int | None:
    """Our number of the contact whom the company calls so."""
    return connection.scalar(select(Contact.id).where(Contact.key == key))


def proofs(connection: Connection, contact: int) -> list[Proof]:
    """What the person agreed and objected to, the earliest first.

    A step with a mail says when it was handed over, to whom it went (the context of the send) and
    by which number the provider knows it.
    """
    given = connection.execute(
        select(Permission.__table__)
        .where(Permission.contact_id == contact)
        .order_by(Permission.at, Permission.id)
    ).mappings()
    steps = connection.execute(
        select(
            ConsentStep.__table__,
            Send.handed_over_at,
            Send.outcome,
            Send.provider_id,
            Send.valid_until,
        )
        .outerjoin(Send, Send.id == ConsentStep.send_id)
        .where(ConsentStep.contact_id == contact)
        .order_by(ConsentStep.at, ConsentStep.id)
    ).mappings()
    found = [Proof(dict(row), []) for row in given]
    by_number = {proof.permission["id"]: proof for proof in found}
    for step in steps:
        proof = by_number.get(step["permission_id"])
        if proof is not None:
            proof.steps.append(dict(step))
    return found


def still_good(proof: Proof, now: datetime) -> bool:
    """Whether it counts at that moment: begun, not ended, and confirmed if it was asked for."""
    row = proof.permission
    if row["at"] > now or (row["ended_at"] is not None and row["ended_at"] <= now):
        return False
    if row["requested_at"] is None:
        return True
    return row["confirmed_at"] is not None and row["confirmed_at"] <= now
