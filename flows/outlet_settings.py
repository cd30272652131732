"""The ways out, as config/settings.yaml writes them: folder, smtp and sendgrid."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from segments.names import Purpose
from segments.spans import Duration, Span
from segments.spec import Name, Spec

Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]
"""Name of an environment variable that holds a secret."""

UNDO_AT_LEAST = Span(20, "minutes")
UNDO_AT_MOST = Span(2, "days")


class WarmUp(Spec):
    """A new sender begins small: so many messages on the first day, more on each day after it."""

    begin: date = Field(description="the first day (2026-11-18)")
    per_day: int = Field(ge=1, description="messages on the first day")
    per_domain: int | None = Field(
        None, ge=1, description="of these, to addresses of one domain; no limit of its own if empty"
    )
    growth: float = Field(1.5, gt=1, le=10, description="how many times as many on each next day")
    days: int = Field(30, ge=1, le=365, description="after so many days there is no limit any more")

    def limits(self, day: date) -> tuple[int | None, int | None]:
        """How many messages may go on a day, in all and to one domain; None is without a limit.

        Before the first day nothing goes.
        """
        days = (day - self.begin).days
        if days >= self.days:
            return None, None
        # Decimal, as it is written: 100 times 1.15 is 115, and no number of days is too many.
        times = Decimal(str(self.growth)) ** days if days >= 0 else Decimal(0)
        per_domain = None if self.per_domain is None else int(self.per_domain * times)
        return int(self.per_day * times), per_domain


class AnyOutlet(Spec):
    """What all ways out have in common."""

    fallback: Name | None = Field(
        None,
        description="another way out while this one is down; never for a message in doubt",
    )
    warm_up: WarmUp | None = Field(None, description="how a new sender begins")
    per_second: float | None = Field(
        None, gt=0, description="at most so many messages a second; as many as it takes if empty"
    )


class FolderOutletSettings(AnyOutlet):
    """Sends nothing: .eml files and a page to look at them."""

    kind: Literal["folder"] = Field(description="files to look at; nothing leaves")
    folder: str = Field("var/mails", description="where they go, from the project's folder")


class Dkim(Spec):
    """Signs messages in the name of the sender's domain; needs: pip install "stammkunde[dkim]"."""

    selector: str = Field(description="as in the DNS record <selector>._domainkey.<domain>")
    key: Variable = Field(description="environment variable that holds the private key, in PEM")
    domain: str | None = Field(None, description="the domain of the sender's address if empty")


class SmtpOutletSettings(AnyOutlet):
    """A mail server."""

    kind: Literal["smtp"] = Field(description="a mail server")
    host: str = Field(min_length=1, description="name of the server")
    port: int = Field(587, ge=1, le=65535, description="587, or 465 with tls")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls, tls (from the first byte on), or none; certificates are verified",
    )
    authority: str | None = Field(
        None, description="file of certificates to trust beside the system's, in PEM"
    )
    user: str | None = Field(None, description="who logs in; nobody if empty")
    password: Variable | None = Field(None, description="environment variable of the password")
    connections: int = Field(4, ge=1, le=32, description="how many at the same time")
    timeout: Duration = Field(Span(1, "minutes"), description="how long an answer is awaited")
    dkim: Dkim | None = Field(None, description="signs messages for the sender's domain")

    @model_validator(mode="after")
    def _user_and_password(self) -> "SmtpOutletSettings":
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together: write both, or neither")
        return self


class SendGridOutletSettings(AnyOutlet):
    """SendGrid's Web API v3."""

    kind: Literal["sendgrid"] = Field(description="SendGrid's Web API v3")
    key: Variable = Field("SENDGRID_API_KEY", description="environment variable of the API key")
    region: Literal["global", "eu"] = Field("global", description="where the account lives")
    address: str | None = Field(
        None,
        pattern=r"^https?://[^\s/]+$",
        description="another address than the region's, to rehearse against",
    )
    mode: Literal["single", "batched"] = Field(
        "single",
        description="single: a request each; batched: up to 1,000 messages of one template in one "
        "request, which is quicker, and shares a Message-ID among them",
    )
    undo: Duration | None = Field(
        None,
        description="batched only: advertising leaves SendGrid so much later, so that a request "
        "nobody knows the fate of can be withdrawn and sent anew",
        examples=["20 minutes"],
    )
    sandbox: bool = Field(False, description="SendGrid checks every message and sends none")
    connections: int = Field(32, ge=1, le=32, description="how many at the same time")
    asm_group: dict[Purpose, int] = Field(
        default_factory=dict, description="unsubscribe group at SendGrid by purpose"
    )
    ip_pool: dict[Purpose, Annotated[str, Field(min_length=2, max_length=64)]] = Field(
        default_factory=dict, description="IP pool at SendGrid by purpose"
    )

    @model_validator(mode="after")
    def _undo_needs_time(self) -> "SendGridOutletSettings":
        if self.undo is None:
            return self
        if self.mode != "batched":
            raise ValueError('undo needs "mode: batched"')
        if not UNDO_AT_LEAST.days <= self.undo.days <= UNDO_AT_MOST.days:
            raise ValueError(f"undo takes from {UNDO_AT_LEAST} to {UNDO_AT_MOST}")
        return self


AnOutlet = Annotated[
    FolderOutletSettings | SmtpOutletSettings | SendGridOutletSettings,
    Field(discriminator="kind"),
]


class InboundSettings(Spec):
    """Mail people answer with, as SendGrid's Inbound Parse posts it to us."""

    keys: list[str] = Field(
        default_factory=list,
        description="public keys SendGrid signs what it posts with; several while one replaces "
        "another",
    )
    secret: Variable | None = Field(
        None,
        description="environment variable of a secret that ends the address SendGrid posts to "
        "(https://mail.example.com/inbound/SECRET); needed where posts are not signed",
    )
    replies: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]{1,30}@[^\s@<>,;]+\.[^\s@<>,;]+$",
        description="address people answer to, at the domain Inbound Parse takes mail for "
        "(antwort@parse.example.com); each message gets one of its own there, antwort+...@. "
        "Without it answers go to the owner's address",
    )


class WebSettings(Spec):
    """Where people and SendGrid reach us."""

    address: str | None = Field(
        None,
        pattern=r"^https?://[^\s/]+(/[^\s]*)?$",
        description="public address of our web endpoint, for links in mails "
        "(https://mail.example.com); without it links to unsubscribe are mail addresses",
    )
    host: str = Field("127.0.0.1", description="where `stammkunde web` listens")
    port: int = Field(8085, ge=1, le=65535, description="and on which port")
    clicks: bool = Field(
        False,
        description="links of mails lead over our endpoint for those who permitted tracking, which "
        "notes that they were followed",
    )
    proxies: int = Field(
        0,
        ge=0,
        le=9,
        description="how many reverse proxies of yours stand before the endpoint, each adding to "
        "`client_header` whom it answers; 0: none",
    )
    client_header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")] = Field(
        "X-Forwarded-For", description="header in which proxies say who asks; believed only of them"
    )
    per_minute: int = Field(
        120,
        ge=1,
        description="pages one address may ask for in a minute; unsubscribing always works",
    )
    inbound: InboundSettings = Field(
        default_factory=InboundSettings, description="mail that comes in through SendGrid"
    )
    sendgrid_keys: list[str] = Field(
        default_factory=list,
        description="public keys SendGrid signs its events with; several while one replaces "
        "another",
    )
