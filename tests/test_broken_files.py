"""Files of `var/` that are damaged, or not what they should be: said in a sentence, none lost."""

import os
from pathlib import Path

import pytest

from flows.checking import check_project
from flows.doctor import examine
from flows.errors import ConfigError
from flows.initial import init
from flows.prefect_home import prepare_server
from flows.stages.shop import open_shop
from flows.status import show_status
from flows.store.session import open_store
from flows.store.upgrade import upgrade
from flows.up import Wanted, up
from tests.waiting import free_port

GARBAGE = b"no database at all, " * 50


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # What is said to Prefect here is not for the tests that follow.
    monkeypatch.setattr(os, "environ", os.environ.copy())
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    init(tmp_path / "shop")
    (tmp_path / "shop" / "var").mkdir(exist_ok=True)
    return tmp_path / "shop"


def _cut_off(file: Path) -> bytes:
    engine = open_store(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()
    return file.read_bytes()[:20_000]


@pytest.mark.parametrize("cut_off", [False, True], ids=["garbage", "cut off"])
def test_a_damaged_store_is_named_and_left_as_it_is(
    shop: Path, capsys: pytest.CaptureFixture[str], cut_off: bool
) -> None:
    file = shop / "var" / "stammkunde.db"
    is_now = _cut_off(file) if cut_off else GARBAGE
    file.write_bytes(is_now)
    with pytest.raises(ConfigError, match=r"stammkunde\.db  this is no database, or no whole one"):
        open_shop(shop)
    show_status(shop, as_json=False)
    assert "keine heile Datenbank mehr" in capsys.readouterr().out
    with pytest.raises(BaseException, match="1"):
        examine(shop, offline=True, as_json=False)
    assert "Legen Sie die Datei beiseite" in " ".join(capsys.readouterr().out.split())
    check_project(shop, quick=False)
    assert "customers were not looked at" in capsys.readouterr().err
    assert file.read_bytes() == is_now


def test_what_up_cannot_work_with_is_refused_before_it_runs(shop: Path) -> None:
    wanted = Wanted(shop, free_port(), free_port(), web=False)
    history = shop / "var" / "prefect"
    history.write_text("", "utf-8")
    with pytest.raises(ConfigError, match="this is to be a folder, not a file"):
        up(wanted)
    history.unlink()
    history.mkdir()
    (history / "prefect.db").write_bytes(GARBAGE)
    with pytest.raises(ConfigError, match="history of runs is no database any more"):
        up(wanted)
    assert (history / "prefect.db").read_bytes() == GARBAGE


def test_a_history_that_is_fine_or_not_begun_is_used(shop: Path) -> None:
    home = shop / "var" / "prefect"
    prepare_server(shop)
    home.mkdir()
    for content in (b"", b"SQLite format 3\0 and more"):
        (home / "prefect.db").write_bytes(content)
        prepare_server(shop)


def test_a_history_nobody_may_write_is_named(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = shop / "var" / "prefect"
    home.mkdir()
    may = os.access
    # Whoever runs tests as root may write everywhere.
    monkeypatch.setattr(os, "access", lambda place, how: Path(place) != home and may(place, how))
    with pytest.raises(ConfigError, match=r"var/prefect  .* may not write"):
        prepare_server(shop)
