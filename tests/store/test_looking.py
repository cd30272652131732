"""Looking into a store without SQLAlchemy: it only reads, waits for nobody, says what is wrong."""

import time
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from flows.store import health
from flows.store.looking import LookError, Question, ask, looking
from flows.store.place import POSTGRESQL, file_of, place_of

SELECT = Question("SELECT 1", list)


def test_a_look_cannot_write(store_url: str) -> None:
    delete = Question("DELETE FROM run", list)
    with pytest.raises(LookError, match=r"read-?only"), looking(store_url) as look:
        ask(look, delete)


def test_a_table_is_there_or_not(store_url: str) -> None:
    with looking(store_url) as look:
        assert look.version > (3,)
        assert look.has("run")
        assert not look.has("runs")


def test_a_statement_that_fails_among_others_is_said(store_url: str) -> None:
    odd = Question("SELECT nothing FROM run", list)
    with pytest.raises(LookError, match="nothing"), looking(store_url) as look:
        look.rows([SELECT, odd, SELECT])


def test_a_postgres_server_has_a_clock(store_url: str) -> None:
    with looking(store_url) as look:
        if look.kind == POSTGRESQL:
            told = ask(look, health.moment_now())
            assert told is not None
            assert told.utcoffset() is not None


def test_a_file_that_is_not_there_stays_away(tmp_path: Path) -> None:
    file = tmp_path / "a folder #1" / "store.db"
    address = f"sqlite:///{file}"
    assert file_of(address) == file
    with pytest.raises(LookError, match="unable to open"), looking(address) as look:
        ask(look, SELECT)
    assert not file.parent.exists()


def test_a_server_that_is_away_is_not_waited_for_long() -> None:
    began = time.monotonic()
    nobody = "postgresql://nobody@127.0.0.1:1/nothing"
    with pytest.raises(LookError, match="refused"), looking(nobody):
        pass
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("nonsense", "no address of a database"),
        ("mysql://here/shop", "mysql is neither sqlite nor postgresql"),
        ("sqlite://", "in memory"),
    ],
)
def test_what_is_no_store_of_ours_is_said(address: str, why: str) -> None:
    assert file_of(address) is None
    with pytest.raises(LookError, match=why), looking(address):
        pass


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://localhost/shop",
        "postgresql+psycopg://ada@db.nordholz.test:5433/shop",
        "postgresql://ada:s%40cret%2F@db/shop?sslmode=require&application_name=status",
        "postgresql://ada:a:b#?/c@[::1]:5433/shop",
        "postgresql:///shop?host=/var/run/postgresql",
        "sqlite:////var/lib/a%20b/shop.db",
        "sqlite:///var/shop.db?timeout=5",
        "sqlite:///:memory:",
    ],
)
def test_an_address_is_understood_as_sqlalchemy_does(address: str) -> None:
    place, url = place_of(address), make_url(address)
    written = {
        "host": url.host,
        "port": None if url.port is None else str(url.port),
        "user": url.username,
        "password": url.password,
    }
    way = {name: value for name, value in written.items() if value is not None}
    assert (place.kind, place.database) == (url.get_backend_name(), url.database)
    assert place.way == way | dict(url.query)
