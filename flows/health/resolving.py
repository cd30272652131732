"""What the domain name system says, asked with little patience."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class NoResolverError(Exception):
    """Nobody answers questions about domains here: without network that is no fault."""


class Resolver(Protocol):
    """Answers questions about domains; what does not exist is an empty list."""

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name."""

    def aliases(self, name: str) -> list[str]:
        """The CNAME of a name."""

    def mail_servers(self, name: str) -> list[str]:
        """The MX records of a name, without their rank."""


@dataclass
class DnsResolver:
    """Asks a resolver: that of the machine, or those given, each by its address."""

    servers: Sequence[str] = ()
    port: int = 53
    patience: float = 2.0
    _known: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _gone: bool = False

    def texts(self, name: str) -> list[str]:
        """Records of several pieces are put together, as their readers do."""
        return self._ask(name, "TXT")

    def aliases(self, name: str) -> list[str]:
        """In small letters, without the last dot."""
        return self._ask(name, "CNAME")

    def mail_servers(self, name: str) -> list[str]:
        """In small letters, without the last dot; "" stands for "no mail here" (RFC 7505)."""
        return self._ask(name, "MX")

    def _ask(self, name: str, kind: str) -> list[str]:
        if (name, kind) not in self._known:
            self._known[name, kind] = self._asked(name, kind)
        return self._known[name, kind]

    def _asked(self, name: str, kind: str) -> list[str]:
        import dns.exception
        import dns.resolver

        # One that did not answer once would only take time again.
        if self._gone:
            raise NoResolverError
        try:
            resolver = dns.resolver.Resolver(configure=not self.servers)
            if self.servers:
                resolver.nameservers = list(self.servers)
                resolver.port = self.port
            resolver.timeout = resolver.lifetime = self.patience
            answer = resolver.resolve(f"{name}.", kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            self._gone = True
            raise NoResolverError(type(error).__name__) from error
        return [_told(record, kind) for record in answer]


def _told(record: object, kind: str) -> str:
    if kind == "TXT":
        return b"".join(getattr(record, "strings", ())).decode("utf-8", "replace")
    target = getattr(record, "exchange" if kind == "MX" else "target")
    return str(target).rstrip(".").lower()
