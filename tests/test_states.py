"""How runs end: in the house's language, in a sentence, and never with a trace back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from prefect.client.schemas.objects import StateType
from prefect.exceptions import FlowPauseTimeout
from sqlalchemy import create_engine, text

from flows.errors import ConfigError, SourceError
from flows.forms import asked, schema
from flows.stages.deciding import AlreadyDoneError
from flows.states import ERRORS, UnexpectedError, done, refused, refusing, settled, speaking
from segments.names import Locale

PERSON = "erika@example.com"


@pytest.fixture(params=["de", "en"])
def locale(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The language of a project in which nothing else can be read."""
    (tmp_path / "config").mkdir()
    policy = f"locale: {request.param}\ncurency: EUR\n"
    (tmp_path / "config" / "policy.yaml").write_text(policy, encoding="utf-8")
    monkeypatch.setenv("STAMMKUNDE_PROJECT", str(tmp_path))
    return str(request.param)


def broken(*_: object) -> Any:
    """What nobody thought of."""
    return pd.DataFrame({"a": [1]})["b"]


def test_a_green_run_is_called_by_what_it_did() -> None:
    state = done("Sent 412, held out 38", more="Needs a person: 2.")
    assert (state.type, state.name) == (StateType.COMPLETED, "Sent 412, held out 38")
    assert state.message == "Sent 412, held out 38. Needs a person: 2."


def test_a_name_stays_short_enough_for_a_list() -> None:
    state = done("sent 1, " * 40)
    assert len(str(state.name)) <= 80
    assert str(state.name).endswith("sent 1…")


def test_what_somebody_wrote_wrong_is_said_with_file_and_line(locale: str) -> None:
    error = ConfigError.at("config/policy.yaml", 'there is no "curency" here', 2)
    state = speaking(_raising(error))()
    assert state.type == StateType.FAILED
    assert state.name == {"de": "Falsche Eingabe", "en": "Wrong input"}[locale]
    assert state.message == 'config/policy.yaml:2  there is no "curency" here'


def test_work_that_another_run_did_is_nothing_to_do(locale: str) -> None:
    state = refused(AlreadyDoneError("done at 08:30"))
    assert (state.type, state.message) == (StateType.COMPLETED, "done at 08:30")
    assert state.name == {"de": "Nichts zu tun", "en": "Nothing to do"}[locale]


def test_an_error_nobody_expected_is_a_sentence_with_file_and_line_and_a_trace_in_our_file(
    locale: str, tmp_path: Path
) -> None:
    state = speaking(broken)()
    assert state.type == StateType.FAILED
    assert state.name == {"de": "Fehlgeschlagen", "en": "Failed"}[locale]
    start = {"de": "Ein Fehler, mit dem niemand rechnete", "en": "An error nobody expected"}
    assert str(state.message).startswith(f"{start[locale]}: KeyError in ")
    assert ERRORS in str(state.message)
    assert "\n" not in str(state.message)
    kept = (tmp_path / ERRORS).read_text(encoding="utf-8")
    assert "Traceback" in kept
    assert "KeyError: 'b'" in kept


def test_a_place_is_the_one_of_ours_that_comes_nearest(locale: str) -> None:
    state = refusing(schema)([])  # type: ignore[arg-type]
    assert " in flows/forms.py:" in str(state.message)  # type: ignore[attr-defined]


def test_a_task_hands_its_error_on_as_a_state_and_its_flow_raises_it_again(locale: str) -> None:
    state = refusing(broken)()
    assert (state.type, isinstance(state.data, UnexpectedError)) == (StateType.FAILED, True)
    with pytest.raises(UnexpectedError, match="KeyError"):
        settled(state)
    refusal = refusing(_raising(SourceError("no orders")))()
    assert refusal.message == "no orders"


def test_rows_that_a_statement_carried_are_kept_nowhere(locale: str, tmp_path: Path) -> None:
    def insert() -> Any:
        with create_engine("sqlite://").begin() as connection:
            connection.execute(text("INSERT INTO nowhere VALUES (:who)"), {"who": PERSON})

    state = speaking(insert)()
    assert PERSON not in str(state.message)
    kept = (tmp_path / ERRORS).read_text(encoding="utf-8")
    assert "no such table: nowhere" in kept
    assert PERSON not in kept


def test_what_prefect_steers_runs_by_is_left_to_it(locale: str) -> None:
    with pytest.raises(FlowPauseTimeout):
        speaking(_raising(FlowPauseTimeout("nobody answered")))()


@pytest.mark.parametrize("runs", ["daily", "plan", "deliver", "respond", "preview", "retention"])
@pytest.mark.parametrize("language", Locale)
def test_a_form_has_a_calendar_and_few_fields_that_all_explain_themselves(
    runs: str, language: Locale
) -> None:
    fields = schema(runs, language)["properties"]
    assert list(fields) == (["as_of", "dry_run"] if runs in ("daily", "plan") else ["as_of"])
    assert (fields["as_of"]["type"], fields["as_of"]["format"]) == ("string", "date")
    assert "anyOf" not in str(fields)
    assert all(field["title"] and field["description"] for field in fields.values())


@pytest.mark.parametrize(
    ("written", "meant"), [(None, None), ("", None), (" 2026-11-18 ", "2026-11-18")]
)
def test_an_empty_field_of_the_form_is_no_day(written: str | None, meant: str | None) -> None:
    assert asked(written).as_of == meant


def test_a_wrong_answer_in_the_form_is_said_by_its_title(locale: str) -> None:
    title = {"de": "Nur zeigen", "en": "Only show"}[locale]
    with pytest.raises(ConfigError, match=f'{title}  "perhaps" is neither true nor false'):
        asked(None, "perhaps")


def _raising(error: Exception) -> Callable[[], Any]:
    def body() -> Any:
        raise error

    return body
