"""The endpoint served for a test, and links to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import Engine, MetaData, insert, select

from flows import tokens
from flows.responses.app import Office, application
from flows.responses.limits import Limits
from flows.store.models import Base, Customer, Permission
from flows.tokens import Kind
from segments.names import Locale
from tests.delivery.rows import DAY, NOW
from tests.serving import served

SECRET = b"a secret of the tests"


@contextmanager
def endpoint(engine: Engine, **changes: Any) -> Iterator[httpx.Client]:
    """A client of the endpoint, whose clock stands at NOW."""
    values: dict[str, Any] = {"limits": Limits(10_000), "clock": lambda: NOW} | changes
    clock = values.pop("clock")
    keys, secrets = values.pop("keys", []), values.pop("secrets", [SECRET])
    office = Office(engine, keys, secrets, "Nordholz", Locale.DE, clock, **values)
    with served(application(office)) as address, httpx.Client(base_url=address) as opened:
        yield opened


def link(kind: Kind, number: int = 1, secret: bytes = SECRET) -> str:
    """The address of a page, as it stands in a mail."""
    page = {Kind.PREFERENCES: "p", Kind.SCORE: "nps", Kind.CONFIRM: "doi", Kind.CLICK: "c"}
    return f"/{page.get(kind, 'u')}/{tokens.make_for(secret, kind, number)}"


def agree(engine: Engine, purpose: str = "advertising") -> None:
    """The contact agreed to messages of this purpose."""
    with engine.begin() as connection:
        connection.execute(
            insert(Permission).values(
                contact_id=1, kind="consent", purpose=purpose, at=NOW - 30 * DAY, proof="form"
            )
        )


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, so that any change shows."""
    metadata: MetaData = Base.metadata
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
        }


__all__ = ["DAY", "NOW", "SECRET", "Customer", "agree", "endpoint", "everything", "link"]
