"""How fast do messages leave? Composed, handed to the SendGrid simulator and logged.

The shipped stage delivers 100,000 newsletters from PostgreSQL with two processes, one message a
request and batched. Beside it, in the same run and with as many processes, each part alone: bare
rendering, bare posting of bodies made before, bare writing of rows; and a loop over the sendgrid
package. The simulator is a process of its own and shares the two cores with all of it.
"""

import asyncio
import os
import ssl
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import aiohttp
from sqlalchemy import Engine, text

from flows.delivery.sendgrid.payload import single
from flows.messages.compose import compose
from flows.messages.library import Library
from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings
from flows.stages.delivering import deliver, letterhead
from flows.stages.shop import Shop, open_shop
from flows.store.facts import message_facts
from flows.store.session import open_store
from tests.bench import mailing
from tests.bench.bench_plan import database
from tests.bench.report import figure, peak_memory_mb
from tests.certificates import Authority
from tests.simulator.process import Simulator, running

COUNT = int(os.environ.get("MESSAGES", "100000"))
PROCESSES = 2
_SAMPLE = 2_000
_BY_PACKAGE = 400
_SETTINGS = """
store: BENCH_STORE
unsubscribe: stop@nordholz.example
outlet: sendgrid
outlets:
  sendgrid: {{kind: sendgrid, key: BENCH_KEY, address: "{address}", mode: {mode}}}
web: {{address: "https://mail.nordholz.example"}}
senders: {processes}
"""


def main() -> None:
    """Both modes against the sum of their parts."""
    with database() as address, running(keep="counts", remember=1000) as simulator:
        if not address:
            return
        os.environ["BENCH_STORE"] = address
        os.environ["BENCH_KEY"] = simulator.key
        with tempfile.TemporaryDirectory() as folder:
            shop = shop_for(Path(folder) / "single", simulator, "single")
            singly = measured(shop, simulator, COUNT)
            told("singly", singly, 5_000)
            stored(shop.engine)
            whole = parts(shop, simulator)
            figure("deliver", "singly against the sum of its parts", singly / whole, "x", 1.5)
            shop.engine.dispose()
            batched = shop_for(Path(folder) / "batched", simulator, "batched")
            told("batched", measured(batched, simulator, COUNT), 10_000)
            batched.engine.dispose()
            encrypted(Path(folder))


def encrypted(folder: Path) -> None:
    """Singly against a loop over the sendgrid package, both under TLS as SendGrid wants it."""
    authority = Authority.found(folder)
    trusted = folder / "trusted.pem"
    known = ssl.create_default_context().get_ca_certs(binary_form=True)
    # As many authorities as are trusted here otherwise: who reads them for every request pays.
    papers = [ssl.DER_cert_to_PEM_cert(each) for each in known]
    trusted.write_text("".join([*papers, Path(authority.file).read_text()]))
    os.environ["SSL_CERT_FILE"] = str(trusted)
    with running(keep="counts", remember=1000, certificate=authority.vouch("localhost")) as secure:
        os.environ["BENCH_KEY"] = secure.key
        shop = shop_for(folder / "encrypted", secure, "single")
        seconds = measured(shop, secure, COUNT)
        figure("deliver", f"{COUNT:,} messages singly, TLS", COUNT / seconds, "messages/s")
        package(shop, secure, COUNT / seconds)
        shop.engine.dispose()


def shop_for(folder: Path, simulator: Simulator, mode: str) -> Shop:
    """A project that sends through the simulator."""
    written = _SETTINGS.format(address=simulator.address, mode=mode, processes=PROCESSES)
    return mailing.company(folder, written)


def measured(shop: Shop, simulator: Simulator, count: int) -> float:
    """Seconds to deliver so many messages; every one has to be accepted, once."""
    mailing.fill(shop.engine, count)
    simulator.reset()
    began = perf_counter()
    report = deliver(shop, mailing.NOW)
    seconds = perf_counter() - began
    counts = simulator.stats()
    if report.handed_over != count or counts["accepted"] != count:
        raise SystemExit(f"{report.handed_over} of {count} went; the simulator says {counts}")
    return seconds


def told(mode: str, seconds: float, budget: float) -> None:
    """Print the rate."""
    case = f"{COUNT:,} messages {mode}, {PROCESSES} processes, PostgreSQL"
    figure("deliver", case, COUNT / seconds, "messages/s", budget)


def stored(engine: Engine) -> None:
    """Print what a send takes in the store."""
    sizes = "SELECT avg(pg_column_size(send.*)), avg(pg_column_size(context)) FROM send"
    with engine.connect() as connection:
        row, context = connection.execute(text(sizes)).one()
    figure("deliver", "stored per send: the whole row", float(row), "bytes")
    figure("deliver", "stored per send: what its message is made of", float(context), "bytes")


