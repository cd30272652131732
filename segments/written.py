"""The parent of everything marketing writes in YAML."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
RuleText = Annotated[
    str,
    Field(min_length=1, max_length=2000, description="a rule over profile columns and segments"),
]


class Spec(BaseModel):
    """Parent of everything written in YAML: unknown keys are refused, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
