"""The outlet that sends nothing: mails as .eml files by day, and a page to look at them."""

import fcntl
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from flows.delivery import page
from flows.delivery.outlet import Asked, Evidence, Parcel, Receipt
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from segments.names import Outcome

_MAILS = "????-??-??/*.eml"


class FolderOutlet:
    """Writes `YYYY-MM-DD/<send>.eml` (tests: `test-1.eml`) and adds a row to `index.html`.

    A mail that is there already is accepted again without a second copy; another mail under the
    same number is refused, so that nothing written is ever lost. Several processes may write to
    the same folder at once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._listed: set[str] | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with self._alone():
                self._begin_list()
        except OSError as error:
            raise _cannot(folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open between messages."""

    def pack(self, messages: Sequence[Outgoing], now: datetime) -> list[Parcel]:
        """A parcel for each mail."""
        return [Parcel(uuid.uuid4().hex, (mail,)) for mail in messages]

    def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Receipt]:
        """Write the mails and then their rows; a mail counts as accepted once it is on disk."""
        rows: list[str] = []
        try:
            for parcel in parcels:
                for mail in parcel.messages:
                    receipt, row = self._deliver(mail)
                    if row:
                        rows.append(row)
                    yield receipt
        finally:
            self._append(rows)

    def look_up(self, asked: Sequence[Asked], now: datetime) -> Iterator[Evidence]:
        """A mail went if its file is there: it is written whole or not at all.

        One whose row the list lacks, because its process ended in between, gets it now.
        """
        rows: list[str] = []
        for each in asked:
            found = next(self.folder.glob(f"*/{each.send_id}.eml"), None)
            if found is None:
                known = "there is no file of it, and writing is all or nothing"
                yield Evidence(each.send_id, Outcome.QUEUED, known)
                continue
            place = f"{found.parent.name}/{found.name}"
            shown = f"{found.parent.name}/{found.stem}.html"
            if shown not in self._already_listed():
                rows.append(page.row_of(found.read_bytes(), shown))
            yield Evidence(each.send_id, Outcome.ACCEPTED, f"its file is {place}", place)
        self._append(rows)

    def _deliver(self, mail: Outgoing) -> tuple[Receipt, str | None]:
        day = self.folder / f"{mail.date:%Y-%m-%d}"
        name = str(mail.send_id) if mail.send_id else _test_name(day)
        eml = day / f"{name}.eml"
        shown = f"{day.name}/{name}.html"
        place = f"{day.name}/{eml.name}"
        content = mail.as_bytes()
        try:
            before = eml.read_bytes()
        except FileNotFoundError:
            before = None
        except OSError as error:
            raise _cannot(self.folder, error) from error
        if before is not None and before != content:
            return Receipt(
                mail.send_id, Outcome.REJECTED, detail=f"{place} already holds another mail"
            ), None
        row = page.row(mail, shown)
        if before is not None:
            return Receipt(mail.send_id, Outcome.ACCEPTED, place), (
                None if shown in self._already_listed() else row
            )
        try:
            day.mkdir(exist_ok=True)
            _write(
                day / f"{name}.html",
                page.preview(mail, eml.name).encode("utf-8", "replace"),
            )
            _write(eml, content)
        except OSError as error:
            raise _cannot(self.folder, error) from error
        return Receipt(mail.send_id, Outcome.ACCEPTED, place), row

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else touches the list meanwhile; a process that dies lets go of it."""
        with (self.folder / ".list.lock").open("ab") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    @property
    def _list(self) -> Path:
        return self.folder / "index.html"

    def _begin_list(self) -> None:
        """Start the list page, or renew its head and drop what a crash left half written.

        One that was lost is made anew from the mails.
        """
        head = page.list_head().encode()
        if not self._list.exists():
            mails = sorted(self.folder.glob(_MAILS), key=lambda eml: eml.stat().st_mtime_ns)
            lost = (
                page.row_of(eml.read_bytes(), f"{eml.parent.name}/{eml.stem}.html") for eml in mails
            )
            _write(self._list, head + "".join(lost).encode("utf-8", "replace"))
            return
        with self._list.open("rb+") as stream:
            same = stream.read(len(head)) == head
            if same and _ends_whole(stream):
                return
        with self._list.open("rb") as stream:
            rows = [
                line
                for line in stream
                if line.startswith(page.ROW.encode()) and line.endswith(b"\n")
            ]
        _write(self._list, head + b"".join(rows))

    def _already_listed(self) -> set[str]:
        if self._listed is None and not self._list.exists():
            return set()
        if self._listed is None:
            with self._alone(), self._list.open(encoding="utf-8") as stream:
                self._listed = {
                    line.split('"', 4)[3] for line in stream if line.startswith(page.ROW)
                }
        return self._listed

    def _append(self, rows: list[str]) -> None:
        if not rows:
            return
        try:
            with self._alone():
                self._add("".join(rows).encode("utf-8", "replace"))
        except OSError as error:
            raise _cannot(self.folder, error) from error
        if self._listed is not None:
            self._listed.update(row.split('"', 4)[3] for row in rows)

    def _add(self, rows: bytes) -> None:
        """Without room for all rows there is no list, until somebody opens the folder again."""
        try:
            with self._list.open("rb+") as stream:
                stream.seek(0, 2)
                stream.write(rows)
        except FileNotFoundError:
            return
        except OSError:
            self._list.unlink()
            raise


def _test_name(day: Path) -> str:
    """Tests belong to no send: each is a file of its own."""
    numbers = (int(file.stem.removeprefix("test-")) for file in day.glob("test-*.eml"))
    return f"test-{max(numbers, default=0) + 1}"


def _write(file: Path, content: bytes) -> None:
    """All or nothing: a crash leaves no half a file under this name."""
    half = file.with_name(f".{file.name}.part")
    half.write_bytes(content)
    half.replace(file)


def _ends_whole(stream: BinaryIO) -> bool:
    stream.seek(-1, 2)
    return stream.read(1) == b"\n"


def _cannot(folder: Path, error: OSError) -> DeliveryError:
    return DeliveryError(f"mails cannot be written to {folder}: {error.strerror or error}")
