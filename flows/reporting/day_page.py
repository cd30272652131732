"""The page of a day: what a marketer reads in Prefect each morning."""

import pandas as pd

from flows.reporting import brought, funnels, tables
from flows.reporting import figures as write
from flows.reporting.facts import DayFacts, RunFacts, records
from flows.reporting.markdown import cell, page, points, section, table
from flows.reporting.summary import attention, headline
from flows.reporting.tables import Row
from flows.reporting.words import say
from segments.names import Locale, Verdict

_FIVE = ("orders", "began", "sent", "held_out", "left_out")
_NAMED = 3
_UP = "../../"
"""From a page to where its site begins, which may be `/`, `/v2` or a workspace: links lead to the
same kind of pages as they are read on.
"""
_LINKED = ("sends", "left-out", "effect", "effect-picture", "matrix", "doubts")


def day_page(day: DayFacts, locale: Locale) -> str:
    """The whole page."""
    run = day.run
    found = needs_person(day, locale)
    opening = [f"**{headline(run, locale)}.**"]
    opening += [say("and_tasks", locale, n=_number(run.tasks, locale))] if len(run.tasks) else []
    opening.append(person_told(day, locale))
    title = say("title", locale, day=write.day(run.now, run.zone, locale))
    return page(
        [
            f"# {title}",
            " ".join(opening),
            _five(day, locale),
            points("needs_person", found, locale),
            _came_in(run, locale),
            section("entered", tables.entered(run, locale), locale, always=False),
            section("was_sent", tables.sent(run, locale), locale),
            section("left_out_why", tables.reasons(run, locale), locale),
            section("left", tables.left(run, locale), locale, always=False),
            section("tasks", tables.tasks(run, locale), locale, always=False),
            section("phases", tables.phases(run, locale), locale, always=False),
            _funnels(day, locale),
            _brought(day, locale),
            _links(day, locale),
        ]
    )


def preview_page(day: DayFacts, locale: Locale) -> str:
    """What would be decided, in the words of the day's page."""
    run = day.run
    title = say("preview_title", locale, day=write.day(run.now, run.zone, locale))
    return page(
        [
            f"# {title}",
            f"**{headline(run, locale)}.** {say('preview_note', locale)}",
            _five(day, locale),
            section("entered", tables.entered(run, locale), locale, always=False),
            section("would_send", tables.sent(run, locale), locale),
            section("left_out_why", tables.reasons(run, locale), locale),
            section("left", tables.left(run, locale), locale, always=False),
            section("tasks", tables.tasks(run, locale), locale, always=False),
            section("phases", tables.phases(run, locale), locale, always=False),
        ]
    )


def left_out_told(facts: RunFacts, locale: Locale) -> str:
    """Who was left out in one line, with the most frequent reasons."""
    rows = tables.reasons(facts, locale)
    reason, number = say("reason", locale), say("number", locale)
    total = sum(int(row[number]) for row in rows)
    if not total:
        return say("nobody_left_out", locale)
    shown = [f"{row[reason]} {write.count(int(row[number]), locale)}" for row in rows[:_NAMED]]
    if len(rows) > _NAMED:
        shown.append(say("more", locale, n=len(rows) - _NAMED))
    return say("not_sent_told", locale, n=write.count(total, locale), why=", ".join(shown))


def effect_told(facts: RunFacts, locale: Locale) -> str:
    """What was brought in one line: how many journeys help, harm, or are undecided."""
    found = [
        "suspect" if row["ratio_alarm"] else str(row["verdict"])
        for row in brought.primary(facts.effects)
    ]
    if not found:
        return say("too_early", locale)
    parts = [
        f"{found.count(name)} {say(f'effect_{name}', locale)}"
        for name in (*Verdict, "suspect")
        if name in found
    ]
    return say("effect_told", locale, n=len(found), parts=", ".join(parts))


def needs_person(day: DayFacts, locale: Locale) -> list[str]:
    """Sentences about what waits for somebody, the most pressing first; empty on a good day."""
    return [
        *day.still,
        *(
            say(
                "waits_for_approval",
                locale,
                journey=day.run.title(row["journey"]),
                n=write.count(row["messages"], locale),
                name=row["journey"],
            )
            for row in records(_by_journey(day.waits))
        ),
        *attention(day.run, locale),
        *(
            [say("are_in_doubt", locale, n=write.count(day.in_doubt, locale))]
            if day.in_doubt
            else ()
        ),
        *([say("are_overdue", locale, n=write.count(day.overdue, locale))] if day.overdue else ()),
    ]


def person_told(day: DayFacts, locale: Locale) -> str:
    """How many points need a person, in a sentence."""
    number = len(needs_person(day, locale))
    if not number:
        return say("nobody_needed", locale)
    return say("and_person", locale, n=write.count(number, locale))


def quiet_name(day: DayFacts, locale: Locale) -> str:
    """What a run is called that found nobody due anything; empty for any other."""
    return say("state_nothing", locale) if day.run.sends.empty else ""


def _five(day: DayFacts, locale: Locale) -> str:
    """Five figures with the change to the day before, where there is one."""
    rows: list[Row] = []
    for name in _FIVE:
        now = getattr(day.figures, name)
        if day.run.dry_run and name == "orders":
            continue
        row: Row = {
            say("figure_of_day", locale): say(f"figure_{name}", locale),
            say("today", locale): now,
        }
        if day.before is not None and day.day_before is not None:
            before = getattr(day.before, name)
            when = write.short_day_in(day.day_before, day.run.zone, locale)
            row[when] = before
            row[say("change", locale)] = write.points(now - before, "", locale)
        rows.append(row)
    return table(rows, locale)


def _came_in(facts: RunFacts, locale: Locale) -> str:
    """A row per table something came in from; the others are only counted."""
    if not facts.pulled:
        return ""
    rows = [row for row in tables.pulled(facts, locale) if any(map(_counts, row.values()))]
    if rows:
        return section("came_in", rows, locale)
    said = say("nothing_came_in", locale, n=len(facts.pulled))
    return f"## {say('came_in', locale)}\n\n{said}"


def _counts(value: str | int) -> bool:
    return isinstance(value, int) and value != 0


def _funnels(day: DayFacts, locale: Locale) -> str:
    rows = funnels.rows(day.funnels, day.run, locale)
    if not rows:
        return ""
    drawn = funnels.drawn(day.funnels, day.run, locale)
    return "\n\n".join([section("how_far", rows, locale), *drawn])


def _brought(day: DayFacts, locale: Locale) -> str:
    if day.run.dry_run:
        return ""
    rows = brought.effects(day.run, locale)
    if not rows:
        return f"## {say('brought', locale)}\n\n{say('too_early', locale)}"
    return f"{section('brought', rows, locale)}\n\n{say('brought_note', locale)}"


def _links(day: DayFacts, locale: Locale) -> str:
    if day.run.dry_run:
        return ""
    lines = [
        f"- [{say(f'link_{key}'.replace('-', '_'), locale)}]({_UP}artifacts/key/{key})"
        for key in _LINKED
    ]
    if day.mails:
        lines.append(f"- {cell(say('link_mails', locale, page=day.mails), locale)}")
    return f"## {say('links', locale)}\n\n" + "\n".join(lines)


def _by_journey(waits: pd.DataFrame) -> pd.DataFrame:
    return waits.groupby("journey")["messages"].sum().reset_index()


def _number(counts: pd.DataFrame, locale: Locale) -> str:
    return write.count(int(counts["number"].sum()), locale)
