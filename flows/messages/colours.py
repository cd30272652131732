"""One brand colour made into a set that can be read, on white and in the dark."""

from colorsys import hls_to_rgb, rgb_to_hls
from functools import lru_cache

PAPER = "#ffffff"
NIGHT = "#1d2324"
# The panels of _base/style.css and media.css: where the brand is hardest to read on either side.
PANEL = "#f3f1ec"
PANEL_NIGHT = "#262d2f"
_INK = "#14201d"
_READABLE = 4.6


@lru_cache(maxsize=64)
def palette(brand: str) -> dict[str, str]:
    """`brand`, what is written `on_brand`, both for the dark, and a pale `tint` of each."""
    light = _until_readable(brand, 0.0, PANEL, PAPER)
    dark = _until_readable(brand, 1.0, PANEL_NIGHT, NIGHT)
    return {
        "brand": light,
        "on_brand": _ink_on(light),
        "tint": _tint(light, PAPER),
        "brand_dark": dark,
        "on_brand_dark": _ink_on(dark),
        "tint_dark": _tint(dark, NIGHT),
    }


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, from 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """`one` with that share of `other` in it."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _until_readable(colour: str, towards: float, panel: str, page: str) -> str:
    """The same hue, lighter or darker by as little as it takes."""
    hue, lightness, saturation = rgb_to_hls(*(part / 255 for part in _channels(colour)))
    shade = colour
    for step in range(41):
        if min(contrast(shade, panel), contrast(shade, _tint(shade, page))) >= _READABLE:
            break
        parts = hls_to_rgb(hue, lightness + (towards - lightness) * step / 40, saturation)
        shade = "#" + "".join(f"{round(part * 255):02x}" for part in parts)
    return shade


def _tint(colour: str, page: str) -> str:
    return mix(colour, page, 0.88)


def _ink_on(ground: str) -> str:
    return PAPER if contrast(PAPER, ground) >= contrast(_INK, ground) else _INK


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
