"""Customers of an experiment from a CSV file: arm, outcome, covariate, whatever they are called."""

import codecs
import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flows.errors import ConfigError, Fault
from flows.intake.spec import TableSource
from flows.intake.textfile import Block, opened
from segments.effect.student import Numbers
from segments.operands import meant

MOST_ARMS = 50
_MOST_FAULTS = 20
_ROWS_AT_ONCE = 200_000
_BYTES_AT_ONCE = 1 << 20
_UNKNOWN = pa.array(["", "na", "n/a", "nan", "null", "none", "-"], pa.large_string())
_YES, _NO = (pa.array(words, pa.large_string()) for words in (["true", "yes"], ["false", "no"]))
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"

Separator = Literal[",", ";", "tab", "|"]
_SEPARATORS: dict[str, Separator] = {",": ",", ";": ";", "\t": "tab", "|": "|"}


@dataclass
class Customers:
    """Columns as numbers, block by block; an arm as its place in `names`, -1 where none stands."""

    names: dict[str, int] = field(default_factory=dict)
    arms: list[NDArray[np.intp]] = field(default_factory=list)
    figures: list[list[Numbers]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unsaid: list[int] = field(default_factory=list)

    def place(self, name: str) -> int:
        """Where this arm stands among the others."""
        return self.names.setdefault(name, len(self.names)) if name else -1

    def complain(self, faults: Sequence[Fault]) -> None:
        """Keep the first of them; how many more there are is told."""
        room = max(_MOST_FAULTS - len(self.faults), 0)
        self.faults += faults[:room]
        self.unsaid += [fault.line for fault in faults[room:]]


def read(path: Path, arm: str, control: str, columns: Sequence[str]) -> Customers:
    """Everybody in the file, block by block. Whatever is wrong is told at once, with its line."""
    found = _read(path, arm, columns)
    _refuse(path, arm, control, found)
    return found


def _read(path: Path, arm: str, columns: Sequence[str]) -> Customers:
    source = _layout(path)
    read = Customers(figures=[[] for _ in columns])
    with opened(source, path, _ROWS_AT_ONCE) as file:
        places = _places(path, file.header, [arm, *columns])
        for block in file.read(places):
            read.complain(
                [Fault(str(path), line, f"{what}: {text}") for line, text, what in block.faults]
            )
            texts = [_trimmed(column) for column in block.columns]
            coded = pc.dictionary_encode(texts[0])
            of_word = [read.place(word) for word in coded.dictionary.to_pylist()]
            read.arms.append(np.array(of_word, dtype=np.intp)[coded.indices.to_numpy()])
            for name, text, into in zip(columns, texts[1:], read.figures, strict=True):
                # With a semicolon between the cells, the comma is free for the decimals.
                if source.separator == ";":
                    text = pc.replace_substring(text, ",", ".")
                values, wrong = _numbers(text)
                into.append(values)
                read.complain(_no_numbers(path, name, block, text, wrong))
    return read


def _places(path: Path, header: list[str], columns: Sequence[str]) -> list[int]:
    faults = [
        f'there is no column "{name}"{meant(name, header) or "."} There are: {_listed(header)}'
        for name in columns
        if name not in header
    ] + [
        f'there are {header.count(name)} columns "{name}"; which one is meant?'
        for name in columns
        if header.count(name) > 1
    ]
    if faults:
        raise ConfigError([Fault(str(path), 1, what) for what in faults])
    return [header.index(name) for name in columns]


def _trimmed(column: Any) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return pc.utf8_trim_whitespace(pa.array(column, pa.large_string()))


def _numbers(text: pa.Array) -> tuple[Numbers, NDArray[np.intp]]:
    """Cells as numbers, NaN where nothing is known; and the places of those that are neither."""
    lower = pc.utf8_lower(text)
    text = pc.if_else(pc.is_in(lower, _UNKNOWN), None, text)
    text = pc.if_else(pc.is_in(lower, _YES), "1", pc.if_else(pc.is_in(lower, _NO), "0", text))
    try:
        numbers = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        numeric = pc.match_substring_regex(text, _NUMBER)
        numbers = pc.cast(
            pc.replace_substring_regex(pc.if_else(numeric, text, None), r"^\+", ""), pa.float64()
        )
    values = numbers.to_numpy(zero_copy_only=False).astype(np.float64)
    wrong = ~np.isfinite(values) & pc.is_valid(text).to_numpy(zero_copy_only=False)
    return values, np.flatnonzero(wrong)


def _no_numbers(
    path: Path, name: str, block: Block, text: pa.Array, wrong: NDArray[np.intp]
) -> list[Fault]:
    said = text.take(pa.array(wrong)).to_pylist()
    return [
        Fault(str(path), block.rows[row], f'column "{name}": "{cell[:40]}" is not a number')
        for row, cell in zip(wrong.tolist(), said, strict=True)
    ]


def _refuse(path: Path, arm: str, control: str, read: Customers) -> None:
    faults, names = list(read.faults), read.names
    if read.unsaid:
        what = f"and so on: {len(read.unsaid)} more like these"
        faults.append(Fault(str(path), min(read.unsaid), what))
    elif not names:
        faults.append(Fault(str(path), 0, f'the column "{arm}" is empty'))
    elif len(names) > MOST_ARMS:
        what = f'the column "{arm}" holds {len(names)} different values: these are no arms'
        faults.append(Fault(str(path), 0, what))
    elif control not in names:
        what = f'nobody has "{control}" in the column "{arm}"{meant(control, names) or "."} '
        faults.append(Fault(str(path), 0, f"{what}There are: {_listed(sorted(names))}"))
    elif len(names) == 1:
        what = f'everybody has "{control}" in the column "{arm}": there is nobody to compare with'
        faults.append(Fault(str(path), 0, what))
    if faults:
        raise ConfigError(faults)


def _layout(path: Path) -> TableSource:
    """How the file is written: UTF-8 if it can be, and the separator its first line has most of."""
    with path.open("rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    decoder, first, encoding = codecs.getincrementaldecoder("utf-8-sig")(), "", "utf-8"
    try:
        with cast("IO[bytes]", gzip.open(path) if packed else path.open("rb")) as file:
            while part := file.read(_BYTES_AT_ONCE):
                text = decoder.decode(part)
                first = first or text.lstrip("\r\n").split("\n", 1)[0]
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        encoding = "cp1252"
        first = first or error.object[:_BYTES_AT_ONCE].decode("cp1252", "replace").split("\n")[0]
    except (OSError, EOFError) as error:
        raise ConfigError.at(path, f"the file cannot be read: {error}") from error
    sign = max(_SEPARATORS, key=first.count)
    return TableSource(
        csv=str(path),
        separator=_SEPARATORS[sign],
        encoding=cast("Literal['utf-8', 'cp1252']", encoding),
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names[:40])[:1500]
