"""How long does `stammkunde status` take?

As it is typed: a process of its own, on a store of 100,000 customers with a million orders and
three months of history, on SQLite and on PostgreSQL, with nobody's Prefect server and with one that
knows the shipped deployments. Beside it, in the same run: how long Python and the command line
alone take. Of several looks the middle one counts.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter

from flows import clock
from flows.initial import init
from flows.store.session import open_store
from tests.bench import base, journeys
from tests.bench.bench_plan import database
from tests.bench.report import figure

CUSTOMERS = int(os.environ.get("CUSTOMERS", "100000"))
ORDERS_EACH = 10
BUDGET = 1.0
_LOOKS = 7
_ROOT = Path(__file__).parents[2]


def main() -> None:
    """Both kinds of store, without a server and with one."""
    with tempfile.TemporaryDirectory() as name, answering() as api:
        folder = Path(name) / "project"
        init(folder)
        (folder / "var").mkdir()
        bare = seconds(folder, {}, "--version")
        figure("status", "command line alone", bare, "s")
        case(folder, f"sqlite:///{folder / 'var' / 'base.db'}", "SQLite", api, bare)
        with database() as address:
            if address:
                case(folder, address, "PostgreSQL", api, bare)


def case(folder: Path, address: str, store: str, api: str, bare: float) -> None:
    """One store, filled and looked at."""
    settings = folder / "config" / "settings.yaml"
    settings.write_text("store: BENCH_STORE\nunsubscribe: stop@nordholz.test\n", encoding="utf-8")
    engine = open_store(address)
    now = clock.now() - timedelta(hours=1)
    base.fill(engine, CUSTOMERS, CUSTOMERS * ORDERS_EACH, now=now, programs=journeys.programs())
    base.stamp(engine)
    engine.dispose()
    found = {"BENCH_STORE": address}
    for what, around in (("no server", {}), ("server", {"PREFECT_API_URL": api})):
        took = seconds(folder, found | around, "status")
        figure("status", f"{store}, {what}", took, "s", BUDGET, took / bare)


def seconds(folder: Path, around: dict[str, str], *words: str) -> float:
    """How long a command takes, the middle of several times."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")
    }
    command = [sys.executable, "-m", "flows.cli", "--project", str(folder), *words]
    times = []
    for _ in range(_LOOKS):
        began = perf_counter()
        subprocess.run(
            command, cwd=_ROOT, env=environment | around, check=True, stdout=subprocess.DEVNULL
        )
        times.append(perf_counter() - began)
    return statistics.median(times)


class _Server(BaseHTTPRequestHandler):
    """Answers as a Prefect server that knows eight deployments and one run of each."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Deployments, or a run."""
        self.rfile.read(int(self.headers["Content-Length"]))
        if "deployments" in self.path:
            names = [entry.name for entry in _entries()]
            said = [{"id": name, "name": name, "schedules": [], "tags": []} for name in names]
        else:
            said = [{"state_type": "COMPLETED", "state_name": "Completed", "state": {}}]
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _entries() -> list[object]:
    from flows.deployments import load_deployments

    return list(load_deployments(_ROOT)[0].deployments)


@contextmanager
def answering() -> Iterator[str]:
    """The address of such a server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        running = threading.Thread(target=server.serve_forever)
        running.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/api"
        server.shutdown()
        running.join()


if __name__ == "__main__":
    main()
