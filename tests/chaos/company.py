"""A company whose letters wait in the outbox: one to each customer, by one of two journeys."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, select

from flows.initial import init
from flows.stages.shop import Shop, open_shop
from flows.store.bulk import look_again
from flows.store.models import Base, Contact, Customer, Enrollment, Owner, Permission, Run, Send
from tests.simulator.process import Simulator

NOW = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
"""A Monday, 10 o'clock in Berlin."""

MINUTE = timedelta(minutes=1)
KEY = "CHAOS_KEY"
WEB = "https://mail.example.com"
AGAIN, ONCE = "letter", "card"
"""The journey that rather sends twice than not at all, and the one that does not."""

_DOUBT = {AGAIN: "at_least_once", ONCE: "at_most_once"}
_JOURNEY = """\
journey: {name}
title: A letter to everybody
status: live
purpose: advertising
doubt: {doubt}
enter: {{on: schedule, every: day, again: never}}
steps:
  - send: newsletter
"""
_POLICY = """
sending:
  try_again_after: {rest}
  doubt_after: 5 minutes
"""
_AT_ONCE = 2_000


@dataclass(frozen=True)
class Plan:
    """What the company is like: how many letters, how they leave, how long its ways out rest."""

    store: str
    letters: int
    outlets: dict[str, Any] = field(default_factory=dict)
    outlet: str = "sendgrid"
    once: float = 0.1
    rest: str = "2 minutes"
    lease: str = "1 minute"
    senders: int = 1
    valid: timedelta = timedelta(days=90)


def found(folder: Path, plan: Plan, keys: list[str]) -> Shop:
    """Make the project and its store, with every letter queued."""
    init(folder)
    config = folder / "config"
    for name, doubt in _DOUBT.items():
        journey = _JOURNEY.format(name=name, doubt=doubt)
        (config / "journeys" / f"{name}.yaml").write_text(journey, encoding="utf-8")
    policy = (config / "policy.yaml").read_text(encoding="utf-8")
    # Time goes by in leaps here: nobody should have to wait for office hours.
    policy = policy.replace("advertising: monday-friday 8:00-18:00", "advertising: any time")
    policy += _POLICY.format(rest=plan.rest)
    (config / "policy.yaml").write_text(policy, encoding="utf-8")
    settings = {
        "store": plan.store,
        "outlet": plan.outlet,
        "outlets": plan.outlets,
        "unsubscribe": "stop@example.com",
        "lease": plan.lease,
        "senders": plan.senders,
        "web": {"address": WEB, "sendgrid_keys": keys},
    }
    (config / "settings.yaml").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    shop = open_shop(folder)
    fill(shop, plan)
    return shop


def sendgrid(simulator: Simulator, **settings: Any) -> dict[str, Any]:
    """The way out through the simulator."""
    return {"kind": "sendgrid", "key": KEY, "address": simulator.address} | settings


def fill(shop: Shop, plan: Plan) -> None:
    """Customers who agreed to be written to, and a letter queued for each."""
    owners = shop.project.owners
    default = owners.owners[owners.default]
    with shop.engine.begin() as connection:
        signs = {"key": owners.default, "name": default.name, "email": default.email}
        connection.execute(insert(Owner).values(signs))
        connection.execute(insert(Run).values(kind="plan", as_of=NOW, started_at=NOW))
        for first in range(1, plan.letters + 1, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, plan.letters + 1))
            for model, row in _ROWS.items():
                connection.execute(insert(model), [row(number, plan) for number in numbers])
        look_again(connection)


def address(number: int) -> str:
    """Where the letter to this customer goes."""
    return f"person{number}@company{number % 997}.example"


def journey_of(number: int, plan: Plan) -> str:
    """By which journey this customer gets the letter."""
    return ONCE if number * 0.6180339887 % 1 < plan.once else AGAIN


def standing(engine: Engine, *columns: str) -> list[dict[str, Any]]:
    """Every send, with these columns of it."""
    table = Base.metadata.tables["send"]
    wanted = select(*(table.c[name] for name in columns)).order_by(table.c.id)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def doubts(engine: Engine) -> list[dict[str, Any]]:
    """Every doubt there ever was."""
    table = Base.metadata.tables["doubt"]
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def _locale(number: int) -> str:
    return "en" if number % 4 == 0 else "de"


def _customer(number: int, plan: Plan) -> dict[str, Any]:
    return {"id": number, "key": f"K{number}", "name": f"Müller & Söhne {number}", "country": "DE"}


def _contact(number: int, plan: Plan) -> dict[str, Any]:
    return {
        "id": number,
        "key": f"P{number}",
        "customer_id": number,
        "email": address(number),
        "salutation": "ms" if number % 2 else "mr",
        "first_name": "Zoë",
        "last_name": f"Weiß-{number}",
        "role": "buyer",
        "locale": _locale(number),
    }


def _permission(number: int, plan: Plan) -> dict[str, Any]:
    long_ago = NOW - timedelta(days=90)
    return {
        "id": number,
        "contact_id": number,
        "kind": "consent",
        "purpose": "advertising",
        "at": long_ago,
        "confirmed_at": long_ago,
        "proof": "form",
    }


def _enrollment(number: int, plan: Plan) -> dict[str, Any]:
    return {
        "id": number,
        "customer_id": number,
        "journey": journey_of(number, plan),
        "version": "v1",
        "entry_key": "once",
        "arm": "treated",
        "status": "active",
        "node": "n1",
        "arrived_at": NOW,
        "due_at": NOW,
        "anchor_at": NOW,
        "entered_at": NOW,
        "run_id": 1,
    }


def _send(number: int, plan: Plan) -> dict[str, Any]:
    return {
        "id": number,
        "enrollment_id": number,
        "customer_id": number,
        "contact_id": number,
        "journey": journey_of(number, plan),
        "version": "v1",
        "step": "newsletter",
        "occurrence": 0,
        "message": "newsletter",
        "purpose": "advertising",
        "basis": "consent",
        "priority": 50,
        "outcome": "queued",
        "due_at": NOW,
        "not_before": NOW,
        "valid_until": NOW + plan.valid,
        "decided_at": NOW,
        "run_id": 1,
    }


_ROWS = {
    Customer: _customer,
    Contact: _contact,
    Permission: _permission,
    Enrollment: _enrollment,
    Send: _send,
}
