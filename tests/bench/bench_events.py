"""How fast are events stored and applied? On SQLite and on PostgreSQL.

Stored: signed batches over HTTP to the endpoint in a process of its own, on the disk before each
is answered; as large as SendGrid makes them (768 KB), and as a large sender gets them, a hundred
events each. Beside it, in the same run, the same bytes written to the same store with nothing
before it. Applied: by `respond`, against the bare insert of as many rows.
"""

import asyncio
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, sleep

import aiohttp
import httpx
from sqlalchemy import Engine, func, insert, select

from flows.responses.apply import respond
from flows.store.batches import keep_batches
from flows.store.models import Base, EventBatch, Response
from flows.store.outbox import side_by_side
from flows.store.session import open_store
from flows.store.upgrade import upgrade
from tests.bench import posted
from tests.bench.bench_plan import database
from tests.bench.report import figure
from tests.delivery.rows import NOW
from tests.responses.posting import NEW, public, signed

SENDS = int(os.environ.get("SENDS", "40000"))
CLIENTS = 8
_LARGE, _SMALL = 768 * 1024, 48 * 1024
_ROUNDS = 3


def main() -> None:
    """Both databases, each by itself."""
    with tempfile.TemporaryDirectory() as folder:
        measured(f"sqlite:///{folder}/store.db", "SQLite")
    with database() as address:
        if address:
            measured(address, "PostgreSQL")


def measured(url: str, name: str) -> None:
    """Store everything in both sizes, then apply it."""
    engine = open_store(url)
    upgrade(engine)
    posted.fill(engine, SENDS)
    for size, what in ((_SMALL, "48 KB"), (_LARGE, "768 KB")):
        bodies = list(posted.batches(posted.events(SENDS), size))
        bare = bare_storing(engine, bodies)
        seconds = stored(url, engine, bodies)
        case = f"stored, {len(bodies)} posts of {what}, {name}"
        figure("events", case, 3 * SENDS / seconds, "events/s", 10_000, ratio=seconds / bare)
    with tempfile.TemporaryDirectory() as inbox:
        began = perf_counter()
        report = respond(engine, Path(inbox), now=NOW, run_id=1)
        seconds = perf_counter() - began
        if sum(report.new.values()) != 3 * SENDS:
            raise SystemExit(f"{sum(report.new.values())} of {3 * SENDS} events were applied")
        bare = bare_rows(engine)
        case = f"applied for the first time, {name}"
        figure("events", case, 3 * SENDS / seconds, "events/s", 20_000, ratio=seconds / bare)
        with engine.begin() as connection:
            keep_batches(connection, [("sendgrid", body) for body in bodies], NOW)
        began = perf_counter()
        report = respond(engine, Path(inbox), now=NOW, run_id=1)
        seconds = perf_counter() - began
        if report.repeated != 3 * SENDS:
            raise SystemExit(f"{report.repeated} of {3 * SENDS} events were known")
        case = f"applied again, which changes nothing, {name}"
        figure("events", case, 3 * SENDS / seconds, "events/s", 20_000)
    engine.dispose()


def stored(url: str, engine: Engine, bodies: list[bytes]) -> float:
    """Seconds until the last of the posts is answered; the best of some rounds.

    What is stored stays for the applying once: the last round's.
    """
    marks = [signed(body) for body in bodies]
    best = float("inf")
    with serving(url) as address:
        for _ in range(_ROUNDS):
            with engine.begin() as connection:
                connection.execute(EventBatch.__table__.delete())  # type: ignore[attr-defined]
            best = min(best, asyncio.run(_post_all(address, bodies, marks)))
    with engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(EventBatch))
    if count != len(bodies):
        raise SystemExit(f"{count} of {len(bodies)} posts were stored")
    return best


async def _post_all(address: str, bodies: list[bytes], marks: list[dict[str, str]]) -> float:
    work = iter(list(zip(bodies, marks, strict=True)))
    async with aiohttp.ClientSession(address) as session:

        async def client() -> None:
            for body, mark in work:
                async with session.post("/events/sendgrid", data=body, headers=mark) as answer:
                    if answer.status != 204:
                        raise SystemExit(f"a post was answered with {answer.status}")

        began = perf_counter()
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        return perf_counter() - began


@contextmanager
def serving(url: str) -> Iterator[str]:
    """The endpoint in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = get_context("spawn").Process(target=_serve, args=(url, public(NEW), port))
    process.start()
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                httpx.get(address)
                break
            except httpx.TransportError:
                sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.join()


def _serve(url: str, key: str, port: int) -> None:
    import uvicorn
    from starlette.applications import Starlette

    from flows.responses.event_routes import event_routes

    app = Starlette(routes=event_routes(open_store(url), [key], lambda: NOW))
    uvicorn.run(app, port=port, access_log=False, log_level="error")


def bare_storing(engine: Engine, bodies: list[bytes]) -> float:
    """Seconds to write the bodies alone, each on the disk before the next."""
    best = float("inf")
    for _ in range(_ROUNDS):
        began = perf_counter()
        for body in bodies:
            with side_by_side(engine) as connection:
                keep_batches(connection, [("bare", body)], NOW)
        best = min(best, perf_counter() - began)
    return best


def bare_rows(engine: Engine) -> float:
    """Seconds to write as many responses as there are into an empty table, as SQLAlchemy does."""
    table = Base.metadata.tables["response"]
    with engine.begin() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(Response.__table__))]
    with engine.connect() as connection:
        connection.execute(table.delete())
        began = perf_counter()
        for start in range(0, len(rows), 8_000):
            connection.execute(insert(table), rows[start : start + 8_000])
        seconds = perf_counter() - began
        connection.rollback()
    return seconds


if __name__ == "__main__":
    main()
