"""A company, its provider, and the time of both: what happens to them, and what must hold then."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import and_, exists, func, or_, select

from flows.delivery.report import DeliveryReport
from flows.responses.app import Office, application
from flows.settings import secret
from flows.stages import doubting
from flows.stages.delivering import as_delivered, deliver
from flows.stages.responding import respond
from flows.stages.shop import Shop
from flows.stages.ways import Ways
from flows.store import doubts as settling
from flows.store import outbox
from flows.store.models import Base
from segments.names import Outcome
from tests.chaos.company import KEY, MINUTE, NOW, ONCE, Plan, address, doubts, found, standing
from tests.serving import served
from tests.simulator.mailboxes import digest
from tests.simulator.process import Simulator

GONE = {Outcome.ACCEPTED, Outcome.DELIVERED}
_ROUNDS = 40
_ALL = 2**31 - 1


class Violation(AssertionError):
    """Something was lost, came twice, or is told wrongly."""


@dataclass
class World:
    """What there is. `now` is the same moment for everybody, and goes by in leaps."""

    folder: Path
    plan: Plan
    shop: Shop
    simulator: Simulator
    now: datetime = NOW
    resolved: Counter[str] = field(default_factory=Counter)

    def pass_by(self, time: timedelta) -> None:
        """Let time go by, at the provider's as well."""
        self.now += time
        self.simulator.set_clock(self.now)

    def deliver(self, now: datetime | None = None) -> DeliveryReport:
        """The shipped stage."""
        return deliver(self.shop, now or self.now)

    def hear(self, *, everything: bool = False) -> None:
        """Take in what SendGrid posts: signed, twice, in any order, some of it forged."""
        told = self.simulator.flush(everything)
        if told.get("refused") or told.get("forged_and_believed"):
            raise Violation(f"events were refused, or forged ones believed: {told}")
        respond(self.shop, self.now)

    def look_into(self) -> None:
        """Take claims of dead processes for doubts, and ask the provider about all of those."""
        with outbox.side_by_side(self.shop.engine) as connection:
            outbox.stale_claims(connection, self.now)
        with self.ways() as ways:
            report = doubting.resolve(self.shop, self.now, ways, most=_ALL)
        self.resolved += Counter(
            {name: n for name, n in vars(report).items() if name not in {"open", "asked"}}
        )

    def ways(self) -> Ways:
        """The ways out, as the stages open them."""
        return Ways(self.shop.project.settings, self.shop.project.folder, most_failures=5)

    def come_to_rest(self, step: timedelta = 10 * MINUTE) -> int:
        """Deliver again and again until nothing is left to be done; how many rounds that took."""
        for number in range(1, _ROUNDS + 1):
            self.pass_by(step)
            self.look_into()
            self.deliver()
            self.hear()
            if not self.left():
                return number
        raise Violation(f"after {_ROUNDS} deliveries there is still left: {self.left()}")

    def queued(self) -> int:
        """So many letters wait."""
        table = Base.metadata.tables["send"]
        wanted = select(func.count()).where(table.c.outcome == Outcome.QUEUED)
        with self.shop.engine.connect() as connection:
            return int(connection.execute(wanted).scalar_one())

    def unsettled(self) -> int:
        """So many letters wait, are on their way, or are being asked about."""
        send, doubt = Base.metadata.tables["send"], Base.metadata.tables["doubt"]
        under_way = send.c.outcome.in_((Outcome.QUEUED, Outcome.CLAIMED))
        asked = exists().where(doubt.c.send_id == send.c.id, doubt.c.settled_at.is_(None))
        in_doubt = and_(send.c.outcome == Outcome.IN_DOUBT, asked)
        with self.shop.engine.connect() as connection:
            wanted = select(func.count()).select_from(send).where(or_(under_way, in_doubt))
            return int(connection.execute(wanted).scalar_one())

    def left(self) -> dict[str, int]:
        """What is on its way still: queued, claimed, or being asked about."""
        outcomes = Counter(row["outcome"] for row in standing(self.shop.engine, "outcome"))
        asked = sum(row["settled_at"] is None for row in doubts(self.shop.engine))
        under_way = {word: outcomes[word] for word in (Outcome.QUEUED, Outcome.CLAIMED)}
        return {str(w): n for w, n in (*under_way.items(), ("asked about", asked)) if n}

    def send_what_did_not_go(self) -> int:
        """Somebody has looked, and settles by hand what is in doubt for good: it never went."""
        rows = standing(self.shop.engine, "id", "outcome")
        numbers = [row["id"] for row in rows if row["outcome"] == Outcome.IN_DOUBT]
        with outbox.side_by_side(self.shop.engine) as connection:
            for number in numbers:
                settling.reopen(connection, number)
            known = dict.fromkeys(numbers, "somebody has looked")
            again = dict.fromkeys(numbers, Outcome.QUEUED)
            settling.settle(connection, again, self.now, known)
        return len(numbers)

    def refuse_violations(self, *, doubtful: bool, rejected: bool = False) -> Counter[str]:
        """Hold the store against the mailboxes, send by send; how many stand where.

        doubtful  messages of the journey that sends nothing twice may be in doubt for good
        rejected  a provider that finds every message too large may have refused some
        """
        at_provider = self.simulator.accepted()
        reasons = {row["send_id"]: row for row in doubts(self.shop.engine)}
        wrong: list[str] = []
        rows = standing(self.shop.engine, "id", "outcome", "journey", "context", "template_version")
        for row in rows:
            tally = at_provider.pop(str(row["id"]), {"accepted": 0, "withdrawn": 0, "copies": 0})
            seen = tally["accepted"] - tally["withdrawn"], tally["copies"]
            outcome, doubt = row["outcome"], reasons.get(row["id"])
            if outcome in GONE:
                fine = seen == (1, 1) and row["context"] and row["template_version"]
            elif outcome == Outcome.IN_DOUBT:
                given_up = doubt is not None and doubt["settled_as"] == Outcome.IN_DOUBT
                explained = doubt is not None and doubt["why"] and doubt["known"]
                fine = doubtful and given_up and explained and seen == (0, 0)
                fine = fine and row["journey"] == ONCE
            else:
                fine = rejected and outcome == Outcome.REJECTED and seen == (0, 0)
            if not fine:
                wrong.append(f"send {row['id']}: {outcome}, at the provider {tally}, {doubt}")
        if at_provider:
            wrong.append(f"nobody sent {sorted(at_provider)[:10]}")
        if len(rows) != self.plan.letters:
            wrong.append(f"{len(rows)} sends of {self.plan.letters}")
        if wrong:
            raise Violation("\n".join([f"{len(wrong)} violations", *wrong[:20]]))
        return Counter(row["outcome"] for row in rows)

    def refuse_strange_letters(self, every: int = 1) -> int:
        """Hold every so many-th letter, as we show it, against what its mailbox holds."""
        looked = 0
        for mail in self.simulator.messages():
            number = int(mail["send"])
            if mail["address"] != address(number):
                raise Violation(f"send {number} went to somebody else")
            if number % every:
                continue
            _, ours = as_delivered(self.shop, number)
            if ours is None:
                raise Violation(f"send {number} cannot be shown")
            parts = {name: getattr(ours, name) for name in ("subject", "text", "html", "headers")}
            for name, part in parts.items():
                if mail[name] != digest(part):
                    raise Violation(f"send {number}: the {name} shown is not the one received")
            looked += 1
        return looked


@contextmanager
def world(folder: Path, plan: Plan, simulator: Simulator, **webhook: Any) -> Iterator[World]:
    """The company in this folder, with its web endpoint open to the provider."""
    os.environ |= {KEY: simulator.key, "NO_PROXY": "*"}
    simulator.reset()
    simulator.set_clock(NOW)
    shop = found(folder, plan, [simulator.public_key])
    made = World(folder, plan, shop, simulator)
    office = Office(
        shop.engine,
        shop.project.settings.web.sendgrid_keys,
        [secret(shop.project.folder)],
        shop.project.senders.name,
        shop.project.policy.locale,
        lambda: made.now,
    )
    try:
        with served(application(office)) as where:
            simulator.webhook(url=f"{where}/events/sendgrid", **webhook)
            yield made
    finally:
        shop.engine.dispose()
        del os.environ[KEY]
