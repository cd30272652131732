"""Counts by send: one byte a send where they are numbered, so that a million cost a megabyte."""

import re
from collections.abc import Iterator

_NUMBERED = 1 << 26
_MOST = 255
_SOME = re.compile(rb"[^\x00]")


class Tally:
    """How often something happened to each send; beyond 255 it is 255."""

    def __init__(self) -> None:
        self._numbered = bytearray()
        self._named: dict[str, int] = {}
        self.total = 0

    def add(self, send: str) -> None:
        """Once more."""
        self.total += 1
        if send.isdecimal() and len(send) < 9 and (number := int(send)) < _NUMBERED:
            if number >= len(self._numbered):
                self._numbered.extend(bytes(max(1024, number + 1 - len(self._numbered))))
            self._numbered[number] = min(_MOST, self._numbered[number] + 1)
        else:
            self._named[send] = self._named.get(send, 0) + 1

    def __getitem__(self, send: str) -> int:
        if send.isdecimal() and len(send) < 9 and (number := int(send)) < _NUMBERED:
            return self._numbered[number] if number < len(self._numbered) else 0
        return self._named.get(send, 0)

    def __iter__(self) -> Iterator[str]:
        for found in _SOME.finditer(bytes(self._numbered)):
            yield str(found.start())
        yield from self._named
