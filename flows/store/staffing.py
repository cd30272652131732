"""Who takes a measure, and who gets it when it is not taken in time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select, update

from flows.settings import Owners
from flows.store.models import Customer, Task
from flows.store.session import frame
from segments.journey.holdout import position
from segments.names import TaskStatus

OWNER = "owner"
"""The assignee that stands for whoever looks after the customer."""


@dataclass(frozen=True)
class Staff:
    """Our colleagues as owners.yaml has them.

    people   their keys
    default  who looks after customers nobody is assigned to
    teams    teams and their members
    leads    who leads a colleague or a team
    """

    people: frozenset[str] = frozenset()
    default: str | None = None
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, owners: Owners) -> "Staff":
        """What owners.yaml says."""
        leads = {name: team.lead for name, team in owners.teams.items()}
        leads |= {name: owner.lead for name, owner in owners.owners.items()}
        return cls(
            frozenset(owners.owners),
            owners.default,
            {name: tuple(team.members) for name, team in owners.teams.items()},
            {name: lead for name, lead in leads.items() if lead is not None},
        )

    def lead_of(self, owner: str | None) -> str | None:
        """Whoever leads this colleague: their own lead, their team's, or the default one."""
        if owner is not None and owner in self.leads:
            return self.leads[owner]
        for team, members in sorted(self.teams.items()):
            if owner in members and team in self.leads:
                return self.leads[team]
        return self.default


def assigned(connection: Connection, tasks: pd.DataFrame, staff: Staff) -> pd.Series:
    """Who takes each task: its assignee, else its fallback, else the default one.

    A customer's owner who is not with us counts as none. Work for a team is dealt to its members
    by a hash of the customer, so that a customer always meets the same one.
    """
    people = _customers(connection, tasks["customer_id"]).reindex(tasks["customer_id"])
    taken = pd.Series(None, index=tasks.index, dtype=object)
    for wanted in (tasks["assignee"], tasks["fallback"]):
        own = people["owner"].where(people["owner"].isin(staff.people)).to_numpy()
        named = wanted.where(wanted != OWNER, pd.Series(own, index=tasks.index))
        taken = taken.fillna(_dealt(named, people["key"].to_numpy(), staff))
    return taken.fillna(staff.default) if staff.default else taken


def escalate(connection: Connection, staff: Staff, now: datetime) -> int:
    """Hand what is open for too long to the lead of whoever has it. How many there are."""
    late = (Task.status == TaskStatus.OPEN, Task.escalate_at <= now, Task.escalated_at.is_(None))
    owners = connection.scalars(select(Task.owner).where(*late).distinct()).all()
    number = 0
    for owner in owners:
        whose = Task.owner.is_(None) if owner is None else Task.owner == owner
        statement = update(Task).where(*late, whose)
        number += connection.execute(
            statement.values(owner=staff.lead_of(owner), escalated_at=now)
        ).rowcount
    return number


def _customers(connection: Connection, customer_ids: pd.Series) -> pd.DataFrame:
    """key and owner of these customers, by number."""
    ids = [int(number) for number in customer_ids.unique()]
    parts = [
        frame(
            connection,
            select(Customer.id, Customer.key, Customer.owner).where(
                Customer.id.in_(ids[start : start + 10_000])
            ),
        )
        for start in range(0, len(ids), 10_000)
    ]
    return pd.concat(parts).set_index("id")


def _dealt(named: pd.Series, customers: np.ndarray, staff: Staff) -> pd.Series:
    dealt = named.astype(object)
    for team, members in staff.teams.items():
        theirs = (named == team).fillna(False).to_numpy(dtype=bool)
        if theirs.any():
            places = position(f"team {team}", customers[theirs]) * len(members)
            dealt[theirs] = np.array(members, dtype=object)[places.astype(int)]
    return dealt.where(dealt.notna(), None)
