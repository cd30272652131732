"""Keys and passwords: whether each is there and looks like one. None is ever shown."""

import base64
import binascii
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.alert_settings import AlertSettings
from flows.errors import ConfigError
from flows.health.finding import Area, Finding, broken, fine, look
from flows.outlet_settings import AnOutlet, SendGridOutletSettings, SmtpOutletSettings, WebSettings
from flows.settings import SECRET_VARIABLE

_SENDGRID = re.compile(r"SG\.[\w-]{16,}\.[\w-]{16,}")
_SHORTEST = 16
_AREA = Area.KEYS
_QUOTES = "\"'„“”‘’«»"


def outlets(outlets: Mapping[str, AnOutlet], environment: Mapping[str, str]) -> list[Finding]:
    """The keys and passwords the ways out need."""
    found: list[Finding] = []
    for name, way in outlets.items():
        if isinstance(way, SendGridOutletSettings):
            found.append(_sendgrid(name, way.key, environment))
        elif isinstance(way, SmtpOutletSettings):
            if way.password is not None:
                found.append(_there(name, way.password, environment))
            if way.dkim is not None:
                found.append(_signing(name, way.dkim.key, environment))
    return found


def webhooks(web: WebSettings, environment: Mapping[str, str]) -> list[Finding]:
    """The public keys by which what SendGrid posts is known, and the secret of its address."""
    found = _public("web: sendgrid_keys", web.sendgrid_keys)
    found += _public("web: inbound: keys", web.inbound.keys)
    variable = web.inbound.secret
    if variable is not None:
        value = environment.get(variable, "").strip()
        if len(value) < _SHORTEST:
            found.append(broken(_AREA, "inbound_secret_short", variable=variable, least=_SHORTEST))
        else:
            found.append(fine(_AREA, "key_fine", whose="web: inbound", variable=variable))
    return found


def alerts(wanted: AlertSettings | None) -> list[Finding]:
    """The address alerts are posted to, where an environment variable holds it."""
    if wanted is None or wanted.webhook is None or "://" in wanted.webhook:
        return []
    try:
        wanted.address()
    except ConfigError:
        return [broken(_AREA, "alert_address_missing", variable=wanted.webhook)]
    return [fine(_AREA, "key_fine", whose="alerts", variable=wanted.webhook)]


def events_unheard(ways: Mapping[str, AnOutlet], web: WebSettings) -> list[Finding]:
    """Whether SendGrid's events are let in where messages go through it."""
    uses = any(isinstance(way, SendGridOutletSettings) for way in ways.values())
    if uses and not web.sendgrid_keys:
        return [look(_AREA, "events_unheard")]
    return []


def links(folder: Path, environment: Mapping[str, str]) -> list[Finding]:
    """The secret links are made with: that of the environment, or that of var/secret.key."""
    written = environment.get(SECRET_VARIABLE, "").split()
    if written:
        if min(map(len, written)) < _SHORTEST:
            return [look(_AREA, "link_secret_short", variable=SECRET_VARIABLE, least=_SHORTEST)]
        return [fine(_AREA, "key_fine", whose="links", variable=SECRET_VARIABLE)]
    file = folder / "var" / "secret.key"
    if not file.exists():
        return [fine(_AREA, "link_secret_to_be_made", variable=SECRET_VARIABLE)]
    try:
        kept = file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        return [broken(_AREA, "link_secret_unreadable")]
    if not kept:
        return [broken(_AREA, "link_secret_empty")]
    if file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return [look(_AREA, "link_secret_open")]
    return [fine(_AREA, "link_secret_kept")]


def _sendgrid(outlet: str, variable: str, environment: Mapping[str, str]) -> Finding:
    faults = _written_wrong(outlet, variable, environment)
    if faults is not None:
        return faults
    if not _SENDGRID.fullmatch(environment[variable].strip()):
        return look(_AREA, "sendgrid_key_odd", outlet=outlet, variable=variable)
    return fine(_AREA, "key_fine", whose=outlet, variable=variable)


def _there(outlet: str, variable: str, environment: Mapping[str, str]) -> Finding:
    faults = _written_wrong(outlet, variable, environment)
    return faults or fine(_AREA, "key_fine", whose=outlet, variable=variable)


def _signing(outlet: str, variable: str, environment: Mapping[str, str]) -> Finding:
    value = environment.get(variable, "").strip()
    if not value:
        return broken(_AREA, "key_missing", whose=outlet, variable=variable)
    if public_key(value) is None:
        return broken(_AREA, "signing_key_odd", outlet=outlet, variable=variable)
    return fine(_AREA, "key_fine", whose=outlet, variable=variable)


def _written_wrong(outlet: str, variable: str, environment: Mapping[str, str]) -> Finding | None:
    value = environment.get(variable, "").strip()
    if not value:
        return broken(_AREA, "key_missing", whose=outlet, variable=variable)
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        return broken(_AREA, "key_quoted", whose=outlet, variable=variable)
    return None


def _public(setting: str, keys: Sequence[str]) -> list[Finding]:
    wrong = [place for place, key in enumerate(keys, start=1) if not _opens(key)]
    if wrong:
        which = ", ".join(map(str, wrong))
        return [broken(_AREA, "public_key_odd", setting=setting, which=which)]
    return [fine(_AREA, "public_keys_fine", setting=setting, n=len(keys))] if keys else []


def _opens(key: str) -> bool:
    # Loading it takes a while, and few projects have one.
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        opened = load_der_public_key(base64.b64decode(key, validate=True))
    except (ValueError, binascii.Error):
        return False
    return isinstance(opened, EllipticCurvePublicKey)


def public_key(private_pem: str) -> bytes | None:
    """What the DNS record of a signing key has to say; None if it is none DKIM knows."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    # Environment variables often hold line ends written out.
    written = private_pem.replace("\\n", "\n").strip() + "\n"
    try:
        key = load_pem_private_key(written.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if isinstance(key, RSAPrivateKey):
        return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key, Ed25519PrivateKey):
        return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return None
