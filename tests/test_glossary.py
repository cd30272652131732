"""Tables of the README follow the code: columns of rules, keys of a journey, all words.

`UPDATE_GOLDEN=1 pytest tests/test_glossary.py` writes them anew.
"""

import inspect
import os
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from flows.intake.words import SYNONYMS
from flows.reporting.words import WORDS
from segments import names, spec
from segments.frames import ORDER, PROFILE, Kind
from segments.names import Locale
from segments.spans import Span

README = Path(__file__).parents[1] / "README.md"

KINDS = {
    Kind.TEXT: "text",
    Kind.WORD: "word",
    Kind.INTEGER: "number",
    Kind.NUMBER: "number",
    Kind.MONEY: "money",
    Kind.MOMENT: "date",
    Kind.FLAG: "yes or no",
}
UNSAID = {
    "steps": "what happens, in this order",
    "choose: when": "a rule",
    "choose: steps": "the way of those for whom it holds",
    "choose: else": "the way of everybody else; always the last",
    "id": "any step: a name that stays when the text around it changes",
}
"""What the models leave to their names."""
OWN_TABLES = (names.Phase, names.Quadrant, names.Reassurance)


def columns() -> Iterator[str]:
    """The columns rules may use."""
    yield "| column | is a | means |"
    yield "| --- | --- | --- |"
    for name, column in PROFILE.items():
        yield f"| `{name}` | {KINDS[column.kind]} | {column.doc} |"
    for name, column in ORDER.items():
        yield f"| `{name}` | {KINDS[column.kind]} | after `on: order`: {column.doc} |"


def keys() -> Iterator[str]:
    """The keys of a journey's YAML."""
    yield "| key | means | if you leave it out |"
    yield "| --- | --- | --- |"
    for place, model in (
        ("", spec.Journey),
        ("enter: ", spec.Enter),
        ("goal: ", spec.Goal),
        ("- ", spec.Wait),
        ("- ", spec.Send),
        ("- ", spec.Task),
        ("task: ", spec.Measure),
        ("- ", spec.Choose),
        ("choose: ", spec.When),
        ("choose: ", spec.Else),
    ):
        for name, field in model.model_fields.items():
            key = f"{place}{field.alias or name}"
            if name != "id" and not (
                model is spec.Else and key in UNSAID and key != "choose: else"
            ):
                yield f"| `{key}` | {_meaning(key, model, field)} | {_default(field)} |"
    yield f"| `- id` | {UNSAID['id']} | made from what the step does |"


def words() -> Iterator[str]:
    """What each word means in English and German; German words that tables may hold instead."""
    yield "| word | one of |"
    yield "| --- | --- |"
    for kind in (kind for kind in WORDS[Locale.EN] if kind not in OWN_TABLES):
        said = (
            f"`{word}` {WORDS[Locale.EN][kind][word]} – *{WORDS[Locale.DE][kind][word]}*"
            for word in kind
        )
        yield f"| {_spaced(kind)} | {'<br>'.join(said)} |"
    for kind in (kind for kind in SYNONYMS if kind not in WORDS[Locale.EN]):
        said = (f"`{word}`{_german(kind, word)}" for word in kind)
        yield f"| {_spaced(kind)}, in your tables | {', '.join(said)} |"


TABLES: dict[str, Callable[[], Iterator[str]]] = {"keys": keys, "columns": columns, "words": words}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_readme_is_what_the_code_says(name: str) -> None:
    readme = README.read_text(encoding="utf-8")
    begin, end = f"<!-- table: {name} -->\n", "<!-- end -->"
    before, found, rest = readme.partition(begin)
    table, closed, after = rest.partition(end)
    assert found
    assert closed
    wanted = "".join(f"{line}\n" for line in TABLES[name]())
    if os.environ.get("UPDATE_GOLDEN"):
        README.write_text(f"{before}{begin}{wanted}{end}{after}", encoding="utf-8")
        return
    assert table == wanted, "if it is meant: UPDATE_GOLDEN=1 pytest tests/test_glossary.py"


def _enums() -> list[type[StrEnum]]:
    return [
        kind
        for _, kind in inspect.getmembers(names, inspect.isclass)
        if issubclass(kind, StrEnum) and kind is not StrEnum
    ]


@pytest.mark.parametrize("kind", _enums(), ids=lambda kind: kind.__name__)
def test_the_readme_names_every_word_of_the_house(kind: type[StrEnum]) -> None:
    spans = " ".join(re.findall(r"`([^`\n]+)`", README.read_text(encoding="utf-8")))
    written = set(re.findall(r"\w+", spans))
    assert {str(word) for word in kind} <= written


@pytest.mark.parametrize("kind", [names.Phase, names.Quadrant])
def test_phases_and_quadrants_are_called_in_german_as_in_reports(kind: type[StrEnum]) -> None:
    readme = README.read_text(encoding="utf-8")
    for word in kind:
        assert f"| `{word}` | {WORDS[Locale.DE][kind][word]} |" in readme


GERMAN = """
    Kunde Ansprechpartner Betreuer Kundenprofil Segment Journey Teilnahme Versand Reaktion Maßnahme
    Rechtsgrundlage Sperre Nachkauf-Vergewisserung
"""


@pytest.mark.parametrize("german", GERMAN.split())
def test_the_glossary_says_it_in_german(german: str) -> None:
    glossary = README.read_text(encoding="utf-8").partition("## Glossary")[2]
    assert re.search(rf"\| [^|]+ \| [^|]+ \| [^|]*{german}[^|]* \|", glossary)


def _meaning(key: str, model: type[spec.Spec], field: FieldInfo) -> str:
    if field.description:
        return field.description
    if key in UNSAID:
        return UNSAID[key]
    nested = field.annotation
    own = [each for each in (nested, *getattr(nested, "__args__", ())) if _is_spec(each)]
    said = inspect.getdoc(own[0] if own and key.strip("- ") != "choose" else model) or ""
    return said[0].lower() + said[1:].rstrip(".").replace(". ", "; ")


def _is_spec(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, spec.Spec)


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "" if field.default_factory else "needed"
    if field.default is None:
        return ""
    if isinstance(field.default, float):
        return f"`{field.default:.0%}`"
    return f"`{field.default}`" if isinstance(field.default, Span | str | int) else ""


def _spaced(kind: type[StrEnum]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()


def _german(kind: type[StrEnum], word: StrEnum) -> str:
    other = next((theirs for theirs, ours in SYNONYMS[kind].items() if ours == word), None)
    return f" *{other}*" if other else ""
