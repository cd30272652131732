"""A certificate authority that lives as long as the tests, and what it vouches for."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_OFF = datetime(2120, 1, 1, tzinfo=UTC)
OVER = datetime(2021, 1, 1, tzinfo=UTC)
"""When a certificate ran out that is none any more."""


@dataclass(frozen=True)
class Authority:
    """An authority, and the folder it keeps its papers in."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @classmethod
    def found(cls, folder: Path) -> "Authority":
        """A new one; its own certificate is in `authority.pem`."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
        own = (
            _certificate(name, name, key, FAR_OFF)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=False,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=True,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, SHA256())
        )
        (folder / "authority.pem").write_bytes(own.public_bytes(Encoding.PEM))
        return cls(folder, key, name)

    @property
    def file(self) -> str:
        """The certificate to trust."""
        return str(self.folder / "authority.pem")

    def vouch(self, name: str = "127.0.0.1", until: datetime = FAR_OFF) -> Path:
        """A file with a certificate for this name or address, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        plain = name.replace(".", "").isdigit()
        whose = x509.IPAddress(ip_address(name)) if plain else x509.DNSName(name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        paper = (
            _certificate(subject, self.name, key, until)
            .add_extension(x509.SubjectAlternativeName([whose]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, SHA256())
        )
        file = self.folder / f"{name}-{until:%Y}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(secret + paper.public_bytes(Encoding.PEM))
        return file

    def context(self, name: str = "127.0.0.1", until: datetime = FAR_OFF) -> ssl.SSLContext:
        """What a server of this name shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.vouch(name, until))
        return context


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_LONG_AGO)
        .not_valid_after(until - timedelta(days=1))
    )
