"""Text files of cells, read record by record: a line that makes no sense never costs its file."""

import csv
import gzip
import io
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from flows.errors import SourceError
from flows.intake.spec import TableSource

LONGEST_LINE = 1_000_000
_USUAL_LINE = 80
_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SIGNS = {"tab": "\t"}

Record = tuple[int, list[str]]
Fault = tuple[int, str, str]
"""Line, the beginning of what stands there, and what is wrong with it."""


class _Lines:
    """Lines one by one; over-long ones are cut, and lines can be given back to be read again."""

    def __init__(self, text: str, before: int) -> None:
        self._file = io.StringIO(text, newline="")
        self._again: deque[str] = deque()
        self.number = before
        self.record: list[str] = []
        self.too_long = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline()
        if not line:
            raise StopIteration
        self.number += 1
        self.record.append(line)
        if len(line) > LONGEST_LINE:
            self.too_long = True
            return "\n"
        return line

    def begin(self) -> None:
        """A new record begins with the next line."""
        self.record = []
        self.too_long = False

    def give_back(self, count: int) -> None:
        """Read the last so many lines again."""
        if count:
            self._again.extendleft(reversed(self.record[-count:]))
            self.number -= count

    @property
    def exhausted(self) -> bool:
        """Nothing follows."""
        if not self._again and (line := self._file.readline()):
            self._again.append(line)
        return not self._again

    def rest(self) -> str:
        """Everything not read yet."""
        return "".join(self._again) + self._file.read()


@dataclass(frozen=True)
class Block:
    """Some records: the lines they begin on, the columns asked for, and lines without sense."""

    rows: Sequence[int]
    columns: list[Any]
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class TextFile:
    """An open file: what its columns are called, and its records."""

    header: list[str]
    read: Callable[[list[int]], Iterator[Block]]
    """Columns by their place in the header, block by block; to be called once."""


@contextmanager
def opened(source: TableSource, path: Path, size: int) -> Iterator[TextFile]:
    """The file behind `csv:`, in blocks of about so many records.

    What is wrong with it as a whole is a `SourceError`.
    """
    with _reading(path, source) as file:
        blocks = _blocks(file, size * _USUAL_LINE)
        header, lines = _header(next(blocks, ""), source)
        yield TextFile(header, lambda places: _records(lines, blocks, source, len(header), places))


def _blocks(file: IO[str], size: int) -> Iterator[str]:
    """Whole lines, a block at a time; what is too long for a line is thrown away."""
    rest = ""
    while text := file.read(size):
        if text.endswith("\r"):
            text += file.read(1)
        end = max(text.rfind("\n"), text.rfind("\r")) + 1
        if end:
            yield rest + text[:end]
            rest = text[end:]
        else:
            rest = (rest + text)[: LONGEST_LINE + 1]
    if rest:
        yield rest


def _header(text: str, source: TableSource) -> tuple[list[str], _Lines]:
    lines = _Lines(text, 0)
    try:
        cells = next((cells for cells in _split(lines, source) if any(cells)), None)
    except csv.Error as error:
        raise SourceError(f"{source.place}: the first line does not name columns") from error
    if lines.too_long:
        raise SourceError(
            f"{source.place}: the first line is longer than {LONGEST_LINE:,} signs. "
            "It should name the columns; is this a text file with one line a row?"
        )
    if not cells:
        raise SourceError(
            f"{source.place} is empty: its first line should name the columns. "
            "Was the export interrupted?"
        )
    return [cell.strip() for cell in cells], lines


def _records(
    first: _Lines, blocks: Iterator[str], source: TableSource, width: int, places: list[int]
) -> Iterator[Block]:
    carried, number = "", first.number
    text: str | None = first.rest()
    while text is not None:
        following = next(blocks, None)
        text = carried + text
        columns = _at_once(text, source, width, places)
        if columns is not None:
            count = len(columns[0])
            yield Block(range(number + 1, number + 1 + count), columns)
            carried, number = "", number + count
        else:
            lines = _Lines(text, number)
            faults: list[Fault] = []
            found = list(_one_by_one(lines, source, width, faults, last=following is None))
            cells = list(zip(*(record for _, record in found), strict=True)) or [()] * width
            yield Block([row for row, _ in found], [cells[place] for place in places], faults)
            carried, number = "".join(lines.record), lines.number
        text = following


