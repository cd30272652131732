"""The files of the demo company and how they are described."""

from pathlib import Path

import pytest
import yaml

from flows.company.life import Company
from flows.company.project import EXPORTED, THEIRS, WRITTEN, header, sources_yaml
from flows.intake.spec import Sources
from segments.frames import SOURCES
from segments.names import Locale
from tests.company.conftest import FIRST_DAY, Tables, tables


@pytest.mark.parametrize("locale", Locale)
def test_intake_understands_the_description_of_the_files(locale: Locale) -> None:
    sources = Sources.model_validate(yaml.safe_load(sources_yaml(locale)))
    assert set(sources.given) == set(WRITTEN)
    for table, source in sources.given.items():
        assert source.csv == f"data/{table}.csv"
        assert source.columns == THEIRS[locale].get(table, {})


@pytest.mark.parametrize("locale", Locale)
def test_every_column_written_is_one_of_ours(tmp_path: Path, locale: Locale) -> None:
    Company.create(30, 7, FIRST_DAY, locale).write(tmp_path)
    for table in WRITTEN:
        first = (tmp_path / f"{table}.csv").read_text(encoding="utf-8").splitlines()[0]
        assert first.split(",") == header(table, locale)
        ours = {theirs: name for name, theirs in THEIRS[locale].get(table, {}).items()}
        assert {ours.get(name, name) for name in first.split(",")} <= {
            *SOURCES[table],
            EXPORTED[locale],
        }


def test_about_two_in_a_thousand_rows_are_dirt(young: Tables) -> None:
    for table in WRITTEN:
        raw = young.raw[table]
        if table in ("orders", "complaints", "permissions"):
            number = {"orders": ["order"], "complaints": ["complaint"]}.get(
                table, ["contact", "kind", "purpose", "at"]
            )
            raw = raw.drop_duplicates(number, keep="last")
        bad = len(raw) - len(young.clean[table])
        if table == "products":
            assert bad == 0
        elif len(raw) > 1000:
            assert 0 < bad / len(raw) < 0.004, table
        else:
            assert bad <= 3, table


def test_an_english_company_speaks_english(tmp_path: Path) -> None:
    Company.create(300, 7, FIRST_DAY, "en").write(tmp_path)
    company = tables(tmp_path, "en").clean
    assert company["customers"]["locale"].eq("en").mean() > 0.8
    assert company["customers"]["country"].isin(["GB", "IE"]).mean() > 0.5
    assert "Desks" in set(company["products"]["category"])
    assert company["permissions"]["proof"].str.contains("double opt-in|address|objected").all()
