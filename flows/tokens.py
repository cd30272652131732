"""Tokens in links: opaque and unforgeable, without an address, an expiry or a row behind them."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import Any

from segments.names import Purpose


class Kind(IntEnum):
    """What a link is for, and whose number its token carries.

    These numbers live in mails already sent: never renumber.
    """

    STOP_SERVICE = 1
    STOP_ADVERTISING = 2
    STOP_SURVEY = 3
    STOP_LEGAL = 4
    PREFERENCES = 5
    """of a contact"""
    SCORE = 6
    """of a send"""
    CONFIRM = 7
    """of a consent that was asked for: its row of `permission`"""
    CLICK = 8
    """of a send"""


_STOPS = {
    Purpose.SERVICE: Kind.STOP_SERVICE,
    Purpose.ADVERTISING: Kind.STOP_ADVERTISING,
    Purpose.SURVEY: Kind.STOP_SURVEY,
    Purpose.LEGAL: Kind.STOP_LEGAL,
}
_PURPOSES = {kind: purpose for purpose, kind in _STOPS.items()}
_KINDS = set(Kind)
_PAYLOAD = Struct(">QB")
_TAG = 15
_INNER, _OUTER = (bytes(octet ^ mask for octet in range(256)) for mask in (0x36, 0x5C))


def make(secret: bytes, contact_id: int, purpose: str) -> str:
    """The token of a link that says stop, for a contact and messages of a purpose."""
    return make_for(secret, _STOPS[Purpose(purpose)], contact_id)


def read(secrets: Sequence[bytes], token: str) -> tuple[int, Purpose] | None:
    """Contact and purpose of a link that says stop, or None for anything else."""
    found = _opened(secrets, token)
    if found is None or found[1] not in _PURPOSES:
        return None
    return found[0], _PURPOSES[found[1]]


def make_for(secret: bytes, kind: Kind, number: int) -> str:
    """A token of 32 letters that only the holder of the secret can make or read.

    It does not expire: a mail may be kept for years, and its link has to work.
    """
    payload = _PAYLOAD.pack(number, kind)
    tag = _digest(secret, b"tag", payload)[:_TAG]
    return urlsafe_b64encode(tag + _hidden(secret, tag, payload)).decode("ascii")


def read_for(secrets: Sequence[bytes], kind: Kind, token: str) -> int | None:
    """The number in a token of this kind, or None for anything else, whatever is wrong with it."""
    found = _opened(secrets, token)
    return found[0] if found is not None and found[1] == kind else None


def send_mark(secret: bytes, send_id: int) -> str:
    """Twelve letters that make the Message-ID of a send impossible to guess."""
    return _digest(secret, b"send", str(send_id).encode()).hex()[:12]


def _opened(secrets: Sequence[bytes], token: str) -> tuple[int, Kind] | None:
    """Number and kind, by whichever secret the token was made with."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
    except ValueError:
        return None
    # One token, one spelling: base64 would otherwise skip foreign letters.
    if len(raw) != _TAG + _PAYLOAD.size or urlsafe_b64encode(raw).decode("ascii") != token:
        return None
    tag, hidden = raw[:_TAG], raw[_TAG:]
    for secret in secrets:
        payload = _hidden(secret, tag, hidden)
        if hmac.compare_digest(tag, _digest(secret, b"tag", payload)[:_TAG]):
            number, kind = _PAYLOAD.unpack(payload)
            return (number, Kind(kind)) if kind in _KINDS else None
    return None


def _hidden(secret: bytes, tag: bytes, payload: bytes) -> bytes:
    size = len(payload)
    stream = int.from_bytes(_digest(secret, b"stream", tag)[:size], "big")
    return (int.from_bytes(payload, "big") ^ stream).to_bytes(size, "big")


def _digest(secret: bytes, use: bytes, data: bytes) -> bytes:
    """HMAC with SHA-256, of which what depends on the key alone is worked out once."""
    begun, around = _begun(secret, use)
    inner, outer = begun.copy(), around.copy()
    inner.update(data)
    outer.update(inner.digest())
    digest: bytes = outer.digest()
    return digest


@lru_cache(maxsize=32)
def _begun(secret: bytes, use: bytes) -> tuple[Any, Any]:
    key = hmac.digest(secret, b"stammkunde unsubscribe " + use, "sha256").ljust(64, b"\0")
    return sha256(key.translate(_INNER)), sha256(key.translate(_OUTER))
