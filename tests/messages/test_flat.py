"""Templates in one piece print what they print as they were written."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError
from markupsafe import Markup

from flows.messages.environment import environment
from flows.messages.flat import Flat
from flows.messages.tidy import Tidy
from flows.messages.weave import Tangled

KNOWN = {
    "sender": {"name": "A & B", "phone": None, "tags": ["x", "<y>"], "count": 3},
    "words": {"hi": "Hi", "of": {"one": "eins %(who)s", "two": "zwei"}, "none": None},
}
GIVEN: dict[str, Any] = {
    "person": {"name": "<Ada>", "title": None, "key": "one", "list": [1, 2]},
    "greeting": "Hello",
    "x": "outer",
}


def written(sources: dict[str, str]) -> str:
    made = environment(sources, "de", "Europe/Berlin", KNOWN)
    return made.get_template("body.html").render(GIVEN)


def flat(sources: dict[str, str]) -> str:
    made = environment(sources, "de", "Europe/Berlin", KNOWN)
    pieces = Flat(made, sources, "body.html", KNOWN).pieces({**made.globals, **GIVEN})
    return "".join(pieces)


LAYOUT = "<{% block head %}{{ greeting }}{% endblock %}>\n{% block main %}{% endblock %}</>\n"
SAME = {
    "known values, escaped once": {"body.html": "{{ sender.name }} {{ words.hi }}{{ '<'|safe }}"},
    "what is known is not looked at again": {
        "body.html": "{% if sender.phone %}{{ sender.phone }}{% elif sender.name %}{{ x }}"
        "{% else %}b{% endif %}{{ sender.phone or 'none' }}{{ 'a' if sender.count else 'b' }}"
    },
    "a known table, asked by what is not": {
        "body.html": "{{ words.of[person.key]|format(who=x) }}"
    },
    "a layout": {
        "body.html": "{% extends 'layout.html' %}{% block main %}{{ person.name }}{% endblock %}",
        "layout.html": LAYOUT,
    },
    "a layout of a layout": {
        "body.html": "{% extends 'middle.html' %}{% set x = 'mine' %}"
        "{% block in %}{{ x }}{% endblock %}",
        "middle.html": "{% extends 'layout.html' %}{% block main %}[{% block in %}{% endblock %}]"
        "{% endblock %}",
        "layout.html": LAYOUT,
    },
    "names set in a block stay there": {
        "body.html": "{% extends 'layout.html' %}"
        "{% block head %}{% set x = 1 %}{{ x }}{% endblock %}"
        "{% block main %}{{ x }}{% endblock %}",
        "layout.html": LAYOUT,
    },
    "names set in another file stay there": {
        "body.html": "{% include 'a.html' %}{{ x }}",
        "a.html": "{{ x }}{% set x = 'inner' %}{{ x }}",
    },
    "a name that may be set": {
        "body.html": "{% for i in [1] %}{{ x }}{% endfor %}"
        "{% if sender.name %}{% set x = 1 %}{% endif %}{{ x }}",
    },
    "another file sees the names around it": {
        "body.html": "{% for each in person.list %}{% set y = each %}"
        "{% include 'a.html' %}{% endfor %}",
        "a.html": "{{ each }}{{ y }}{{ x }};",
    },
    "styles are not escaped": {
        "body.html": "<style>{% include 'a.css' %}</style>{% include 'a.html' %}",
        "a.css": "{{ sender.name }}{{ person.name }}{{ sender.tags|join('&') }}",
        "a.html": "{{ sender.tags|join('&') }}",
    },
    "a small macro": {
        "body.html": "{% from 'm.html' import button as b with context %}{{ b('<', person.name) }}"
        "{{ b(x, 'to ' ~ person.name) }}{{ b(b=1, a=2) }}",
        "m.html": "{% macro button(a, b) %}{{ sender.name }}({{ a }}|{{ b }})\n{% endmacro %}",
    },
    "a macro that thinks": {
        "body.html": "{% from 'm.html' import button %}"
        "{{ button(person.title, 'x') }}{{ button(1) }}",
        "m.html": "{% macro button(a, b='std') %}{% if a %}{{ b }}{% endif %}!{% endmacro %}",
    },
    "a macro called where styles are": {
        "body.html": "{% from 'm.html' import m with context %}{% include 'a.css' %}",
        "m.html": "{% macro m(a) %}{{ a }}{% endmacro %}",
        "a.css": "{{ m('<') }}{{ m(person.name) }}",
    },
    "loops, sets and filters": {
        "body.html": "{% set s %}<{{ x }}>{% endset %}{% for a, b in [(1, 'p'), (2, x)] %}"
        "{{ loop.index }}{{ a }}{{ b|upper }}{% else %}none{% endfor %}{{ s }}"
        "{% filter upper %}{{ sender.name }}{{ x }}{% endfilter %}"
        "{% with z = sender.count %}{{ z + 1 }}{% endwith %}{{ 1234.5|number }}",
    },
    "nothing": {"body.html": ""},
}  # fmt: skip


@pytest.mark.parametrize("sources", SAME.values(), ids=SAME)
def test_in_one_piece_it_prints_the_same(sources: dict[str, str]):
    assert flat(sources) == written(sources)


def test_what_is_the_same_for_everybody_is_text():
    sources = {
        "body.html": "{% extends 'l.html' %}{% block a %}{{ sender.name }}{% endblock %}",
        "l.html": "{% block a %}{% endblock %}{% include 'c.css' %}"
        "{% if sender.phone %}!{% endif %}",
        "c.css": "{{ sender.name }}",
    }
    made = environment(sources, "de", "Europe/Berlin", KNOWN)
    assert Flat(made, sources, "body.html", KNOWN).text == "A &amp; BA & B"
    assert Flat(made, {"body.html": "{{ x }}"}, "body.html", KNOWN).text is None


TANGLED = {
    "super": {
        "body.html": "{% extends 'layout.html' %}{% block head %}{{ super() }}{% endblock %}",
        "layout.html": LAYOUT,
    },
    "self": {"body.html": "{% block a %}1{% endblock %}{{ self.a() }}"},
    "a block in a loop": {"body.html": "{% for i in [1] %}{% block a %}{% endblock %}{% endfor %}"},
    "a block that must be filled": {"body.html": "{% block a required %}{% endblock %}"},
    "a block among names": {
        "body.html": "{% block a %}{% set x = 1 %}{% block b %}{{ x }}{% endblock %}{% endblock %}"
    },
    "a computed name": {"body.html": "{% include x %}"},
    "a file that may be missing": {"body.html": "{% include 'no.html' ignore missing %}"},
    "a file without what is around it": {
        "body.html": "{% include 'a.html' without context %}",
        "a.html": "{{ x }}",
    },
    "a loop's own names elsewhere": {
        "body.html": "{% for i in [1] %}{% include 'a.html' %}{% endfor %}",
        "a.html": "{{ loop is defined }}",
    },
    "a whole module": {"body.html": "{% import 'm.html' as m %}{{ m.a }}", "m.html": ""},
    "a macro without what it asks for": {
        "body.html": "{% from 'm.html' import m %}{{ m() }}",
        "m.html": "{% macro m() %}{{ x is defined }}{% endmacro %}",
    },
    "a macro that calls another": {
        "body.html": "{% from 'm.html' import m %}{{ m() }}",
        "m.html": "{% macro n() %}1{% endmacro %}{% macro m() %}{{ n() }}{% endmacro %}",
    },
    "a macro whose names change": {
        "body.html": "{% from 'm.html' import m with context %}{% set x = 1 %}{{ m() }}",
        "m.html": "{% macro m() %}{{ x }}{% endmacro %}",
    },
    "macros in plain text": {
        "body.html": "{% from 'm.txt' import m %}{{ m() }}",
        "m.txt": "{% macro m() %}<{% endmacro %}",
    },
    "a name given behind a file that asks for it": {
        "body.html": "{% include 'a.html' %}{% set x = 1 %}{{ x }}",
        "a.html": "{% for i in [1] %}{{ x }}{% endfor %}",
    },
    "a name given here and there": {
        "body.html": "{% set x = 1 %}{% include 'a.html' %}",
        "a.html": "{% for i in [1] %}{{ x|default('?') }}{% endfor %}{% set x = 2 %}",
    },
    "a name given to a layout that gives it, too": {
        "body.html": "{% extends 'layout.html' %}{% set x = 1 %}",
        "layout.html": "{% for i in [1] %}{{ x|default('?') }}{% endfor %}{% set x = 2 %}",
    },
    "a known name taken": {"body.html": "{% set sender = 1 %}{{ sender }}"},
    "text before a layout": {
        "body.html": "a{% extends 'layout.html' %}",
        "layout.html": LAYOUT,
    },
    "a layout by chance": {
        "body.html": "{% extends 'layout.html' %}{% if x %}{% set y = 1 %}{% endif %}",
        "layout.html": LAYOUT,
    },
}


@pytest.mark.parametrize("sources", TANGLED.values(), ids=TANGLED)
def test_what_means_something_only_where_it_stands_is_left_there(sources: dict[str, str]):
    with pytest.raises(Tangled):
        flat(sources)


ATTACKS = [
    "{{ person.__class__.__mro__ }}",
    "{{ greeting.__class__.__mro__ }}",
    "{{ sender.name.__class__ }}",
    "{{ sender['__class__'] }}",
    "{{ greeting|attr('__class__') }}",
    "{{ sender.name|attr('__class__') }}",
    "{{ ''.join.__globals__ }}",
    "{{ '{0.__class__}'.format(sender) }}",
    "{{ '{0.__class__}'.format(greeting) }}",
    "{{ person.update({'name': 1}) }}",
    "{{ sender.tags.append(1) }}",
    "{{ [].append(1) }}",
    "{{ range(10000000)|list|length }}",
    "{{ words.of.pop('one') }}",
    "{{ sender.nme }}",
    "{{ sender.phone }}",
    "{{ nobody }}",
    "{% macro m() %}{{ m.__globals__ }}{% endmacro %}{{ m() }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{% set y = sender.tags.__class__ %}{{ y }}",
    "{% if sender.name.__class__ %}1{% endif %}",
]


@pytest.mark.parametrize("body", ATTACKS)
def test_what_templates_may_not_do_they_may_not_do_in_one_piece(body: str):
    for sources in ({"body.html": body}, {"body.html": "{% include 'a.html' %}", "a.html": body}):
        for render in (written, flat):
            with pytest.raises((TemplateError, OverflowError)):
                render(sources)


PLAIN = st.sampled_from(
    [
        "a", "\n", " <b>\n", "{{ sender.name }}", "{{ person.name }}", "{{ x }}",
        "{{ words.of[person.key] }}", "{{ sender.phone or x }}", "{{ person.title or words.hi }}",
        "{{ sender.tags|join(x) }}", "{{ y|default('?') }}", "{% set x = sender.name %}",
        "{% set y = x %}", "{% set y = person.name ~ x %}", "{% include 'a.html' %}",
        "{% include 'a.css' %}", "{{ m(x, sender.name) }}", "{{ m(person.name, 1) }}",
    ]
)  # fmt: skip
TESTS = st.sampled_from(["sender.phone", "sender.name", "x", "person.title", "y is defined"])
NAMES = st.sampled_from("xyz")
LISTS = st.sampled_from(["sender.tags", "person.list"])


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, TESTS, some, some),
        st.builds(
            "{{% for {} in {} %}}{}{{% endfor %}}".format, st.sampled_from("xyz"), LISTS, some
        ),
        st.builds("{{% with y = sender.count %}}{}{{% endwith %}}".format, some),
    )


PARTS = st.lists(st.recursive(PLAIN, _nested, max_leaves=6), max_size=4).map("".join)
BLOCKS = st.tuples(*[st.none() | PARTS for _ in "pqr"]).map(
    lambda found: "".join(
        f"{{% block {name} %}}{body}{{% endblock %}}"
        for name, body in zip("pqr", found, strict=True)
        if body is not None
    )
)
CHILD = st.tuples(st.sampled_from(["", "{% set x = 'mine' %}", "{% set y = x %}"]), BLOCKS)
HEAD = "{% extends 'layout.html' %}{% from 'm.html' import m with context %}"


@settings(max_examples=80, deadline=None)
@given(
    child=CHILD.map("".join),
    layout=st.tuples(PARTS, BLOCKS, PARTS).map("".join),
    other=PARTS,
    css=PLAIN,
)
def test_no_template_prints_anything_else_in_one_piece(
    child: str, layout: str, other: str, css: str
):
    sources = {
        "body.html": HEAD + child,
        "layout.html": layout,
        "a.html": other.replace("a.html", "a.css"),
        "a.css": css.replace("{% include 'a.html' %}", "").replace("{% include 'a.css' %}", ""),
        "m.html": "{% macro m(p, q) %}{{ p }}-{{ words.hi }}-{{ q }}{% endmacro %}",
    }
    try:
        wanted = written(sources)
    except Exception:
        return
    try:
        found = flat(sources)
    except Tangled:
        return
    assert found == wanted


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text("ab \t\n\r\x0b\x1c\x85\u2028\xa0", max_size=6), max_size=8))
def test_pieces_come_out_without_blank_lines_as_the_whole_would(pieces: list[str]):
    whole = "".join(pieces)
    lines = [line for line in whole.splitlines() if line.strip()]
    tidy = Tidy()
    for _ in range(2):
        for kind in (str, Markup):
            assert tidy(map(kind, pieces)) == "\n".join(lines) + "\n"
