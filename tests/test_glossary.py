"""Tables of the README follow the code: every YAML key, every column of a rule, every word.

`UPDATE_GOLDEN=1 pytest tests/test_glossary.py` writes them anew.
"""

import inspect
import os
import re
from collections.abc import Callable, Collection, Iterator
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic.fields import FieldInfo

from flows import settings, surveys
from flows.intake.spec import Sources, Tables, TableSource
from flows.intake.words import SYNONYMS
from flows.reporting.words import WORDS
from segments import examples, names, spec, triggers
from segments.frames import PROFILE, SOURCES, TRIGGERED, Kind
from segments.names import Locale
from segments.policy import Policy
from segments.spans import parse_share

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
    "enter": "what starts an enrollment",
    "goal": "what counts as success",
    "steps": "what happens, in this order",
    "backfill": "whom it takes in of those from before its time",
    "id": "any step: a name that stays when the text around it changes",
    "wait": '"3 days", "2 business days", "4 hours", "until tuesday 10:00"',
    "wait_until": "wait for something to happen",
    "task": "have a colleague do something",
    "choose": "the first rule that applies decides the way; `else` takes the rest",
    "choose: - when": "a rule over profile columns and segments",
    "choose: - steps": "the way of those for whom it holds",
    "choose: - else": "the way of everybody else; always the last",
    "split": "by chance, the same customer always the same way: to compare",
    "split: - variant": "name of the way",
    "split: - steps": "what happens on it",
    "segments": "name: a rule over profile columns and other segments",
    "reassurance: bands: - need": "none, light or full",
    "default": "who looks after customers nobody is assigned to",
    "owners: KEY: name": "as it stands under a message",
    "owners: KEY: position": "what stands below the name",
    "owners: KEY: email": "where replies go",
    "owners: KEY: phone": "their number, under messages",
    "teams: TEAM: members": "keys of owners",
    "imprint: company": "name of the company with its legal form",
    "imprint: managing_directors": "who manages it",
    "imprint: vat_id": "number for value added tax",
    "imprint: phone": "the company's number",
    "imprint: website": "its address in the web",
}
"""What the models leave to their names: whole keys first, then the last part of one."""
UNSAID_BLOCKS = {
    "attention": "how much of a customer's attention we may take",
    "reassurance": "how much confirmation a purchase needs",
    "phases": "where one phase ends and the next begins",
    "value": "where the four fields of customer value are cut",
    "permission": "what a permission must be made of to count",
    "calendar": "whose public holidays count, and when messages may arrive",
    "imprint": "whom the law wants named in every message",
    "tables": "which tables the company brings",
    "outlet": "how messages leave",
    "surveys": "name of the message that asks for the score: what its page says and asks",
    "owners": "key as in the company's own data: the colleague",
    "reassurance: bands": "from which order value on how much is needed",
}
OWN_TABLES = (names.Phase, names.Quadrant, names.Reassurance)
STEPS = tuple(spec.STEPS.values())
MAPS = {"owners": "KEY", "teams": "TEAM", "surveys": "MESSAGE", "questions": "QUESTION"}
"""What stands for the names people choose, in blocks that hold one model for each name."""

HEADING = ("| key | means | if you leave it out |", "| --- | --- | --- |")


def journey() -> Iterator[str]:
    """The keys of a journey; what starts it, its steps and examples have tables of their own."""
    yield from HEADING
    yield from _rows(spec.Journey, apart=(spec.Enter, examples.Example, *STEPS))


def enter() -> Iterator[str]:
    """The keys of `enter`, and which trigger each goes with."""
    yield "| key | goes with | means | if you leave it out |"
    yield "| --- | --- | --- | --- |"
    for name, field in spec.Enter.model_fields.items():
        some = triggers._BELONGS.get(name)
        said = _meaning(name, field)
        if some is None:
            whom = "any"
        else:
            whom = ", ".join(f"`{trigger}`" for trigger in some)
            said = said.removeprefix(f"on {some[0]}: ") if len(some) == 1 else said
        needed = [trigger for trigger, key in triggers._NEEDED.items() if key == name]
        default = "needed" if needed else _default(field)
        yield f"| `{name}` | {whom} | {said} | {default} |"
        for model in _models(field.annotation):
            for row in _rows(model, f"{name}: "):
                key, rest = row.removeprefix("| ").split(" | ", 1)
                yield f"| {key} | {whom} | {rest}"


def steps() -> Iterator[str]:
    """The keys of each step."""
    yield from HEADING
    for model in STEPS:
        yield from _rows(model, apart=STEPS, leave=("id",))
    yield f"| `id` | {UNSAID['id']} | made from what the step does |"


def example() -> Iterator[str]:
    """The keys of an example."""
    yield from HEADING
    yield from _rows(examples.Example, apart=(examples.Customer,))


def policy() -> Iterator[str]:
    """The keys of policy.yaml."""
    yield from HEADING
    yield from _rows(Policy)


def company() -> Iterator[str]:
    """The keys of the other files that say who and where we are."""
    yield "| file | key | means | if you leave it out |"
    yield "| --- | --- | --- | --- |"
    for file, model in (
        ("segments", spec.Segments),
        ("owners", settings.Owners),
        ("senders", settings.Senders),
        ("settings", settings.Settings),
        ("surveys", surveys.Surveys),
    ):
        yield from (f"| `{file}.yaml` {row}" for row in _rows(model))


def sources() -> Iterator[str]:
    """The keys of sources.yaml."""
    yield from HEADING
    yield from _rows(Sources, apart=(Tables,))
    given = ", ".join(f"`{name}`" for name in Tables.model_fields)
    yield f"| `tables: TABLE` | {given} | `order_lines` is needed |"
    yield from _rows(TableSource, "tables: TABLE: ")


