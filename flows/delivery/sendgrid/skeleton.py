"""Messages of one kind become a skeleton they share, and each recipient's own values."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from flows.delivery.sendgrid.mould import Mould, Values

MOST_VALUE_BYTES = 8_000
"""SendGrid says 10,000 or 50,000 bytes a message, and refused more than 8 KB at times."""

_MOST_MOULDS, _KEPT = 12, 8
_LESSONS = 24  # A lesson costs as much as reading fifty messages: strangers are not studied long.
_DRAWS = 5


class Message(Protocol):
    """What is looked at of a message."""

    @property
    def subject(self) -> str: ...

    @property
    def html(self) -> str: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Shared:
    """Two bodies with tags, the places of the messages they stand for, and what each puts in."""

    html: str
    text: str
    members: list[int]
    values: list[dict[str, str]]


def split(
    messages: Sequence[Message], moulds: list[Mould], draw: Callable[[], str]
) -> list[Shared]:
    """The skeletons of these messages. Who stands in none of them has to go alone.

    `moulds` are those known from messages like these, and change with what these teach. `draw` is
    asked for six random hex digits. For each message it is checked that the values put in make it
    again, byte for byte, in whatever order and however often tags are looked for.
    """
    lessons = iter(range(_LESSONS + len(messages) // 8))
    read = [_home(message, moulds, lessons) for message in messages]
    at_home: defaultdict[int, list[tuple[int, Values]]] = defaultdict(list)
    for position, found in enumerate(read):
        if found:
            mould, version, values = found
            if version != mould.version:
                message = messages[position]
                again = mould.read(message.html, message.text)
                if again is None:
                    continue
                values = again
            at_home[id(mould)].append((position, values))
    made = [
        _shared(messages, mould, at_home[id(mould)], draw)
        for mould in moulds
        if len(at_home[id(mould)]) > 1
    ]
    moulds.sort(key=lambda mould: len(at_home[id(mould)]))
    del moulds[:-_KEPT]
    return [each for each in made if len(each.members) > 1]


def _home(
    message: Message, moulds: list[Mould], lessons: Iterator[int]
) -> tuple[Mould, int, Values] | None:
    """The mould of a message, and its values as far as the mould is known by now."""
    html, text = message.html, message.text
    for mould in reversed(moulds):
        if values := mould.read(html, text):
            return mould, mould.version, values
    for mould in reversed(moulds):
        if next(lessons, None) is None:
            return None
        if mould.learn(html, text):
            values = mould.read(html, text)
            return (mould, mould.version, values) if values else None
    if len(moulds) == _MOST_MOULDS:
        return None
    mould = Mould.of(html, text)
    moulds.append(mould)
    return mould, mould.version, ([], [])


def _shared(
    messages: Sequence[Message],
    mould: Mould,
    rows: list[tuple[int, Values]],
    draw: Callable[[], str],
) -> Shared:
    """Tags for what is a recipient's own, the same one where several places hold the same."""
    of_html, of_text = mould.tracks
    columns = list(zip(*(chain(*values) for _, values in rows), strict=True))
    number = {column: at for at, column in enumerate(dict.fromkeys(columns))}
    slots = len(of_html.pieces) - 1
    for _ in range(_DRAWS):
        nonce = draw()
        tags = [f"-{nonce}{at:02d}-" for at in range(len(number))]
        places = [tags[number[column]] for column in columns]
        html, text = of_html.put(places[:slots]), of_text.put(places[slots:])
        if html.count(nonce) == slots and text.count(nonce) == len(columns) - slots:
            break
    else:
        return Shared("", "", [], [])
    shared = Shared(html, text, [], [])
    room = MOST_VALUE_BYTES - sum(map(len, tags))
    own = zip(*number, strict=True) if number else [()] * len(rows)
    for (position, read), values in zip(rows, own, strict=True):
        # A tag is only ever found where it was put if its nonce is nowhere in the message: not in
        # what is shared (seen above), not in a value, and not where the two meet.
        seen = (messages[position].subject, of_html.around(read[0]), of_text.around(read[1]))
        if any(nonce in part for part in seen):
            continue
        if len("".join(values).encode("utf-8", "replace")) < room:
            shared.members.append(position)
            shared.values.append(dict(zip(tags, values, strict=True)))
    return shared
