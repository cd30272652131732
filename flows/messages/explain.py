"""What went wrong in a template, said as file, line and what to write instead."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from jinja2 import TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.utils import missing

from flows.errors import Fault, MessageError
from flows.messages.environment import ROOT, Gap

_NEAR = 6


class TemplateError(MessageError):
    """A message that does not render, with the place in its templates."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        where = f"{fault.place}:{fault.line}" if fault.line else fault.place
        super().__init__(f"{where} {fault.what}")

    @classmethod
    def at(cls, place: str, what: str, line: int = 0) -> "TemplateError":
        """An error in one place."""
        return cls(Fault(place, line, what))


def explained(error: Exception, sources: Mapping[str, str], context: Mapping[str, Any]) -> Fault:
    """The fault behind an exception of rendering; ids at most, nothing personal."""
    if isinstance(error, TemplateSyntaxError):
        return syntax_fault(error, ROOT)
    place, line = _place(error)
    if isinstance(error, TemplateNotFound):
        return Fault(place, line, f'uses "{error.name}", which is not in templates/')
    if isinstance(error, Gap):
        return Fault(place, line, _gap(error, _source(sources, place), line, context))
    if isinstance(error, SecurityError):
        return Fault(place, line, "does what templates may not do. Print values and nothing else")
    # The text of a foreign error may quote the value it stumbled over, so only its kind is told.
    return Fault(place, line, f"does not work with these values ({type(error).__name__})")


def syntax_fault(error: Exception, place: str) -> Fault:
    """A template that cannot be read at all."""
    if not isinstance(error, TemplateSyntaxError):
        return Fault(place, 0, f"cannot be read ({type(error).__name__})")
    what = error.message or "cannot be read"
    if match := re.match(r"No (filter|test) named '(\w+)'", what):
        what = f'uses the {match[1]} "{match[2]}", which does not exist'
    return Fault(error.filename or place, error.lineno, what.rstrip("."))


def unknown(holder: str, name: str, known: list[str]) -> str:
    """There is no such name; perhaps another was meant."""
    near = get_close_matches(name, known, 1)
    hint = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(sorted(known))}"
    return f'there is no "{name}"{holder}. {hint}'


def _gap(gap: Gap, source: str, line: int, context: Mapping[str, Any]) -> str:
    name = gap.name or ""
    expression = _expression(source, line, name)
    uses = f"uses {{{{ {expression} }}}}" if expression else "prints a value"
    who = f"contact {context.get('contact', {}).get('id')}"
    if gap.holder is missing and not gap.known:
        return f"{uses}, but {unknown('', name, list(context))}"
    if gap.holder is None or not name:
        what = expression.split(".")[0] if expression else "value"
        return f"{uses}, but {who} has no {what}. Ask first: {{% if {what} %}} … {{% endif %}}"
    if not gap.known:
        known = list(gap.holder) if isinstance(gap.holder, dict) else []
        head = expression.rpartition(".")[0]
        return f"{uses}, but {unknown(f' in {head}' if head else '', name, known)}"
    head = expression.split(".")[0]
    own = context.get(head) if head not in {"contact", "sender", "send"} else None
    if isinstance(own, dict) and own.get("id") is not None:
        who = f"{head} {own['id']}"
    elif head == "owner":
        who = f"the owner for {who}"
    return f'{uses}, but {who} has no {name}. Give a fallback: {{{{ {expression} or "…" }}}}'


def _expression(source: str, line: int, name: str) -> str:
    """The dotted name as the author wrote it, on that line or the next few."""
    if not name:
        pattern = r"\{\{\s*([A-Za-z_][\w.]*)"
    else:
        pattern = rf"((?:[A-Za-z_]\w*\.)*{re.escape(name)})\b"
    for text in source.splitlines()[max(0, line - 1) : line + _NEAR]:
        for code in re.findall(r"\{[{%].*?[%}]\}", text) or [text]:
            if match := re.search(pattern, code):
                return match[1]
    return name


def _place(error: Exception) -> tuple[str, int]:
    place, line = ROOT, 0
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename.startswith(ROOT):
            place, line = step.tb_frame.f_code.co_filename, step.tb_lineno
        step = step.tb_next
    return place, line


def _source(sources: Mapping[str, str], place: str) -> str:
    return sources.get(place.removeprefix(ROOT), "")
