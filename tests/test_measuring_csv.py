"""Anybody's experiment from a CSV file: figures, what is left out, and what is refused."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

from flows.cli import app
from flows.errors import ConfigError, SourceError
from flows.measuring_csv import measure_csv, print_csv
from flows.reporting.experiment import as_json, told
from segments.names import Locale


def people(number: int = 600, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    group = draw.choice(["none", "letter", "mail"], number, p=[0.2, 0.4, 0.4])
    before = draw.gamma(2, 40, number).round(2)
    spent = before * 0.7 + draw.normal(30, 15, number) + np.where(group == "mail", 8, 0)
    return pd.DataFrame({"id": range(number), "group": group, "spent": spent, "before": before})


def file_of(frame: pd.DataFrame, folder: Path, name: str = "people.csv", **how: str) -> Path:
    frame.to_csv(folder / name, index=False, **how)
    return folder / name


def measured(path: Path, **options: object) -> list[dict]:
    named = {"arm": "group", "control": "none", "outcome": "spent"} | options
    return as_json(measure_csv(path, **named))["results"]


def test_each_arm_is_compared_with_the_control_as_scipy_would(tmp_path: Path):
    frame = people()
    path = file_of(frame, tmp_path)
    results = {result["arm"]: result for result in measured(path)}
    assert list(results) == ["letter", "mail"]
    control = frame.loc[frame["group"] == "none", "spent"]
    for arm, result in results.items():
        own = frame.loc[frame["group"] == arm, "spent"]
        test = stats.ttest_ind(own, control, equal_var=False)
        assert result["estimate"] == pytest.approx(own.mean() - control.mean())
        assert result["standard_error"] == pytest.approx(
            (own.var() / len(own) + control.var() / len(control)) ** 0.5
        )
        assert result["interval"] == pytest.approx([*test.confidence_interval()])
        assert result["p"] == pytest.approx(test.pvalue, abs=1e-10)
        assert result["relative_effect"] == pytest.approx(own.mean() / control.mean() - 1)
        assert result["customers"] == {"treated": len(own), "control": len(control)}
        assert result["reduction"] == 0
    assert results["mail"]["p_holm"] == pytest.approx(2 * results["mail"]["p"])


def test_what_was_before_narrows_the_interval(tmp_path: Path):
    path = file_of(people(), tmp_path)
    plain, adjusted = measured(path)[1], measured(path, covariate="before")[1]
    assert adjusted["estimate"] == plain["estimate"]
    assert adjusted["reduction"] > 0.7
    assert adjusted["adjusted_standard_error"] == pytest.approx(
        plain["standard_error"] * (1 - adjusted["reduction"]) ** 0.5
    )
    widths = [np.ptp(one["adjusted_confidence_sequence"]) for one in (plain, adjusted)]
    assert widths[1] < widths[0]
    assert adjusted["verdict"] == "helps"


@pytest.mark.parametrize("locale", Locale)
def test_a_handful_is_not_adjusted_and_that_is_said(tmp_path: Path, locale: Locale):
    path = file_of(people(30), tmp_path)
    named = {"arm": "group", "control": "none", "outcome": "spent", "covariate": "before"}
    effect = measure_csv(path, **named)
    few = [result for result in as_json(effect)["results"] if not result["adjusted"]]
    assert few
    for result in few:
        assert (result["reduction"], result["theta"]) == (0, 0)
        assert result["adjusted_interval"] == result["interval"]
    text = told(effect, locale)
    assert {Locale.EN: "fewer than 20 a side", Locale.DE: "unter 20 je Seite"}[locale] in text
    assert {Locale.EN: "is not taken out", Locale.DE: "wird nicht"}[locale] in text


def test_sizes_are_held_against_equal_ones_or_those_that_were_planned(tmp_path: Path):
    frame = people()
    path = file_of(frame, tmp_path)
    sizes = frame["group"].value_counts()
    pair = [sizes["mail"], sizes["none"]]
    equal, planned = measured(path)[1], measured(path, share=0.2)[1]
    assert equal["sample_ratio_p"] == pytest.approx(stats.chisquare(pair).pvalue)
    assert equal["sample_ratio_alarm"]
    two_thirds = [sum(pair) * 2 / 3, sum(pair) / 3]
    assert planned["sample_ratio_p"] == pytest.approx(stats.chisquare(pair, two_thirds).pvalue)
    assert measured(path, share=0.6)[1]["verdict"] == "undecided"


def test_missing_cells_are_counted_and_told(tmp_path: Path):
    frame = people(100).astype({"spent": object, "before": object})
    frame.loc[[3, 4, 5], "spent"] = ["", "NA", "null"]
    frame.loc[[7, 8], "before"] = ""
    frame.loc[9, "group"] = ""
    effect = measure_csv(
        file_of(frame, tmp_path), arm="group", control="none", outcome="spent", covariate="before"
    )
    assert (effect.rows, effect.without_arm) == (100, 1)
    assert (effect.without_outcome, effect.without_covariate) == (3, 2)
    row = effect.results.iloc[0]
    assert row["customers_treated"] >= row["complete_treated"]
    text = told(effect, Locale.EN)
    assert "outcome is empty: 3 rows" in text.replace("\n", " ")
    assert "3 Zeilen" in told(effect, Locale.DE)


def test_outliers_are_cut_for_both_arms_alike_and_told(tmp_path: Path):
    frame = people()
    frame.loc[0, "spent"] = 1e6
    path = file_of(frame, tmp_path)
    effect = measure_csv(path, arm="group", control="none", outcome="spent", winsorise=0.99)
    threshold = np.quantile(frame["spent"], 0.99)
    assert effect.cuts["spent"].threshold == pytest.approx(threshold)
    assert effect.cuts["spent"].number == (frame["spent"] > threshold).sum() == 6
    capped = frame["spent"].clip(upper=threshold).groupby(frame["group"]).mean()
    assert as_json(effect)["results"][1]["estimate"] == pytest.approx(
        capped["mail"] - capped["none"]
    )
    assert "6" in told(effect, Locale.EN).splitlines()[-2]


def test_cutting_away_every_purchase_is_refused(tmp_path: Path):
    frame = people().assign(spent=0)
    frame.loc[:3, "spent"] = 50
    with pytest.raises(ConfigError, match="nothing would be left"):
        measured(file_of(frame, tmp_path), winsorise=0.99)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("people.tsv", {"sep": "\t"}),
        ("german.csv", {"sep": ";", "decimal": ",", "encoding": "cp1252"}),
        ("marked.csv", {"encoding": "utf-8-sig"}),
        ("packed.csv.gz", {}),
    ],
)
def test_files_are_read_as_they_are_usually_written(tmp_path: Path, name: str, how: dict):
    frame = people(200).replace("letter", "Päckchen")
    usual = measured(file_of(frame, tmp_path, "usual.csv"))
    assert measured(file_of(frame, tmp_path, name, **how)) == usual
    assert usual[0]["arm"] == "Päckchen" or usual[1]["arm"] == "Päckchen"


def test_yes_and_no_are_one_and_nought(tmp_path: Path):
    frame = people(50)
    bought = frame["spent"] > 80
    as_words = file_of(
        frame.assign(spent=bought.map({True: "yes", False: "No"})), tmp_path, "a.csv"
    )
    as_truth = file_of(frame.assign(spent=bought), tmp_path, "b.csv")
    as_numbers = file_of(frame.assign(spent=bought.astype(int)), tmp_path, "c.csv")
    assert measured(as_words) == measured(as_truth) == measured(as_numbers)


def test_large_numbers_far_from_nought_keep_their_digits(tmp_path: Path):
    frame = people(200)
    far = measured(file_of(frame.assign(spent=frame["spent"] + 1e9), tmp_path, "far.csv"))
    near = measured(file_of(frame, tmp_path))
    assert far[0]["standard_error"] == pytest.approx(near[0]["standard_error"], rel=1e-6)


def test_every_wrong_cell_is_named_with_its_line(tmp_path: Path):
    frame = people(30_000).astype({"spent": object})
    frame.loc[[1, 25_000], "spent"] = ["12 EUR", "much"]
    with pytest.raises(ConfigError) as refused:
        measured(file_of(frame, tmp_path))
    assert [(fault.line, fault.what) for fault in refused.value.faults] == [
        (3, 'column "spent": "12 EUR" is not a number'),
        (25_002, 'column "spent": "much" is not a number'),
    ]


def test_of_many_wrong_cells_the_first_are_named_and_the_others_counted(tmp_path: Path):
    frame = people(100).assign(spent="x")
    with pytest.raises(ConfigError) as refused:
        measured(file_of(frame, tmp_path))
    assert len(refused.value.faults) == 21
    assert str(refused.value.faults[-1]).endswith(":22  and so on: 80 more like these")


@pytest.mark.parametrize(
    ("options", "told_so"),
    [
        ({"outcome": "spend"}, 'there is no column "spend". Did you mean "spent"? There are: '),
        (
            {"control": "non"},
            'nobody has "non" in the column "group". Did you mean "none"? There are: ',
        ),
        ({"arm": "id", "control": "1"}, "holds 600 different values: these are no arms"),
        ({"covariate": "spent"}, "are three columns"),
        ({"winsorise": 1.5}, "at a quantile"),
        ({"share": 0.0}, "between 0 and 1"),
        ({"planned": 0}, "above 0"),
    ],
    ids=str,
)
def test_what_is_asked_for_in_vain_is_said(tmp_path: Path, options: dict, told_so: str):
    with pytest.raises(ConfigError) as refused:
        measured(file_of(people(), tmp_path), **options)
    assert told_so in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told_so"),
    [
        ("", "is empty"),
        ("group,spent\n", 'the column "group" is empty'),
        ("group,spent\nnone,1\nnone,2\n", "there is nobody to compare with"),
        ("group,spent,spent\nnone,1,1\n", 'there are 2 columns "spent"'),
        ("group,spent\nnone,1\nmail,2,3,4\n", "4 cells where the first line names 2 columns"),
        ("group,spent\nnone,inf\nmail,2\n", '"inf" is not a number'),
    ],
)
def test_files_without_two_arms_or_sense_are_refused(tmp_path: Path, text: str, told_so: str):
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((ConfigError, SourceError)) as refused:
        measured(path)
    assert told_so in str(refused.value)


def test_a_file_that_is_not_there_or_cut_off_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="no such file"):
        measured(tmp_path / "nowhere.csv")
    packed = gzip.compress(people().to_csv(index=False).encode())
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(ConfigError, match="cannot be read"):
        measured(tmp_path / "cut.csv.gz")


def test_too_few_outcomes_get_figures_but_no_verdict(tmp_path: Path):
    result = measured(file_of(people(60), tmp_path))[0]
    assert result["estimate"] is not None
    assert result["nonzero_missing"] > 0
    assert result["verdict"] == "undecided"


def test_json_says_null_where_nothing_can_be_known(tmp_path: Path, capsys: pytest.CaptureFixture):
    path = tmp_path / "people.csv"
    path.write_text("group,spent\nnone,0\nmail,2\nmail,3\n", encoding="utf-8")
    print_csv(tmp_path, path, arm="group", control="none", outcome="spent", as_json=True)
    result = json.loads(capsys.readouterr().out)["results"][0]
    assert result["interval"] is None
    assert result["relative_effect"] is None
    assert result["sample_ratio_p"] is None
    print_csv(tmp_path, path, arm="group", control="none", outcome="spent", winsorise="99%")
    assert "undecided" in capsys.readouterr().out


def test_columns_not_named_are_asked_for(tmp_path: Path):
    path = file_of(people(20), tmp_path)
    with pytest.raises(ConfigError, match="--arm COLUMN"):
        print_csv(tmp_path, path, arm=None, control="none", outcome="spent")
    with pytest.raises(ConfigError, match="Write it like 10%"):
        print_csv(tmp_path, path, arm="group", control="none", outcome="spent", share="few")


def test_the_command_compares_and_needs_no_project(tmp_path: Path):
    path = file_of(people(200), tmp_path)
    named = ["--csv", str(path), "--arm", "group", "--control", "none", "--outcome", "spent"]
    result = CliRunner().invoke(
        app,
        ["--project", str(tmp_path), "measure", *named, "--covariate", "before", "--json"],
    )
    assert result.exit_code == 0, result.output
    told_so = json.loads(result.stdout)
    assert told_so["results"] == measured(path, covariate="before")
    assert CliRunner().invoke(app, ["measure", "--arm", "group"]).exit_code == 2
