"""Work that cannot be shared out as it is written: said in a sentence, before anything begins."""

import re
from pathlib import Path

import pytest

from flows.config import load
from flows.errors import ConfigError
from flows.initial import init
from flows.stages.shop import Shop, opened
from tests.waiting import free_port


def project(folder: Path, scale: str, store: str = "STAMMKUNDE_STORE") -> Path:
    init(folder)
    file = folder / "config" / "settings.yaml"
    said = re.sub(r"(?m)^store: \S+", f"store: {store}", file.read_text("utf-8"))
    file.write_text(f"{said}scale: {{{scale}}}\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("scale", "sentence"),
    [
        ("shards: 0", "shards: 0 does not go: write a number from 1 to 200."),
        ("shards: 10000", "shards: 10000 does not go: write a number from 1 to 200."),
        ("at_once: 0", "at_once: 0 does not go; write at least 1"),
        ("runner: proceses", 'there is no "proceses". Did you mean "processes"?'),
        ("runner: dask", '"runner: dask" needs the address of a scheduler that runs already'),
        (
            "runner: dask, dask: localhost",
            'dask: "localhost" is not the address of a scheduler. Write one like tcp://name:8786',
        ),
        ("shard: 4", 'there is no "shard" here. Did you mean "shards"?'),
    ],
)
def test_what_is_written_wrong_is_said_with_its_line(
    scale: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(project(tmp_path / "shop", scale))
    (fault,) = refused.value.faults
    assert sentence in str(fault)
    assert str(fault).startswith("config/settings.yaml:")


@pytest.mark.parametrize("runner", ["processes", "dask, dask: 'tcp://there:8786'"])
def test_sqlite_is_not_for_several_processes(runner: str, tmp_path: Path) -> None:
    folder = project(tmp_path / "shop", f"runner: {runner}", "sqlite:///var/stammkunde.db")
    with pytest.raises(ConfigError, match="put the store on PostgreSQL"):
        load(folder)


def refused(folder: Path) -> str:
    """What is said when a run is to begin."""
    from flows.scaling import refuse_impossible

    with opened(folder) as shop, pytest.raises(ConfigError) as found:
        refuse_impossible(shop)
    return str(found.value)


def test_neither_where_only_the_environment_knows_that_it_is_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMKUNDE_STORE", f"sqlite:///{tmp_path / 'store.db'}")
    said = refused(project(tmp_path / "shop", "runner: processes"))
    assert "the store is a SQLite file, which takes one" in said


@pytest.fixture
def shop_on_postgresql(
    tmp_path: Path, postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.setenv("STAMMKUNDE_STORE", f"{postgres_address}/postgres")
    nobody = f"tcp://127.0.0.1:{free_port()}"
    return project(tmp_path / "shop", f"runner: dask, dask: '{nobody}'")


def test_a_scheduler_that_does_not_answer_is_named(shop_on_postgresql: Path) -> None:
    pytest.importorskip("prefect_dask", reason="the extra dask is not installed")
    said = refused(shop_on_postgresql)
    assert "no Dask scheduler answers at tcp://127.0.0.1:" in said
    assert "Start one (dask scheduler)" in said


def test_an_extra_that_is_not_installed_is_named(
    shop_on_postgresql: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.stages.cluster.find_spec", lambda _name: None)
    said = refused(shop_on_postgresql)
    assert 'pip install "stammkunde[dask]"' in said


def test_threads_need_nothing(tmp_path: Path) -> None:
    from flows.scaling import refuse_impossible

    folder = project(tmp_path / "shop", "shards: 4", "sqlite:///var/stammkunde.db")
    with opened(folder) as shop:
        refuse_impossible(shop)
        assert isinstance(shop, Shop)
