"""The paper pictures are drawn on: size, colours, letters, alternative text, and bytes."""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from textwrap import wrap
from xml.sax.saxutils import escape

import numpy as np
from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from flows.reporting.subjects import Format
from segments.names import Locale

BLUE, SKY, GREEN, ORANGE = "#0072B2", "#56B4E9", "#009E73", "#E69F00"
VERMILION, PURPLE, YELLOW, GREY = "#D55E00", "#CC79A7", "#F0E442", "#5F5F5F"
INK, FAINT, PAPER = "#1A1A1A", "#8A8A8A", "#FFFFFF"
"""The palette of Okabe and Ito, which people tell apart whatever colours they see. Nothing is told
by colour alone: shapes, hatches, lines and words say it too."""

WIDTH = 7.8
"""Inches; at 100 dots an inch a picture fits beside a page's margin, where pages of runs show it at
three quarters of its size, its smallest letters still legible."""

_DOTS = 100
_COLOURS = 64
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "hatch.linewidth": 0.8,
    # Names of shapes in an SVG are drawn by lot unless there is a salt.
    "svg.hashsalt": "stammkunde",
    # Letters as shapes: a reader's machine need not have the font.
    "svg.fonttype": "path",
}


@dataclass(frozen=True)
class Look:
    """For whom a picture is: language, currency, what it is written as, and what it is as of."""

    locale: Locale
    currency: str = "EUR"
    format: Format = Format.SVG
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A finished picture. `alt` says in words what it shows, for those who do not see it."""

    name: str
    title: str
    alt: str
    format: Format
    image: bytes

    @property
    def file(self) -> str:
        """The name of its file, the same whenever it is drawn anew."""
        return f"{self.name}.{self.format.value}"

    @property
    def data_uri(self) -> str:
        """The picture as an address that holds it."""
        kind = "image/svg+xml" if self.format == Format.SVG else "image/png"
        return f"data:{kind};base64,{b64encode(self.image).decode('ascii')}"


def picture(
    name: str,
    title: str,
    alt: str,
    look: Look,
    height: float,
    draw: Callable[[Figure], None],
    *,
    note: str = "",
) -> Picture:
    """Draw on a fresh sheet of so many inches; the same drawing gives the same bytes.

    A figure of its own and no `pyplot`: nothing is left behind, and no screen is needed.
    """
    below = "\n".join(line for text in (note, look.note) for line in wrap(text, 94))
    lines = wrap(title, 60)
    tall = height + 0.24 * len(lines) + (0.2 * (below.count("\n") + 1) if below else 0)
    with style.context(["default", _STYLE]):
        room = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08)
        figure = Figure(figsize=(WIDTH, tall), layout=room)
        figure.suptitle("\n".join(lines), x=0.015, ha="left", fontsize=13, fontweight="bold")
        if below:
            figure.supxlabel(below, x=0.015, ha="left", fontsize=9.5, color=GREY)
        draw(figure)
        image = _written(figure, title, alt, look)
    return Picture(name, title, alt, look.format, image)


def blank(name: str, title: str, look: Look, why: str) -> Picture:
    """A picture that says that there is nothing to see yet, and why."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.set_axis_off()
        text = "\n".join(wrap(why, 70))
        axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=12, color=GREY)

    return picture(name, title, f"{title}: {why}", look, 1.4, draw)


def plain(axes: Axes, *, grid: str = "x") -> None:
    """Take away all lines but those one reads a value by."""
    for side in ("top", "right", "left") if grid == "x" else ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis=grid, color="#E3E3E3", linewidth=0.8)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def legend(axes: Axes, handles: Sequence[Artist], columns: int = 3) -> None:
    """What the colours and hatches mean, above what is drawn."""
    axes.legend(
        handles=list(handles),
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        borderaxespad=0.3,
        borderpad=0,
        ncols=columns,
    )


def folded(text: str, width: int, lines: int = 3) -> str:
    """A name over several lines; what does not fit ends in an ellipsis."""
    parts = wrap(text, width, break_long_words=True)
    if len(parts) > lines:
        parts = [*parts[: lines - 1], parts[lines - 1][: width - 1].rstrip() + "…"]
    return "\n".join(parts)


def apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places of labels, moved as little as need be to stand `gap` apart between the ends."""
    order = np.argsort(places, kind="stable")
    room = max(high - low - gap * (len(places) - 1), 0.0)
    # Without the gaps they only must not overtake one another, which is a matter of averaging.
    wanted = np.asarray(places, dtype=float)[order] - gap * np.arange(len(places)) - low
    levelled = np.clip(_rising(wanted), 0.0, room)
    moved = np.empty(len(places))
    moved[order] = low + levelled + gap * np.arange(len(places))
    return [float(place) for place in moved]


def _rising(values: np.ndarray) -> np.ndarray:
    """The nearest values that never fall, by pooling neighbours that do."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        mean, size = float(value), 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        blocks.append((mean, size))
    return np.repeat([mean for mean, _ in blocks], [size for _, size in blocks])


def _written(figure: Figure, title: str, alt: str, look: Look) -> bytes:
    buffer = BytesIO()
    if look.format == Format.PNG:
        figure.savefig(buffer, format="png", dpi=_DOTS, metadata={"Software": None})
        return _small(buffer.getvalue())
    facts = {"Date": None, "Creator": None, "Title": title, "Language": look.locale.value}
    figure.savefig(buffer, format="svg", metadata=facts)
    return _told(buffer.getvalue().decode("utf-8"), alt, look.locale).encode("utf-8")


def _small(image: bytes) -> bytes:
    """The same picture with as few colours as it needs: a third of the size."""
    drawn = Image.open(BytesIO(image)).convert("RGB")
    buffer = BytesIO()
    # Chosen by reach and not by area: a green dot must not turn grey on a page of blue.
    few = drawn.quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def _told(svg: str, alt: str, locale: Locale) -> str:
    """The picture with its words for those who do not see it, and a language."""
    opened = re.sub(
        r"<svg ", f'<svg role="img" aria-describedby="told" lang="{locale.value}" ', svg, count=1
    )
    return opened.replace("</title>", f'</title>\n <desc id="told">{escape(alt)}</desc>', 1)