def tables() -> Iterator[str]:
    """The columns of the company's tables."""
    yield "| table | column | is a | means |"
    yield "| --- | --- | --- | --- |"
    for table, columns in SOURCES.items():
        for name, column in columns.items():
            needed = ", needed" if column.required else ""
            yield f"| `{table}` | `{name}` | {KINDS[column.kind]}{needed} | {column.doc} |"


def columns() -> Iterator[str]:
    """The columns rules may use."""
    yield "| column | is a | means |"
    yield "| --- | --- | --- |"
    for name, column in PROFILE.items():
        yield f"| `{name}` | {KINDS[column.kind]} | {column.doc} |"
    for trigger, own in TRIGGERED.items():
        for name, column in own.items():
            yield f"| `{name}` | {KINDS[column.kind]} | after `on: {trigger}`: {column.doc} |"


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
    for kind in (kind for kind in _enums() if not {kind} & {*WORDS[Locale.EN], *SYNONYMS}):
        meaning = _lower((inspect.getdoc(kind) or "").rstrip("."))
        yield f"| {_spaced(kind)} | {', '.join(f'`{word}`' for word in kind)}: {meaning} |"


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "journey": journey,
    "enter": enter,
    "steps": steps,
    "examples": example,
    "policy": policy,
    "company": company,
    "sources": sources,
    "tables": tables,
    "columns": columns,
    "words": words,
}
KEYS = ("journey", "enter", "steps", "examples", "policy", "company", "sources")
ROOTS = (
    spec.Journey,
    spec.Segments,
    Policy,
    Sources,
    settings.Owners,
    settings.Senders,
    settings.Settings,
    surveys.Surveys,
)


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


@pytest.mark.parametrize("name", KEYS)
def test_every_key_says_what_it_means(name: str) -> None:
    for row in list(TABLES[name]())[2:]:
        assert all(cell.strip() for cell in row.strip("|").split(" | ")[:-1]), row


def test_every_key_of_every_file_is_in_a_table() -> None:
    told = "\n".join(row for name in KEYS for row in TABLES[name]())
    shown = {
        name.removeprefix("- ")
        for key in re.findall(r"`([^`]+)`", told)
        for name in key.split(": ")
    }
    for model in _reached(*ROOTS):
        keys = {field.alias or name for name, field in model.model_fields.items()}
        missing = keys - shown if model is not examples.Customer else keys - set(PROFILE)
        assert not missing, f"{model.__name__}: {missing}"


def test_a_key_of_one_trigger_is_refused_with_the_others() -> None:
    for name, some in triggers._BELONGS.items():
        assert name in spec.Enter.model_fields
        assert 0 < len(some) < len(names.Trigger)


def _rows(
    model: type[spec.Spec],
    place: str = "",
    apart: Collection[type] = (),
    leave: tuple[str, ...] = (),
) -> Iterator[str]:
    """A row for each key of a model and, once each, of those inside it, but for some `apart`."""
    apart = {*apart, model}
    for name, field in model.model_fields.items():
        if name in leave:
            continue
        key = f"{place}{field.alias or name}"
        yield f"| `{key}` | {_meaning(key, field)} | {_default(field)} |"
        many = "- " if _is_list(field.annotation) else f"{MAPS[name]}: " if name in MAPS else ""
        for inner in _models(field.annotation):
            if inner not in apart:
                yield from _rows(inner, f"{key}: {many}", apart, leave)
                apart.add(inner)


def _is_list(annotation: Any) -> bool:
    return list in (get_origin(annotation), *map(get_origin, get_args(annotation)))


def _models(annotation: Any) -> list[type[spec.Spec]]:
    """The models in an annotation, each once: of a list, a choice, a mapping."""
    if inspect.isclass(annotation) and issubclass(annotation, spec.Spec):
        return [annotation]
    found: dict[type[spec.Spec], None] = {}
    for inner in get_args(annotation):
        found |= dict.fromkeys(_models(inner))
    return list(found)


def _reached(*models: type[spec.Spec]) -> list[type[spec.Spec]]:
    found: dict[type[spec.Spec], None] = {}
    waiting = list(models)
    while waiting:
        model = waiting.pop()
        if model not in found:
            found[model] = None
            for field in model.model_fields.values():
                waiting += _models(field.annotation)
    return list(found)


def _meaning(key: str, field: FieldInfo) -> str:
    last = key.rsplit(": ", 1)[-1].removeprefix("- ")
    said = field.description or UNSAID_BLOCKS.get(key) or UNSAID.get(key) or UNSAID.get(last, "")
    return said.replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ([], {}) or isinstance(value, spec.Spec):
        return ""
    if isinstance(value, list) and not any(getattr(one, "model_fields_set", True) for one in value):
        return ""
    if any(getattr(each, "func", None) is parse_share for each in field.metadata):
        return f"`{value:.0%}`"
    return f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    """A value as one line of YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, spec.Spec):
        pairs = ((name, getattr(value, name)) for name in type(value).model_fields)
        return f"{{{', '.join(f'{name}: {_yaml(own)}' for name, own in pairs if own is not None)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _spaced(kind: type[StrEnum]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()


def _lower(said: str) -> str:
    """Without a capital, but for names such as "A"."""
    return said if said[:2].isupper() else said[0].lower() + said[1:]


def _german(kind: type[StrEnum], word: StrEnum) -> str:
    other = next((theirs for theirs, ours in SYNONYMS[kind].items() if ours == word), None)
    return f" *{other}*" if other else ""
