"""Whether what is posted is SendGrid's: its signature, over the bytes as they came."""

from base64 import b64decode
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader

from flows.errors import ConfigError

SIGNATURE, TIMESTAMP = EventWebhookHeader.SIGNATURE, EventWebhookHeader.TIMESTAMP
_LONGEST = 500


def refuse_unreadable(keys: Sequence[str], setting: str) -> None:
    """Raise `ConfigError` for a key that is none, before anybody relies on it."""
    for key in keys:
        try:
            _opened(key)
        except (ValueError, TypeError) as error:
            raise ConfigError.at(
                "config/settings.yaml",
                f'web: {setting}: "{key[:12]}…" is not a key. Copy the verification key that '
                "SendGrid shows where the webhook is switched on (Signed Event Webhook)",
            ) from error


def genuine(body: bytes, signature: str | None, timestamp: str | None, keys: Sequence[str]) -> bool:
    """Whether one of the keys signed these very bytes; False for whatever else may be wrong.

    The age of the timestamp is not asked: SendGrid tries again for a day, and nobody knows whether
    it signs anew. The same events twice change nothing.
    """
    if not signature or not timestamp or max(len(signature), len(timestamp)) > _LONGEST:
        return False
    return any(_signed(_opened(key), body, signature, timestamp) for key in keys)


def _signed(key: EllipticCurvePublicKey, body: bytes, signature: str, timestamp: str) -> bool:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        # SendGrid's package checks text alone; a mail in a form may be of any bytes.
        return _signed_bytes(key, body, signature, timestamp)
    try:
        return bool(EventWebhook().verify_signature(text, signature, timestamp, key))
    except (ValueError, TypeError, UnicodeError):
        return False


def _signed_bytes(key: EllipticCurvePublicKey, body: bytes, signature: str, timestamp: str) -> bool:
    try:
        key.verify(b64decode(signature), timestamp.encode() + body, ECDSA(SHA256()))
    except (ValueError, UnicodeError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=8)
def _opened(key: str) -> EllipticCurvePublicKey:
    opened = EventWebhook().convert_public_key_to_ecdsa(key.strip())
    if not isinstance(opened, EllipticCurvePublicKey):
        raise TypeError("not an elliptic curve key")
    return opened
