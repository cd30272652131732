"""A project that writes a letter to each of a few people, through the simulator."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flows.delivery.report import DeliveryReport
from flows.responses.app import Office, application
from flows.settings import secret
from flows.stages.delivering import deliver
from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.stages.responding import respond
from tests.serving import served
from tests.simulator.process import Simulator
from tests.stages.tiny import NOW as MONDAY
from tests.stages.tiny import Tiny

NOW = MONDAY + timedelta(hours=2)
"""Monday, 9 o'clock in Berlin: advertising may go."""

MINUTE = timedelta(minutes=1)
KEY = "SG.a-key-nobody-may-see"
VARIABLE = "SENDGRID_API_KEY"
WEB = "https://mail.example.com"

PEOPLE = (
    ("ms", "Ada", "Albers", "de"),
    ("mr", "Bob", "Brown", "de"),
    ("ms", "Zoë", "Ünal & Söhne <GmbH>", "de"),
    ("mr", "{{ 7 * 7 }}", "{% raw %}", "de"),
    ("ms", "-a1b2c300-", "Tag", "de"),
    ("none", "", "𝒪'Brien 🪑", "de"),
    ("mr", "Gus", "Green", "en"),
    ("ms", "Hal", "Hill", "en"),
)
"""Salutation, names and language."""

NUMBERS = range(1, len(PEOPLE) + 1)

BUYERS = NUMBERS[:3]
"""They have ordered. Their letter rather does not go at all than twice, that of others twice."""

OTHERS = NUMBERS[3:]

JOURNEY = """\
journey: {name}
title: A letter
status: live
purpose: advertising
doubt: {doubt}
enter: {{on: schedule, every: day, when: {when}, again: after 2 days}}
steps:
  - send: newsletter
"""


def address(number: int) -> str:
    """Where the letter to this person goes."""
    return f"xaver{number}@company{number}.example"


def addresses(numbers: Iterable[int] = NUMBERS) -> dict[str, int]:
    """One letter for each of them."""
    return {address(number): 1 for number in numbers}


@dataclass
class Letters(Tiny):
    """The folder, its store, the simulator it sends through, and what one does with them."""

    store: str
    simulator: Simulator

    def begin(self) -> None:
        """Everybody has agreed to be written to, and a letter to each of them is due at `NOW`."""
        self.make(self.store)
        self.edit("journeys/reassurance.yaml", "status: live ", "status: draft ")
        for name, doubt, when in (
            ("careful", "at_most_once", "orders >= 1"),
            ("certain", "at_least_once", "orders == 0"),
        ):
            file = self.folder / "config" / "journeys" / f"{name}.yaml"
            file.write_text(JOURNEY.format(name=name, doubt=doubt, when=when), encoding="utf-8")
        self._table("customers", "customer,name", (f"K{n},Firma {n}" for n in NUMBERS))
        self._table(
            "contacts",
            "contact,customer,salutation,first_name,last_name,locale,email",
            (f"P{n},K{n},{','.join(PEOPLE[n - 1])},{address(n)}" for n in NUMBERS),
        )
        self._table(
            "permissions",
            "contact,kind,purpose,at,proof",
            (f"P{n},consent,advertising,2026-01-01,form" for n in NUMBERS),
        )
        self.queue()

    def settings(self, **sendgrid: Any) -> None:
        """Everything goes through SendGrid, with these settings of the outlet."""
        outlet = {"kind": "sendgrid", "key": VARIABLE, "address": self.simulator.address}
        written = {
            "store": self.store,
            "outlet": "sendgrid",
            "outlets": {"sendgrid": outlet | sendgrid, "folder": {"kind": "folder"}},
            "unsubscribe": "stop@example.com",
            "web": {"address": WEB, "sendgrid_keys": [self.simulator.public_key]},
        }
        file = self.folder / "config" / "settings.yaml"
        file.write_text(json.dumps(written, indent=2), encoding="utf-8")

    def policy(self, text: str) -> None:
        """Further rules of the house."""
        file = self.folder / "config" / "policy.yaml"
        file.write_text(f"{file.read_text('utf-8')}\n{text}", encoding="utf-8")

    def queue(self, now: datetime = NOW) -> None:
        """Bring in the data, and decide who gets a letter."""
        with self.open() as shop:
            pull(shop, now)
            plan(shop, now)

    def send(self, now: datetime = NOW) -> DeliveryReport:
        """Deliver at this moment, which it also is at SendGrid."""
        self.simulator.set_clock(now)
        with self.open() as shop:
            return deliver(shop, now)

    def hear(self, now: datetime) -> None:
        """Have the simulator tell, signed, of what happened by then, and take it in."""
        self.simulator.set_clock(now)
        with self.endpoint(now) as where:
            mischief = {"duplicates": 0.3, "reordered": 1, "forged": 1}
            self.simulator.webhook(url=f"{where}/events/sendgrid", **mischief)
            assert self.simulator.flush()["refused"] == 0
        told = self.simulator.stats()["webhook"]
        assert told["forged"] > 0
        assert "forged_and_believed" not in told
        with self.open() as shop:
            respond(shop, now)

    @contextmanager
    def endpoint(self, now: datetime) -> Iterator[str]:
        """Our web endpoint, open to the world."""
        with self.open() as shop:
            office = Office(
                shop.engine,
                shop.project.settings.web.sendgrid_keys,
                [secret(self.folder)],
                shop.project.senders.name,
                shop.project.policy.locale,
                lambda: now,
            )
            with served(application(office)) as where:
                yield where

    def outcomes(self) -> dict[str, int]:
        """How many sends stand where."""
        return dict(Counter(row[0] for row in self.rows("send", "outcome")))

    def doubts(self) -> dict[str, int]:
        """How doubts were settled; "" is those that are not."""
        return dict(Counter(row[0] or "" for row in self.rows("doubt", "settled_as")))

    def copies(self) -> dict[str, int]:
        """How many letters lie in each mailbox."""
        return dict(Counter(mail["address"] for mail in self.simulator.messages()))

    def _table(self, name: str, head: str, rows: Any) -> None:
        self.table(name, "\n".join([head, *rows, ""]))
