"""Prefect servers of tests begin with the tables that a first one has made, once a version.

To make them takes a server longer than all the rest of its start.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from unittest.mock import patch

from tests.waiting import free_port, healthy, within

ROOT = Path(__file__).parents[1]
_KEPT = ROOT / ".pytest_cache" / f"prefect-{version('prefect')}"
_DATABASE, _MEMORY = "prefect.db", "memo_store.toml"
_PATIENT = 240


def furnished(home: Path) -> Path:
    """A folder for PREFECT_HOME in which Prefect finds the tables it would make first."""
    home.mkdir(parents=True, exist_ok=True)
    for file in _tables().iterdir():
        shutil.copy(file, home / file.name)
    return home


@contextmanager
def harness() -> Iterator[str]:
    """Prefect's own harness, without the heartbeat's second a run; the address of its API."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_MEMO_STORE_PATH,
        temporary_settings,
    )
    from prefect.testing import utilities

    folder = furnished(Path(tempfile.mkdtemp(prefix="prefect")))
    (folder / _DATABASE).rename(folder / "prefect-test.db")
    chosen = {
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        PREFECT_MEMO_STORE_PATH: folder / _MEMORY,
    }
    with (
        temporary_settings(chosen),
        patch.object(utilities, "mkdtemp", lambda: str(folder)),
        utilities.prefect_test_harness(server_startup_timeout=_PATIENT),
    ):
        yield str(PREFECT_API_URL.value())


def _tables() -> Path:
    """The folder with what a server leaves behind that was started once; made if need be."""
    _KEPT.parent.mkdir(exist_ok=True)
    with (_KEPT.parent / f"{_KEPT.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _KEPT.exists():
            making = Path(tempfile.mkdtemp(dir=_KEPT.parent))
            _started_once(making)
            making.rename(_KEPT)
    return _KEPT


def _started_once(home: Path) -> None:
    """Start a server, and stop it as soon as it answers."""
    port = str(free_port())
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    quiet = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port],
        cwd=home,
        env=plain | quiet | {"PREFECT_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    api = f"http://127.0.0.1:{port}/api"
    try:
        assert within(_PATIENT, lambda: healthy(api) or server.poll() is not None)
        assert server.poll() is None, "the Prefect server does not start"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
    left = {file.name for file in home.iterdir()}
    assert {_DATABASE, _MEMORY} <= left, left
    for name in left - {_DATABASE, _MEMORY}:
        (home / name).unlink() if (home / name).is_file() else shutil.rmtree(home / name)
