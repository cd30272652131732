"""What receivers find about the sender's domain: SPF, DKIM, DMARC, and where its mail goes."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence

from flows.health.finding import Area, Finding, broken, fine, look, skipped
from flows.health.keys import public_key
from flows.health.resolving import NoResolverError, Resolver
from flows.outlet_settings import AnOutlet, SendGridOutletSettings, SmtpOutletSettings
from flows.settings import Senders, Settings

_AREA = Area.DOMAINS
_SENDGRID = "sendgrid.net"
_SELECTORS = ("s1", "s2")
_MOST_LOOKUPS = 10
_LOOKUP = re.compile(r"(?:[+?~-]?(?:include|a|mx|ptr|exists)(?:[:/]|$))|redirect=", re.I)


def domains(
    settings: Settings,
    senders: Senders,
    reachable: Sequence[str],
    environment: Mapping[str, str],
    resolver: Resolver,
) -> list[Finding]:
    """Every record messages depend on; nothing where no message leaves this machine."""
    ways = {name: settings.outlets[name] for name in reachable}
    posting = [name for name, way in ways.items() if way.kind != "folder"]
    if not posting:
        return [skipped(_AREA, "nothing_leaves")]
    domain = domain_of(senders.email)
    try:
        return [
            *spf(domain, ways, resolver),
            *dkim(domain, ways, environment, resolver),
            *dmarc(domain, resolver),
            *mail(settings, senders, resolver),
        ]
    except NoResolverError:
        return [skipped(_AREA, "no_resolver")]


def spf(domain: str, ways: Mapping[str, AnOutlet], resolver: Resolver) -> list[Finding]:
    """Who may send in the name of this domain."""
    records = [text for text in resolver.texts(domain) if text.lower().startswith("v=spf1")]
    by_server = any(isinstance(way, SmtpOutletSettings) for way in ways.values())
    if not records:
        # SendGrid sends bounces to a subdomain of its own, which has its own record.
        found = broken if by_server else look
        return [found(_AREA, "spf_missing", domain=domain)]
    if len(records) > 1:
        return [broken(_AREA, "spf_twice", domain=domain, n=len(records))]
    terms = records[0].lower().split()[1:]
    if "+all" in terms or "all" in terms:
        return [broken(_AREA, "spf_everybody", domain=domain)]
    if sum(bool(_LOOKUP.match(term)) for term in terms) > _MOST_LOOKUPS:
        return [broken(_AREA, "spf_long", domain=domain, most=_MOST_LOOKUPS)]
    if not any(term.endswith("all") or term.startswith("redirect=") for term in terms):
        return [look(_AREA, "spf_open_end", domain=domain)]
    return [fine(_AREA, "spf_fine", domain=domain)]


def dkim(
    domain: str,
    ways: Mapping[str, AnOutlet],
    environment: Mapping[str, str],
    resolver: Resolver,
) -> list[Finding]:
    """The keys by which receivers check signatures."""
    found: list[Finding] = []
    for name, way in ways.items():
        if isinstance(way, SendGridOutletSettings):
            found += _sendgrids(domain, resolver)
        elif isinstance(way, SmtpOutletSettings) and way.dkim is not None:
            private = environment.get(way.dkim.key, "")
            where = f"{way.dkim.selector}._domainkey.{way.dkim.domain or domain}"
            found += _published(where, private, resolver)
        elif isinstance(way, SmtpOutletSettings):
            found.append(look(_AREA, "dkim_by_server", outlet=name))
    return _once(found)


def dmarc(domain: str, resolver: Resolver) -> list[Finding]:
    """What receivers do with messages that only pretend to be ours."""
    labels = domain.split(".")
    for start in range(max(len(labels) - 1, 1)):
        name = ".".join(labels[start:])
        records = [
            text
            for text in resolver.texts(f"_dmarc.{name}")
            if text.replace(" ", "").lower().startswith("v=dmarc1")
        ]
        if len(records) > 1:
            return [broken(_AREA, "dmarc_twice", domain=name)]
        if records:
            return [_policy(name, records[0])]
    return [look(_AREA, "dmarc_missing", domain=domain)]


def mail(settings: Settings, senders: Senders, resolver: Resolver) -> list[Finding]:
    """Whether answers, and requests to stop, arrive anywhere."""
    found = []
    for domain in dict.fromkeys((domain_of(senders.email), domain_of(settings.unsubscribe))):
        servers = [server for server in resolver.mail_servers(domain) if server]
        if servers:
            found.append(fine(_AREA, "mx_fine", domain=domain, server=servers[0]))
        else:
            found.append(broken(_AREA, "mx_missing", domain=domain))
    if settings.web.inbound.replies is not None:
        domain = domain_of(settings.web.inbound.replies)
        if any(_is_sendgrid(server) for server in resolver.mail_servers(domain)):
            found.append(fine(_AREA, "mx_fine", domain=domain, server=f"mx.{_SENDGRID}"))
        else:
            found.append(broken(_AREA, "replies_elsewhere", domain=domain))
    return found


def domain_of(address: str) -> str:
    """As the domain name system writes it."""
    domain = address.rpartition("@")[2].strip().lower()
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _sendgrids(domain: str, resolver: Resolver) -> list[Finding]:
    missing = [
        f"{selector}._domainkey.{domain}"
        for selector in _SELECTORS
        if not any(
            _is_sendgrid(target) for target in resolver.aliases(f"{selector}._domainkey.{domain}")
        )
    ]
    if missing:
        return [broken(_AREA, "dkim_sendgrid_missing", names=", ".join(missing))]
    return [fine(_AREA, "dkim_fine", name=f"s1, s2 ({domain})")]


def _published(where: str, private: str, resolver: Resolver) -> list[Finding]:
    records = [text for text in resolver.texts(where) if "p=" in text]
    if not records:
        return [broken(_AREA, "dkim_missing", name=where)]
    pairs = (part.partition("=") for part in records[0].split(";"))
    tags = {name.strip().lower(): value.strip() for name, _, value in pairs}
    published = re.sub(r"\s", "", tags.get("p", ""))
    if not published:
        return [broken(_AREA, "dkim_revoked", name=where)]
    ours = public_key(private) if private.strip() else None
    if ours is not None and not _same(published, ours):
        return [broken(_AREA, "dkim_other_key", name=where)]
    return [fine(_AREA, "dkim_fine", name=where)]


def _same(published: str, ours: bytes) -> bool:
    try:
        return base64.b64decode(published, validate=True) == ours
    except (ValueError, binascii.Error):
        return False


def _policy(domain: str, record: str) -> Finding:
    pairs = (part.partition("=") for part in record.split(";"))
    tags = {name.strip().lower(): value.strip().lower() for name, _, value in pairs}
    policy = tags.get("p", "")
    if policy not in ("none", "quarantine", "reject"):
        return broken(_AREA, "dmarc_odd", domain=domain)
    if policy == "none" and "rua" not in tags:
        return look(_AREA, "dmarc_unread", domain=domain)
    return fine(_AREA, "dmarc_fine", domain=domain, policy=policy)


def _is_sendgrid(name: str) -> bool:
    return name == _SENDGRID or name.endswith(f".{_SENDGRID}")


def _once(found: Sequence[Finding]) -> list[Finding]:
    """Two ways out through SendGrid need the same records."""
    kept: list[Finding] = []
    for each in found:
        if each not in kept:
            kept.append(each)
    return kept
