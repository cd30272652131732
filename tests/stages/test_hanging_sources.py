"""A database or a file share that hangs does not keep the day from going on for ever."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from flows.limits import TooLongError
from flows.stages.pulling import pull
from flows.stages.shop import Shop
from flows.store.models import Run
from tests.stages.tiny import NOW, Tiny


@dataclass(frozen=True)
class Moment:
    """A span too short for anybody to write it."""

    days: float = 0.5 / 86_400

    def __str__(self) -> str:
        return "a moment"


def hurried(shop: Shop) -> Shop:
    """The same project, in a hurry."""
    sources = shop.project.sources.model_copy(update={"longest": Moment()})
    return replace(shop, project=replace(shop.project, sources=sources))


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def test_a_file_share_that_hangs_is_given_up(tiny: Tiny) -> None:
    with tiny.open() as shop:
        file = shop.project.folder / "data" / "orders.csv"
        file.unlink()
        os.mkfifo(file)
        refuse_to_wait(shop)


def test_a_database_that_hangs_is_given_up(tiny: Tiny) -> None:
    with silent() as port:
        folder = tiny.folder / "config" / "sources"
        folder.mkdir(exist_ok=True)
        (folder / "all.sql").write_text("SELECT 1", encoding="utf-8")
        hangs = f"url: postgresql+psycopg://erp@127.0.0.1:{port}/erp\n    sql: sources/all.sql"
        tiny.edit("sources.yaml", "csv: data/orders.csv", hangs)
        with tiny.open() as shop:
            refuse_to_wait(shop)


def refuse_to_wait(shop: Shop) -> None:
    """The pull is interrupted, says why, and has noted that it failed."""
    began = time.monotonic()
    with pytest.raises(TooLongError, match="dauerte länger, als config"):
        pull(hurried(shop), NOW)
    assert time.monotonic() - began < 30
    with shop.engine.connect() as connection:
        last = select(Run.failed).where(Run.kind == "pull").order_by(Run.id.desc()).limit(1)
        assert str(connection.execute(last).scalar()).startswith("TooLongError: Die Daten")
