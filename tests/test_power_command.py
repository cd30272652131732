"""Before launch: what a journey's holdout could show, from what the store knows."""

import json
from pathlib import Path

import pytest
from sqlalchemy import delete

from flows.errors import ConfigError
from flows.power import power, show_power
from flows.stages.shop import open_shop
from flows.store.models import Enrollment
from segments.effect.power import detectable_effect, needed_weeks
from tests.small import LAST, copied

DAY = LAST.isoformat()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("foreseen"))


def asked(
    project: Path, capsys: pytest.CaptureFixture[str], name: str = "newsletter", **more: float
) -> dict:
    show_power(project, name, DAY, as_json=True, **more)
    return json.loads(capsys.readouterr().out)


def test_what_can_be_found_follows_from_entries_spread_and_share(
    project: Path, capsys: pytest.CaptureFixture[str]
):
    found = asked(project, capsys, weekly=250, effect=5)
    assert found["entries_a_week"] == 250
    assert found["effect"] == 500
    assert found["weeks"] == pytest.approx(
        needed_weeks(found["spread"], 500, 250, found["holdout"])
    )
    assert found["weeks_adjusted"] == pytest.approx(found["weeks"] * (1 - found["reduction"]))
    assert 0 <= found["reduction"] < 1
    row = next(row for row in found["plans"] if (row["share"], row["weeks"]) == (0.1, 13))
    assert row["detectable"] == pytest.approx(detectable_effect(found["spread"], 250 * 13, 0.1))


def test_entries_come_from_history_where_there_is_one(
    project: Path, capsys: pytest.CaptureFixture[str]
):
    found = asked(project, capsys)
    assert found["entries_seen"] is True
    assert found["entries_a_week"] > 0


def test_before_launch_orders_of_the_past_say_how_many_would_have_entered(tmp_path: Path):
    folder = copied(tmp_path)
    shop = open_shop(folder)
    with shop.engine.begin() as connection:
        connection.execute(delete(Enrollment).where(Enrollment.journey == "reassurance"))
    found = power(shop, "reassurance", DAY, weekly=None, effect=None)
    shop.engine.dispose()
    assert found["entries_seen"] is False
    assert 0 < found["entries_a_week"] < 60


def test_people_are_told_in_sentences_and_a_table(
    project: Path, capsys: pytest.CaptureFixture[str]
):
    show_power(project, "newsletter", DAY, weekly=1000, effect=200)
    told = capsys.readouterr().out
    assert "1,000 customers a week, as you say" in told
    assert "four times out of five" in told
    assert "Any day" in told
    show_power(project, "newsletter", DAY, weekly=1, effect=0.01)
    assert "longer than ten years" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "told_so"),
    [("newsleter", 'Did you mean "newsletter"?'), ("reference", "--entries N")],
)
def test_what_cannot_be_known_is_said(project: Path, name: str, told_so: str):
    with pytest.raises(ConfigError) as refused:
        show_power(project, name, DAY)
    assert told_so in str(refused.value)


def test_without_a_holdout_nothing_is_ever_found(project: Path, capsys: pytest.CaptureFixture[str]):
    show_power(project, "complaint_recovery", DAY, weekly=100)
    assert "can never be found" in capsys.readouterr().out
