"""What happened with a customer, a sentence a moment."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flows.reporting.figures import UNKNOWN, money
from flows.reporting.words import person_said, say, whence, word
from flows.store.clicks import MACHINE
from flows.store.timeline import Moment
from segments.names import (
    Arm,
    Channel,
    Direction,
    LeaveReason,
    Locale,
    Mood,
    OrderKind,
    Outcome,
    PermissionKind,
    Phase,
    Purpose,
    Quadrant,
    ResponseKind,
    SkipReason,
    SuppressionReason,
    TaskKind,
    TaskOutcome,
)

_LONGEST_NOTE = 200
_SAID = {
    ResponseKind.PROCESSED,
    ResponseKind.DELIVERED,
    ResponseKind.DEFERRED,
    ResponseKind.ORDER,
}
"""What the outcome of a send says already, or an order by itself."""


def decisive(moments: Iterable[Moment]) -> list[Moment]:
    """The moments people want to read: of each message the one at which its fate was sealed."""
    found = list(moments)
    gone = {each.about["send"] for each in found if each.what == "handed over"}
    return [
        each
        for each in found
        if not (each.what == "decided" and each.about["send"] in gone)
        and not (each.what == "response" and each.about["kind"] in _SAID)
    ]


def sentence(moment: Moment, locale: Locale, zone: str) -> str:
    """It in the language of the house."""
    said = _SENTENCES[moment.what](_Words(moment.about, locale, zone))
    return said[:1].upper() + said[1:]


class _Words:
    """The particulars of a moment, each as a colleague would say it."""

    def __init__(self, about: Mapping[str, Any], locale: Locale, zone: str) -> None:
        self.about = about
        self.locale = locale
        self.zone = zone

    def say(self, key: str, **parts: object) -> str:
        return say(f"life_{key}", self.locale, **parts)

    def word(self, kind: type[StrEnum], name: str) -> str:
        value = self.about.get(name)
        return "" if value is None else word(kind, value, self.locale)

    def text(self, name: str) -> str:
        return " ".join(str(self.about.get(name) or "").split())

    def with_note(self, said: str, name: str) -> str:
        note = self.text(name)
        if len(note) > _LONGEST_NOTE:
            note = f"{note[: _LONGEST_NOTE - 1].rstrip()}…"
        return f"{said}: {note}" if note else said

    def in_brackets(self, said: str, *words: str) -> str:
        inner = ", ".join(filter(None, words))
        return f"{said} ({inner})" if inner else said

    def day(self, name: str) -> str:
        at = self.about.get(name)
        if not isinstance(at, datetime):
            return UNKNOWN
        return f"{at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d}"


def _order(of: _Words) -> str:
    amount = money(float(of.about["total"]), of.about["currency"], of.locale)
    kind = "credit" if of.about.get("kind") == OrderKind.CREDIT else "order"
    said = of.say(kind, order=of.text("order"), amount=amount)
    return of.in_brackets(said, of.text("category"))


def _talk(of: _Words) -> str:
    said = of.in_brackets(
        of.word(Channel, "channel"), of.word(Direction, "direction"), of.word(Mood, "mood")
    )
    return of.with_note(said, "note")


def _entered(of: _Words) -> str:
    held_out = of.say("held_out") if of.about.get("arm") == Arm.HELD_OUT else ""
    said = of.say("entered", journey=of.text("journey"))
    return of.in_brackets(said, of.text("entry_key"), held_out)


def _left(of: _Words) -> str:
    said = of.say("left", journey=of.text("journey"))
    why = of.word(LeaveReason, "reason")
    return f"{said}: {why}" if why else said


def _decided(of: _Words) -> str:
    said = of.say("message", message=of.text("message"), outcome=of.word(Outcome, "outcome"))
    rival = of.say("by", journey=of.text("outranked_by")) if of.about.get("outranked_by") else ""
    return of.in_brackets(said, of.word(SkipReason, "reason"), rival)


def _handed_over(of: _Words) -> str:
    said = of.say("message", message=of.text("message"), outcome=of.word(Outcome, "outcome"))
    return of.in_brackets(said, of.say("send", send=of.text("send")))


def _response(of: _Words) -> str:
    if of.about.get("score") is not None:
        return of.say("score", score=of.about["score"], message=of.text("message"))
    if of.text("told") == MACHINE:
        return of.say("scanned", message=of.text("message"))
    kind = of.in_brackets(of.word(ResponseKind, "kind"), of.text("told"))
    return of.say("response", kind=kind, message=of.text("message"))


def _answer(of: _Words) -> str:
    return of.say("answer", question=of.text("question"), answer=of.text("answer"))


def _task(of: _Words) -> str:
    said = of.say(
        "task",
        task=of.text("task"),
        kind=of.word(TaskKind, "kind"),
        owner=of.text("owner") or say("nobody", of.locale),
        day=of.day("due_at"),
    )
    return of.with_note(said, "about")


def _task_done(of: _Words) -> str:
    outcome = of.about.get("outcome")
    said = of.say("task_done", task=of.text("task"), kind=of.word(TaskKind, "kind"))
    said = of.in_brackets(said, of.word(TaskOutcome, "outcome"))
    # What was said to somebody who was reached stands with the call or the visit.
    return said if outcome == TaskOutcome.REACHED else of.with_note(said, "note")


def _task_cancelled(of: _Words) -> str:
    said = of.say("task_cancelled", task=of.text("task"), kind=of.word(TaskKind, "kind"))
    return of.with_note(said, "note")


def _moved(kind: type[StrEnum], key: str) -> Callable[[_Words], str]:
    def moved(of: _Words) -> str:
        before = of.word(kind, "before")
        after = of.word(kind, "after") or UNKNOWN
        return of.say(key, moved=f"{before} → {after}" if before else after)

    return moved


def _leave(key: str) -> Callable[[_Words], str]:
    def leave(of: _Words) -> str:
        contact = person_said(of.text("contact"), of.locale)
        said = of.say(key, kind=of.word(PermissionKind, "kind"), contact=contact)
        return of.in_brackets(
            said, of.word(Purpose, "purpose"), whence(of.text("source"), of.locale)
        )

    return leave


def _barred(key: str) -> Callable[[_Words], str]:
    def barred(of: _Words) -> str:
        purpose = of.word(Purpose, "purpose") or of.say("all_purposes")
        said = of.say(key, reason=of.word(SuppressionReason, "reason"))
        return of.in_brackets(said, purpose, whence(of.text("source"), of.locale))

    return barred


def _plain(key: str, *names: str, note: str = "") -> Callable[[_Words], str]:
    def plain(of: _Words) -> str:
        said = of.say(key, **{name: of.text(name) for name in names})
        return of.with_note(said, note) if note else said

    return plain


def _locked(of: _Words) -> str:
    return of.with_note(of.say("locked", day=of.day("until")), "note")


_SENTENCES: dict[str, Callable[[_Words], str]] = {
    "order": _order,
    "cancelled": _plain("cancelled", "order"),
    "delivered": _plain("delivered", "order"),
    "complaint opened": _plain("complaint_opened", "complaint", note="about"),
    "complaint closed": _plain("complaint_closed", "complaint"),
    "contact": _talk,
    "entered": _entered,
    "left": _left,
    "decided": _decided,
    "handed over": _handed_over,
    "response": _response,
    "answer": _answer,
    "task": _task,
    "task done": _task_done,
    "task cancelled": _task_cancelled,
    "task handed on": _plain("task_handed_on", "task", "owner"),
    "phase": _moved(Phase, "phase"),
    "quadrant": _moved(Quadrant, "quadrant"),
    "permission": _leave("permission"),
    "permission ended": _leave("permission_ended"),
    "suppressed": _barred("suppressed"),
    "unsuppressed": _barred("unsuppressed"),
    "locked": _locked,
}