def _at_once(
    text: str, source: TableSource, width: int, places: list[int]
) -> list[pa.ChunkedArray] | None:
    """All records by Arrow where each is one plain line of the right width: nearly always."""
    if source.separator == "whitespace" or not text:
        return None
    sign = _sign(source)
    # Quotation marks that stand inside or beside a cell are for the parser that says what is wrong.
    if '"' in text and _misquoted(text, re.escape(sign)):
        return None
    names = [str(place) for place in range(width)]
    wanted = [str(place) for place in places]
    data = text.encode()
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(data),
            pa_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            pa_csv.ParseOptions(delimiter=sign, ignore_empty_lines=False),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.large_string()),
                include_columns=wanted,
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    ends = max(text.count("\n"), text.count("\r")) + (text[-1] not in "\r\n")
    longest = max(pc.max(pc.binary_length(column)).as_py() or 0 for column in table.columns)
    plain = table.num_rows == ends and longest <= csv.field_size_limit()
    return list(table.columns) if plain else None


def _misquoted(text: str, sign: str) -> bool:
    text = "\n" + text
    # Patterns that begin with a plain sign are found ten times as fast as with a look behind first.
    if re.search(f'""(?<=[{sign}\r\n]"")[^{sign}\r\n"]', text):
        return True
    return bool(re.search(f'"(?<=[^{sign}\r\n]")[^{sign}\r\n]', text.replace('""', "")))


def _one_by_one(
    lines: _Lines, source: TableSource, width: int, faults: list[Fault], *, last: bool
) -> Iterator[Record]:
    """Record by record; a record that the end of the text cuts in two is left in `lines`."""
    reader = _split(lines, source)
    while True:
        start = lines.number + 1
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            if lines.exhausted and not last and len("".join(lines.record)) <= LONGEST_LINE:
                lines.number = start - 1
                return
            what = "a quotation mark is out of place or never closed, or a cell is far too long"
        else:
            if len(cells) >= width and not any(cells[width:]):
                if any(cells):
                    yield start, cells[:width]
                continue
            if not any(cells) and not lines.too_long:
                continue
            what = f"{len(cells)} cells where the first line names {width} columns"
        if lines.too_long:
            what = f"a line of more than {LONGEST_LINE:,} signs"
        faults.append((start, lines.record[0].strip()[:200], what))
        # A stray quotation mark swallows the lines after it; they get a second chance.
        lines.give_back(len(lines.record) - 1)


def _split(lines: Iterable[str], source: TableSource) -> Iterator[list[str]]:
    if source.separator == "whitespace":
        return (line.split() for line in lines)
    return csv.reader(lines, delimiter=_sign(source), strict=True)


def _sign(source: TableSource) -> str:
    return _SIGNS.get(source.separator, source.separator)


@contextmanager
def _reading(path: Path, source: TableSource) -> Iterator[IO[str]]:
    try:
        with path.open("rb") as probe:
            start = probe.read(3)
        packed = start[:2] == _GZIP
        with cast("IO[bytes]", gzip.open(path) if packed else path.open("rb")) as raw:
            start = raw.read(3)
    except FileNotFoundError as error:
        raise SourceError(
            f"{source.place} is not there. Paths in sources.yaml start at the project's folder"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{source.place} cannot be read: {error}") from error
    if start[:2] in _UTF16_MARKS:
        raise SourceError(f"{source.place} is written in UTF-16. Save it as UTF-8")
    if start == _UTF8_MARK and source.encoding != "utf-8":
        raise SourceError(
            f'{source.place} is written in UTF-8; write "encoding: utf-8" in sources.yaml'
        )
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    opener = gzip.open if packed else open
    with cast("IO[str]", opener(path, "rt", encoding=encoding, newline="")) as file:
        try:
            yield file
        except UnicodeDecodeError as error:
            other = "cp1252" if source.encoding == "utf-8" else "utf-8"
            raise SourceError(
                f"{source.place} is not written in {source.encoding}: sign "
                f"0x{error.object[error.start]:02x} does not exist there. "
                f'Try "encoding: {other}" in sources.yaml'
            ) from error
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError(
                f"{source.place} is damaged or cut off: {error}. Was the export interrupted?"
            ) from error
