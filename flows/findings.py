"""Findings of `stammkunde doctor` in words: as lines for people, as JSON for programs."""

import json
import shutil
import textwrap
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import typer

from flows.health.finding import Area, Finding, Grade
from flows.reporting.words import say, word
from flows.state_words import state_told
from segments.names import HaltCause, Locale

_WIDE = 100


def sentence(finding: Finding, locale: Locale, zone: str) -> str:
    """What a finding says."""
    return say(f"doctor_{finding.key}", locale, **_parts(finding, locale, zone))


def remedy(finding: Finding, locale: Locale, zone: str) -> str | None:
    """What mends it; nothing where nothing is to be mended."""
    if not finding.to_mend:
        return None
    return say(f"doctor_{finding.key}_mend", locale, **_parts(finding, locale, zone))


def _parts(finding: Finding, locale: Locale, zone: str) -> dict[str, object]:
    told: dict[str, object] = {}
    for name, part in finding.parts.items():
        if isinstance(part, datetime):
            told[name] = f"{part.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
        elif isinstance(part, HaltCause):
            told[name] = word(HaltCause, part, locale)
        elif name == "state":
            told[name] = state_told(str(part), locale)
        elif part is None:
            told[name] = say("everything", locale) if name == "what" else "–"
        else:
            told[name] = part
    return told


def print_lines(found: Sequence[Finding], locale: Locale, zone: str) -> None:
    """Under a heading each, what is to be mended with what mends it."""
    width = min(shutil.get_terminal_size((_WIDE, 24)).columns, _WIDE)
    marks = {grade: say(f"doctor_grade_{grade}", locale) for grade in Grade}
    margin = max(map(len, marks.values())) + 4
    order = list(Area)
    for area, group in groupby(sorted(found, key=lambda f: order.index(f.area)), lambda f: f.area):
        typer.echo(say(f"doctor_area_{area}", locale))
        for finding in group:
            mark = f"  {marks[finding.grade]}".ljust(margin)
            typer.echo(_wrapped(sentence(finding, locale, zone), mark, margin, width))
            if mend := remedy(finding, locale, zone):
                typer.echo(_wrapped(mend, " " * margin + "→ ", margin + 2, width))
        typer.echo()
    typer.echo(say("doctor_sum", locale, **_counts(found)))


def _wrapped(text: str, first: str, margin: int, width: int) -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * margin,
        break_long_words=False,
        break_on_hyphens=False,
    )


def print_json(found: Sequence[Finding], locale: Locale, zone: str, now: datetime) -> None:
    """The same for other programs."""
    told = {
        "at": now.isoformat(timespec="seconds"),
        **_counts(found),
        "findings": [
            {
                "area": finding.area,
                "grade": finding.grade,
                "key": finding.key,
                "said": sentence(finding, locale, zone),
                "mend": remedy(finding, locale, zone),
            }
            for finding in found
        ],
    }
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2))


def _counts(found: Sequence[Finding]) -> dict[str, int]:
    return {grade.value: sum(each.grade == grade for each in found) for grade in Grade}
