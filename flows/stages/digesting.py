"""The morning's mail to each colleague: what is due, what came back, and what stands still."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from babel.dates import format_date
from sqlalchemy import Connection

from flows.config import Project
from flows.delivery.outlet import Receipt
from flows.errors import ConfigError, DeliveryError, Fault, MessageError, PipelineError
from flows.messages.explain import TemplateError
from flows.messages.library import Library
from flows.messages.notice import Colleague, notice
from flows.messages.sample import AT
from flows.outgoing import Outgoing
from flows.reporting.standing import told
from flows.reporting.words import say, word
from flows.stages.breaking import standing
from flows.stages.delivering import letterhead
from flows.stages.letters import hand_over
from flows.stages.shop import Shop, noted_run
from flows.stages.ways import Ways
from flows.store import desk, notices, tasks
from flows.store.session import reading, writing
from segments.names import Locale, NoticeKind, Outcome, Purpose, TaskKind

PARTS = ("overdue", "today", "soon", "complaints", "replies", "scores", "standing")
LONGEST = 25
"""So many lines of one kind; the others are counted."""

_BABEL = {Locale.DE: "de", Locale.EN: "en_GB"}
_AHEAD = timedelta(days=7)
_STANDS = timedelta(days=7)
_LOOK_BACK = timedelta(days=7)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One line of a digest: its number where it is a task, what it says, and what goes with it."""

    title: str
    text: str = ""
    number: int | None = None


