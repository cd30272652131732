"""A PostgreSQL of our own for the time of the tests, where its programs are installed."""

import getpass
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_UNPRIVILEGED = "postgres"


def programs() -> Path | None:
    """The folder that holds initdb and pg_ctl, newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), reverse=True)
    on_path = shutil.which("pg_ctl")
    return found[0].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def server() -> Iterator[str]:
    """Start a server on loopback, yield its address without a database, stop it by its pid."""
    folder = programs()
    if folder is None:
        raise FileNotFoundError("PostgreSQL's programs are not installed")
    home = Path(tempfile.mkdtemp(prefix="pg"))
    # PostgreSQL refuses to run as root, so a root session (a container) hands it to its own user.
    user = _UNPRIVILEGED if getpass.getuser() == "root" else getpass.getuser()
    if user == _UNPRIVILEGED:
        shutil.chown(home, user)
    run_as = ["runuser", "-u", user, "--"] if user == _UNPRIVILEGED else []
    port = _free_port()
    data = home / "data"
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -k {home} "
        "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    )

    def run(*command: str) -> None:
        done = subprocess.run(
            [*run_as, *command], cwd=home, capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")

    try:
        run(str(folder / "initdb"), "-D", str(data), "-A", "trust", "-U", user, "-E", "UTF8")
        log = str(home / "log")
        run(str(folder / "pg_ctl"), "-D", str(data), "-o", options, "-l", log, "-w", "start")
        try:
            yield f"postgresql://{user}@127.0.0.1:{port}"
        finally:
            run(str(folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
