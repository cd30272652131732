"""Prism, serving SendGrid's own file: a second opinion nobody here wrote. Needs Node and npm."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from tests.simulating import spec

PACKAGE = "@stoplight/prism-cli@5"
_INSTALLED_WITHIN = 240
_UP_WITHIN = 40
_STOPPED_WITHIN = 5


class MissingError(Exception):
    """Why there is no Prism."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Install Prism into the folder, serve the mended file, yield its address."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise MissingError("Node and npm are not installed")
    patience = ["--fetch-retries=1", "--fetch-timeout=20000"]
    install = [npm, "install", "--no-audit", "--no-fund", *patience, "--prefix", str(folder)]
    try:
        done = subprocess.run(
            [*install, PACKAGE],
            capture_output=True,
            text=True,
            check=False,
            timeout=_INSTALLED_WITHIN,
        )
    except subprocess.TimeoutExpired:
        raise MissingError("npm did not install Prism in time") from None
    if done.returncode:
        raise MissingError(f"npm cannot install Prism: {done.stderr.strip()[-200:]}")
    file = folder / "mail.json"
    file.write_bytes(orjson.dumps(spec.document(spec.MAIL)))
    port = _free_port()
    prism = folder / "node_modules" / ".bin" / "prism"
    command = [str(prism), "mock", "--errors", "--port", str(port), str(file)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, process)
            yield address
        finally:
            # Prism starts a child for its log: both are in the session begun above.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(_STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _UP_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/v3/mail/send", timeout=5).close()  # noqa: S310
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise MissingError("Prism did not come up")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
