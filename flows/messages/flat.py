"""A template in one piece, with all that is the same for everybody filled in.

Layout, blocks, includes and macros are what authors read, and what Jinja would walk through anew
for each person. Here that is done once. What cannot be put in place without a change of meaning
raises `Tangled`; a message with such a template is rendered as it is written.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Template
from jinja2.runtime import Context

from flows.messages.environment import ROOT, Environment
from flows.messages.fill import filled_in, text_of
from flows.messages.unfold import unfolded
from flows.messages.weave import woven


class Flat:
    """The template at `path`, which prints what it always did; `known` names are filled in."""

    def __init__(
        self,
        environment: Environment,
        sources: Mapping[str, str],
        path: str,
        known: Mapping[str, Any],
    ) -> None:
        tree = woven(environment, sources, path, known)
        tree.body = filled_in(unfolded(tree.body), environment, path, known)
        self.text = text_of(tree.body)
        """All of it, where it is the same for everybody."""
        code = environment.compile(tree, path, ROOT + path)
        self._template = Template.from_code(environment, code, dict(environment.globals))

    def pieces(self, given: dict[str, Any]) -> Iterator[str]:
        """What it prints with the `given` names, which must hold those of the environment."""
        if self.text is not None:
            return iter((self.text,))
        template = self._template
        return template.root_render_func(Context(template.environment, given, template.name, {}))