def parts(shop: Shop, simulator: Simulator) -> float:
    """Seconds each part takes alone for as many messages, and their sum."""
    total = 0.0
    for name, work in (("render", _render), ("post", _post), ("insert", _insert)):
        seconds = _together(work, str(shop.project.folder), simulator.address, simulator.key)
        figure("deliver", f"bare {name}", COUNT / seconds, "messages/s")
        total += seconds
    figure("deliver", "the sum of the parts", COUNT / total, "messages/s")
    return total


def package(shop: Shop, simulator: Simulator, ours: float) -> None:
    """A loop over the sendgrid package, as its documentation shows it."""
    from sendgrid import SendGridAPIClient

    client = SendGridAPIClient(simulator.key, host=simulator.address)
    bodies = [_as_dict(body) for body in _bodies(shop)[:_BY_PACKAGE]]
    began = perf_counter()
    for body in bodies:
        client.send(body)
    rate = _BY_PACKAGE / (perf_counter() - began)
    figure("deliver", "a loop over the sendgrid package, TLS", rate, "messages/s")
    figure("deliver", "singly against that loop", ours / rate, "x faster", 20)


def _as_dict(body: bytes) -> Any:
    import orjson

    return orjson.loads(body)


def _together(work: Callable[..., float], *arguments: Any) -> float:
    """Seconds of the slowest of the processes that share the work."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        return max(pool.map(work, *zip(*[arguments] * PROCESSES, strict=True)))


def _mails(shop: Shop, numbers: Sequence[int]) -> list[Outgoing]:
    library = Library.open(shop.project.templates)
    ours = letterhead(shop.project)
    with shop.engine.connect() as connection:
        facts = message_facts(connection, list(numbers), mailing.NOW, "owner_1")
    return [compose(library, each, ours, mailing.NOW).outgoing for each in facts]


def _bodies(shop: Shop) -> list[bytes]:
    settings = SendGridOutletSettings(kind="sendgrid")
    return [
        single(mail, f"{mail.send_id:032x}", settings)
        for mail in _mails(shop, range(1, _SAMPLE + 1))
    ]


def _render(folder: str, _address: str, _key: str) -> float:
    """The templates alone: facts that were read before become messages."""
    shop = open_shop(Path(folder))
    library = Library.open(shop.project.templates)
    ours = letterhead(shop.project)
    with shop.engine.connect() as connection:
        facts = message_facts(connection, list(range(1, _SAMPLE + 1)), mailing.NOW, "owner_1")
    compose(library, facts[0], ours, mailing.NOW)
    began = perf_counter()
    for _ in range(COUNT // PROCESSES // _SAMPLE):
        for each in facts:
            compose(library, each, ours, mailing.NOW)
    return perf_counter() - began


def _post(folder: str, address: str, key: str) -> float:
    """Bodies made before, over connections kept open."""
    bodies = _bodies(open_shop(Path(folder)))

    async def post() -> float:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connector = aiohttp.TCPConnector(limit=16)
        async with aiohttp.ClientSession(address, headers=headers, connector=connector) as session:
            work = iter(bodies * (COUNT // PROCESSES // _SAMPLE))

            async def worker() -> None:
                for body in work:
                    async with session.post("/v3/mail/send", data=body) as answer:
                        await answer.read()

            began = perf_counter()
            await asyncio.gather(*(worker() for _ in range(16)))
            return perf_counter() - began

    return asyncio.run(post())


def _insert(folder: str, _address: str, _key: str) -> float:
    """A row with as much in it as each send's, a thousand at a time, and what became of it."""
    engine = open_store(os.environ["BENCH_STORE"])
    table = f"bare_{os.getpid()}"
    with engine.begin() as connection:
        connection.execute(
            text(f"CREATE TABLE {table} (id bigint PRIMARY KEY, said text, number text)")
        )
        said = connection.execute(text("SELECT CAST(context AS text) FROM send LIMIT 1")).scalar()
    began = perf_counter()
    for first in range(0, COUNT // PROCESSES, 1_000):
        with engine.begin() as connection:
            connection.execute(
                text(f"INSERT INTO {table} (id, said) VALUES (:id, :said)"),
                [{"id": first + n, "said": said} for n in range(1_000)],
            )
        with engine.begin() as connection:
            connection.execute(
                text(f"UPDATE {table} SET number = 'x' WHERE id >= :first AND id < :last"),
                {"first": first, "last": first + 1_000},
            )
    return perf_counter() - began


if __name__ == "__main__":
    main()
    figure("deliver", "most memory of the process that delivers", peak_memory_mb(), "MB")
