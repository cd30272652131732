"""How an erased address is known again without being kept: by a hash only we can make."""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from flows.settings import link_secrets
from flows.store.suppressing import clean_address

_USE = b"stammkunde erased address"


def hash_of(secret: bytes, email: str) -> str:
    """The keyed hash of an address; without the secret nobody can try addresses against it."""
    key = hmac.digest(secret, _USE, "sha256")
    return hmac.new(key, clean_address(email).encode(), sha256).hexdigest()


def hashes(folder: Path, email: str) -> list[str]:
    """The hashes an address may have been kept under: one for each secret, the newest first."""
    return hashes_by(link_secrets(folder), email)


def hashes_by(secrets: Sequence[bytes], email: str) -> list[str]:
    """The same by secrets one has."""
    return [hash_of(secret, email) for secret in secrets]


def among_erased(
    secrets: Sequence[bytes], emails: Iterable[str], erased: frozenset[str]
) -> set[str]:
    """Which of these addresses were erased."""
    if not erased:
        return set()
    return {email for email in emails if erased.intersection(hashes_by(secrets, email))}
