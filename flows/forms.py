"""What one may say when a run is started by hand: the fields of Prefect's run form."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from flows.errors import ConfigError, Fault

DAY = "Day"
_TITLES = {"as_of": DAY, "dry_run": "Only show"}


def _day_or_nothing(value: Any) -> str | None:
    """A form sends a day as text, and an empty field as nothing, or as empty text."""
    return None if value is None else str(value).strip() or None


AsOf = Annotated[
    str | None,
    BeforeValidator(_day_or_nothing),
    Field(
        title=_TITLES["as_of"],
        description="Work as if it were the end of this day of the past. Leave it empty for today.",
        # A text with a calendar beside it: a choice between a day and "None" helps nobody.
        json_schema_extra={"type": "string", "format": "date"},
    ),
]
DryRun = Annotated[
    bool,
    Field(
        title=_TITLES["dry_run"],
        description="Write nothing and send nothing; only show what would be decided.",
    ),
]


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

    kind: str = Field("", title="What", description="What happened, such as run_failed.")
    subject: str = Field("", title="To what", description="Such as the name of a deployment.")
    said: str = Field("", title="In words", description="The sentence people are told.")
    over: str = Field("", title="Over", description="Not empty when it is over.")


FORMS: dict[str, type[BaseModel]] = {"daily": DayAsked, "plan": DayAsked, "alert": AlertAsked}
"""The form of each flow that asks for more than a day."""


def asked(as_of: Any, dry_run: Any = False) -> DayAsked:
    """What somebody asked for. Raises `ConfigError` that names each field that makes no sense."""
    try:
        return DayAsked(as_of=as_of, dry_run=dry_run)
    except ValidationError as error:
        faults = []
        for wrong in error.errors():
            field = str(wrong["loc"][0])
            what = f'"{wrong["input"]}" is neither true nor false'
            faults.append(Fault(_TITLES[field], 0, what))
        raise ConfigError(faults) from None


def schema(runs: str) -> dict[str, Any]:
    """The form of a flow as Prefect's pages read it."""
    fields = {}
    found = FORMS.get(runs, Asked).model_json_schema()["properties"]
    for place, (name, field) in enumerate(found.items()):
        field = {key: value for key, value in field.items() if key != "anyOf"}
        if field.get("default", "") is None:
            del field["default"]
        fields[name] = field | {"position": place}
    return {"title": "Parameters", "type": "object", "properties": fields, "definitions": {}}
