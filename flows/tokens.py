"""Tokens that stand for a contact and a purpose in a link: opaque and unforgeable."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import Any

from segments.names import Purpose

# Numbers live in mails already sent: never renumber.
_PURPOSES = {Purpose.SERVICE: 1, Purpose.ADVERTISING: 2, Purpose.SURVEY: 3, Purpose.LEGAL: 4}
_BY_NUMBER = {number: purpose for purpose, number in _PURPOSES.items()}
_PAYLOAD = Struct(">QB")
_TAG = 15
_INNER, _OUTER = (bytes(octet ^ mask for octet in range(256)) for mask in (0x36, 0x5C))


def make(secret: bytes, contact_id: int, purpose: str) -> str:
    """A token of 32 letters that only the holder of the secret can make or read.

    It does not expire: a mail may be kept for years, and its link has to work.
    """
    payload = _PAYLOAD.pack(contact_id, _PURPOSES[Purpose(purpose)])
    tag = _digest(secret, b"tag", payload)[:_TAG]
    return urlsafe_b64encode(tag + _hidden(secret, tag, payload)).decode("ascii")


def read(secret: bytes, token: str) -> tuple[int, Purpose] | None:
    """Contact and purpose, or None for anything we did not make, whatever is wrong with it."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
    except ValueError:
        return None
    tag, hidden = raw[:_TAG], raw[_TAG:]
    if len(hidden) != _PAYLOAD.size:
        return None
    payload = _hidden(secret, tag, hidden)
    genuine = hmac.compare_digest(tag, _digest(secret, b"tag", payload)[:_TAG])
    contact_id, number = _PAYLOAD.unpack(payload)
    purpose = _BY_NUMBER.get(number)
    # One token, one spelling: base64 would otherwise skip foreign letters.
    if not genuine or purpose is None or urlsafe_b64encode(raw).decode("ascii") != token:
        return None
    return contact_id, purpose


def send_mark(secret: bytes, send_id: int) -> str:
    """Twelve letters that make the Message-ID of a send impossible to guess."""
    return _digest(secret, b"send", str(send_id).encode()).hex()[:12]


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


@lru_cache(maxsize=16)
def _begun(secret: bytes, use: bytes) -> tuple[Any, Any]:
    key = hmac.digest(secret, b"stammkunde unsubscribe " + use, "sha256").ljust(64, b"\0")
    return sha256(key.translate(_INNER)), sha256(key.translate(_OUTER))
