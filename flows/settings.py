"""Where things are and who we are: settings.yaml, owners.yaml and senders.yaml as models."""

import os
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from flows.addresses import address_of
from flows.alert_settings import AlertSettings
from flows.errors import ConfigError
from flows.outlet_settings import (
    AnOutlet,
    FolderOutletSettings,
    SendGridOutletSettings,
    WebSettings,
)
from flows.scale_settings import Scale
from segments.names import Purpose
from segments.spans import Duration, Span
from segments.spec import Name, Spec

Email = Annotated[str, Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+$", max_length=320)]
Colour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]


class Settings(Spec):
    """config/settings.yaml: where the store, the outlet and the inbox are. No secrets."""

    store: str = Field(
        "sqlite:///var/stammkunde.db",
        description="SQLAlchemy address of our database, or the name of an environment variable "
        "that holds it; a relative SQLite path starts at the project's folder",
    )
    outlet: Name = Field("folder", description="the way out messages take")
    outlet_for: dict[Purpose, Name] = Field(
        default_factory=dict, description="another way out for messages of a purpose"
    )
    outlets: dict[Name, AnOutlet] = Field(
        {"folder": FolderOutletSettings(kind="folder")},
        min_length=1,
        description="the ways out: folder (files to look at), smtp, sendgrid",
    )
    web: WebSettings = Field(
        default_factory=WebSettings, description="where people and SendGrid reach us"
    )
    alerts: AlertSettings | None = Field(
        None, description="who is told when something needs a person; nobody if not said"
    )
    inbox: str = Field(
        "var/inbox", description="folder in which files of responses (.jsonl) are dropped"
    )
    unsubscribe: Email = Field(description="address that takes requests to stop writing")
    shard_size: int = Field(50_000, ge=100, le=100_000, description="customers decided at once")
    max_render_errors: int = Field(
        20, ge=0, description="stop delivering a message after so many people it fails for"
    )
    senders: int = Field(
        2, ge=1, le=32, description="processes that send at once where there is much to send"
    )
    scale: Scale = Field(
        default_factory=Scale, description="how the work of a run is shared out, if at all"
    )
    lease: Duration = Field(
        Span(10, "minutes"),
        description="how long messages taken by a process are believed to be on their way",
    )

    @model_validator(mode="after")
    def _outlets_exist(self) -> "Settings":
        wrong = []
        for what, name in (
            ("outlet", self.outlet),
            *((f"outlet_for: {purpose}", name) for purpose, name in self.outlet_for.items()),
            *((f"fallback of {each}", way.fallback) for each, way in self.outlets.items()),
        ):
            if name is not None and name not in self.outlets:
                wrong.append(f'"{name}" ({what})')
        if wrong:
            verb = "is" if len(wrong) == 1 else "are"
            raise ValueError(f"{', '.join(wrong)} {verb} not among the outlets")
        for name, way in self.outlets.items():
            if way.fallback == name:
                raise ValueError(f"{name} cannot be its own fallback")
        return self

    @model_validator(mode="after")
    def _one_store_for_all(self) -> "Settings":
        if self.store.startswith("sqlite") and self.scale.runner != "threads":
            where = "on one machine" if self.scale.runner == "processes" else "on many machines"
            raise ValueError(
                f'"runner: {self.scale.runner}" has several processes write {where}, and SQLite '
                "takes one at a time from one machine: put the store on PostgreSQL (README, "
                "Database and secrets), or write runner: threads"
            )
        return self

    @model_validator(mode="after")
    def _one_request_one_reply_to(self) -> "Settings":
        if self.web.inbound.replies is None:
            return self
        for name, way in self.outlets.items():
            if isinstance(way, SendGridOutletSettings) and way.mode == "batched":
                raise ValueError(
                    f'"replies" (web: inbound) gives each message an address of its own for '
                    f'answers, and messages of one request share theirs: write "mode: single" for '
                    f"{name}, or no replies"
                )
        return self

    def way_of(self, purpose: Purpose) -> str:
        """The outlet messages of this purpose take."""
        return self.outlet_for.get(purpose, self.outlet)


