"""What we ask people beside the score: config/surveys.yaml as a model."""

from typing import Annotated

from pydantic import Field, field_validator

from segments.names import Locale
from segments.spec import Name, Spec

COMMENT = "comment"
"""What the free remark is kept as."""

Words = Annotated[str, Field(min_length=1, max_length=300)]
Said = Annotated[
    dict[Locale, Words],
    Field(min_length=1, description="the wording in each language: {de: ..., en: ...}"),
]


class Question(Spec):
    """One question; without choices it is answered in one's own words."""

    ask: Said = Field(description="what is asked, in each language")
    choices: dict[Name, Said] = Field(
        default_factory=dict, max_length=12, description="answers to choose one from"
    )


class Survey(Spec):
    """What the page of a survey says and asks; what is left out reads as we ship it."""

    ask: Said | None = Field(None, description="the question the score from 0 to 10 answers")
    low: Said | None = Field(None, description="what 0 means")
    high: Said | None = Field(None, description="what 10 means")
    comment: Said | None = Field(None, description="what is asked once the score is there")
    questions: dict[Name, Question] = Field(
        default_factory=dict, max_length=10, description="asked last; nobody has to answer them"
    )

    @field_validator("questions")
    @classmethod
    def _comment_is_ours(cls, value: dict[str, Question]) -> dict[str, Question]:
        if COMMENT in value:
            raise ValueError(f'"{COMMENT}" is the free remark; name the question otherwise')
        return value


class Surveys(Spec):
    """config/surveys.yaml: by the name of the message that asks for the score."""

    surveys: dict[Name, Survey]


def worded(said: dict[Locale, str] | None, locale: Locale, otherwise: str = "") -> str:
    """The wording in this language, else in any there is, else `otherwise`."""
    if not said:
        return otherwise
    return said.get(locale) or next(iter(said.values()))
