"""Whoever stands at a send is a candidate: to whom it would go, and each gate it must pass."""

from datetime import datetime

import numpy as np
import pandas as pd

from segments.journey.attention import outranked_by
from segments.journey.calendar import day_start, later, local_day
from segments.journey.permission import permission
from segments.journey.program import Node, Program
from segments.names import Arm, JourneyStatus, Outcome, Purpose, Role, SkipReason
from segments.policy import Policy
from segments.spec import Send
from segments.state import State

_RANK = {role.value: rank for rank, role in enumerate((Role.BUYER, Role.DECISION_MAKER, Role.USER))}
_NO_PROMOTION = (Purpose.ADVERTISING.value, Purpose.SURVEY.value)


def decide_candidates(
    standing: list[tuple[Program, pd.DataFrame]], state: State, now: datetime, policy: Policy
) -> pd.DataFrame:
    """One row for each active enrollment standing at a send, with exactly one outcome.

    `standing` holds active enrollments per program. Columns: see `segments.state.Plan.sends`.
    """
    zone = policy.zone
    addressees = _Addressees(state, policy, now)
    parts = [
        _at_node(program, node, rows[rows["node"] == node.id], addressees, zone)
        for program, rows in standing
        for node in program.nodes
        if isinstance(node.step, Send)
    ]
    parts = [part for part in parts if len(part)]
    if not parts:
        return empty_sends()
    return _gates(pd.concat(parts, ignore_index=True), state, now, zone)


