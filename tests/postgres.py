"""A PostgreSQL of our own for the time of the tests, where its programs are installed."""

import getpass
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, Table, text

_UNPRIVILEGED = "postgres"
_MOST_DEAD = 16 * 2**20
_COUNT_ANEW = text(
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) "
    "FROM pg_sequences WHERE last_value IS NOT NULL"
)


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
        "-c fsync=off -c full_page_writes=off -c synchronous_commit=off "
        # Rows stand in the order they came in, however often a table was emptied.
        "-c autovacuum=off -c jit=off"
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


def empty(engine: Engine, tables: Sequence[Table]) -> None:
    """Take every row out, and begin to count anew.

    To truncate all tables costs more than most tests do, and few tests fill more than a handful.
    """
    filled = ", ".join(f'EXISTS (SELECT FROM "{table.name}")' for table in tables)
    size = " + ".join(f"pg_relation_size('{table.name}')" for table in tables)
    with engine.begin() as connection:
        *found, dead = connection.execute(text(f"SELECT {filled}, {size}")).one()
        if dead > _MOST_DEAD:
            names = ", ".join(f'"{table.name}"' for table in tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
            return
        for table, has_rows in reversed(list(zip(tables, found, strict=True))):
            if has_rows:
                connection.execute(table.delete())
        connection.execute(_COUNT_ANEW)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
