"""Jinja as we let it run: sandboxed, strict about what is missing, money and dates by locale."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_precision
from jinja2 import BaseLoader, StrictUndefined, TemplateNotFound, UndefinedError
from jinja2 import Environment as JinjaEnvironment
from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

ROOT = "templates/"
"""What the names of template files begin with, in errors as on disk."""


class Gap(UndefinedError):
    """A template printed something that is not there: `name`, looked for in `holder`."""

    def __init__(self, holder: Any, name: str | None, known: bool, text: str | None) -> None:
        super().__init__(text)
        self.holder = holder
        self.name = name
        self.known = known


class Unknown(StrictUndefined):
    """A name that exists nowhere: a slip of the author, an error even in a condition."""

    __slots__ = ()
    _known = False

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        # Jinja calls `exc` with its text only; the parts are needed to say it in our words.
        told: Any = partial(_gap, obj, name, type(self)._known) if exc is UndefinedError else exc
        super().__init__(hint, obj, name, told)


class Empty(Unknown):
    """A value we do not have for this person: false in a condition, an error when printed."""

    __slots__ = ()
    _known = True

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return other is None or isinstance(other, Empty)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(None)


class Environment(ImmutableSandboxedEnvironment):
    """Data are read as data: a key of a dict is never mistaken for one of its methods."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What `obj.attribute` means in a template."""
        if type(obj) is dict:
            value = obj.get(attribute)
            return _absent(obj, attribute) if value is None else value
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """What `obj[argument]` means in a template."""
        if type(obj) is dict:
            value = obj.get(argument)
            return _absent(obj, argument) if value is None else value
        return super().getitem(obj, argument)


class Sources(BaseLoader):
    """Templates held in memory, under the names they have on disk."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources

    def get_source(
        self, environment: JinjaEnvironment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Text and file name of a template."""
        if template not in self.sources:
            raise TemplateNotFound(template)
        return self.sources[template], ROOT + template, lambda: True


_BABEL = {"en": "en_GB"}  # Europe's English: 28 April, not April 28


def environment(
    sources: Mapping[str, str], locale: str, zone: str, known: Mapping[str, Any]
) -> Environment:
    """An environment for these sources; `.html` is escaped, everything else is plain text.

    `known` are names whose values are the same for whoever the message goes to.
    """
    made = Environment(
        loader=Sources(sources),
        undefined=Unknown,
        autoescape=escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
        finalize=_finalize,
    )

    def money(value: Any, currency: str) -> str:
        return _as_money(_there(value), _there(currency), locale)

    def date(value: Any, form: str = "long") -> str:
        return _as_date(_there(value), form, zone, locale)

    def number(value: Any) -> str:
        return _as_number(_there(value), locale)

    made.filters.update(money=money, date=date, number=number)
    made.globals.update(known)
    return made


def escaped(name: str | None) -> bool:
    """Whether what a file of this name prints is escaped for HTML."""
    return name is not None and name.endswith(".html")


def _absent(obj: dict[Any, Any], key: Any) -> Any:
    return (Empty if key in obj else Unknown)(obj=obj, name=str(key))


def _gap(holder: Any, name: str | None, known: bool, text: str | None = None) -> Gap:
    return Gap(holder, name, known, text)


def _finalize(value: Any) -> Any:
    if value is None:
        raise Gap(missing, None, True, "prints nothing")
    return value


def _there(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)
    if value is None:
        raise Gap(missing, None, True, "formats nothing")
    return value


@lru_cache(maxsize=8192)
def _as_money(minor: int, currency: str, locale: str) -> str:
    digits = get_currency_precision(currency)
    return format_currency(minor / 10**digits, currency, locale=_BABEL.get(locale, locale))


@lru_cache(maxsize=8192)
def _as_date(moment: str, form: str, zone: str, locale: str) -> str:
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
    return format_date(local, form, locale=_BABEL.get(locale, locale))


@lru_cache(maxsize=8192)
def _as_number(value: float, locale: str) -> str:
    return format_decimal(value, locale=_BABEL.get(locale, locale))
