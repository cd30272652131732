"""Room on disk, and who may write where."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from flows.health.finding import Area, Finding, broken, fine, look

_AREA = Area.DISK
_LITTLE, _NOTHING = 2_000_000_000, 200_000_000
_LARGE_HISTORY = 3_000_000_000


def room(places: Iterable[Path], file: Path | None) -> list[Finding]:
    """Whether there is room where these lie; `file` is the store's, if it is one."""
    found: list[Finding] = []
    seen: set[int] = set()
    for place in places:
        there = _existing(place)
        device = there.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        found.append(_room(there))
    if file is not None and file.exists():
        free = shutil.disk_usage(file.parent).free
        size = file.stat().st_size
        if free < size:
            found.append(look(_AREA, "store_outgrows", size=told(size), free=told(free)))
    return found


def writable(places: Iterable[Path]) -> list[Finding]:
    """Folders and files the program has to write to, and may not."""
    return [
        broken(_AREA, "not_writable", place=there)
        for place in places
        if not os.access(there := _existing(place), os.W_OK)
    ]


def history(file: Path) -> list[Finding]:
    """How much Prefect keeps of runs that are over."""
    if not file.exists():
        return []
    size = file.stat().st_size
    if size > _LARGE_HISTORY:
        return [look(_AREA, "history_large", size=told(size), place=file)]
    return [fine(_AREA, "history_fine", size=told(size))]


def told(size: int) -> str:
    """Bytes as people read them."""
    for unit, one in (("GB", 1_000_000_000), ("MB", 1_000_000)):
        if size >= one:
            return f"{size / one:.1f} {unit}"
    return f"{size / 1_000:.0f} kB"


def _room(place: Path) -> Finding:
    usage = shutil.disk_usage(place)
    parts = {"place": place, "free": told(usage.free), "share": f"{usage.free / usage.total:.0%}"}
    if usage.free < _NOTHING:
        return broken(_AREA, "disk_full", **parts)
    if usage.free < _LITTLE:
        return look(_AREA, "disk_little", **parts)
    return fine(_AREA, "disk_fine", **parts)


def _existing(place: Path) -> Path:
    """The place, or the nearest around it that is there."""
    there = place.resolve()
    while not there.exists():
        there = there.parent
    return there
