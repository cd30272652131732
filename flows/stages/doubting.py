"""Messages in doubt: asked about, and settled by evidence, or else as their journey wants it."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from flows.delivery.outlet import Asked, Evidence, Outlet
from flows.errors import PipelineError
from flows.reporting.standing import local
from flows.reporting.words import say, word
from flows.stages.shop import Progress, Shop, quiet
from flows.store import doubts, runs
from flows.store.doubts import DoubtFacts
from flows.store.doubts_listed import DoubtRow, overview
from flows.store.outbox import side_by_side
from segments.names import Doubt, Outcome

GRACE = timedelta(minutes=1)
"""So long an answer may take that comes by itself."""
MARGIN = timedelta(minutes=1)
"""By so much the clock of a process that sends may differ from ours."""
ASKED_AT_MOST = 500
"""So many messages are asked about in one run: each takes a provider a call or two."""

_AT_ONCE = 100
_ENDS = (Outcome.ACCEPTED, Outcome.QUEUED, Outcome.IN_DOUBT)
_DOWN_FOR = timedelta(days=1)
"""So long after the time for an answer a way out that cannot be asked is waited for."""

InDoubt = DoubtFacts | DoubtRow

_log = logging.getLogger(__name__)


@dataclass
class DoubtReport:
    """What became of messages in doubt.

    answered   events told about them meanwhile
    asked      so many a way out was asked about
    accepted   they went, as it says
    queued     they go again: they certainly did not go, or their journey rather sends twice
    left       they stay in doubt for good, as their journey wants it
    open       so many are still asked about
    """

    answered: int = 0
    asked: int = 0
    accepted: int = 0
    queued: int = 0
    left: int = 0
    open: int = 0


def resolve(
    shop: Shop,
    now: datetime,
    outlets: Mapping[str, Outlet],
    *,
    most: int = ASKED_AT_MOST,
    progress: Progress = quiet,
) -> DoubtReport:
    """Ask about messages in doubt, the oldest first, and settle those that can be settled.

    A message goes again only when its lease is over: no process can be at work on it any more. A
    way out that cannot be asked is asked again next time, and stops nothing.
    """
    report = DoubtReport()
    with side_by_side(shop.engine) as connection:
        report.answered = doubts.close_answered(connection, now)
        total = min(most, _number_open(connection))
    down: dict[str, str] = {}
    last, done = 0, 0
    while report.asked < most:
        limit = min(_AT_ONCE, most - report.asked)
        with shop.engine.connect() as connection:
            facts = doubts.open_doubts(connection, now - GRACE, limit=limit, after_id=last)
            wanted = policies(connection, shop, {(each.journey, each.version) for each in facts})
        if not facts:
            break
        evidence = _ask(shop, facts, outlets, down, now, report)
        ends = _Ends(shop, now)
        for each in facts:
            if each.settled_as == Outcome.QUEUED:
                ends.go_again(each, each.known or "")
            else:
                ends.add(each, evidence[each.send_id], wanted[each.journey, each.version])
        with side_by_side(shop.engine) as connection:
            ends.write(connection, report)
        last, done = facts[-1].doubt_id, done + len(facts)
        progress("doubts", min(done, total), total)
    with shop.engine.connect() as connection:
        report.open = _number_open(connection)
    return report


def policies(
    connection: Connection, shop: Shop, versions: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Doubt]:
    """What each of these versions of journeys wants done about a message in doubt.

    A version nobody kept is taken for the journey as it is now; of a journey that is no more,
    nothing is sent twice.
    """
    journeys = shop.project.journeys
    now = {(name, program.version): program.journey.doubt for name, program in journeys.items()}
    written = runs.texts(connection, set(versions) - now.keys())
    before = {key: Doubt(spec.get("doubt", Doubt.AT_MOST_ONCE)) for key, spec in written.items()}
    known = before | now
    return {
        (name, version): known.get(
            (name, version),
            journeys[name].journey.doubt if name in journeys else Doubt.AT_MOST_ONCE,
        )
        for name, version in versions
    }


def free_at(doubt: InDoubt) -> datetime:
    """When no process can be at work on it any more, and it may be sent again."""
    return (doubt.lease_until or doubt.since) + MARGIN


def decided_at(shop: Shop, doubt: InDoubt) -> datetime:
    """Until when word of it is awaited; before its provider sends it, there can be none."""
    leaves = max(doubt.since, doubt.send_at or doubt.since)
    return leaves + timedelta(days=shop.project.policy.sending.doubt_after.days)


def _number_open(connection: Connection) -> int:
    return sum(group.open for group in overview(connection, limit=0).groups)


def _ask(
    shop: Shop,
    facts: Sequence[DoubtFacts],
    outlets: Mapping[str, Outlet],
    down: dict[str, str],
    now: datetime,
    report: DoubtReport,
) -> dict[int, Evidence]:
    """What the ways out know of messages that took them; who cannot be asked is noted in `down`."""
    locale = shop.project.policy.locale
    known = set(outlets)
    by_outlet: dict[str, list[DoubtFacts]] = {}
    for each in facts:
        if each.settled_as != Outcome.QUEUED:
            by_outlet.setdefault(each.outlet or "", []).append(each)
    found: dict[int, Evidence] = {}
    for name, group in by_outlet.items():
        ids = [each.send_id for each in group]
        if name not in known:
            said = say("no_outlet", locale, name=name)
            found |= {number: Evidence(number, Outcome.IN_DOUBT, said) for number in ids}
            continue
        if name not in down:
            report.asked += len(group)
            try:
                for one in outlets[name].look_up([_asked(each) for each in group], now):
                    found[one.send_id] = one
                    if not one.asked:
                        down[name] = one.known
            except Exception as error:
                # Whatever is wrong there, messages that are not in doubt go on.
                _log.warning("%s cannot be asked about doubts: %s", name, type(error).__name__)
                why = str(error) if isinstance(error, PipelineError) else type(error).__name__
                down[name] = say("not_asked", locale, name=name, why=why)
        silent = down.get(name) or say("not_asked", locale, name=name, why="–")
        for number in ids:
            found.setdefault(number, Evidence(number, Outcome.IN_DOUBT, silent, asked=False))
    return found


def _asked(facts: DoubtFacts) -> Asked:
    return Asked(
        facts.send_id,
        facts.request_id,
        facts.email or "",
        facts.handed_over_at or facts.claimed_at or facts.since,
        facts.batch_id,
        facts.send_at,
    )


@dataclass
class _Ends:
    """How doubts end, and what is known of those that go on."""

    shop: Shop
    now: datetime
    doubt_ids: list[int] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    known: dict[int, str] = field(default_factory=dict)
    provider_ids: dict[int, str] = field(default_factory=dict)
    back: dict[int, str] = field(default_factory=dict)
    noted: dict[int, str] = field(default_factory=dict)

    def add(self, facts: DoubtFacts, evidence: Evidence, policy: Doubt) -> None:
        """What follows from what is known: if nothing is, and word is overdue, the policy."""
        if evidence.outcome == Outcome.ACCEPTED:
            if evidence.provider_id is not None:
                self.provider_ids[facts.send_id] = evidence.provider_id
            self._end(facts, Outcome.ACCEPTED, evidence.known)
        elif evidence.outcome == Outcome.QUEUED:
            self.go_again(facts, evidence.known)
        elif not self._overdue(facts, evidence):
            self.noted[facts.send_id] = evidence.known
        elif policy == Doubt.AT_LEAST_ONCE:
            self.go_again(facts, self._given_up(facts, evidence, policy))
        else:
            self._end(facts, Outcome.IN_DOUBT, self._given_up(facts, evidence, policy))

    def go_again(self, facts: DoubtFacts, known: str) -> None:
        """Into the queue as soon as nobody can be at work on it; that it will is kept till then."""
        if self.now >= free_at(facts):
            self._end(facts, Outcome.QUEUED, known)
        elif facts.settled_as != Outcome.QUEUED:
            self.back[facts.doubt_id] = known

    def write(self, connection: Connection, report: DoubtReport) -> None:
        """Write it down, and count what ended."""
        doubts.note(connection, self.noted, self.now)
        doubts.bring_back(connection, self.back, self.now)
        ended = doubts.settle(
            connection,
            self.outcomes,
            self.now,
            self.known,
            provider_ids=self.provider_ids,
            doubt_ids=self.doubt_ids,
        )
        report.accepted += ended[Outcome.ACCEPTED]
        report.queued += ended[Outcome.QUEUED]
        report.left += ended[Outcome.IN_DOUBT]
        report.answered += ended.total() - sum(ended[each] for each in _ENDS)

    def _end(self, facts: DoubtFacts, outcome: Outcome, known: str) -> None:
        self.doubt_ids.append(facts.doubt_id)
        self.outcomes[facts.send_id] = outcome
        self.known[facts.send_id] = known

    def _overdue(self, facts: DoubtFacts, evidence: Evidence) -> bool:
        waited = decided_at(self.shop, facts) + (timedelta(0) if evidence.asked else _DOWN_FOR)
        return self.now >= waited

    def _given_up(self, facts: DoubtFacts, evidence: Evidence, policy: Doubt) -> str:
        rules = self.shop.project.policy
        given_up = say(
            "given_up",
            rules.locale,
            until=local(decided_at(self.shop, facts), rules.zone),
            policy=word(Doubt, policy, rules.locale),
        )
        return f"{evidence.known}; {given_up}"
