"""What a run did, on one page a marketer can read in Prefect."""

from collections.abc import Sequence

from flows.reporting import brought, figures, tables
from flows.reporting.facts import FAILED, RunFacts, records, tally
from flows.reporting.measured import sections
from flows.reporting.tables import Row
from flows.reporting.words import say, table_name, word
from segments.names import Locale, Outcome, SkipReason, Verdict


def headline(facts: RunFacts, locale: Locale) -> str:
    """One line for a card or a state: "487 sent, 31 held back, 12 kept for comparison"."""
    parts = [
        say(name, locale, n=figures.count(number, locale))
        for name, number in tally(facts.sends).items()
        if number
    ]
    text = ", ".join(parts) or say("quiet", locale)
    return f"{say('dry_run', locale)}{text}" if facts.dry_run else text


def daily_summary(facts: RunFacts, locale: Locale) -> str:
    """The whole page in plain GitHub markdown, which both of Prefect's user interfaces show."""
    day = figures.day(facts.now, facts.zone, locale)
    found = attention(facts, locale)
    opening = [f"**{headline(facts, locale)}.**"]
    for key, number in (
        ("and_entered", int(facts.entered["number"].sum())),
        ("and_tasks", int(facts.tasks["number"].sum())),
        ("and_attention", len(found)),
    ):
        if number:
            opening.append(say(key, locale, n=figures.count(number, locale)))
    sections = [
        f"# {say('title', locale, day=day)}",
        " ".join(opening),
        _section("came_in", tables.pulled(facts, locale), locale, always=False),
        _section("entered", tables.entered(facts, locale), locale, always=False),
        _section("left", tables.left(facts, locale), locale, always=False),
        _section("was_sent", tables.sent(facts, locale), locale),
        _section("not_sent", tables.reasons(facts, locale), locale),
        _section("tasks", tables.tasks(facts, locale), locale, always=False),
        _section("phases", tables.phases(facts, locale), locale, always=False),
        _brought(facts, locale, always=False),
        _attention(found, locale),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def effect_summary(facts: RunFacts, locale: Locale) -> str:
    """What the journeys brought and where they stand, for the measuring run."""
    day = figures.day(facts.now, facts.zone, locale)
    found = [
        "\n\n".join(filter(None, [f"## {heading}", _markdown(rows, locale), note]))
        for heading, rows, note in sections(facts, locale)
    ]
    title = f"# {say('effect_title', locale, day=day)}"
    nothing = [] if found else [say("nothing_measured", locale)]
    parts = [title, *found, *nothing, _attention(attention(facts, locale), locale)]
    return "\n\n".join(parts) + "\n"


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


def _brought(facts: RunFacts, locale: Locale, *, always: bool = True) -> str:
    section = _section("brought", brought.effects(facts, locale), locale, always=always)
    return section if facts.effects.empty else f"{section}\n\n{say('brought_note', locale)}"


def _attention(sentences: Sequence[str], locale: Locale) -> str:
    body = "\n".join(f"- {_cell(sentence, locale)}" for sentence in sentences)
    return f"## {say('attention', locale)}\n\n{body or say('nothing', locale)}"


def _section(heading: str, rows: list[Row], locale: Locale, *, always: bool = True) -> str:
    """A heading with its table; without rows it says so, or stays away altogether."""
    if not rows and not always:
        return ""
    body = _markdown(rows, locale) if rows else say("nothing", locale)
    return f"## {say(heading, locale)}\n\n{body}"


def _markdown(rows: list[Row], locale: Locale) -> str:
    columns = list(rows[0])
    numeric = [all(isinstance(row[name], int) for row in rows) for name in columns]
    lines = [
        columns,
        ["---:" if right else "---" for right in numeric],
        *([_cell(row[name], locale) for name in columns] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: str | int, locale: Locale) -> str:
    """Text that cannot break out of its cell or its line, nor turn into HTML."""
    if isinstance(value, int):
        return figures.count(value, locale)
    plain = " ".join(value.split()) if "\n" in value or "\r" in value else value
    return plain.replace("|", "\\|").replace("<", "&lt;")
