"""What the store would hold about an example's customer: handed out to deciding, and written to."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from segments.frames import ORDER
from segments.journey.standing import DTYPES, empty_standing
from segments.names import Basis, EnrollmentStatus, LeaveReason, Outcome, Purpose, SkipReason
from segments.rehearsal import facts, people
from segments.rehearsal.rows import frame, kind, records
from segments.rehearsal.story import CUSTOMER, Story, Whereabouts
from segments.state import FRAMES, Plan, Specs, State

_KINDS = {name: kind(dtype) for name, dtype in DTYPES.items()}
_WENT = (Outcome.QUEUED.value, Outcome.GHOST.value)
NEVER = datetime.max.replace(tzinfo=UTC)
"""Later than anything."""

_DEFERRED = {
    "send_id": "Int64",
    "enrollment_id": "Int64",
    "node": "str",
    "contact_id": "Int64",
    "outranked_by": "str",
}


@dataclass
class Book:
    """What has been written down so far. Messages that were decided count as having gone."""

    story: Story
    key: str
    whereabouts: Whereabouts
    enrollments: pd.DataFrame = field(default_factory=empty_standing)
    sends: dict[int, dict[str, Any]] = field(default_factory=dict)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    members: set[str] = field(default_factory=set)
    filled: frozenset[str] = frozenset()
    stood: dict[str, Any] = field(default_factory=dict)
    previous_run: datetime | None = None
    due: datetime = NEVER
    """When the first of those under way goes on."""

    @property
    def waiting(self) -> bool:
        """Whether a message waits for a better day."""
        return any(send["outcome"] == Outcome.DEFERRED.value for send in self.sends.values())

    def entered_by(self, journey: str) -> set[str]:
        """What the customer has entered a journey for, by the keys of what happened."""
        rows = self.enrollments
        pairs = zip(rows["journey"], rows["entry_key"], strict=True) if len(rows) else ()
        return {key for name, key in pairs if name == journey}

    def state(self, specs: Specs, now: datetime) -> State:
        """What the store would hand out as of `now`."""
        story = self.story
        mails = [each["at"] for each in self._went() if each["outcome"] == Outcome.QUEUED.value]
        profile = facts.profile(story, specs.policy, now, self.key, self.stood, mails)
        running = {program.name for program in specs.programs}
        mine = self.enrollments
        if len(mine):
            mine = mine[mine["journey"].isin(sorted(running))]
        return State(
            profiles=profile.assign(region=_words([self.region(specs, now)])),
            contacts=people.contacts(
                story, specs, now, self._used(), self._advertised(), self.whereabouts
            ),
            grounds=people.grounds(story, now),
            orders=facts.orders(story, specs.policy, now),
            enrollments=self._under_way(mine, now),
            past=mine[["customer_id", "journey", "entry_key", "entered_at", "left_at"]].reset_index(
                drop=True
            ),
            deferred=frame(
                [
                    {"send_id": number, **send}
                    for number, send in self.sends.items()
                    if send["outcome"] == Outcome.DEFERRED.value
                ],
                _DEFERRED,
            ),
            touches=self._touches(specs, now),
            sent=self._sent(),
            events=people.events(story, now, self._answered()),
            members=frame(
                [{"segment": name, "customer_id": CUSTOMER} for name in sorted(self.members)],
                {"segment": "str", "customer_id": "int64"},
            ),
            filled=self.filled,
            previous_run=self.previous_run,
        )

    def region(self, specs: Specs, now: datetime) -> str:
        """The region whose public holidays count for the customer."""
        said = self.story.facts(now)
        _, region = self.whereabouts(said.get("country"), said.get("state"))
        return region or specs.policy.calendar.region

    def write(self, plan: Plan, state: State, specs: Specs, now: datetime) -> None:
        """Write a plan down as the store does."""
        known = self._write_enrollments(plan, state)
        for row in records(plan.sends):
            self._write_send(row, known[row["ref"]], now)
        self._close_deferred()
        for row in records(plan.tasks):
            self.tasks.append({**row, "enrollment_id": known[row["ref"]], "at": now})
        self.members -= set(plan.left["segment"])
        self.members |= set(plan.joined["segment"])
        watched = {program.journey.enter.segment for program in specs.programs}
        self.filled |= {name for name in watched if name is not None}
        for row in records(plan.phases):
            if row["phase"] != self.stood.get("phase_before"):
                self.stood["phase_since"] = now
            self.stood |= {"phase_before": row["phase"], "quadrant_before": row["quadrant"]}
        self.previous_run = now

    def _write_enrollments(self, plan: Plan, state: State) -> dict[int, int]:
        """The number of each enrollment by its ref in the plan."""
        known = dict(enumerate(state.enrollments["enrollment_id"].tolist()))
        if plan.enrollments.empty:
            return known
        rows = plan.enrollments.set_index("ref")
        old = rows["enrollment_id"].notna()
        first = len(self.enrollments) + 1
        fresh = dict(zip(rows.index[~old], range(first, first + len(rows)), strict=False))
        rows.loc[~old, "enrollment_id"] = pd.array(list(fresh.values()), dtype="Int64")
        stays = ~self.enrollments["enrollment_id"].isin(rows["enrollment_id"])
        parts = [part for part in (self.enrollments[stays], rows) if len(part)]
        self.enrollments = pd.concat(parts, ignore_index=True)[list(DTYPES)].astype(_KINDS)
        active = self.enrollments["status"] == EnrollmentStatus.ACTIVE.value
        self.due = min(self.enrollments["due_at"][active].dropna(), default=NEVER)
        return known | fresh

    def _write_send(self, row: dict[str, Any], enrollment: int, now: datetime) -> None:
        """A message of a step to a person has one row, whatever becomes of it."""
        told = {**row, "enrollment_id": enrollment}
        same = ("enrollment_id", "node", "contact_id")
        number = next(
            (n for n, send in self.sends.items() if all(send[k] == told[k] for k in same)),
            len(self.sends) + 1,
        )
        if self.sends.get(number, {}).get("outcome") not in _WENT:
            at = max(row["not_before"].to_pydatetime(), now)
            self.sends[number] = {**told, "at": at}

    def _close_deferred(self) -> None:
        """What waited for somebody who has left since will never go."""
        rows = self.enrollments
        left = rows[rows["status"] != EnrollmentStatus.ACTIVE.value]
        reasons = dict(zip(left["enrollment_id"], left["reason"], strict=True))
        for send in self.sends.values():
            waits = send["outcome"] == Outcome.DEFERRED.value
            if waits and (reason := reasons.get(send["enrollment_id"])) is not None:
                goal = reason == LeaveReason.GOAL.value
                why = SkipReason.GOAL_REACHED if goal else SkipReason.EXITED
                send |= {"outcome": Outcome.SKIPPED.value, "reason": why.value}

    def _under_way(self, mine: pd.DataFrame, now: datetime) -> pd.DataFrame:
        """Under way, or finished with the goal still open; with what has happened since."""
        if mine.empty:
            return mine
        active = mine["status"].eq(EnrollmentStatus.ACTIVE.value)
        finished = mine["status"].eq(EnrollmentStatus.FINISHED.value)
        open_goal = finished & mine["goal_at"].isna()
        rows = mine[(active | open_goal).to_numpy(dtype=bool)].reset_index(drop=True)
        if rows.empty:
            return rows
        story = self.story
        sales = {each.number: facts.order(story, each, now) for each in story.known("order", now)}
        follows = [facts.next_order(story, at, now) for at in rows["anchor_at"]]
        rows["next_order_at"] = pd.Series(follows, dtype=DTYPES["next_order_at"])
        for place, number in enumerate(rows["purchase_id"].tolist()):
            if number in sales:
                for name in ORDER:
                    rows.loc[place, name] = sales[number][name]
        return rows.astype(_KINDS)

    def _went(self) -> list[dict[str, Any]]:
        return [send for send in self.sends.values() if send["outcome"] in _WENT]

    def _touches(self, specs: Specs, now: datetime) -> pd.DataFrame:
        since = now - specs.policy.attention.memory
        rows = [*self._went(), *people.talks(self.story, specs, now)]
        return frame([row for row in rows if row["at"] >= since], FRAMES["touches"])

    def _sent(self) -> pd.DataFrame:
        rows = self.enrollments
        active = set(rows.loc[rows["status"] == EnrollmentStatus.ACTIVE.value, "enrollment_id"])
        return frame(
            [
                each
                for each in self._went()
                if each["enrollment_id"] in active and each["contact_id"] is not None
            ],
            FRAMES["sent"],
        )

    def _used(self) -> dict[tuple[int, str], datetime]:
        """When each person last got a message of a purpose by consent."""
        return {
            (each["contact_id"], each["purpose"]): each["at"]
            for each in sorted(self._went(), key=lambda each: each["at"])
            if each["basis"] == Basis.CONSENT.value and each["outcome"] == Outcome.QUEUED.value
        }

    def _advertised(self) -> dict[int, datetime]:
        """When each person last got advertising, or would have but for the comparison."""
        return {
            each["contact_id"]: each["at"]
            for each in sorted(self._went(), key=lambda each: each["at"])
            if each["purpose"] == Purpose.ADVERTISING.value
        }

    def _answered(self) -> people.Answered:
        went = sorted(self._went(), key=lambda each: each["at"])
        return people.Answered(
            [
                (each["at"], each["message"], each["enrollment_id"])
                for each in went
                if each["outcome"] == Outcome.QUEUED.value
            ],
            [(each["at"], each["kind"], each["enrollment_id"]) for each in self.tasks],
        )


def _words(words: list[str]) -> Any:
    return pd.array(words, dtype="str")
