"""DKIM: messages signed in the name of the sender's domain, with RSA or Ed25519."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from flows.errors import ConfigError
from flows.outlet_settings import Dkim

try:
    import dkim
    from dkim.canonicalization import CanonicalizationPolicy
except ImportError:
    dkim = None

SIGNED = (
    "from", "to", "reply-to", "subject", "date", "message-id", "mime-version", "content-type",
    "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "auto-submitted",
)  # fmt: skip
"""Header fields a signature covers where a message has them; what lists want must be among them."""

_ONLY_ONCE = ("from", "to", "reply-to", "subject", "date")
_LEAST_BITS = 1024
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_RELAXED = b"relaxed/relaxed"


@dataclass(frozen=True)
class _Signature:
    signature: bytes


@dataclass(frozen=True)
class _Key:
    """A private key, as dkimpy asks keys: its own arithmetic takes twenty times as long."""

    key: RSAPrivateKey | Ed25519PrivateKey

    def sign(self, digest: bytes) -> _Signature:
        if isinstance(self.key, Ed25519PrivateKey):
            return _Signature(self.key.sign(digest))
        return _Signature(self.key.sign(digest, PKCS1v15(), Prehashed(SHA256())))


class Signer:
    """Signs what an outlet hands over. `ConfigError` where that cannot work."""

    def __init__(self, outlet: str, settings: Dkim, key: bytes | None) -> None:
        self._outlet = outlet
        if dkim is None:
            raise self._wrong('signing needs a package more: pip install "stammkunde[dkim]"')
        if not key:
            raise self._wrong(f"the environment variable {settings.key} is not set")
        if not _SELECTOR.fullmatch(settings.selector):
            raise self._wrong(f'"{settings.selector}" is no selector: only letters, digits . _ -')
        self._selector = settings.selector.encode("ascii")
        self._domain = None if settings.domain is None else self._wired(settings.domain)
        self._key = _Key(self._read(settings.key, key))
        rsa = isinstance(self._key.key, RSAPrivateKey)
        self._algorithm = b"rsa-sha256" if rsa else b"ed25519-sha256"

    def signed(self, content: bytes, sender: str, at: datetime) -> bytes:
        """The message with its signature on top. The same message gets the same, always."""
        message = dkim.DKIM(content)
        policy = CanonicalizationPolicy.from_c_value(_RELAXED)
        domain = self._domain or sender.rpartition("@")[2].lower().encode("ascii")
        present = [name.lower() for name, _ in message.headers]
        covered = [name for name in present if name.decode("ascii") in SIGNED]
        # Named once more than it is there, a field cannot be added by somebody else.
        covered += [name for name in covered if name.decode("ascii") in _ONLY_ONCE]
        body = hashlib.sha256(policy.canonicalize_body(message.body)).digest()
        fields = [
            (b"v", b"1"),
            (b"a", self._algorithm),
            (b"c", _RELAXED),
            (b"d", domain),
            (b"q", b"dns/txt"),
            (b"s", self._selector),
            (b"t", str(int(at.timestamp())).encode("ascii")),
            (b"h", b" : ".join(covered)),
            (b"bh", base64.b64encode(body)),
            (b"b", b"0" * 60),
        ]
        # dkimpy knows two kinds of keys and asks only those of the second kind to sign.
        message.signature_algorithm = b"ed25519-sha256"
        message.hasher = hashlib.sha256
        header: bytes = message.gen_header(fields, covered, policy, b"DKIM-Signature", self._key)
        return b"DKIM-Signature: " + header + content

    def _read(self, variable: str, key: bytes) -> RSAPrivateKey | Ed25519PrivateKey:
        try:
            # Environment variables often hold line ends written out.
            read = load_pem_private_key(key.replace(b"\\n", b"\n").strip() + b"\n", None)
        except TypeError as error:
            raise self._wrong(f"the key in {variable} has a password: write it without") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise self._wrong(
                f"the environment variable {variable} holds no private key in PEM "
                '("-----BEGIN PRIVATE KEY-----")'
            ) from error
        if isinstance(read, RSAPrivateKey) and read.key_size >= _LEAST_BITS:
            return read
        if isinstance(read, Ed25519PrivateKey):
            return read
        raise self._wrong(
            f"the key in {variable} is of no use for DKIM: make one with RSA and 2048 bits"
        )

    def _wired(self, domain: str) -> bytes:
        try:
            return domain.strip().lower().encode("idna")
        except UnicodeError as error:
            raise self._wrong(f'"{domain}" is no domain') from error

    def _wrong(self, what: str) -> ConfigError:
        return ConfigError.at("config/settings.yaml", f'outlet "{self._outlet}": dkim: {what}')