@dataclass
class Digest:
    """What one colleague is told, and since when that is new."""

    owner: str
    since: datetime
    overdue: list[Line] = field(default_factory=list)
    today: list[Line] = field(default_factory=list)
    soon: list[Line] = field(default_factory=list)
    complaints: list[Line] = field(default_factory=list)
    replies: list[Line] = field(default_factory=list)
    scores: list[Line] = field(default_factory=list)
    standing: list[Line] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing that would need a mail; what is due soon alone needs none."""
        return not any(
            (self.overdue, self.today, self.complaints, self.replies, self.scores, self.standing)
        )


@dataclass
class DigestReport:
    """Whom a digest went to, who had one already, and who got none because it failed."""

    sent: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    quiet: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def digests(shop: Shop, now: datetime, owner: str | None = None) -> list[Digest]:
    """What each colleague would be told at this moment, in the order of owners.yaml."""
    people = list(shop.project.owners.owners)
    zone = ZoneInfo(shop.project.policy.zone)
    day = now.astimezone(zone).date()
    with reading(shop.engine) as connection:
        before = notices.latest(connection, NoticeKind.DIGEST, day)
        since = {person: max(before.get(person, now - _DAY), now - _LOOK_BACK) for person in people}
        found = _Desk(shop, now, since)
        found.tasks(connection)
        found.complaints(connection)
        found.answers(connection, min(since.values()))
        found.halts(connection)
    return [each for each in found.digests.values() if owner in (None, each.owner)]


def mail(project: Project, library: Library, found: Digest, now: datetime) -> Outgoing:
    """A digest as the mail it goes out as."""
    colleague = project.owners.owners[found.owner]
    locale = project.policy.locale
    said: dict[str, Any] = {"day": now.isoformat(), "subject": subject(found, locale)}
    for part in PARTS:
        said[part] = _shown(getattr(found, part), locale)
    to = Colleague(found.owner, colleague.name, colleague.email)
    return notice(library, NoticeKind.DIGEST, to, said, letterhead(project), now)


def faults(project: Project) -> list[Fault]:
    """What is wrong with the templates of digests, tried with one that has something of all."""
    lines = [Line("title", "text", 1), Line("title")]
    full = Digest(project.owners.default, AT, *([lines] * len(PARTS)))
    try:
        mail(project, Library.open(project.templates), full, AT)
    except TemplateError as error:
        return [error.fault]
    except MessageError as error:
        return [Fault("config/owners.yaml", 0, str(error))]
    except ConfigError as error:
        return error.faults
    return []


def digest(shop: Shop, now: datetime, owner: str | None = None) -> DigestReport:
    """Send each colleague today's digest; whoever has had it, or has nothing in it, gets none.

    Raises `DeliveryError` after all were tried, if some could not be handed over.
    """
    report = DigestReport()
    project = shop.project
    library = Library.open(project.templates)
    day = now.astimezone(ZoneInfo(project.policy.zone)).date()
    name = project.settings.way_of(Purpose.SERVICE)
    most_failures = project.policy.sending.provider_errors
    with (
        noted_run(shop, "digest", now) as (_, counts),
        Ways(project.settings, project.folder, most_failures=most_failures) as ways,
    ):
        for found in digests(shop, now, owner):
            if found.empty:
                report.quiet.append(found.owner)
                continue
            made = mail(project, library, found, now)
            with writing(shop.engine) as connection:
                number = notices.claim(connection, NoticeKind.DIGEST, found.owner, day, now, name)
            if number is None:
                report.before.append(found.owner)
                continue
            try:
                receipt = hand_over(ways, name, made, now)
            except PipelineError as error:
                receipt = Receipt(0, Outcome.QUEUED, detail=str(error))
            with writing(shop.engine) as connection:
                if receipt.outcome == Outcome.QUEUED:
                    notices.give_back(connection, number)
                else:
                    notices.settle(
                        connection, number, receipt.outcome, receipt.provider_id, receipt.detail
                    )
            if receipt.outcome == Outcome.ACCEPTED:
                report.sent.append(found.owner)
            else:
                report.failed[found.owner] = receipt.detail or str(receipt.outcome)
        counts |= {"sent": report.sent, "before": report.before, "failed": list(report.failed)}
    if report.failed:
        whose = "; ".join(f"{person}: {why}" for person, why in report.failed.items())
        raise DeliveryError(f"not every digest went through {name}: {whose}")
    return report


def subject(found: Digest, locale: Locale) -> str:
    """What the day holds, in a line."""
    counted = [
        say(f"digest_{what}", locale, n=len(getattr(found, what)))
        for what in ("overdue", "today", "complaints", "replies", "scores", "standing")
        if getattr(found, what)
    ]
    return say("digest_subject", locale, what=", ".join(counted[:3]))


class _Desk:
    """Everybody's digest while it is gathered, one question a kind for all of them."""

    def __init__(self, shop: Shop, now: datetime, since: dict[str, datetime]) -> None:
        self._shop = shop
        self._now = now
        self._locale: Locale = shop.project.policy.locale
        self._zone = shop.project.policy.zone
        self._default = shop.project.owners.default
        self.digests = {person: Digest(person, at) for person, at in since.items()}

    def tasks(self, connection: Connection) -> None:
        """What is to be done, by when."""
        found = tasks.listed(connection, self._now, due_until=self._now + _AHEAD)
        ends = tasks.deadlines(found, self._zone)
        tonight = pd.Timestamp(self._now).tz_convert(self._zone).normalize() + pd.DateOffset(days=1)
        when = [
            "overdue" if end <= self._now else "today" if end <= tonight else "soon" for end in ends
        ]
        for row, part in zip(found.to_dict("records"), when, strict=True):
            about = word(TaskKind, row["kind"], self._locale)
            who = _who(row)
            day = say("digest_due", self._locale, day=_day(row["due_at"], self._zone, self._locale))
            handed = [] if pd.isna(row["escalated_at"]) else [say("digest_handed_on", self._locale)]
            title = f"{about}: {who}" if who else about
            text = " · ".join([str(row["about"]), day, *handed])
            whose = self._whose(row["owner"])
            getattr(whose, part).append(Line(title, text, int(row["task"])))

    def complaints(self, connection: Connection) -> None:
        """What came in, and what has been open for too long."""
        for row in desk.complaints(connection, self._now).to_dict("records"):
            whose = self._whose(row["owner"])
            about = "" if pd.isna(row["about"]) else str(row["about"])
            if row["at"] > whose.since:
                whose.complaints.append(Line(_who(row), about))
            elif self._now - row["at"] >= _STANDS:
                day = _day(row["at"], self._zone, self._locale)
                said = say("digest_open_since", self._locale, who=_who(row), day=day)
                whose.standing.append(Line(said, about))

    def answers(self, connection: Connection, since: datetime) -> None:
        """What customers wrote and how they rated us."""
        for row in desk.replies(connection, since, self._now).to_dict("records"):
            whose = self._whose(row["owner"])
            if row["at"] > whose.since:
                whose.replies.append(Line(_who(row), str(row["text"])))
        for row in desk.scores(connection, since, self._now).to_dict("records"):
            whose = self._whose(row["owner"])
            if row["at"] > whose.since:
                whose.scores.append(Line(f"{int(row['score'])}: {_who(row)}"))

    def halts(self, connection: Connection) -> None:
        """What stands still in sending, for whoever looks after what nobody else does."""
        still = standing(connection, self._shop, self._now)
        lines = told(still, self._locale, self._zone)
        self.digests[self._default].standing[:0] = [Line(line) for line in lines]

    def _whose(self, owner: object) -> Digest:
        """Of a colleague who is not with us any more, what was theirs is the default one's."""
        return self.digests.get(str(owner), self.digests[self._default])


def _who(row: Mapping[Any, Any]) -> str:
    """Number and name of the customer, as far as there is one."""
    return " ".join(str(row[name]) for name in ("customer", "customer_name") if _is(row[name]))


def _is(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _day(at: datetime, zone: str, locale: Locale) -> str:
    return format_date(at.astimezone(ZoneInfo(zone)).date(), "medium", locale=_BABEL[locale])


def _shown(lines: Sequence[Line], locale: Locale) -> list[dict[str, Any]]:
    shown = [
        {"title": line.title, "text": line.text or None, "number": line.number}
        for line in lines[:LONGEST]
    ]
    if (more := len(lines) - LONGEST) > 0:
        title = say("digest_more", locale, n=more)
        shown.append({"title": title, "text": None, "number": None})
    return shown
