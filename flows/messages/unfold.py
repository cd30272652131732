"""Small macros printed in place: a button is a few tags and two values, not a call."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

# What stands in one of these may never be looked at, and a fault in it never be seen.
_IN_PART = (nodes.CondExpr, nodes.And, nodes.Or, nodes.Call)


def unfolded(body: list[nodes.Node]) -> list[nodes.Node]:
    """The same template; macros that only print are put where they are called."""
    tree = nodes.Template(body)
    named = Counter(name.name for name in tree.find_all(nodes.Name) if name.ctx != "load")
    named.update(macro.name for macro in tree.find_all(nodes.Macro))
    small = {
        each.name: each
        for each in body
        if isinstance(each, nodes.Macro) and named[each.name] == 1 and _only_prints(each)
    }
    _Unfolder(small).visit(tree)
    called = {name.name for name in tree.find_all(nodes.Name)}
    gone = [macro for name, macro in small.items() if name not in called]
    return [each for each in tree.body if not any(each is macro for macro in gone)]


def _only_prints(macro: nodes.Macro) -> bool:
    """Whether it prints its values, all of them, and does nothing else."""
    used = {name.name for each in macro.body for name in each.find_all(nodes.Name)}
    return (
        not macro.defaults
        and all(isinstance(each, nodes.Output) for each in macro.body)
        and used >= {each.name for each in macro.args}
        and not used & {"caller", "varargs", "kwargs"}
        and not any(macro.find(kind) for kind in _IN_PART)
    )


class _Unfolder(NodeTransformer):
    def __init__(self, macros: Mapping[str, nodes.Macro]) -> None:
        self._macros = macros

    def visit_ScopedEvalContextModifier(self, node: nodes.ScopedEvalContextModifier) -> nodes.Node:
        """A file that is escaped otherwise than the macro stays as it is."""
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        """What is printed, with the content of macros in place of their calls."""
        node.nodes = [part for each in node.nodes for part in self._content(each)]
        return node

    def _content(self, node: nodes.Expr) -> list[nodes.Expr]:
        if not isinstance(node, nodes.Call) or not isinstance(node.node, nodes.Name):
            return [node]
        macro = self._macros.get(node.node.name)
        named = node.kwargs or node.dyn_args or node.dyn_kwargs
        if macro is None or named or len(node.args) != len(macro.args):
            return [node]
        values = dict(zip((each.name for each in macro.args), node.args, strict=True))
        printed = (part for each in cast(list[nodes.Output], macro.body) for part in each.nodes)
        return [_with(part, values) for part in printed]


def _with(node: nodes.Expr, values: Mapping[str, nodes.Expr]) -> nodes.Expr:
    """A copy of an expression, with values in place of names."""
    if isinstance(node, nodes.Name) and node.name in values:
        return _with(values[node.name], {})

    def part(held: Any) -> Any:
        if isinstance(held, list):
            return [part(each) for each in held]
        return _with(cast(nodes.Expr, held), values) if isinstance(held, nodes.Node) else held

    return type(node)(*(part(getattr(node, each)) for each in node.fields), lineno=node.lineno)
