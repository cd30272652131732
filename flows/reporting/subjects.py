"""What there are pictures of, and what they are written as; known without anything that draws."""

from enum import StrEnum, auto


class Subject(StrEnum):
    """What a picture is about; its file is called like it, with the journey where it is of one."""

    EFFECTS = auto()
    EFFECT = auto()
    FUNNEL = auto()
    QUADRANTS = auto()
    PHASES = auto()
    NOT_SENT = "not-sent"


OF_A_JOURNEY = frozenset({Subject.EFFECT, Subject.FUNNEL})
"""Subjects of which every journey has a picture of its own."""


class Format(StrEnum):
    """What a picture is written as."""

    SVG = auto()
    PNG = auto()
