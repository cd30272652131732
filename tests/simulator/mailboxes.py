"""What each mailbox would have received: in full, as digests that keep memory flat, or counted."""

import struct
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Literal

import orjson

from tests.simulator.tally import Tally

Keep = Literal["full", "digest", "counts"]
PARTS = ("subject", "text", "html", "headers")
_BYTES = 16
_ROW = struct.Struct("<qB16s16s16s16s")
_NO_NUMBER = -1


def digest(part: str | dict[str, str]) -> str:
    """The digest of a subject, a body, or headers, as the simulator keeps it."""
    return _digest(part).hex()


def _digest(part: str | dict[str, str]) -> bytes:
    if isinstance(part, str):
        return sha256(part.encode("utf-8", "surrogatepass")).digest()[:_BYTES]
    return sha256(orjson.dumps(part, option=orjson.OPT_SORT_KEYS)).digest()[:_BYTES]


class Mailboxes:
    """Messages in the order they arrived."""

    def __init__(self, keep: Keep = "full") -> None:
        self.keep: Keep = keep
        self.copies = Tally()
        self.hidden = 0
        self._full: list[dict[str, Any]] = []
        self._rows = bytearray()
        self._addresses = bytearray()
        self._ids: dict[int, str] = {}
        self._many = 0

    def __len__(self) -> int:
        return self._many

    def receive(self, address: str, send: str | None, mail: dict[str, Any], shown: bool) -> None:
        """Put a message into a mailbox.

        A second copy under the Message-ID of the first (the same address twice in one request) is
        not shown to its reader.
        """
        if shown:
            if send is not None:
                self.copies.add(send)
        else:
            self.hidden += 1
        if self.keep == "full":
            self._full.append({"address": address, "send": send, "shown": shown, **mail})
        elif self.keep == "digest":
            number = int(send) if send is not None and send.isdecimal() else _NO_NUMBER
            if number > 2**62 or (send is not None and number == _NO_NUMBER):
                number = _NO_NUMBER
                self._ids[self._many] = send or ""
            parts = [_digest(mail[part]) for part in PARTS]
            self._rows += _ROW.pack(number, shown, *parts)
            self._addresses += address.encode("utf-8", "replace") + b"\n"
        self._many += 1

    def all(self) -> Iterator[dict[str, Any]]:
        """Every message, oldest first."""
        if self.keep == "full":
            yield from self._full
            return
        addresses = self._addresses.split(b"\n")
        for place, (number, shown, *parts) in enumerate(_ROW.iter_unpack(bytes(self._rows))):
            send = self._ids.get(place)
            if send is None and number != _NO_NUMBER:
                send = str(number)
            yield {
                "address": addresses[place].decode(),
                "send": send,
                "shown": bool(shown),
                **{name: part.hex() for name, part in zip(PARTS, parts, strict=True)},
            }

    def of(self, address: str) -> list[dict[str, Any]]:
        """What one mailbox received, oldest first, case of letters aside."""
        wanted = address.casefold()
        return [mail for mail in self.all() if mail["address"].casefold() == wanted]
