"""What several processes that plan together know of one another."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from flows.errors import ConfigError, PipelineError
from flows.stages import planning, sharing
from flows.stages.deciding import deciding
from flows.stages.planning import Planning, plan, plan_shard, prepare
from flows.stages.pulling import pull
from flows.stages.shop import Shop
from tests.stages.tiny import NOW, Tiny, after


@pytest.fixture
def shop(tiny: Tiny) -> Iterator[Shop]:
    """Three customers in three shards, whose data are there."""
    tiny.edit("settings.yaml", "shard_size: 50000", "shard_size: 50000\nscale: {shards: 3}")
    with tiny.open() as opened:
        pull(opened, NOW)
        yield opened


def test_who_takes_part_works_with_the_figures_of_the_one_who_began(shop: Shop) -> None:
    with deciding(shop, NOW) as (run_id, _):
        begun = prepare(shop, NOW, run_id)
        other = sharing.take_part(shop, run_id, begun.token)
        assert begun.bought is not None
        assert other.bought is None
        assert (other.base, other.now, other.shards) == (begun.base, NOW, begun.shards)
        assert [plan_shard(shop, other, *each) for each in other.shards] != []
        assert sharing.undone(shop, begun) == []
        done = sharing.done_so_far(shop, begun)
    assert done.counts["entered"] == 3


def test_what_is_done_is_not_done_again_whoever_asks(tiny: Tiny, shop: Shop) -> None:
    with deciding(shop, NOW) as (run_id, _):
        begun = prepare(shop, NOW, run_id)
        first, *others = begun.shards
        counted = plan_shard(shop, begun, *first)
        before = tiny.contents()
        assert plan_shard(shop, sharing.take_part(shop, run_id, begun.token), *first) == counted
        assert tiny.contents() == before
        assert sharing.undone(shop, begun) == others


def test_a_shard_larger_than_what_fits_is_decided_in_pieces(tiny: Tiny, shop: Shop) -> None:
    with deciding(shop, NOW) as (run_id, _):
        begun = replace(prepare(shop, NOW, run_id), size=1)
        (low, _), (_, high) = begun.shards[0], begun.shards[-1]
        counted = plan_shard(shop, begun, low, high)
    assert counted["entered"] == 3
    assert len(tiny.rows("part", "first_customer")) == 3


def test_a_machine_with_a_shard_size_of_its_own_works_in_the_pieces_of_the_run(
    tiny: Tiny, shop: Shop
) -> None:
    tiny.edit("settings.yaml", "shards: 3", "shards: 1")
    with tiny.open() as wide, deciding(wide, NOW) as (run_id, _):
        begun = prepare(wide, NOW, run_id)
        tiny.edit("settings.yaml", "shard_size: 50000", "shard_size: 100")
        with tiny.open() as other:
            assert sharing.take_part(other, run_id, begun.token).size == begun.size == 50_000


def test_a_straggler_of_an_earlier_run_decides_nothing_any_more(tiny: Tiny, shop: Shop) -> None:
    def killed() -> None:
        with deciding(shop, NOW) as (run_id, _):
            left.append(prepare(shop, NOW, run_id))
            raise KeyboardInterrupt

    left: list[Planning] = []
    with pytest.raises(KeyboardInterrupt):
        killed()
    plan(shop, after(0.01))
    before = tiny.contents()
    with pytest.raises(PipelineError, match="a later run has begun to decide"):
        plan_shard(shop, left[0], *left[0].shards[0])
    with pytest.raises(PipelineError, match="the run that decides has ended"):
        sharing.take_part(shop, left[0].run_id, left[0].token)
    assert tiny.contents() == before


def test_a_machine_with_other_rules_is_refused_and_told_which(tiny: Tiny, shop: Shop) -> None:
    with deciding(shop, NOW) as (run_id, _):
        begun = prepare(shop, NOW, run_id)
        tiny.edit("policy.yaml", "\n", "\n\n")
        tiny.edit("settings.yaml", "\n", "\n\n")
        with pytest.raises(ConfigError, match=r"others than where it began: config/policy\.yaml\."):
            sharing.take_part(shop, run_id, begun.token)


@pytest.mark.parametrize(
    ("customers", "size", "shards", "ranges"),
    [
        (10, 100, None, [(1, 10)]),
        (250, 100, None, [(1, 100), (101, 200), (201, 250)]),
        (10, 100, 4, [(1, 3), (4, 6), (7, 9), (10, 10)]),
        (2, 100, 4, [(1, 1), (2, 2)]),
        (0, 100, 4, []),
        (0, 100, None, []),
    ],
)
def test_everybody_is_in_one_range(
    customers: int, size: int, shards: int | None, ranges: list[tuple[int, int]]
) -> None:
    assert planning.ranges_of(1, customers, size, shards) == ranges


def test_a_run_has_no_more_tasks_than_prefect_stands() -> None:
    found = planning.ranges_of(1, 100_000_000, 50_000, None)
    assert len(found) == 200
    assert found[-1][1] == 100_000_000
    assert {last - first + 1 for first, last in found} == {500_000}
