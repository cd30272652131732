"""Days that were missed are decided afterwards, in order and once; one decides at a time."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flows.config import load
from flows.demo import prepare
from flows.errors import PipelineError
from flows.stages import planning, pulling
from flows.stages.deciding import AlreadyDoneError, days_to_decide, deciding, refuse_done
from flows.stages.shop import Shop
from flows.store.turns import turn
from segments.names import Locale

THURSDAY = datetime(2024, 11, 7, 7, 30, tzinfo=UTC)
"""08:30 in Berlin."""


def at(day: int, hour: int = 7, minute: int = 30) -> datetime:
    return datetime(2024, 11, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def shop(engine: Engine, tmp_path: Path) -> Shop:
    folder = tmp_path / "shop"
    prepare(folder, 20, 7, Locale.EN, date(2024, 11, 5)).write(folder / "data")
    return Shop(load(folder), engine)


def decided(shop: Shop, now: datetime) -> None:
    with deciding(shop, now):
        pass


def test_missed_days_come_in_order_and_then_today(shop: Shop) -> None:
    decided(shop, THURSDAY)
    # Friday and Monday were missed; Saturday and Sunday are in no schedule.
    assert days_to_decide(shop, at(12, 11)) == [at(8), at(11), at(12, 11)]


def test_today_waits_for_its_time(shop: Shop) -> None:
    decided(shop, THURSDAY)
    assert days_to_decide(shop, at(12, 6)) == [at(8), at(11)]
    # On a Saturday nothing is due but what was missed.
    assert days_to_decide(shop, at(9, 11)) == [at(8)]


def test_a_punctual_run_decides_today_only(shop: Shop) -> None:
    decided(shop, THURSDAY)
    assert days_to_decide(shop, at(8, 7, 31)) == [at(8, 7, 31)]
    assert days_to_decide(shop, at(7, 12)) == [at(7, 12)]


def test_the_first_run_of_all_has_missed_nothing(shop: Shop) -> None:
    assert days_to_decide(shop, at(12)) == [at(12)]


def test_what_was_missed_long_ago_is_let_be(shop: Shop) -> None:
    decided(shop, THURSDAY - timedelta(days=300))
    moments = days_to_decide(shop, at(12, 11))
    assert len(moments) == 10
    assert moments[0] > at(12) - timedelta(days=15)


def test_catching_up_decides_what_the_days_themselves_would_have(shop: Shop) -> None:
    pulling.pull(shop, at(12, 11))
    for moment in [THURSDAY, *days_to_decide(shop, THURSDAY)[1:]]:
        planning.plan(shop, moment)
    for moment in days_to_decide(shop, at(12, 11)):
        planning.plan(shop, moment)
    assert days_to_decide(shop, at(12, 12)) == [at(12, 12)]
    with pytest.raises(AlreadyDoneError, match="What was due at 2024-11-11 08:30 was done by"):
        refuse_done(shop, "plan", at(11))
    refuse_done(shop, "plan", at(13))
    refuse_done(shop, "measure", at(11))


def test_two_never_decide_at_the_same_time(shop: Shop) -> None:
    with deciding(shop, THURSDAY), pytest.raises(PipelineError, match="another run is deciding"):
        planning.plan(shop, THURSDAY)
    planning.plan(shop, THURSDAY)


def test_a_turn_ends_also_when_its_work_fails(engine: Engine) -> None:
    def fails() -> None:
        with turn(engine, "plan") as ours:
            assert ours
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with turn(engine, "plan") as ours, turn(engine, "plan") as theirs:
        assert (ours, theirs) == (True, False)
    with turn(engine, "plan") as ours, turn(engine, "other") as also:
        assert (ours, also) == (True, True)
