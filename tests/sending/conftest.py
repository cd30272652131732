"""Projects that send through the simulator, and the command line to run them with."""

import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from flows.cli import main
from tests.sending.letters import KEY, VARIABLE, Letters
from tests.simulator.account import SCOPES
from tests.simulator.fixtures import simulator, simulator_process
from tests.simulator.process import Simulator

__all__ = ["simulator", "simulator_process"]

Said = tuple[int, str, str]
Say = Callable[..., Said]

_COPIES = count(1)


@pytest.fixture
def account(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator, with the key of the environment, and events to tell of later."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv(VARIABLE, KEY)
    simulator.account(keys={KEY: list(SCOPES)})
    simulator.webhook(url="http://127.0.0.1:9")
    return simulator


@pytest.fixture(scope="session")
def sqlite_letters(
    simulator_process: Simulator, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Letters:
    """Letters that are due, to copy."""
    folder = tmp_path_factory.mktemp("letters")
    shutil.copy(sqlite_template, folder / "store.db")
    made = Letters(folder / "project", f"sqlite:///{folder / 'store.db'}", simulator_process)
    made.begin()
    return made


@pytest.fixture(scope="session")
def postgres_letters(
    simulator_process: Simulator,
    postgres_address: str,
    postgres_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Letters:
    """The same on PostgreSQL."""
    _admin(postgres_address, f"CREATE DATABASE letters TEMPLATE {postgres_template}")
    folder = tmp_path_factory.mktemp("letters")
    made = Letters(folder / "project", f"{postgres_address}/letters", simulator_process)
    made.begin()
    return made


@pytest.fixture
def quick(account: Simulator, sqlite_letters: Letters, tmp_path: Path) -> Letters:
    """Letters that are due, on SQLite only."""
    store = tmp_path / "store.db"
    shutil.copy(sqlite_letters.folder.parent / "store.db", store)
    return _copied(sqlite_letters, tmp_path, f"sqlite:///{store}")


@pytest.fixture(params=["sqlite", "postgresql"])
def letters(
    request: pytest.FixtureRequest, tmp_path: Path, account: Simulator
) -> Iterator[Letters]:
    """Letters that are due, once on each database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("quick")
        return
    prepared: Letters = request.getfixturevalue("postgres_letters")
    address: str = request.getfixturevalue("postgres_address")
    name = f"letters_{next(_COPIES)}"
    _admin(address, f"CREATE DATABASE {name} TEMPLATE letters")
    yield _copied(prepared, tmp_path, f"{address}/{name}")
    _admin(address, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def say(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Say:
    """`stammkunde --project FOLDER WORDS`: exit code, output and errors, which give nobody away."""
    monkeypatch.setenv("STAMMKUNDE_PROJECT", ".")
    monkeypatch.setenv("COLUMNS", "400")

    def said(folder: Path, *words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["stammkunde", "--project", *map(str, (folder, *words))])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        for said_by_us in (out, err, caplog.text):
            assert "Traceback" not in said_by_us
            assert KEY not in said_by_us
            assert "xaver" not in said_by_us
        return int(ended.value.code or 0), out, err

    return said


def _copied(prepared: Letters, to: Path, store: str) -> Letters:
    copy = Letters(to / "project", store, prepared.simulator)
    shutil.copytree(prepared.folder, copy.folder)
    copy.settings()
    return copy


def _admin(address: str, statement: str) -> None:
    where = f"{address}/postgres".replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(where, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
