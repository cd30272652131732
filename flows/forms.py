"""What one may say when a run is started by hand: the fields of Prefect's run form."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from flows.deployments import house_locale
from flows.errors import ConfigError, Fault
from flows.reporting.words import say
from flows.states import project_here
from segments.names import Locale


def _day_or_nothing(value: Any) -> str | None:
    """A form sends a day as text, and an empty field as nothing, or as empty text."""
    return None if value is None else str(value).strip() or None


AsOf = Annotated[
    str | None,
    BeforeValidator(_day_or_nothing),
    # A text with a calendar beside it: a choice between a day and "None" helps nobody.
    Field(json_schema_extra={"type": "string", "format": "date"}),
]
DryRun = bool


class Asked(BaseModel):
    """The form of every flow: as of when it works."""

    model_config = ConfigDict(extra="forbid")

    as_of: AsOf = None


class DayAsked(Asked):
    """The form of flows that decide: they can also only show what they would decide."""

    dry_run: DryRun = False


class AlertAsked(BaseModel):
    """What an automation hands to the flow that tells people."""

    model_config = ConfigDict(extra="forbid")

    kind: str = ""
    subject: str = ""
    said: str = ""
    over: str = ""


FORMS: dict[str, type[BaseModel]] = {"daily": DayAsked, "plan": DayAsked, "alert": AlertAsked}
"""The form of each flow that asks for more than a day."""


def title(field: str) -> str:
    """What the form of this house calls a field."""
    return say(f"form_{field}", house_locale(project_here()))


def asked(as_of: Any, dry_run: Any = False) -> DayAsked:
    """What somebody asked for. Raises `ConfigError` that names each field that makes no sense."""
    try:
        return DayAsked(as_of=as_of, dry_run=dry_run)
    except ValidationError as error:
        faults = []
        for wrong in error.errors():
            field = str(wrong["loc"][0])
            what = f'"{wrong["input"]}" is neither true nor false'
            faults.append(Fault(title(field), 0, what))
        raise ConfigError(faults) from None


def schema(runs: str, locale: Locale = Locale.EN) -> dict[str, Any]:
    """The form of a flow as Prefect's pages read it, each field with a title and what it is for."""
    fields = {}
    found = FORMS.get(runs, Asked).model_json_schema()["properties"]
    for place, (name, field) in enumerate(found.items()):
        field = {key: value for key, value in field.items() if key != "anyOf"}
        if field.get("default", "") is None:
            del field["default"]
        told = {
            "title": say(f"form_{name}", locale),
            "description": say(f"form_{name}_help", locale),
        }
        fields[name] = field | told | {"position": place}
    return {"title": "Parameters", "type": "object", "properties": fields, "definitions": {}}
