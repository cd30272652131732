"""What a template prints for everybody alike, worked out once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from jinja2 import nodes
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from flows.messages.environment import Environment
from flows.messages.weave import given

_PRINTED = {str, Markup, int, float, bool}


def filled_in(
    body: Sequence[nodes.Node], environment: Environment, path: str, known: Mapping[str, Any]
) -> list[nodes.Node]:
    """The same template with the values of `known` names printed already, where that can be.

    What fails is left as it is: it will fail again, for somebody, and be explained then.
    """
    values = _Values(known)
    body = [each for node in body for each in values.visit_list(node)]
    return _Filler(nodes.EvalContext(environment, path), values.names).all(body)


def text_of(body: Sequence[nodes.Node]) -> str | None:
    """What is printed whoever it is for; None if that differs."""
    found = []
    for node in body:
        if not isinstance(node, nodes.Output):
            return None
        for each in node.nodes:
            if not isinstance(each, nodes.TemplateData):
                return None
            found.append(each.data)
    return "".join(found)


class _Values(NodeTransformer):
    """Puts the values of known names into a tree, and remembers the names."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self.names: dict[nodes.Node, nodes.Name] = {}
        self._known = known

    def visit_Name(self, node: nodes.Name) -> nodes.Expr:
        """The value of a name, if it has one."""
        if node.ctx != "load" or node.name not in self._known:
            return node
        value = nodes.Const(self._known[node.name], lineno=node.lineno)
        self.names[value] = node
        return value


class _Filler(NodeTransformer):
    """Works out what can be worked out, from the whole of each expression down to its parts."""

    def __init__(
        self, evaluation: nodes.EvalContext, names: Mapping[nodes.Node, nodes.Name]
    ) -> None:
        self._evaluation = evaluation
        self._names = names

    def all(self, body: Iterable[nodes.Node]) -> list[nodes.Node]:
        """What is left of these, with what is printed in a row put together."""
        return _joined(each for node in body for each in self.visit_list(node))

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        """A constant for an expression that is one; else what is left of it."""
        if isinstance(node, nodes.Expr) and not isinstance(node, nodes.TemplateData):
            value = self._value(node)
            if type(value) in _PRINTED:
                return nodes.Const(value, lineno=node.lineno)
            # A whole table of words does not go into the code; its name does.
            node = self._names.get(node, node)
        return super().visit(node)

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        """Anything that holds other nodes."""
        node = super().generic_visit(node)
        if isinstance(body := getattr(node, "body", None), list):
            node.body = _joined(body)  # type: ignore[attr-defined]
        return node

    def visit_If(self, node: nodes.If) -> list[nodes.Node]:
        """The ways that are still open; the one way, where only one is."""
        if given(node):
            # Jinja tells names that may be set from those that are.
            return [self.generic_visit(node)]
        still_open: list[nodes.If] = []
        otherwise = node.else_
        for way in (node, *node.elif_):
            value = self._value(way.test)
            if value is missing:
                still_open.append(way)
            elif value:
                otherwise = way.body
                break
        otherwise = self.all(otherwise)
        for way in still_open:
            way.test, way.body = self.visit(way.test), self.all(way.body)
            way.elif_, way.else_ = [], []
        if not still_open:
            return otherwise
        first, *others = still_open
        first.elif_, first.else_ = others, otherwise
        return [first]

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        """What is printed; constants as they will be read."""
        node.nodes = [self._text(self.visit(each)) for each in node.nodes]
        return node

    def visit_Scope(self, node: nodes.Scope) -> list[nodes.Node]:
        """What stands in a scope, without it where it keeps no names."""
        node.body = self.all(node.body)
        return [node] if given(node) else node.body

    def visit_ScopedEvalContextModifier(
        self, node: nodes.ScopedEvalContextModifier
    ) -> list[nodes.Node]:
        """A file that is escaped otherwise; nothing of it needs saying where all of it is known."""
        saved = self._evaluation.save()
        self._evaluation.autoescape = node.options[0].value.as_const()
        node.body = self.all(node.body)
        self._evaluation.revert(saved)
        return [node] if text_of(node.body) is None else node.body

    def _value(self, node: nodes.Node) -> Any:
        try:
            value = cast(nodes.Expr, node).as_const(self._evaluation)
            bool(value)
        except Exception:
            return missing
        return value

    def _text(self, node: nodes.Expr) -> nodes.Expr:
        if not isinstance(node, nodes.Const) or type(node.value) not in _PRINTED:
            return node
        text = escape(node.value) if self._evaluation.autoescape else node.value
        return nodes.TemplateData(str(text), lineno=node.lineno)


def _joined(body: Iterable[nodes.Node]) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    for node in body:
        last = found[-1] if found else None
        if isinstance(node, nodes.Output) and isinstance(last, nodes.Output):
            last.nodes += node.nodes
        else:
            found.append(node)
    return found
