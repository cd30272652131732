"""What journeys brought, as pictures: all of them side by side, and one of them over time."""

from collections.abc import Callable
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flows.reporting import figures
from flows.reporting.charts import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    SKY,
    VERMILION,
    Look,
    Picture,
    blank,
    folded,
    legend,
    picture,
    plain,
)
from flows.reporting.facts import records
from flows.reporting.words import say, word
from segments.names import Verdict, Yardstick

MONEY = frozenset({Yardstick.REVENUE, Yardstick.MARGIN})
_MARKS = {
    Verdict.HELPS: ("o", GREEN, GREEN),
    Verdict.HURTS: ("X", VERMILION, VERMILION),
    Verdict.NO_EFFECT: ("s", BLUE, BLUE),
}
"""Shape, edge and filling of a verdict; whatever is not decided is an empty circle."""
_OPEN = ("o", GREY, "#FFFFFF")
_TOGETHER = ("D", INK, INK)
_ROOM_FOR_VERDICT = 27
TOGETHER = "+"
"""Stands for all journeys together, weighted by how much is known of each; it has no verdict."""


def effects(estimates: pd.DataFrame, titles: dict[str, str], look: Look) -> Picture:
    """Each journey's difference with its interval, and thin behind it the confidence sequence.

    Takes rows of `segments.effect.sums.ESTIMATES`, all of one outcome, in the order to show.
    """
    outcome = Yardstick(str(estimates["outcome"].iloc[0])) if len(estimates) else Yardstick.MARGIN
    measured = word(Yardstick, outcome, look.locale)
    title = say("picture_effects", look.locale, outcome=measured)
    known = estimates["adjusted_difference"].notna()
    if not known.any():
        return blank("effects", title, look, say("no_effects_yet", look.locale))
    rows = records(estimates)
    write = _written(outcome, look)

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for place, row in enumerate(rows):
            _range(axes, place, row["sequence_low"], row["sequence_high"], FAINT, 1.2)
            _range(axes, place, row["adjusted_low"], row["adjusted_high"], INK, 3.2)
            shape, edge, filling = _mark(row)
            axes.plot(
                [row["adjusted_difference"]],
                [place],
                marker=shape,
                markersize=9,
                color=edge,
                markerfacecolor=filling,
                markeredgewidth=1.8,
                zorder=4,
            )
            axes.annotate(
                folded(_verdict(row, look), _ROOM_FOR_VERDICT),
                (1.0, place),
                xycoords=("axes fraction", "data"),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=10.5,
            )
        axes.axvline(0, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
        names = [folded(titles.get(row["journey"], row["journey"]), 26) for row in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel(say("picture_effects_axis", look.locale, outcome=measured), loc="left")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(_on_axis(outcome, look))
        _frame_around_intervals(axes, estimates)
        plain(axes)

    alt = (
        say("alt_effects", look.locale)
        + " "
        + "; ".join(_told(row, titles, look, write) for row in rows)
    )
    height = 0.75 + 0.62 * len(rows)
    note = say("picture_effects_note", look.locale)
    return picture("effects", title, alt, look, height, draw, note=note)


def over_time(
    name: str, journey: str, looks: pd.DataFrame, outcome: Yardstick, look: Look
) -> Picture:
    """How what is known of one journey's effect became narrower, look by look.

    Takes at (moment), adjusted_difference, adjusted_low, adjusted_high, sequence_low,
    sequence_high and missing.
    """
    measured = word(Yardstick, outcome, look.locale)
    title = say("picture_over_time", look.locale, journey=journey, outcome=measured)
    rows = looks[looks["adjusted_difference"].notna()] if len(looks) else looks
    if rows.empty:
        return blank(name, title, look, say("no_effect_yet", look.locale))
    write = _written(outcome, look)
    last = records(rows)[-1]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        at = rows["at"].dt.tz_localize(None).to_numpy()
        one = len(rows) == 1
        if one:
            _upright(axes, at[0], last["sequence_low"], last["sequence_high"], FAINT, 1.2)
            _upright(axes, at[0], last["adjusted_low"], last["adjusted_high"], SKY, 4)
        else:
            axes.fill_between(
                at,
                rows["sequence_low"],
                rows["sequence_high"],
                facecolor="#FFFFFF",
                edgecolor=FAINT,
                hatch="///",
                linewidth=0.9,
                label=say("the_sequence", look.locale),
            )
            axes.fill_between(
                at,
                rows["adjusted_low"],
                rows["adjusted_high"],
                color=SKY,
                alpha=0.75,
                linewidth=0,
                label=say("the_interval", look.locale),
            )
        axes.plot(
            at,
            rows["adjusted_difference"],
            color=BLUE,
            linewidth=2.2,
            marker="o",
            markersize=4.5,
            label=say("the_difference", look.locale),
        )
        axes.axhline(0, color=INK, linewidth=1.1, linestyle=(0, (4, 3)))
        gated = rows["missing"] > 0
        if gated.any() and not gated.all():
            begins = at[int(np.argmin(gated.to_numpy()))]
            axes.axvline(begins, color=ORANGE, linewidth=1.6, linestyle=":")
            axes.annotate(
                say("verdict_from_here", look.locale),
                (begins, 1),
                xycoords=("data", "axes fraction"),
                xytext=(4, -4),
                textcoords="offset points",
                va="top",
                fontsize=10,
                color=INK,
            )
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.yaxis.set_major_formatter(_on_axis(outcome, look))
        _frame_around_band(axes, rows)
        dated(axes, at, look)
        plain(axes, grid="y")
        if not one:
            legend(axes, axes.get_legend_handles_labels()[0])

    alt = say(
        "alt_over_time",
        look.locale,
        journey=journey,
        outcome=measured,
        first=figures.short_day(rows["at"].iloc[0], look.locale),
        last=figures.short_day(rows["at"].iloc[-1], look.locale),
        difference=write(last["adjusted_difference"]),
        low=write(last["adjusted_low"]),
        high=write(last["adjusted_high"]),
    )
    note = say("picture_over_time_note", look.locale)
    return picture(name, title, alt, look, 3.5, draw, note=note)


def dated(axes: Axes, at: np.ndarray, look: Look) -> None:
    """A few days written out along the axis, the first and the last among them."""
    ends = at.astype("datetime64[s]").astype("int64")
    count = min(4, len(np.unique(ends)))
    places = np.linspace(ends[0], ends[-1], count).astype("datetime64[s]")
    days = [figures.short_day(place.astype(object), look.locale) for place in places]
    axes.set_xticks(places, days)
    labels = axes.get_xticklabels()
    if count > 1:
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")


def _mark(row: dict[str, Any]) -> tuple[str, str, str]:
    if row["journey"] == TOGETHER:
        return _TOGETHER
    if row["ratio_alarm"]:
        return _OPEN
    return _MARKS.get(Verdict(str(row["verdict"])), _OPEN)


def _verdict(row: dict[str, Any], look: Look) -> str:
    if row["journey"] == TOGETHER:
        return say("weighted", look.locale)
    if row["ratio_alarm"]:
        return say("suspect", look.locale)
    return word(Verdict, str(row["verdict"]), look.locale)


def _told(
    row: dict[str, Any], titles: dict[str, str], look: Look, write: Callable[[float], str]
) -> str:
    if isnan(row["adjusted_difference"]):
        journey = titles.get(row["journey"], row["journey"])
        return say("alt_no_effect", look.locale, journey=journey, verdict=_verdict(row, look))
    return say(
        "alt_effect",
        look.locale,
        journey=titles.get(row["journey"], row["journey"]),
        difference=write(row["adjusted_difference"]),
        low=write(row["adjusted_low"]),
        high=write(row["adjusted_high"]),
        verdict=_verdict(row, look),
    )


def _written(outcome: Yardstick, look: Look) -> Callable[[float], str]:
    """How a difference in this outcome is written."""
    if outcome in MONEY:
        return lambda value: figures.money(value, look.currency, look.locale, signed=True)
    if outcome == Yardstick.GOAL:
        return lambda value: figures.points(
            100 * value, say("percentage_points", look.locale), look.locale
        )
    return lambda value: figures.points(value, "", look.locale)


def _on_axis(outcome: Yardstick, look: Look) -> FuncFormatter:
    """The same along an axis, where whole amounts need no cents."""
    write = _written(outcome, look)
    if outcome in MONEY:
        return FuncFormatter(
            lambda value, _: figures.round_money(value, look.currency, look.locale)
        )
    return FuncFormatter(lambda value, _: write(value))


def _range(axes: Axes, place: float, low: float, high: float, color: str, width: float) -> None:
    if not (np.isnan(low) or np.isnan(high)):
        axes.plot([low, high], [place, place], color=color, linewidth=width, solid_capstyle="butt")


def _upright(
    axes: Axes, at: np.datetime64, low: float, high: float, color: str, width: float
) -> None:
    if not (np.isnan(low) or np.isnan(high)):
        axes.plot([at, at], [low, high], color=color, linewidth=width)


def _frame_around_intervals(axes: Axes, rows: pd.DataFrame) -> None:
    """All of every interval, and of the sequences as much as leaves the intervals to be seen."""
    low = float(np.nanmin([0.0, rows["adjusted_low"].min(), rows["adjusted_difference"].min()]))
    high = float(np.nanmax([0.0, rows["adjusted_high"].max(), rows["adjusted_difference"].max()]))
    span = (high - low) or 1.0
    low_sequence = float(np.nanmin([low, rows["sequence_low"].min()]))
    high_sequence = float(np.nanmax([high, rows["sequence_high"].max()]))
    axes.set_xlim(
        max(low_sequence, low - 0.6 * span) - 0.04 * span,
        min(high_sequence, high + 0.6 * span) + 0.04 * span,
    )


def _frame_around_band(axes: Axes, rows: pd.DataFrame) -> None:
    """The last looks in full: the first ones know so little that they would fill the paper."""
    later = rows.iloc[len(rows) // 3 :]
    low = float(np.nanmin([0.0, later["sequence_low"].min(), later["adjusted_low"].min()]))
    high = float(np.nanmax([0.0, later["sequence_high"].max(), later["adjusted_high"].max()]))
    span = (high - low) or 1.0
    axes.set_ylim(low - 0.08 * span, high + 0.08 * span)
