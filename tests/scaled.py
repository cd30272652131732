"""A company on copies of one store, and a Dask cluster: for what is shared out."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, insert, select, text

from flows import clock
from flows.demo import prepare
from flows.moments import moment
from flows.stages import planning, pulling
from flows.stages.shop import Shop, opened
from flows.store.models import Send
from segments.names import Locale
from tests.decided import Rows, decided
from tests.waiting import within

ROOT = Path(__file__).parents[1]
CUSTOMERS = 130
BEFORE, DAY = "2024-11-04T11:00", "2024-11-05T11:00"
"""A plain run, from which segments are known; and the one that is shared, of the newsletter."""

WATCHED = """\
journey: quiet
title: Nothing for a month
status: live
purpose: service
enter: {on: segment, segment: quiet_a_month}
steps:
  - task: {call: owner, about: Is all well?, due: 2 business days}
"""


def company(folder: Path) -> Path:
    """The demo, and a journey that watches who comes into a segment."""
    prepare(folder, CUSTOMERS, 7, Locale.EN, date(2024, 11, 5)).write(folder / "data")
    (folder / "config" / "journeys" / "quiet.yaml").write_text(WATCHED, encoding="utf-8")
    with (folder / "config" / "segments.yaml").open("a", encoding="utf-8") as segments:
        segments.write("  quiet_a_month: days_since_last_order > 30\n")
    return folder


def as_of(day: str) -> datetime:
    return moment(day, "Europe/Berlin", clock.now())


def begin(shop: Shop) -> None:
    pulling.pull(shop, as_of(DAY))
    planning.plan(shop, as_of(BEFORE))


@dataclass
class Works:
    """A company that was planned once, and the stores it is planned in again."""

    folder: Path
    server: str

    def anew(self, name: str, scale: str) -> Path:
        """A project on a copy of the store, with the work shared out in this way."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE begun')
        self._write(f"{self.server}/{name}", scale)
        # Sends are numbered anew, and so are the files of mails.
        shutil.rmtree(self.folder / "var" / "mails", ignore_errors=True)
        return self.folder

    def begin(self) -> None:
        """Bring the data in and plan a first time, once for all copies."""
        self._run("CREATE DATABASE begun")
        self._write(f"{self.server}/begun", "shards: 1")
        with opened(self.folder) as shop:
            begin(shop)

    def plainly(self) -> dict[str, Rows]:
        """What one process decides by itself, without Prefect."""
        with opened(self.folder) as shop:
            planning.plan(shop, as_of(DAY))
            return decided(shop.engine)

    def decided(self) -> dict[str, Rows]:
        with opened(self.folder) as shop:
            return decided(shop.engine)

    @contextmanager
    def held_up(self, waiting: int) -> Iterator[Callable[[], bool]]:
        """Let nobody come to the end of a shard; says whether so many have come that far."""
        name = self.address.rpartition("/")[2]
        holder = create_engine(self.address.replace("postgresql:", "postgresql+psycopg:"))
        admin = self._admin()
        asked = text(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
            "WHERE NOT granted AND locktype = 'relation' AND datname = :name"
        )

        def there() -> bool:
            with admin.connect() as connection:
                return bool(connection.execute(asked, {"name": name}).scalar() == waiting)

        try:
            with holder.begin() as connection:
                connection.execute(text("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE"))
                yield there
        finally:
            holder.dispose()
            admin.dispose()

    def outcomes(self) -> dict[str, int]:
        """What has become of messages, other than those that never were due."""
        with opened(self.folder) as shop, shop.engine.connect() as connection:
            rows = connection.execute(
                select(Send.outcome, func.count())
                .where(Send.outcome.not_in(["skipped", "ghost"]))
                .group_by(Send.outcome)
            )
            return {str(outcome): number for outcome, number in rows}

    def _write(self, address: str, scale: str) -> None:
        self.address = address
        file = self.folder / "config" / "settings.yaml"
        said = re.sub(r"(?m)^store: .+", f"store: {address}", file.read_text("utf-8"))
        said = re.sub(r"(?m)^scale: .+\n", "", said) + f"scale: {{{scale}}}\n"
        file.write_text(said, encoding="utf-8")

    def _admin(self) -> Any:
        address = f"{self.server}/postgres".replace("postgresql:", "postgresql+psycopg:")
        return create_engine(address, isolation_level="AUTOCOMMIT")

    def _run(self, statement: str) -> None:
        admin = self._admin()
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()


class Cluster:
    """A scheduler and two workers of Dask, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")
        } | {"PYTHONPATH": str(ROOT), "HOME": str(folder), "DO_NOT_TRACK": "1"}
        self.running: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def start(self, workers: int = 2) -> None:
        file = self.folder / "scheduler.json"
        here = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self._begin("scheduler", *here, "--no-show", "--scheduler-file", str(file))
        assert within(120, file.exists)
        self.address = re.findall(r"tcp://[\d.:]+", file.read_text(encoding="utf-8"))[0]
        for _ in range(workers):
            self.worker()

    def worker(self) -> "subprocess.Popen[bytes]":
        own = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        return self._begin("worker", self.address, *own, "--local-directory", str(self.folder))

    def workers(self) -> list[int]:
        """Their process numbers."""
        return [each.pid for each in self.running[1:]]

    def stop(self) -> None:
        for process in self.running[::-1]:
            process.kill()
            process.wait()

    def _begin(self, what: str, *options: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{what}{len(self.running)}.log").open("wb") as log:
            command = [sys.executable, "-m", "dask", what, *options]
            begun = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdout=log, stderr=log
            )
        self.running.append(begun)
        return begun


def copied(shop: Shop, copies: int) -> int:
    """Owe each message that is queued so many times; how many that makes."""
    with shop.engine.begin() as connection:
        rows = connection.execute(select(Send.__table__).where(Send.outcome == "queued"))
        found = [dict(row._mapping) for row in rows]
        more = [
            {**row, "id": 10_000 + number, "occurrence": number}
            for number, (row, _) in enumerate(product(found, range(copies - 1)), start=1)
        ]
        connection.execute(insert(Send), more)
    return len(found) * copies
