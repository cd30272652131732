"""What does Prefect cost, and what do two processes bring?

The same day of the same company is lived twice, on two copies of a database: once as the plain
stages, once as the daily flow with its tasks, artifacts and states. Prefect's share is what the
flow takes longer. Its server is there already, as it would be, and does its work on the same cores
meanwhile, as do its threads and PostgreSQL.

Then a mailing leaves through the folder outlet, which only writes files, with one process and with
two. PostgreSQL and the file system share the two cores with them; no simulator does.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import create_engine, text

from flows.config import load
from flows.initial import init
from flows.publish import OF_THE_DAY
from flows.reporting.subjects import Format
from flows.settings import Settings
from flows.stages import measuring, picturing, planning, pulling, responding, telling
from flows.stages.delivering import deliver
from flows.stages.shop import open_shop, opened
from flows.store.session import open_store
from tests.bench import base, mailing
from tests.bench.bench_plan import ORDERS_EACH, database
from tests.bench.report import figure

CUSTOMERS = int(os.environ.get("CUSTOMERS", "100000"))
MESSAGES = int(os.environ.get("MESSAGES", "40000"))
SHARE = 10.0
FASTER = 1.6

_ORDERS = "order,customer,ordered_at,total\nX1,K0000001,2026-06-29 10:00,800.00\n"
_LINES = "order,article,quantity,unit_price\nX1,S1,1,800.00\n"
_SOURCES = (
    "max_age: 30 days\ntables:\n"
    "  order_lines:\n    csv: data/lines.csv\n  orders:\n    csv: data/orders.csv\n"
)
_SENDING = """
store: BENCH_STORE
unsubscribe: stop@nordholz.example
senders: {senders}
"""


def main() -> None:
    """Both questions, on one PostgreSQL."""
    with database() as address, tempfile.TemporaryDirectory() as folder:
        if not address:
            return
        two_processes(address, Path(folder) / "mailing")
        prefect(address.rpartition("/")[0], Path(folder) / "company")


def two_processes(address: str, folder: Path) -> None:
    """Messages a second with one process and with two."""
    os.environ["BENCH_STORE"] = address
    shop = mailing.company(folder, _SENDING.format(senders=1))
    rates = []
    for senders in (1, 2):
        settings: Settings = shop.project.settings.model_copy(update={"senders": senders})
        object.__setattr__(shop.project, "settings", settings)
        mailing.fill(shop.engine, MESSAGES)
        began = perf_counter()
        report = deliver(shop, mailing.NOW)
        rates.append(MESSAGES / (perf_counter() - began))
        if report.handed_over != MESSAGES:
            raise SystemExit(f"{report.handed_over} of {MESSAGES} went")
        figure("share", f"{MESSAGES:,} messages, processes: {senders}", rates[-1], "messages/s")
    figure("share", "deliver with two processes", rates[1] / rates[0], "x faster", FASTER)
    shop.engine.dispose()


def prefect(server: str, folder: Path) -> None:
    """Seconds of a day as plain stages, and as the flow."""
    company(server, folder)
    with copied(server, folder, "at_first"):
        seconds_of(folder, plain_day)
    with copied(server, folder, "plainly"):
        plainly = seconds_of(folder, plain_day)
    figure("share", f"a day of {CUSTOMERS:,} customers, plain stages", plainly, "s")
    with copied(server, folder, "by_prefect"), prefect_there():
        # What is loaded and connected once for all runs of a process is not the day's.
        flow_day(folder, "respond")
        began = perf_counter()
        flow_day(folder, "daily")
        whole = perf_counter() - began
    figure("share", f"a day of {CUSTOMERS:,} customers, the daily flow", whole, "s")
    figure("share", "Prefect's share of it", 100 * (whole - plainly) / whole, "%", SHARE)


def company(server: str, folder: Path) -> None:
    """A project whose journeys are live, on a base of customers that was planned the day before."""
    init(folder)
    (folder / "data").mkdir()
    (folder / "data" / "orders.csv").write_text(_ORDERS, encoding="utf-8")
    (folder / "data" / "lines.csv").write_text(_LINES, encoding="utf-8")
    (folder / "config" / "sources.yaml").write_text(_SOURCES, encoding="utf-8")
    for file in (folder / "config" / "journeys").glob("*.yaml"):
        said = re.sub(r"(?m)^status: draft", "status: live", file.read_text(encoding="utf-8"))
        file.write_text(said, encoding="utf-8")
    _run(server, "CREATE DATABASE drawn")
    _store(folder, f"{server}/drawn")
    engine = open_store(f"{server}/drawn")
    base.fill(engine, CUSTOMERS, CUSTOMERS * ORDERS_EACH, programs=load(folder).running)
    base.stamp(engine)
    engine.dispose()
    with opened(folder) as shop:
        pulling.pull(shop, base.NOW - timedelta(days=1))
        planning.plan(shop, base.NOW - timedelta(days=1))
        deliver(shop, base.NOW - timedelta(days=1))


@contextmanager
def copied(server: str, folder: Path, name: str) -> Iterator[None]:
    """The project on a copy of the store as it was drawn, and nothing delivered before."""
    shutil.rmtree(folder / "var" / "mails", ignore_errors=True)
    _run(server, f"CREATE DATABASE {name} TEMPLATE drawn")
    _store(folder, f"{server}/{name}")
    yield
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


def seconds_of(folder: Path, work: Any) -> float:
    """How long it takes, from opening the project."""
    began = perf_counter()
    shop = open_shop(folder)
    work(shop)
    taken = perf_counter() - began
    shop.engine.dispose()
    return taken


def plain_day(shop: Any) -> None:
    """What the daily flow does, stage after stage."""
    report = pulling.pull(shop, base.NOW)
    responding.respond(shop, base.NOW)
    planning.plan(shop, base.NOW)
    deliver(shop, base.NOW)
    measured = measuring.measure(shop, base.NOW)
    telling.day(shop, base.NOW, pulled=pulling.counted(report), measured=measured)
    drawn = picturing.draw(shop, base.NOW, Format.PNG, subjects=OF_THE_DAY, measured=measured)
    if not list(drawn):
        raise SystemExit("there are no pictures of the day")


def flow_day(folder: Path, name: str) -> None:
    """A flow, run in this process as of the same moment."""
    from flows.with_prefect import final_state

    os.environ["STAMMKUNDE_PROJECT"] = str(folder)
    state = final_state(name, as_of=base.NOW.isoformat())
    if not state.is_completed():
        raise SystemExit(str(state.message))


@contextmanager
def prefect_there() -> Iterator[None]:
    """A Prefect server of its own, with signs of life as often as `stammkunde up` has them."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    with (
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 30}),
        prefect_test_harness(server_startup_timeout=120),
    ):
        yield


def _store(folder: Path, address: str) -> None:
    file = folder / "config" / "settings.yaml"
    said = re.sub(r"(?m)^store: \S+", f"store: {address}", file.read_text(encoding="utf-8"))
    file.write_text(said, encoding="utf-8")


def _run(server: str, statement: str) -> None:
    admin = create_engine(
        f"{server}/postgres".replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


if __name__ == "__main__":
    main()