def empty_sends() -> pd.DataFrame:
    """No sends, with all columns."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in _DTYPES.items()})


_DTYPES = {
    "ref": "int64",
    "send_id": "Int64",
    "customer_id": "int64",
    "contact_id": "Int64",
    "journey": "str",
    "version": "str",
    "entry_key": "str",
    "node": "str",
    "message": "str",
    "purpose": "str",
    "basis": "str",
    "priority": "int64",
    "arm": "str",
    "shadow": "bool",
    "outcome": "str",
    "reason": "str",
    "outranked_by": "str",
    "why": "str",
    "review": "str",
    "not_before": "datetime64[us, UTC]",
    "due_at": "datetime64[us, UTC]",
    "valid_until": "datetime64[us, UTC]",
}


def _at_node(
    program: Program, node: Node, rows: pd.DataFrame, addressees: "_Addressees", zone: str
) -> pd.DataFrame:
    step, journey = node.step, program.journey
    if rows.empty or not isinstance(step, Send):
        return pd.DataFrame()
    contact = addressees.pick(rows, node.id, journey.purpose, step.to)
    return pd.DataFrame(
        {
            "ref": rows.index,
            "enrollment_id": rows["enrollment_id"].array,
            "customer_id": rows["customer_id"].array,
            "contact_id": contact["contact_id"].array,
            "journey": program.name,
            "version": program.version,
            "entry_key": rows["entry_key"].array,
            "node": node.id,
            "message": step.send,
            "purpose": journey.purpose.value,
            "basis": contact["basis"].array,
            "reason": contact["reason"].array,
            "priority": journey.priority,
            "arm": rows["arm"].array,
            "shadow": journey.status == JourneyStatus.SHADOW,
            "due_at": rows["due_at"].array,
            "valid_until": later(
                rows["due_at"].reset_index(drop=True), step.valid_for or journey.valid_for, zone
            ).array,
        }
    )


def _gates(candidates: pd.DataFrame, state: State, now: datetime, zone: str) -> pd.DataFrame:
    """Permission, complaint, staleness, shadow, attention, holdout: the first to hold decides."""
    where = state.profiles.index.get_indexer(pd.Index(candidates["customer_id"]))
    complaints = state.profiles["open_complaints"].array.take(where)
    complaint = pd.Series(complaints).fillna(0).gt(0) & candidates["purpose"].isin(_NO_PROMOTION)
    stale = candidates["valid_until"] <= pd.Timestamp(now)
    shadow = candidates["shadow"].astype(bool)
    refused = candidates["reason"].notna()
    free = ~(refused | complaint | stale | shadow)
    outranked = pd.Series(pd.NA, index=candidates.index, dtype="str")
    if free.any():
        outranked.loc[free] = outranked_by(candidates[free], _today(state, now, zone)).astype("str")
    loses = outranked.notna()
    held_out = candidates["arm"] == Arm.HELD_OUT.value
    gates = [
        (refused, Outcome.SKIPPED, candidates["reason"]),
        (complaint & stale, Outcome.SKIPPED, SkipReason.COMPLAINT_OPEN.value),
        (complaint, Outcome.DEFERRED, SkipReason.COMPLAINT_OPEN.value),
        (stale, Outcome.SKIPPED, SkipReason.EXPIRED.value),
        (shadow, Outcome.SKIPPED, SkipReason.SHADOW.value),
        (loses, Outcome.DEFERRED, SkipReason.OUTRANKED.value),
        (held_out, Outcome.GHOST, None),
    ]
    holds = [gate.to_numpy(dtype=bool) for gate, _, _ in gates]
    outcome = np.select(holds, [word.value for _, word, _ in gates], Outcome.QUEUED.value)
    reason = np.select(
        holds,
        [np.asarray(why, dtype=object) for _, _, why in gates],
        default=np.asarray(None, dtype=object),
    )
    decided = candidates.assign(
        outcome=outcome,
        reason=reason,
        outranked_by=outranked,
        why=None,
        review=None,
        not_before=candidates["due_at"],
    )
    waiting = state.deferred[["send_id", "enrollment_id", "node"]]
    decided = decided.merge(waiting, on=["enrollment_id", "node"], how="left")
    return decided[list(_DTYPES)].astype(_DTYPES)


def _today(state: State, now: datetime, zone: str) -> pd.DataFrame:
    """Messages that went out today."""
    begins = pd.Timestamp(day_start(local_day(now, zone), zone))
    touches = state.touches
    return touches[(touches["at"] >= begins) & (touches["purpose"] != "")]


class _Addressees:
    """Whom to write to at each customer: whoever may be written to, the best placed first."""

    def __init__(self, state: State, policy: Policy, now: datetime) -> None:
        self.contacts = state.contacts.reset_index(drop=True)
        self.grounds, self.policy, self.now = state.grounds, policy, now
        self.waiting = state.deferred
        self._ranked: dict[tuple[Purpose, str], pd.DataFrame] = {}
        self._allowed: dict[Purpose, pd.DataFrame] = {}

    def pick(self, rows: pd.DataFrame, node: str, purpose: Purpose, to: str) -> pd.DataFrame:
        """contact_id, basis and reason for each enrollment.

        `buyer` is the person who ordered, where the order names one. Whoever has nobody in the
        wanted role is written to through the main contact. A message that waited keeps the person
        it was meant for, whatever they said meanwhile, so that nobody gets it in their place.
        """
        best = self._best(purpose, to)
        if to != "primary":
            best = best.combine_first(self._best(purpose, "primary"))
        picked = best.reindex(rows["customer_id"].array).reset_index(drop=True)
        if to == Role.BUYER and rows["contact_id"].notna().any():
            own = self._named(rows["contact_id"], rows, purpose)
            picked = picked.where(own["contact_id"].isna(), own)
        waiting = self.waiting[self.waiting["node"] == node].set_index("enrollment_id")
        meant = waiting["contact_id"].reindex(pd.Index(rows["enrollment_id"]))
        if meant.notna().any():
            kept = self._named(meant, rows, purpose)
            picked = picked.where(meant.isna().reset_index(drop=True), kept)
        nobody = picked["contact_id"].isna()
        return picked.assign(
            contact_id=picked["contact_id"].astype("Int64"),
            reason=picked["reason"].mask(nobody, SkipReason.NO_CONTACT.value),
        )

    def _named(self, contact_ids: pd.Series, rows: pd.DataFrame, purpose: Purpose) -> pd.DataFrame:
        """These very people, as far as they belong to the customer of their row."""
        people = self._permitted(purpose).set_index("contact_id", drop=False)
        people = people.reindex(pd.Index(contact_ids)).reset_index(drop=True)
        theirs = people["customer_id"].eq(rows["customer_id"].reset_index(drop=True))
        return people[["contact_id", "basis", "reason"]].where(theirs)

    def _permitted(self, purpose: Purpose) -> pd.DataFrame:
        if purpose not in self._allowed:
            self._allowed[purpose] = self.contacts.assign(
                **permission(self.contacts, self.grounds, purpose, (), self.policy, self.now)
            )
        return self._allowed[purpose]

    def _best(self, purpose: Purpose, to: str) -> pd.DataFrame:
        if (purpose, to) not in self._ranked:
            contacts = self._permitted(purpose)
            if to != "primary":
                contacts = contacts[contacts["role"] == to]
            ranked = contacts.assign(
                refused=contacts["reason"].notna(),
                rank=contacts["role"].map(_RANK).fillna(len(_RANK)),
            ).sort_values(["customer_id", "refused", "rank", "contact_id"])
            first = ranked.drop_duplicates("customer_id").set_index("customer_id")
            self._ranked[purpose, to] = first[["contact_id", "basis", "reason"]]
        return self._ranked[purpose, to]
