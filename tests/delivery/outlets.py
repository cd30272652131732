"""Ways out that do what a test tells them, and all a delivery needs besides."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection, Engine, select

from flows.delivery.block import Compose, Terms
from flows.delivery.dispatch import Delivery
from flows.delivery.outlet import Asked, Evidence, Outlet, Parcel, Prepared, Receipt, RenderFailure
from flows.delivery.quota import Limits
from flows.delivery.report import DeliveryReport
from flows.outgoing import Outgoing
from flows.settings import Settings
from flows.store.models import Send
from flows.store.stops import NO_TIME
from segments.names import Outcome
from segments.policy import SendingPolicy
from tests.delivery.rows import LIVE, NOW

ACCEPTED, IN_DOUBT, QUEUED = Outcome.ACCEPTED, Outcome.IN_DOUBT, Outcome.QUEUED
Says = Callable[[int], Outcome | Receipt | BaseException | None]
ZONE = "Europe/Berlin"


def mail(number: int, date: datetime = NOW, **changes: str) -> Outgoing:
    """A message like any other."""
    values = {
        "to_name": "Ada Example",
        "to_email": "ada@example.com",
        "subject": f"Hello {number}",
        "html": "<html><head></head><body><p>Hello</p></body></html>",
        "text": "Hello",
    }
    return Outgoing(
        send_id=number,
        from_name="Shop",
        from_email="shop@example.org",
        reply_to="shop@example.org",
        headers={"X-Stammkunde-Message": "hello"},
        message_id=f"<send.{number}@example.org>",
        date=date,
        **{**values, **changes},
    )


def composing(broken: Callable[[int], bool] = lambda number: False) -> Compose:
    """Makes that message for everybody for whom it is not broken."""

    def compose(
        connection: Connection, send_ids: list[int], now: datetime
    ) -> Iterator[Prepared | RenderFailure]:
        rows = connection.execute(select(Send.id, Send.message).where(Send.id.in_(send_ids)))
        names = dict(rows.tuples().all())
        for number in send_ids:
            if broken(number):
                yield RenderFailure(number, names[number], "body.html:3 has no name")
            else:
                context = f'{{"number":{number}}}'
                yield Prepared(mail(number, now), names[number], "de", "t1", b"src", context)

    return compose


class Way:
    """Keeps what it takes. `says` what becomes of a message; an error is raised instead."""

    def __init__(self, says: Says = lambda number: ACCEPTED, *, together: int = 1) -> None:
        self.taken: list[int] = []
        self.says = says
        self.together = together
        self.packs = 0

    def pack(self, messages: Sequence[Outgoing], now: datetime) -> list[Parcel]:
        starts = range(0, len(messages), self.together)
        self.packs += 1
        return [
            Parcel(f"r{self.packs}.{start}", tuple(messages[start : start + self.together]))
            for start in starts
        ]

    def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Receipt]:
        for parcel in parcels:
            for message in parcel.messages:
                said = self.says(message.send_id)
                if isinstance(said, BaseException):
                    raise said
                if said in (ACCEPTED, IN_DOUBT):
                    self.taken.append(message.send_id)
                if isinstance(said, Receipt):
                    yield said
                elif said is not None:
                    yield Receipt(message.send_id, said, f"p{message.send_id}")

    def look_up(self, asked: Sequence[Asked], now: datetime) -> Iterator[Evidence]:
        yield from ()

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def settings(
    outlet: str = "main", outlets: Mapping[str, Mapping[str, Any]] | None = None, **changes: Any
) -> Settings:
    """Settings with these outlets beside `main`; which kind they are does not matter here."""
    ways = {"main": {}, **(outlets or {})}
    return Settings.model_validate(
        {
            "outlet": outlet,
            "outlets": {name: {"kind": "folder", **way} for name, way in ways.items()},
            "unsubscribe": "stop@example.org",
            **changes,
        }
    )


def terms(its: Settings | None = None, *, block: int = 200, **changes: Any) -> Terms:
    """The terms of a delivery in blocks of that size."""
    its = its or settings()
    values: dict[str, Any] = {
        "settings": its,
        "sending": SendingPolicy(),
        "live": LIVE,
        "hold": NO_TIME,
        "limits": Limits({n: w.warm_up for n, w in its.outlets.items() if w.warm_up}, ZONE),
        "owner": "brandt",
        "block": block,
        "most": block,
    }
    return Terms(**{**values, **changes})


def delivery(
    engine: Engine,
    outlets: Outlet | Mapping[str, Outlet],
    compose: Compose | None = None,
    rules: Terms | None = None,
    *,
    now: datetime = NOW,
    **others: Any,
) -> Delivery:
    """A delivery; one outlet alone is called `main`, and time stands still."""
    ways = outlets if isinstance(outlets, Mapping) else {"main": outlets}
    tick = others.pop("tick", lambda: now)
    return Delivery(engine, ways, compose or composing(), rules or terms(), tick, **others)


def deliver(*args: Any, **others: Any) -> DeliveryReport:
    """Deliver, from beginning to end."""
    under_way = delivery(*args, **others)
    under_way.begin()
    under_way.empty()
    under_way.finish()
    return under_way.report
