"""Editors complete and check with config/schema/*.json, which say the same as the models."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flows.errors import ConfigError
from flows.schemas import SCHEMAS, schema_text, write_schemas
from flows.shipping import shipped
from flows.yamlfile import read

CONFIG = shipped() / "config"
FILES = sorted(
    file.relative_to(CONFIG).as_posix()
    for file in CONFIG.rglob("*.yaml")
    if file.parent.name != "docker"
)


def schema_named_in(name: str) -> Path:
    """The schema a file's first line points its editor to."""
    first = (CONFIG / name).read_text("utf-8").split("\n", 1)[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+\.json)", first)
    assert found, f"{name} begins with no line for editors"
    return (CONFIG / name).parent / found[1]


def content(file: Path) -> Any:
    document, faults = read(file, file.name)
    assert faults == []
    assert document is not None
    return document.data


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_as_new_as_the_models(name: str) -> None:
    file = CONFIG / "schema" / f"{name}.json"
    assert file.read_text("utf-8") == schema_text(SCHEMAS[name]), "stale: run stammkunde schema"


def test_there_is_no_schema_of_something_gone() -> None:
    assert {file.stem for file in (CONFIG / "schema").iterdir()} == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema_and_explains_its_keys(name: str) -> None:
    schema = json.loads(schema_text(SCHEMAS[name]))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["description"]


@pytest.mark.parametrize("name", FILES)
def test_every_shipped_file_fits_the_schema_its_editor_uses(name: str) -> None:
    schema = json.loads(schema_named_in(name).read_text("utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(content(CONFIG / name))
    assert [f"{error.json_path} {error.message}" for error in errors] == []


def test_every_kind_of_file_is_shipped() -> None:
    assert {schema_named_in(name).stem for name in FILES} == set(SCHEMAS)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("policy.yaml", "currency:", "curency:"),
        ("policy.yaml", "locale: de", "locale: fr"),
        ("policy.yaml", "14 days", "14 Tage"),
        ("journeys/newsletter.yaml", "- send:", "- sned:"),
        ("journeys/reassurance.yaml", "to: buyer", "to: byer"),
        ("journeys/reassurance.yaml", "due: 3 business days", "due: 3 working days"),
        ("deployments.yaml", "runs: daily", "runs: dayly"),
        ("sources.yaml", "dates: german", "datum: german"),
        ("sources.yaml", "order_lines:\n    csv", "lines:\n    csv"),
    ],
)
def test_an_editor_marks_what_the_models_refuse(
    tmp_path: Path, name: str, old: str, new: str
) -> None:
    text = (CONFIG / name).read_text("utf-8")
    assert old in text
    (tmp_path / "x.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    schema = json.loads(schema_named_in(name).read_text("utf-8"))
    found = list(jsonschema.Draft202012Validator(schema).iter_errors(content(tmp_path / "x.yaml")))
    assert found


def test_schemas_are_written_into_a_project(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='there is no folder "config" here'):
        write_schemas(tmp_path)
    (tmp_path / "config").mkdir()
    written = write_schemas(tmp_path)
    assert [file.name for file in written] == [f"{name}.json" for name in SCHEMAS]
    assert all(json.loads(file.read_text("utf-8")) for file in written)
