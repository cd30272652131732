"""The figures of a run as rows: for table artifacts, for the summary, for the terminal."""

from typing import Any

import pandas as pd

from flows.reporting import figures
from flows.reporting.facts import FAILED, HELD_BACK, LATER, TALLIES, RunFacts, records
from flows.reporting.words import say, table_name, word
from segments.names import (
    Arm,
    EnrollmentStatus,
    LeaveReason,
    Locale,
    Outcome,
    Phase,
    SkipReason,
    TaskKind,
)

Row = dict[str, str | int]

MOST_ROWS = 300
"""Prefect accepts more, but nobody reads more."""

_PULLED = ("read", "new", "changed", "rejected")
_SENT = ("sent", "waiting", "ghosts", "failed")
_NAMED = 3


def pulled(facts: RunFacts, locale: Locale) -> list[Row]:
    """What came in: a row per table of intake."""
    return [
        {say("table", locale): table_name(table, locale)}
        | {say(name, locale): int(numbers.get(name, 0)) for name in _PULLED}
        for table, numbers in facts.pulled.items()
    ]


def entered(facts: RunFacts, locale: Locale) -> list[Row]:
    """Who began which journey: a row per journey, most first."""
    arms = [arm.value for arm in Arm]
    return [
        {say("journey", locale): facts.title(row["journey"])}
        | {say(arm, locale): int(row[arm]) for arm in arms}
        for row in _spread(facts.entered, "arm", arms, ["journey"])
    ]


def left(facts: RunFacts, locale: Locale) -> list[Row]:
    """Who left and why: a row per journey and reason, most first."""
    return [
        {
            say("journey", locale): facts.title(row["journey"]),
            say("reason", locale): word(LeaveReason, row["reason"], locale),
            say("number", locale): int(row["number"]),
        }
        for row in _largest(facts.left, "journey", "reason")
    ]


def sent(facts: RunFacts, locale: Locale) -> list[Row]:
    """What was sent: a row per journey and message that had anything but skips."""
    groups = {outcome: name for name, outcomes in TALLIES.items() for outcome in outcomes}
    sends = facts.sends.assign(group=facts.sends["outcome"].map(groups))
    return [
        {
            say("journey", locale): facts.title(row["journey"]),
            say("message", locale): row["message"],
        }
        | {say(f"column_{name}", locale): int(row[name]) for name in _SENT}
        for row in _spread(sends, "group", list(_SENT), ["journey", "message"])
        if any(row[name] for name in _SENT)
    ]


def reasons(facts: RunFacts, locale: Locale) -> list[Row]:
    """What was not sent and why: a row per reason, most frequent first, over all journeys."""
    unsent = _unsent(facts, locale)
    grouped = unsent.groupby("why", sort=True).agg(
        number=("number", "sum"),
        journeys=("journey", lambda found: sorted(set(found))),
        example=("example", "min"),
    )
    return [
        {
            say("reason", locale): row["why"],
            say("number", locale): int(row["number"]),
            say("where", locale): _some([facts.title(name) for name in row["journeys"]], locale),
            say("example", locale): example(row),
        }
        for row in _largest(grouped.reset_index(), "why")
    ]


def skips(facts: RunFacts, locale: Locale) -> list[Row]:
    """The same by journey and message, for a table to search in, the most frequent first."""
    unsent = _largest(_unsent(facts, locale), "journey", "message", "why")
    return [
        {
            say("journey", locale): facts.title(row["journey"]),
            say("message", locale): row["message"],
            say("reason", locale): row["why"],
            say("number", locale): int(row["number"]),
            say("example", locale): example(row),
        }
        for row in unsent
    ]


def shortened(rows: list[Row]) -> tuple[list[Row], int]:
    """As many as somebody reads, and how many more there are."""
    return rows[:MOST_ROWS], max(len(rows) - MOST_ROWS, 0)


def tasks(facts: RunFacts, locale: Locale) -> list[Row]:
    """Tasks for colleagues: a row per journey and kind, most first."""
    return [
        {
            say("journey", locale): facts.title(row["journey"]),
            say("kind", locale): word(TaskKind, row["kind"], locale),
            say("number", locale): int(row["number"]),
        }
        for row in _largest(facts.tasks, "journey", "kind")
    ]


def phases(facts: RunFacts, locale: Locale) -> list[Row]:
    """Who moved to another phase: a row per move, most first."""
    moves = facts.phases.assign(before=facts.phases["before"].astype(object))
    moves = moves.assign(before=moves["before"].where(moves["before"].notna(), ""))
    return [
        {
            say("before", locale): word(Phase, row["before"], locale)
            if row["before"]
            else say("first_seen", locale),
            say("after", locale): word(Phase, row["after"], locale),
            say("number", locale): int(row["number"]),
        }
        for row in _largest(moves, "before", "after")
    ]


def journeys(facts: RunFacts, locale: Locale) -> list[Row]:
    """Where the journeys stand: a row per journey, from first entry to today."""
    return [
        {say("journey", locale): facts.title(str(journey)), **_stand(found, locale)}
        for journey, found in facts.journeys.groupby("journey", sort=True)
    ]


def example(row: dict[str, Any]) -> str:
    """The number of a send to look at; a dry run has none yet."""
    return figures.UNKNOWN if pd.isna(row["example"]) else str(int(row["example"]))


def _stand(found: pd.DataFrame, locale: Locale) -> Row:
    number = found.set_index(["what", "word"])["number"].to_dict()
    by_status = {status: int(number.get(("enrollment", status), 0)) for status in EnrollmentStatus}

    def sends(name: str) -> int:
        return sum(int(number.get(("send", outcome), 0)) for outcome in TALLIES[name])

    return {
        say("column_entered", locale): sum(by_status.values()),
        **{say(f"column_{status}", locale): held for status, held in by_status.items()},
        **{say(f"column_{name}", locale): sends(name) for name in ("sent", "ghosts", "held_back")},
        say("column_goal", locale): int(number.get(("goal", "order"), 0)),
        say("column_tasks", locale): int(found.loc[found["what"] == "task", "number"].sum()),
    }


def _unsent(facts: RunFacts, locale: Locale) -> pd.DataFrame:
    """The sends that did not go, with the reason in plain words."""
    unsent = facts.sends[facts.sends["outcome"].isin(HELD_BACK | FAILED | LATER)]
    known = unsent["reason"].notna()
    why = unsent["outcome"].map({name: word(Outcome, name, locale) for name in Outcome})
    because = unsent["reason"].map({name: word(SkipReason, name, locale) for name in SkipReason})
    return unsent.assign(
        why=because.where(known, why), example=pd.to_numeric(unsent["example"]).astype("Int64")
    )


def _spread(
    counts: pd.DataFrame, by: str, columns: list[str], index: list[str]
) -> list[dict[str, Any]]:
    """The words of `by` side by side, added up per `index`; most first."""
    apart = {name: counts["number"].where(counts[by] == name, 0) for name in columns}
    summed = counts.assign(**apart).groupby(index)[columns].sum()
    return _largest(summed.assign(number=summed.sum(axis=1)).reset_index(), *index)


def _largest(counts: pd.DataFrame, *names: str) -> list[dict[str, Any]]:
    """Most first; what is equal in the order of its names."""
    ascending = [False] + [True] * len(names)
    return records(counts.sort_values(["number", *names], ascending=ascending))


def _some(names: list[str], locale: Locale) -> str:
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED])
    return shown if more <= 0 else f"{shown} {say('more', locale, n=more)}"
