"""Where customers stand and how they move, as pictures: the four fields, and phases over time."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from flows.reporting import figures
from flows.reporting.charts import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PAPER,
    PURPLE,
    SKY,
    YELLOW,
    Look,
    Picture,
    apart,
    blank,
    picture,
    plain,
)
from flows.reporting.charts_effects import dated
from flows.reporting.facts import records
from flows.reporting.words import say, word
from segments.names import Phase, Quadrant

_CORNERS = {
    Quadrant.DEVELOPMENT: (0, 1),
    Quadrant.TOP: (1, 1),
    Quadrant.SMALL: (0, 0),
    Quadrant.PREMIUM: (1, 0),
}
"""Where each field lies: revenue of today to the right, potential upwards."""
_SHADES = {
    Quadrant.TOP: "#CFE6DD",
    Quadrant.DEVELOPMENT: "#DCEBF6",
    Quadrant.PREMIUM: "#F7E7C6",
    Quadrant.SMALL: "#EFEFEF",
}
_PHASES: dict[Phase, tuple[str, str]] = {
    Phase.PROSPECT: (YELLOW, ""),
    Phase.EXPLORATION: (SKY, ""),
    Phase.EXPANSION: (GREEN, "//"),
    Phase.MATURITY: (BLUE, ""),
    Phase.AT_RISK: (ORANGE, "\\\\"),
    Phase.REVITALIZATION: (PURPLE, ".."),
    Phase.ENDED: (GREY, ""),
}
"""Colour and hatch from bottom to top: neighbours differ in grey as well."""


def matrix(standing: pd.DataFrame, moves: pd.DataFrame, days: int, look: Look) -> Picture:
    """How many customers stand in each of the four fields, and who moved between them.

    Takes quadrant, number, and before, after, number of the moves of so many days.
    """
    title = say("picture_quadrants", look.locale, days=days)
    number = {str(row["quadrant"]): int(row["number"]) for row in records(standing)}
    total = sum(number.get(field.value, 0) for field in Quadrant)
    if not total:
        return blank("quadrants", title, look, say("no_quadrants_yet", look.locale))
    moved = {
        (Quadrant(str(row["before"])), Quadrant(str(row["after"]))): int(row["number"])
        for row in records(moves.dropna(subset=["before", "after"]))
        if row["number"]
    }

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for field, (x, y) in _CORNERS.items():
            count = number.get(field.value, 0)
            axes.add_patch(
                Rectangle((x, y), 1, 1, facecolor=_SHADES[field], edgecolor=PAPER, linewidth=5)
            )
            middle = (x + (0.3 if x == 0 else 0.7), y + (0.74 if y == 1 else 0.34))
            name = word(Quadrant, field.value, look.locale)
            axes.text(*middle, name, ha="center", va="bottom", fontsize=11)
            share = figures.share(count / total, look.locale)
            axes.text(
                middle[0],
                middle[1] - 0.015,
                figures.count(count, look.locale),
                ha="center",
                va="top",
                fontsize=19,
                fontweight="bold",
            )
            axes.text(middle[0], middle[1] - 0.2, share, ha="center", va="top", color="#444444")
        most = max(moved.values(), default=1)
        for (before, after), count in moved.items():
            _arrow(axes, before, after, count, most, look)
        axes.set_xlim(0, 2)
        axes.set_ylim(0, 2)
        axes.set_xticks([0.5, 1.5], [say("low", look.locale), say("high", look.locale)])
        axes.set_yticks([0.5, 1.5], [say("low", look.locale), say("high", look.locale)])
        axes.set_xlabel(say("revenue_today", look.locale))
        axes.set_ylabel(say("potential", look.locale))
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(length=0)

    told = ", ".join(
        f"{word(Quadrant, field.value, look.locale)}: "
        f"{figures.count(number.get(field.value, 0), look.locale)}"
        for field in Quadrant
    )
    said = [
        f"{word(Quadrant, one, look.locale)} → {word(Quadrant, two, look.locale)}: {count}"
        for (one, two), count in sorted(moved.items(), key=lambda item: (-item[1], item[0]))
    ]
    alt = say(
        "alt_quadrants",
        look.locale,
        fields=told,
        days=days,
        moves=", ".join(said) or say("nobody", look.locale),
    )
    note = "" if moved else say("nobody_moved", look.locale, days=days)
    return picture("quadrants", title, alt, look, 4.9, draw, note=note)


def phases(counts: pd.DataFrame, look: Look) -> Picture:
    """How many customers were in which phase, day by day.

    Takes at, phase, number: one row per moment and phase, moments rising.
    """
    title = say("picture_phases", look.locale)
    table = counts.pivot_table(
        index="at", columns="phase", values="number", aggfunc="sum", fill_value=0
    ).reindex(columns=[phase.value for phase in _PHASES], fill_value=0)
    if table.empty or not table.to_numpy().any():
        return blank("phases", title, look, say("no_phases_yet", look.locale))
    shown = [phase for phase in _PHASES if table[phase.value].any()]
    heights = table[[phase.value for phase in shown]].to_numpy(dtype=float)
    at = pd.DatetimeIndex(table.index).tz_localize(None).to_numpy()

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        days, tall = (at, heights) if len(at) > 1 else _widened(at, heights)
        tops = np.cumsum(tall, axis=1)
        bottoms = tops - tall
        for column, phase in enumerate(shown):
            colour, hatch = _PHASES[phase]
            axes.fill_between(
                days,
                bottoms[:, column],
                tops[:, column],
                facecolor=colour,
                edgecolor=PAPER,
                hatch=hatch or None,
                linewidth=0.8,
            )
        total = float(tops[:, -1].max())
        middles = (bottoms[-1] + tops[-1]) / 2
        places = apart(
            list(middles), total * 0.07, total * 0.02, max(total * 0.98, float(middles.max()))
        )
        for column, phase in enumerate(shown):
            colour, _ = _PHASES[phase]
            count = figures.count(int(tall[-1, column]), look.locale)
            axes.annotate(
                f"{word(Phase, phase.value, look.locale)}  {count}",
                xy=(1.0, middles[column]),
                xycoords=("axes fraction", "data"),
                xytext=(1.035, places[column]),
                textcoords=("axes fraction", "data"),
                va="center",
                fontsize=10.5,
                annotation_clip=False,
                arrowprops={
                    "arrowstyle": "-",
                    "color": INK,
                    "linewidth": 0.7,
                    "shrinkA": 1,
                    "shrinkB": 0,
                },
            )
        axes.set_ylim(0, total * 1.02)
        axes.set_xlim(days[0], days[-1])
        axes.set_ylabel(say("customers_number", look.locale))
        if len(at) > 1:
            dated(axes, at, look)
        else:
            axes.set_xticks([])
        plain(axes, grid="y")

    first = ", ".join(
        f"{word(Phase, phase.value, look.locale)}: "
        f"{figures.count(int(heights[0, column]), look.locale)} → "
        f"{figures.count(int(heights[-1, column]), look.locale)}"
        for column, phase in enumerate(shown)
    )
    alt = say(
        "alt_phases",
        look.locale,
        first=figures.short_day(table.index[0], look.locale),
        last=figures.short_day(table.index[-1], look.locale),
        phases=first,
    )
    return picture("phases", title, alt, look, 3.9, draw)


def _arrow(
    axes: Axes, before: Quadrant, after: Quadrant, count: int, most: int, look: Look
) -> None:
    """An arrow between two fields, as thick as the move is frequent; moves back run beside it."""
    start, end = (np.array(_CORNERS[field], dtype=float) + 0.5 for field in (before, after))
    along = (end - start) / np.hypot(*(end - start))
    aside = np.array([-along[1], along[0]])
    diagonal = abs(along[0]) > 0.1 and abs(along[1]) > 0.1
    # Those across the middle start there, each in its own corner, so that they do not cross.
    centre = (start + end) / 2 + aside * 0.075 + (along * 0.27 if diagonal else 0)
    reach = 0.16
    thick = 1.2 + 3.6 * count / most
    axes.add_patch(
        FancyArrowPatch(
            tuple(centre - along * reach),
            tuple(centre + along * reach),
            arrowstyle=f"-|>,head_length={4 + thick},head_width={2 + thick * 0.7}",
            linewidth=thick,
            color=INK if not diagonal else GREY,
            shrinkA=0,
            shrinkB=0,
            mutation_scale=1,
            zorder=3,
        )
    )
    x, y = centre + aside * 0.07
    axes.text(
        float(x),
        float(y),
        figures.count(count, look.locale),
        ha="center",
        va="center",
        fontsize=10,
        fontweight="bold",
        zorder=5,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.2, "alpha": 0.85},
    )


def _widened(at: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One day as a column one can see."""
    return np.array([at[0], at[0] + np.timedelta64(1, "D")]), np.repeat(heights, 2, axis=0)