class Owner(Spec):
    """A colleague who looks after customers and signs messages to them."""

    name: str = Field(min_length=1, max_length=120)
    position: str | None = Field(None, max_length=120)
    email: Email
    phone: str | None = Field(None, max_length=60)
    lead: Name | None = Field(
        None, description="who gets what this colleague did not take care of in time"
    )


class Team(Spec):
    """Colleagues who share their work: each customer always meets the same one."""

    members: list[Name] = Field(min_length=1)
    lead: Name | None = Field(
        None, description="who gets what a member without a lead did not take care of in time"
    )

    @field_validator("members")
    @classmethod
    def _each_once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("write each member once")
        return value


class Owners(Spec):
    """config/owners.yaml: who answers. `default` looks after customers nobody is assigned to."""

    default: Name
    owners: dict[Name, Owner] = Field(min_length=1)
    teams: dict[Name, Team] = Field(
        default_factory=dict, description="who shares the tasks a journey gives to the team"
    )

    @model_validator(mode="after")
    def _everybody_exists(self) -> "Owners":
        wrong = [f'"default: {self.default}"'] if self.default not in self.owners else []
        for key, owner in self.owners.items():
            if owner.lead is not None and owner.lead not in self.owners:
                wrong.append(f'"lead: {owner.lead}" of {key}')
        for key, team in self.teams.items():
            wrong += [f'"{name}" of {key}' for name in team.members if name not in self.owners]
            if team.lead is not None and team.lead not in self.owners:
                wrong.append(f'"lead: {team.lead}" of {key}')
        if wrong:
            verb = "is" if len(wrong) == 1 else "are"
            raise ValueError(f"{', '.join(wrong)} {verb} not among the owners below")
        if twice := sorted({"owner", *self.owners} & self.teams.keys()):
            raise ValueError(f'a team needs a name of its own, not "{twice[0]}"')
        if "owner" in self.owners:
            raise ValueError('"owner" stands for whoever looks after a customer: use another key')
        return self

    @property
    def assignable(self) -> set[str]:
        """Whom a journey may give a task to."""
        return {"owner", *self.owners, *self.teams}


class Imprint(Spec):
    """Who the law wants named in every message."""

    company: str
    address: list[str] = Field(min_length=1, description="street, postcode and city")
    managing_directors: str | None = None
    commercial_register: str | None = Field(None, description="court and number")
    vat_id: str | None = None
    phone: str | None = None
    website: str | None = None


class Senders(Spec):
    """config/senders.yaml: in whose name messages go out and how they look."""

    name: str = Field(description="company name in the From line")
    email: Email = Field(description="address in the From line")
    colour: Colour = Field("#1f5b4d", description="colour of buttons and links")
    imprint: Imprint

    @field_validator("name")
    @classmethod
    def _plain(cls, value: str) -> str:
        if any(sign in value for sign in "<>,;\r\n"):
            raise ValueError("the sender's name goes into a header: no < > , ;")
        return value


SECRET_VARIABLE = "STAMMKUNDE_SECRET"  # noqa: S105


def store_address(settings: Settings, project: Path) -> str:
    """The database's address: read from the environment where settings name a variable."""
    return address_of(settings.store, project)


def secret(project: Path) -> bytes:
    """The key our links are made with: the newest of `link_secrets`."""
    return link_secrets(project)[0]


def secret_file(project: Path) -> Path:
    """Where the keys of links are kept if the environment does not hold them."""
    return project / "var" / "secret.key"


def link_secrets(project: Path) -> tuple[bytes, ...]:
    """Every key links in mails were made with, the newest first.

    They come from the environment, else from a file made once and kept in var/: words apart by
    spaces or line ends. A new one is put before the others, which go on reading old links.
    """
    value = os.environ.get(SECRET_VARIABLE, "")
    if not value.strip():
        file = secret_file(project)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(32), encoding="ascii")
        value = file.read_text(encoding="utf-8")
    if not value.strip():
        raise ConfigError.at("var/secret.key", "is empty. Put a copy of it back, or delete it")
    return tuple(word.encode() for word in value.split())
