"""What a run did in one line, what it brought on a page, and what somebody should look into."""

from flows.reporting import brought, figures, tables
from flows.reporting.facts import FAILED, RunFacts, records, tally
from flows.reporting.markdown import page, points, table
from flows.reporting.measured import sections
from flows.reporting.words import say, table_name, word
from segments.names import Locale, Outcome, SkipReason, Verdict


def headline(facts: RunFacts, locale: Locale) -> str:
    """One line for a card or a state: "Sent 412, held out 38, left out 1,209"."""
    found = tally(facts.sends)
    parts = [
        say(f"told_{name}", locale, n=figures.count(number, locale))
        for name, number in found.items()
        if number
    ]
    if not parts:
        said = say("told_nothing", locale)
    elif found["sent"] or found["waiting"]:
        said = ", ".join(parts)
    else:
        none = say("told_nothing" if facts.dry_run else "told_none_sent", locale)
        said = ", ".join([none, *parts])
    said = said[:1].upper() + said[1:]
    return say("dry_run", locale, said=said[:1].lower() + said[1:]) if facts.dry_run else said


def effect_summary(facts: RunFacts, locale: Locale) -> str:
    """What the journeys brought and where they stand, for the measuring run."""
    day = figures.day(facts.now, facts.zone, locale)
    found = [
        "\n\n".join(filter(None, [f"## {heading}", table(rows, locale), note]))
        for heading, rows, note in sections(facts, locale)
    ]
    title = f"# {say('effect_title', locale, day=day)}"
    nothing = [] if found else [say("too_early", locale)]
    return page([title, *found, *nothing, points("needs_person", attention(facts, locale), locale)])


def attention(facts: RunFacts, locale: Locale) -> list[str]:
    """Sentences about what somebody should look into; empty on a good day."""
    return [
        *facts.notes,
        *_about_rejects(facts, locale),
        *_about_failures(facts, locale),
        *_about_effects(facts, locale),
    ]


def _about_rejects(facts: RunFacts, locale: Locale) -> list[str]:
    samples = facts.rejects.sort_values(["source", "place", "row", "column"])
    return [
        say(
            "attention_rejects",
            locale,
            table=table_name(row["source"], locale),
            n=figures.count(row["number"], locale),
            place=row["place"],
            row=row["row"],
            column=row["column"],
            why=row["reason"],
        )
        for row in records(samples.drop_duplicates("source"))
    ]


def _about_failures(facts: RunFacts, locale: Locale) -> list[str]:
    sends = facts.sends.sort_values(["message", "outcome", "journey"])
    failed = sends[sends["outcome"].isin(FAILED)]
    broken = sends[sends["reason"] == SkipReason.TEMPLATE_ERROR]
    found = [(row, word(Outcome, row["outcome"], locale)) for row in records(failed)] + [
        (row, word(SkipReason, row["reason"], locale)) for row in records(broken)
    ]
    return [
        say(
            "attention_failed",
            locale,
            message=row["message"],
            n=figures.count(row["number"], locale),
            why=why,
            example=tables.example(row),
        )
        for row, why in found
    ]


def _about_effects(facts: RunFacts, locale: Locale) -> list[str]:
    sentences = []
    for row in brought.primary(facts.effects):
        journey = facts.title(row["journey"])
        if row["ratio_alarm"]:
            sentences.append(say("attention_ratio", locale, journey=journey))
        elif row["verdict"] == Verdict.HURTS:
            sentences.append(say("attention_hurts", locale, journey=journey))
    return sentences
