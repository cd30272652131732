"""A template with its layout, blocks, files and macros put where they are used."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import meta, nodes
from jinja2.visitor import NodeTransformer

from flows.messages.environment import ROOT, Environment, escaped

Kinds = tuple[type[nodes.Node], ...]
_PLAIN: Kinds = (
    nodes.Output, nodes.If, nodes.Assign, nodes.AssignBlock, nodes.Expr, nodes.Helper,
)  # fmt: skip
_OWN_NAMES: Kinds = (nodes.For, nodes.With, nodes.Macro, nodes.CallBlock, nodes.FilterBlock)
_GIFTS: Kinds = (nodes.Assign, nodes.AssignBlock, nodes.Macro)
_BESIDE_BLOCKS: Kinds = (*_GIFTS, nodes.FromImport)
_OF_SURROUNDINGS = {"loop", "caller", "varargs", "kwargs"}


class Tangled(Exception):
    """This template means something only where it stands."""


def woven(
    environment: Environment, sources: Mapping[str, str], path: str, known: Mapping[str, Any]
) -> nodes.Template:
    """The template at `path` in one piece; `Tangled` where that may change what it prints."""
    weaver = _Weaver(environment, sources, path)
    tree = weaver.woven()
    named = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"} | given(tree)
    if named & (weaver.taken_by_macros | known.keys()) or weaver.mixed_up(tree):
        raise Tangled
    return tree


def given(node: nodes.Node) -> set[str]:
    """Names that are given a value somewhere in it, and keep it for what follows."""
    found = set()
    for gift in node.find_all(_GIFTS):
        if isinstance(gift, nodes.Macro):
            found.add(gift.name)
        elif isinstance(gift, (nodes.Assign, nodes.AssignBlock)):
            target = nodes.Output([gift.target])
            found |= {name.name for name in target.find_all(nodes.Name)}
    return found


class _Weaver(NodeTransformer):
    """Puts blocks, includes and macros where they are used."""

    def __init__(self, environment: Environment, sources: Mapping[str, str], path: str) -> None:
        self.taken_by_macros: set[str] = set()
        self._environment = environment
        self._sources = sources
        self._path = path
        self._blocks: dict[str, nodes.Block] = {}
        self._places: list[nodes.Scope] = []
        """What stood elsewhere, where it stands now."""
        self._inside = 0
        """How deep we are below what has names of its own."""

    def woven(self) -> nodes.Template:
        """The whole template, its layout around it."""
        before: list[nodes.Node] = []
        tree = self._tree(self._path)
        while tree.body and isinstance(tree.body[0], nodes.Extends):
            self._take_blocks(tree)
            # Beside blocks, a template that extends another gives it names and prints nothing.
            rest = [
                each for each in tree.body[1:] if not isinstance(each, (nodes.Block, nodes.Output))
            ]
            if not all(isinstance(each, _BESIDE_BLOCKS) for each in rest):
                raise Tangled
            before += self._all(rest)
            tree = self._tree(self._alike(tree.body[0].template))
        self._take_blocks(tree)
        body = self._all(tree.body)
        if given(nodes.Template(before)) & given(nodes.Template(body)):
            raise Tangled
        return nodes.Template([*before, *body], lineno=1)

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        """Whatever it is that we do not know stays as it is, and so does all around it."""
        if isinstance(node, _OWN_NAMES):
            self._inside += 1
            node = super().generic_visit(node)
            self._inside -= 1
            return node
        if isinstance(node, _PLAIN):
            return super().generic_visit(node)
        raise Tangled

    def visit_Name(self, node: nodes.Name) -> nodes.Name:
        """A name; those that stand for the template itself are not for us."""
        if node.name in {"self", "super"}:
            raise Tangled
        return node

    def visit_Block(self, node: nodes.Block) -> nodes.Node:
        """What the outermost template makes of this block."""
        block = self._blocks[node.name]
        # A block does not see the names around it, which it would in their midst.
        if self._inside or (block.find(nodes.Block) and any(block.find_all(_BESIDE_BLOCKS))):
            raise Tangled
        return self._placed(self._all(block.body))

    def visit_Include(self, node: nodes.Include) -> nodes.Node:
        """The content of another file."""
        path = self._named(node.template)
        if node.ignore_missing or not node.with_context:
            raise Tangled
        # The word alone tells nothing: it may well be a loop of the file's own.
        named = any(word in self._sources[path] for word in _OF_SURROUNDINGS)
        if named and self._asked(path) & _OF_SURROUNDINGS:
            raise Tangled
        self._inside += 1
        body = self._all(self._tree(path).body)
        self._inside -= 1
        if escaped(path) != escaped(self._path):
            escaping = nodes.Keyword("autoescape", nodes.Const(escaped(path)))
            body = [nodes.ScopedEvalContextModifier([escaping], body)]
        return self._placed(body)

    def visit_FromImport(self, node: nodes.FromImport) -> list[nodes.Node]:
        """The macros of another file, under the names they are used by."""
        path = self._alike(node.template)
        tree, free = self._tree(path), self._asked(path)
        macros = {each.name: each for each in tree.body if isinstance(each, nodes.Macro)}
        if (
            not all(isinstance(each, (nodes.Macro, nodes.Output)) for each in tree.body)
            or tree.find(nodes.Include)
            or any(name.name in macros for name in tree.find_all(nodes.Name))
            or not (node.with_context or free <= self._environment.globals.keys())
        ):
            raise Tangled
        self.taken_by_macros |= free
        found: list[nodes.Node] = []
        for each in node.names:
            name, alias = (each, each) if isinstance(each, str) else each
            if name not in macros:
                raise Tangled
            macro = self.visit(macros[name])
            found.append(
                nodes.Macro(alias, macro.args, macro.defaults, macro.body, lineno=node.lineno)
            )
        return found

    def mixed_up(self, tree: nodes.Template) -> bool:
        """Whether names may mean something else where something was put.

        Jinja takes a name for unset in a loop if it is set behind that loop, which what stood in
        another file did not notice. The same name set inside and outside may be mistaken as well.
        """
        order = {id(each): number for number, each in enumerate(tree.find_all(nodes.Node))}
        gifts = list(tree.find_all(_GIFTS))
        for place in self._places:
            own = {id(each) for each in place.find_all(nodes.Node)}
            last = max((order[each] for each in own), default=order[id(place)])
            asked = {name.name for name in place.find_all(nodes.Name) if name.ctx == "load"}
            for gift in gifts:
                names = given(nodes.Template([gift]))
                later = order[id(gift)] > last
                if id(gift) not in own and (names & given(place) or (later and names & asked)):
                    return True
        return False

    def _placed(self, body: list[nodes.Node]) -> nodes.Node:
        self._places.append(nodes.Scope(body))
        return self._places[-1]

    def _all(self, body: Sequence[nodes.Node]) -> list[nodes.Node]:
        return [each for node in body for each in self.visit_list(node)]

    def _take_blocks(self, tree: nodes.Template) -> None:
        for block in tree.find_all(nodes.Block):
            if block.required:
                raise Tangled
            self._blocks.setdefault(block.name, block)

    def _alike(self, template: nodes.Expr) -> str:
        """The file named, if it is escaped as this one is."""
        path = self._named(template)
        if escaped(path) != escaped(self._path):
            raise Tangled
        return path

    def _named(self, template: nodes.Expr) -> str:
        if not isinstance(template, nodes.Const) or not isinstance(template.value, str):
            raise Tangled
        return template.value

    def _asked(self, path: str) -> set[str]:
        # Looking for them leaves marks in the tree, so that it gets one of its own.
        return meta.find_undeclared_variables(self._tree(path))

    def _tree(self, path: str) -> nodes.Template:
        return self._environment.parse(self._sources[path], path, ROOT + path)
