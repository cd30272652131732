"""The command measure, from the terminal."""

import json
from pathlib import Path

import pandas as pd
import pytest

from flows.cli import main
from flows.errors import ConfigError
from flows.judging import tell
from flows.stages.measuring import measure
from flows.stages.planning import plan
from flows.stages.pulling import pull
from tests.stages.tiny import NOW, TABLES, Tiny, after

AS_OF = "2026-10-05"


@pytest.fixture
def tiny(store_url: str, tmp_path: Path) -> Tiny:
    """A company whose three customers were reached, one of whom bought again."""
    made = Tiny(tmp_path)
    made.make(store_url)
    made.edit("journeys/reassurance.yaml", "holdout: 0%", "holdout: 40%")
    with made.open() as shop:
        plan(shop, after(-3))
        pull(shop, NOW)
        plan(shop, NOW)
    made.table("orders", TABLES["orders"] + "A4,K1,2026-06-20 10:00,P1,\n")
    made.table("order_lines", TABLES["order_lines"] + "A4,S1,1,300.00\n")
    with made.open() as shop:
        pull(shop, after(6))
        plan(shop, after(6))
    return made


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]):
    """What a call printed."""

    def call(*given, **named) -> str:
        capsys.readouterr()
        tell(*given, **named)
        return capsys.readouterr().out

    return call


@pytest.mark.briefly("sqlite")
def test_json_holds_every_figure_of_a_journey(tiny: Tiny, told):
    found = json.loads(told(tiny.folder, "reassurance", AS_OF, as_json=True))
    (journey,) = found["journeys"]
    assert (found["currency"], journey["journey"]) == ("EUR", "reassurance")
    figures = {each["outcome"]: each for each in journey["figures"]}
    assert set(figures) == {
        "goal", "orders", "revenue", "margin", "returns", "complaints", "unsubscribes"
    }  # fmt: skip
    complete = sum(figures["margin"][f"complete_{arm}"] for arm in ("treated", "held_out"))
    assert complete == sum(figures["margin"][f"customers_{arm}"] for arm in ("treated", "held_out"))
    assert journey["said"]
    assert all(part["part"] for part in journey["parts"])


@pytest.mark.briefly("sqlite")
def test_csv_is_a_flat_table_and_spares_files_of_others(tiny: Tiny, told, tmp_path: Path):
    file = tmp_path / "figures.csv"
    for _ in range(2):
        assert told(tiny.folder, None, AS_OF, csv=file).startswith(str(file))
    rows = pd.read_csv(file)
    assert set(rows["journey"]) == {"reassurance"}
    assert {"part", "outcome", "adjusted_difference", "verdict"} <= set(rows.columns)
    assert told(tiny.folder, None, AS_OF, csv=Path("-")) == file.read_text(encoding="utf-8")
    file.write_text("arm,spend\na,1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds something else"):
        tell(tiny.folder, None, AS_OF, csv=file)
    assert file.read_text(encoding="utf-8") == "arm,spend\na,1\n"


@pytest.mark.briefly("sqlite")
def test_the_verdict_comes_first_and_in_words(tiny: Tiny, told):
    lines = told(tiny.folder, None, AS_OF).splitlines()
    assert lines[0].startswith("Was die Journeys brachten")
    assert lines[2] == "Was es brachte"
    assert any(line.startswith("Mit der letzten Nachricht genannt") for line in lines) is False


@pytest.mark.briefly("sqlite")
def test_a_journey_that_is_not_there_is_told(tiny: Tiny):
    with pytest.raises(ConfigError, match='there is no journey "reasurance"'):
        tell(tiny.folder, "reasurance", AS_OF)


def test_what_is_written_in_yaml_later_changes_no_closed_window(tiny: Tiny, told):
    with tiny.open() as shop:
        measure(shop, after(100))
    before = told(tiny.folder, None, AS_OF, as_json=True)
    tiny.edit("journeys/reassurance.yaml", "within: 90 days", "within: 5 days")
    tiny.edit("policy.yaml", "message: 0.01", "message: 50")
    tiny.edit("policy.yaml", "holdout: 0% ", "holdout: 30% ")
    with tiny.open() as shop:
        measure(shop, after(120))
    assert told(tiny.folder, None, AS_OF, as_json=True) == before


def test_options_that_do_not_go_together_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.argv", ["stammkunde", "measure", "--arm", "group"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "goes with --csv FILE" in capsys.readouterr().err
