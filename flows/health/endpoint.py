"""Whether people and SendGrid reach our endpoint under the address that stands in mails."""

import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flows.health.asking import NoAnswerError, ask
from flows.health.finding import Area, Finding, broken, fine, look, skipped
from flows.outlet_settings import AnOutlet

_AREA = Area.WEB
_PATIENCE = 5.0
_SOON = timedelta(days=14)
_HERE = ("localhost", "127.0.0.1", "::1")


def endpoint(
    address: str | None, ways: Mapping[str, AnOutlet], now: datetime, *, offline: bool
) -> list[Finding]:
    """What its public address answers, and how long its certificate holds."""
    if address is None:
        if all(way.kind == "folder" for way in ways.values()):
            return [skipped(_AREA, "web_not_public")]
        return [look(_AREA, "web_no_address")]
    parts = urlsplit(address)
    found = []
    if parts.scheme != "https" and parts.hostname not in _HERE:
        found.append(broken(_AREA, "web_unencrypted", address=address))
    if offline:
        return [*found, skipped(_AREA, "web_offline", address=address)]
    found.append(_answers(address))
    if parts.scheme == "https" and parts.hostname:
        found += certificate(parts.hostname, parts.port or 443, now)
    return found


def certificate(host: str, port: int, now: datetime) -> list[Finding]:
    """How long the certificate holds; nothing where nobody answers or it is refused anyway."""
    try:
        with (
            socket.create_connection((host, port), timeout=_PATIENCE) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert()
    except OSError:
        return []
    until = shown.get("notAfter") if shown else None
    if not isinstance(until, str):
        return []
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC)
    parts = {"host": host, "days": max((ends - now).days, 0), "day": ends.date().isoformat()}
    if ends - now <= _SOON:
        return [look(_AREA, "certificate_ends", **parts)]
    return [fine(_AREA, "certificate_fine", **parts)]


def _answers(address: str) -> Finding:
    place = f"{address.rstrip('/')}/health"
    try:
        answer = ask(place, patience=_PATIENCE)
    except NoAnswerError as error:
        return broken(_AREA, "web_silent", address=place, why=error)
    if answer.elsewhere is not None:
        return broken(_AREA, "web_elsewhere", address=place, where=answer.elsewhere)
    if answer.status != 200 or answer.body.strip() != b"ok":
        return broken(_AREA, "web_other", address=place, status=answer.status)
    return fine(_AREA, "web_fine", address=place)
