"""A process that does parts of many runs, one after another, as workers of a cluster do."""

import re
from pathlib import Path

import pytest

from flows.errors import PipelineError
from flows.stages import sharing
from flows.stages.deciding import deciding
from flows.stages.planning import prepare
from flows.stages.pulling import pull
from flows.states import PROJECT_VARIABLE
from flows.store.session import open_store
from flows.store.upgrade import upgrade
from tests.stages.tiny import NOW, Tiny

pytestmark = pytest.mark.prefect


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    # A flow that ran in this process before has named its project there.
    monkeypatch.delenv(PROJECT_VARIABLE, raising=False)
    made = Tiny(tmp_path / "project")
    made.make(f"sqlite:///{tmp_path / 'one.db'}")
    made.edit("settings.yaml", "shard_size: 50000", "shard_size: 50000\nscale: {shards: 1}")
    return made


def moved_to(tiny: Tiny, address: str) -> None:
    """The same company on a store that is new, whose runs are numbered from the beginning."""
    engine = open_store(address)
    upgrade(engine)
    engine.dispose()
    file = tiny.folder / "config" / "settings.yaml"
    file.write_text(
        re.sub(r"(?m)^store: \S+", f"store: {address}", file.read_text("utf-8")), encoding="utf-8"
    )


def test_a_worker_that_knew_another_store_works_with_the_one_of_the_run(
    tiny: Tiny, tmp_path: Path
) -> None:
    from flows.scaling import plan_elsewhere

    numbers = []
    for name in ("one", "two"):
        moved_to(tiny, f"sqlite:///{tmp_path / name}.db")
        with tiny.open() as shop:
            pull(shop, NOW)
            with deciding(shop, NOW) as (run_id, _):
                begun = prepare(shop, NOW, run_id)
                ((first, last),) = begun.shards
                told = plan_elsewhere.fn(str(tiny.folder), run_id, begun.token, first, last)
                assert told is None, (name, told)
                assert sharing.undone(shop, begun) == [], name
                numbers.append(run_id)
    assert numbers[0] == numbers[1]


def test_a_worker_with_another_store_is_told_so(tiny: Tiny) -> None:
    with tiny.open() as shop:
        pull(shop, NOW)
        with deciding(shop, NOW) as (run_id, _):
            prepare(shop, NOW, run_id)
            with pytest.raises(PipelineError, match="works with another store"):
                sharing.take_part(shop, run_id, "of another store")
