"""Many messages in one request: each its own subject and values, all of them one skeleton."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import compress
from secrets import token_hex
from typing import Any

import orjson

from flows.delivery.outlet import Parcel
from flows.delivery.sendgrid import payload
from flows.delivery.sendgrid.mould import Mould
from flows.delivery.sendgrid.skeleton import Shared, split
from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings
from segments.names import Purpose

MOST_MESSAGES = 1_000
MOST_BYTES = 4_500_000
_BESIDES = 4_000
"""Bytes of a request that are neither shared nor anybody's: when it leaves, and its brackets."""

_KINDS_KNOWN = 256
_CROWDED = 3  # So many minutes around every full and half hour everybody sends, and mail waits.

Kind = tuple[str | bool, ...]


@dataclass(frozen=True)
class Batch(Parcel):
    """A parcel of several messages: what they share, and the JSON of what is each one's own."""

    level: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    own: tuple[bytes, ...] = field(default=(), repr=False, compare=False)


class Packer:
    """Puts messages together, and remembers the skeletons of the kinds of messages it saw.

    `new_batch_id` asks SendGrid for the number of a batch that can be withdrawn.
    """

    def __init__(self, settings: SendGridOutletSettings, new_batch_id: Callable[[], str]) -> None:
        self._settings = settings
        self._new_batch_id = new_batch_id
        self._moulds: dict[Kind, list[Mould]] = {}

    def pack(self, mails: Sequence[Outgoing], now: datetime) -> list[Parcel]:
        """Parcels of these messages, each in one; that with the foremost message comes first."""
        kinds: defaultdict[Kind, list[int]] = defaultdict(list)
        for position, mail in enumerate(mails):
            kinds[_kind(mail)].append(position)
        packed: list[tuple[int, Parcel]] = []
        for kind, positions in kinds.items():
            alone = set(positions)
            for shared in self._split(kind, [mails[each] for each in positions]):
                members = [positions[each] for each in shared.members]
                for parcel, taken in self._batches(shared, members, mails, now):
                    packed.append((taken[0], parcel))
                    alone.difference_update(taken)
            for each in alone:
                mail = mails[each]
                packed.append((each, Parcel(uuid.uuid4().hex, (mail,), **self._when(mail, now))))
        packed.sort(key=lambda pair: pair[0])
        return [parcel for _, parcel in packed]

    def _split(self, kind: Kind, mails: list[Outgoing]) -> list[Shared]:
        # Test mails go one by one, and a single message has nobody to share anything with.
        if len(mails) == 1 or mails[0].send_id == 0:
            return []
        moulds = self._moulds.pop(kind, [])
        shared = split(mails, moulds, lambda: token_hex(3))
        self._moulds[kind] = moulds
        if len(self._moulds) > _KINDS_KNOWN:
            del self._moulds[next(iter(self._moulds))]
        return shared

    def _batches(
        self, shared: Shared, members: list[int], mails: Sequence[Outgoing], now: datetime
    ) -> Iterator[tuple[Batch, list[int]]]:
        first = mails[members[0]]
        try:
            content = payload.content(shared.text, shared.html)
            room = MOST_BYTES - _BESIDES - len(orjson.dumps(content))
            payload.message_level(first, self._settings)
        except (ValueError, TypeError):
            # What is wrong with all of them is said of each one on its own.
            return
        waiting = list(zip(members, shared.values, strict=True))
        while waiting:
            request_id = uuid.uuid4().hex
            taken, own, waiting = _fill(waiting, mails, request_id, room)
            if not taken:
                return
            if len(taken) > 1:
                when = self._when(first, now)
                level = payload.message_level(first, self._settings, **when)
                level["content"] = content
                messages = tuple(mails[each] for each in taken)
                yield Batch(request_id, messages, **when, level=level, own=tuple(own)), taken

    def _when(self, mail: Outgoing, now: datetime) -> dict[str, Any]:
        undo = self._settings.undo
        if undo is None or mail.purpose != Purpose.ADVERTISING or mail.send_id == 0:
            return {}
        send_at = uncrowded(now + timedelta(minutes=round(undo.days * 1440)))
        return {"batch_id": self._new_batch_id(), "send_at": send_at}


def encode(parcel: Parcel, messages: Sequence[Outgoing], settings: SendGridOutletSettings) -> bytes:
    """The request for these messages of a parcel: all of them, or what is left when it is split.

    `ValueError` says what SendGrid would never take about it.
    """
    if len(messages) == 1:
        return payload.single(
            messages[0],
            parcel.request_id,
            settings,
            batch_id=parcel.batch_id,
            send_at=parcel.send_at,
        )
    if not isinstance(parcel, Batch):
        raise TypeError("only a batch holds several messages")
    own: Iterable[bytes] = parcel.own
    if len(messages) < len(parcel.messages):
        wanted = {mail.send_id for mail in messages}
        own = compress(own, (mail.send_id in wanted for mail in parcel.messages))
    return orjson.dumps({**parcel.level, "personalizations": [*map(orjson.Fragment, own)]})


def uncrowded(moment: datetime) -> datetime:
    """The moment, or a few minutes later if it is close to a full or half hour."""
    into = (moment.minute + _CROWDED) % 30
    if into <= 2 * _CROWDED:
        moment += timedelta(minutes=2 * _CROWDED + 1 - into)
    return moment.replace(microsecond=0)


def _kind(mail: Outgoing) -> Kind:
    """What messages have to have in common to share a request."""
    return (
        mail.message,
        mail.journey,
        mail.step,
        mail.purpose,
        mail.tracking,
        mail.from_name,
        mail.from_email,
        mail.reply_to,
        mail.send_id == 0,
    )


def _fill(
    waiting: list[tuple[int, dict[str, str]]],
    mails: Sequence[Outgoing],
    request_id: str,
    room: int,
) -> tuple[list[int], list[bytes], list[tuple[int, dict[str, str]]]]:
    """One request full of messages, no two to one address: who is in it, their JSON, the rest."""
    addresses: set[str] = set()
    taken: list[int] = []
    own: list[bytes] = []
    later: list[tuple[int, dict[str, str]]] = []
    for at, (position, values) in enumerate(waiting):
        mail = mails[position]
        address = mail.to_email.casefold()
        if address in addresses:
            later.append((position, values))
            continue
        try:
            payload.content(mail.text, mail.html)
            personal = payload.personalization(mail, request_id)
            if values:
                personal["substitutions"] = values
            json = orjson.dumps(personal)
        except (ValueError, TypeError):
            continue
        if len(own) == MOST_MESSAGES or len(json) >= room:
            return taken, own, later + waiting[at:]
        addresses.add(address)
        taken.append(position)
        own.append(json)
        room -= len(json) + 1
    return taken, own, later
