"""How far journeys reach, and what kept messages back, as pictures."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from flows.reporting import figures
from flows.reporting.charts import (
    BLUE,
    INK,
    ORANGE,
    PAPER,
    SKY,
    Look,
    Picture,
    blank,
    folded,
    legend,
    picture,
    plain,
)
from flows.reporting.facts import FAILED, HELD_BACK, LATER, records
from flows.reporting.words import say, word
from segments.names import Arm, Outcome, SkipReason

STAGES = ("entered", "due", "sent", "delivered", "answered", "goal")
"""How far a customer came in a journey, in the order of a funnel."""
COMPARED = ("entered", "due", "goal")
"""The stages those held out can reach: nothing is sent to them."""
MOST_REASONS = 14


def funnel(name: str, journey: str, stages: pd.DataFrame, look: Look) -> Picture:
    """How many who entered a journey came how far; below each bar those held out.

    Takes stage (of `STAGES`), arm, number. A stage without a row, such as the goal of a journey
    that has none, is left out, and so is delivery where the mail server does not tell.
    """
    title = say("picture_funnel", look.locale, journey=journey)
    number = {(str(row["stage"]), str(row["arm"])): int(row["number"]) for row in records(stages)}
    entered = {arm: number.get(("entered", arm.value), 0) for arm in Arm}
    if not sum(entered.values()):
        return blank(name, title, look, say("no_entries_yet", look.locale))
    shown = [
        stage
        for stage in STAGES
        if (stage, Arm.TREATED.value) in number
        and (stage not in ("delivered", "answered") or number[stage, Arm.TREATED.value])
    ]

    def share(stage: str, arm: Arm) -> float:
        return number.get((stage, arm.value), 0) / entered[arm] if entered[arm] else 0.0

    def label(stage: str, arm: Arm) -> str:
        count = figures.count(number.get((stage, arm.value), 0), look.locale)
        return f"{count}  ({figures.share(share(stage, arm), look.locale)})"

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for place, stage in enumerate(shown):
            both = stage in COMPARED and entered[Arm.HELD_OUT] > 0
            bars = [
                (Arm.TREATED, place - 0.2 if both else float(place), 0.38 if both else 0.5, 11.0)
            ]
            if both:
                bars.append((Arm.HELD_OUT, place + 0.19, 0.3, 10.0))
            for arm, at, thick, size in bars:
                treated = arm == Arm.TREATED
                axes.barh(
                    at,
                    share(stage, arm),
                    thick,
                    color=BLUE if treated else PAPER,
                    edgecolor=BLUE if treated else ORANGE,
                    hatch=None if treated else "///",
                    linewidth=1.2,
                )
                axes.text(
                    share(stage, arm) + 0.012, at, label(stage, arm), va="center", fontsize=size
                )
        names = [folded(say(f"stage_{stage}", look.locale), 24) for stage in shown]
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(len(shown) - 0.45, -0.55)
        axes.set_xlim(0, 1.26)
        axes.set_xticks([])
        plain(axes)
        axes.spines["bottom"].set_visible(False)
        axes.axvline(0, color=INK, linewidth=1.0)
        shades = [Patch(facecolor=BLUE, edgecolor=BLUE, label=say("funnel_treated", look.locale))]
        if entered[Arm.HELD_OUT]:
            shades.append(
                Patch(
                    facecolor=PAPER,
                    edgecolor=ORANGE,
                    hatch="///",
                    label=say("funnel_held_out", look.locale),
                )
            )
        legend(axes, shades)

    told = ", ".join(
        f"{say(f'stage_{stage}', look.locale)}: {label(stage, Arm.TREATED)}" for stage in shown
    )
    alt = say("alt_funnel", look.locale, journey=journey, stages=told)
    if entered[Arm.HELD_OUT]:
        held = [
            f"{say(f'stage_{stage}', look.locale)}: {label(stage, Arm.HELD_OUT)}"
            for stage in COMPARED
            if stage in shown
        ]
        alt += " " + say("alt_held_out", look.locale, stages=", ".join(held))
    return picture(name, title, alt, look, 0.9 + 0.56 * len(shown), draw)


def not_sent(counts: pd.DataFrame, days: int, look: Look) -> Picture:
    """Why messages did not go, the most frequent reason first.

    Takes outcome, reason (missing where the outcome says it all), number.
    """
    title = say("picture_not_sent", look.locale, days=days)
    rows = _reasons(counts, look)
    if not rows:
        return blank("not-sent", title, look, say("nothing_held_back", look.locale, days=days))
    total = sum(number for _, _, number in rows)
    faces = {"held": (BLUE, None), "later": (SKY, ".."), "failed": (PAPER, "xx")}

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        most = max(number for _, _, number in rows)
        for place, (_, kind, number) in enumerate(rows):
            face, hatch = faces[kind]
            edge = ORANGE if kind == "failed" else BLUE
            axes.barh(place, number, 0.6, color=face, edgecolor=edge, hatch=hatch, linewidth=1.0)
            share = figures.share(number / total, look.locale)
            text = f"{figures.count(number, look.locale)}  ({share})"
            axes.text(number + most * 0.012, place, text, va="center")
        axes.set_yticks(range(len(rows)), [folded(why, 34) for why, _, _ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0, most * 1.24)
        axes.set_xticks([])
        plain(axes)
        axes.spines["bottom"].set_visible(False)
        axes.axvline(0, color=INK, linewidth=1.0)
        kinds = [kind for kind in faces if any(kind == row[1] for row in rows)]
        shades = [
            Patch(
                facecolor=faces[kind][0],
                edgecolor=ORANGE if kind == "failed" else BLUE,
                hatch=faces[kind][1],
                label=say(f"kind_{kind}", look.locale),
            )
            for kind in kinds
        ]
        legend(axes, shades)

    told = "; ".join(f"{why}: {figures.count(number, look.locale)}" for why, _, number in rows)
    alt = say("alt_not_sent", look.locale, days=days, reasons=told)
    return picture("not-sent", title, alt, look, 0.7 + 0.46 * len(rows), draw)


def _reasons(counts: pd.DataFrame, look: Look) -> list[tuple[str, str, int]]:
    """Reason in words, kind, number; what is left beyond the most frequent ones in one row."""
    kinds = {
        **dict.fromkeys(HELD_BACK, "held"),
        **dict.fromkeys(LATER, "later"),
        **dict.fromkeys(FAILED, "failed"),
    }
    found: dict[tuple[str, str], int] = {}
    for row in records(counts):
        kind = kinds.get(Outcome(str(row["outcome"])))
        if kind is None:
            continue
        because = None if pd.isna(row["reason"]) else str(row["reason"])
        why = (
            word(SkipReason, because, look.locale)
            if because
            else word(Outcome, str(row["outcome"]), look.locale)
        )
        found[why, kind] = found.get((why, kind), 0) + int(row["number"])
    ordered = sorted(((why, kind, count) for (why, kind), count in found.items()), key=_most_first)
    others = ordered[MOST_REASONS:]
    if others:
        rest = sum(number for _, _, number in others)
        return [*ordered[:MOST_REASONS], (say("other_reasons", look.locale), "held", rest)]
    return ordered


def _most_first(row: tuple[str, str, int]) -> tuple[int, str, str]:
    why, kind, number = row
    return -number, kind, why
