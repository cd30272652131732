"""config/surveys.yaml: read with the project, and every fault named."""

import shutil
from pathlib import Path

import pytest

from flows.config import load
from flows.errors import ConfigError
from flows.shipping import shipped
from flows.surveys import worded
from segments.names import Locale


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("config", "templates"):
        shutil.copytree(shipped() / name, tmp_path / name)
    return tmp_path


def test_the_shipped_survey_speaks_both_languages(folder: Path):
    survey = load(folder).surveys["satisfaction"]
    for question in survey.questions.values():
        for said in (question.ask, *question.choices.values()):
            assert set(said) == set(Locale)
    assert worded(survey.ask, Locale.EN) == "How likely are you to recommend us?"
    assert worded({Locale.DE: "nur deutsch"}, Locale.EN) == "nur deutsch"
    assert worded(None, Locale.EN, "as shipped") == "as shipped"


def test_a_project_without_the_file_has_no_survey_of_its_own(folder: Path):
    (folder / "config" / "surveys.yaml").unlink()
    assert load(folder).surveys == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("surveys: {satisfied: {}}", 'there is no message "satisfied"'),
        ("surveys: {newsletter: {ask: {fr: x}}}", "fr"),
        ("surveys: {newsletter: {asks: {de: Was}}}", "asks"),
        ("surveys: {newsletter: {questions: {comment: {ask: {de: Was}}}}}", "the free remark"),
        ("surveys: {newsletter: {ask: {de: ''}}}", "empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(folder: Path, text: str, told: str):
    (folder / "config" / "surveys.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config/surveys\.yaml") as wrong:
        load(folder)
    assert told in str(wrong.value)
