"""What single stages did: a line for the state of their run, and a short page for its artifact."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from flows.delivery.report import DeliveryReport
from flows.intake.report import PullReport
from flows.reporting import tables, words_export_de, words_export_en
from flows.reporting.facts import FAILED, RunFacts
from flows.reporting.figures import count
from flows.reporting.markdown import page, points, section
from flows.reporting.tables import Row
from flows.reporting.words import say, word
from flows.responses.apply import ResponseReport
from flows.stages.digesting import DigestReport
from flows.stages.pulling import COUNTED, counted
from flows.stages.retaining import RetentionReport
from flows.stages.suppressing import ListsReport
from flows.stages.told import told
from segments.names import Locale, Outcome, ResponseKind, SkipReason


@dataclass(frozen=True)
class Told:
    """What a stage did: in a line, and on a page; `nothing` is what its run is called without."""

    said: str
    page: str = ""
    nothing: str = ""


def pulled(report: PullReport, now: datetime, locale: Locale) -> Told:
    """What came in, table by table, and why rows were refused."""
    found = counted(report)
    sums = {name: sum(row[name] for row in found.values()) for name in COUNTED}
    said = ", ".join(
        say(f"pull_{name}", locale, n=count(number, locale))
        for name, number in sums.items()
        if number or name in ("read", "new")
    )
    alone = sum(table.left_alone for table in report.tables)
    if alone:
        said += ", " + say("pull_alone", locale, n=alone)
    refused = [
        f"{table.place or table.table}: {reason}"
        for table in report.tables
        for reason in table.reasons
    ]
    if report.message:
        refused.insert(0, report.message)
    rows = tables.pulled(RunFacts(now, pulled=found), locale)
    return _told("came_in", _capital(said), [section("came_in", rows, locale)], refused, locale)


def delivered(report: DeliveryReport, locale: Locale) -> Told:
    """What went, what did not and why, and what somebody should look into."""
    said, *more = told(report, locale)
    if not (report.outcomes or report.held_back or more):
        return Told(say("state_nothing", locale), nothing=say("state_nothing", locale))
    by_message: dict[str, Counter[Outcome]] = {}
    for (message, outcome), number in report.by_message.items():
        by_message.setdefault(message, Counter())[outcome] += number
    sent: list[Row] = [
        {
            say("message", locale): message,
            say("column_sent", locale): found[Outcome.ACCEPTED],
            say("column_failed", locale): sum(found[outcome] for outcome in FAILED),
        }
        for message, found in sorted(by_message.items())
    ]
    left_out: list[Row] = [
        {say("reason", locale): word(SkipReason, reason, locale), say("number", locale): number}
        for reason, number in report.held_back.most_common()
    ]
    sections = [
        section("was_sent", sent, locale),
        section("left_out_why", left_out, locale, always=False),
    ]
    nothing = "" if report.handed_over or report.waiting else say("state_nothing", locale)
    made = _told("was_sent", said, sections, more, locale)
    return Told("; ".join([said, *more]), made.page, nothing)


def answered(report: ResponseReport, locale: Locale) -> Told:
    """What came back, kind by kind, and the orders that followed."""
    new = report.new.total()
    nothing = say("state_nothing_new", locale)
    if not (new or report.orders or report.tasks_done or report.refused):
        return Told(nothing, nothing=nothing)
    numbers = {
        "back_new": new,
        "back_orders": report.orders,
        "back_objected": report.objected,
        "back_suppressed": report.suppressed,
        "back_tasks": report.tasks + report.tasks_done,
        "back_refused": report.refused,
    }
    parts = [say(key, locale, n=count(number, locale)) for key, number in numbers.items() if number]
    kinds: list[Row] = [
        {say("kind", locale): word(ResponseKind, kind, locale), say("number", locale): number}
        for kind, number in report.new.most_common()
    ]
    wrong = (
        [say("back_not_understood", locale, n=count(report.refused, locale))]
        if report.refused
        else []
    )
    said = _capital(", ".join(parts))
    return _told("what_came_back", said, [section("what_came_back", kinds, locale)], wrong, locale)


def lists_read(report: ListsReport, locale: Locale) -> Told:
    """Whom SendGrid's lists held back that we did not."""
    if not report.read:
        return Told(say("lists_none", locale), nothing=say("state_nothing_to_read", locale))
    said = say(
        "lists_told",
        locale,
        new=count(report.total, locale),
        read=count(sum(report.read.values()), locale),
    )
    rows: list[Row] = [
        {
            say("list", locale): name,
            say("read", locale): number,
            say("new", locale): report.new.get(name, 0),
        }
        for name, number in report.read.items()
    ]
    made = _told("lists", said, [section("lists", rows, locale)], [], locale)
    return made if report.total else Told(said, nothing=say("state_nothing_new", locale))


def digested(report: DigestReport, locale: Locale) -> Told:
    """How many colleagues got a digest; who they are stays in our own store."""
    numbers = {
        "digests_sent": len(report.sent),
        "digests_before": len(report.before),
        "digests_quiet": len(report.quiet),
        "digests_failed": len(report.failed),
    }
    parts = [say(key, locale, n=number) for key, number in numbers.items() if number]
    nothing = say("state_nothing_to_tell", locale)
    said = _capital(", ".join(parts)) or nothing
    return Told(said, nothing="" if report.sent else nothing)


def retained(report: RetentionReport, locale: Locale) -> Told:
    """What went because it was too old, kind by kind."""
    total = sum(report.gone.values()) + report.lapsed
    if not total:
        nothing = say("state_nothing_old", locale)
        return Told(nothing, nothing=nothing)
    kept = (words_export_de if locale == Locale.DE else words_export_en).KEPT
    rows: list[Row] = [
        {say("records", locale): kept.get(name, name), say("number", locale): number}
        for name, number in report.gone.items()
        if number
    ]
    if report.lapsed:
        rows.append(
            {say("records", locale): say("lapsed", locale), say("number", locale): report.lapsed}
        )
    said = say("retained", locale, n=count(total, locale))
    return _told("retained_title", said, [section("records", rows, locale)], [], locale)


def _told(heading: str, said: str, parts: list[str], wrong: list[str], locale: Locale) -> Told:
    person = [points("needs_person", wrong, locale)] if wrong else []
    return Told(said, page([f"# {say(heading, locale)}", f"**{said}.**", *parts, *person]))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
