"""Faults in templates are told with file, line and what to write instead."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flows.errors import MessageError
from flows.messages.compose import compose
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.messages.lint import lint
from flows.store.facts import MessageFacts
from tests.messages.people import AT

Folder = Callable[[dict[str, str]], Path]

WRONG = [
    (
        "Hallo\n{{ contact.name }}",
        "templates/hello/de/subject.txt:2 uses {{ contact.name }}, but contact 4711 has no name. "
        'Give a fallback: {{ contact.name or "…" }}',
    ),
    (
        "{{ contact.nme }}",
        'templates/hello/de/subject.txt:1 uses {{ contact.nme }}, but there is no "nme" in '
        'contact. Did you mean "name"?',
    ),
    (
        "\n\n{{ contakt.name }}",
        'templates/hello/de/subject.txt:3 uses {{ contakt }}, but there is no "contakt". '
        'Did you mean "contact"?',
    ),
    (
        "{{ order.total|money(order.currency) }}",
        "templates/hello/de/subject.txt:1 uses {{ order.total }}, but contact 4711 has no order. "
        "Ask first: {% if order %} … {% endif %}",
    ),
    (
        "{{ contact.name|upper }}",
        "templates/hello/de/subject.txt:1 uses {{ contact.name }}, but contact 4711 has no name. "
        'Give a fallback: {{ contact.name or "…" }}',
    ),
    (
        "{{ owner.phone }}",
        "templates/hello/de/subject.txt:1 uses {{ owner.phone }}, but the owner for contact 4711 "
        'has no phone. Give a fallback: {{ owner.phone or "…" }}',
    ),
    (
        "{{ contact.name or 1 / 0 }}",
        "templates/hello/de/subject.txt:1 does not work with these values (ZeroDivisionError)",
    ),
    (
        "{% include 'nothing.txt' %}",
        'templates/hello/de/subject.txt:1 uses "nothing.txt", which is not in templates/',
    ),
    (
        "{{ contact.__class__.__mro__ }}",
        "templates/hello/de/subject.txt:1 uses {{ contact.__class__ }}, but there is no "
        '"__class__" in contact.',
    ),
    (
        "{{ greeting.__class__.__mro__ }}",
        "templates/hello/de/subject.txt:1 does what templates may not do",
    ),
    ("{{ greeting|shout }}", 'templates/hello/de/subject.txt:1 uses the filter "shout", which'),
    ("\n{% if %}", "templates/hello/de/subject.txt:2 Expected an expression"),
]


@pytest.mark.parametrize(
    ("subject", "wanted"), WRONG, ids=[subject.strip() for subject, _ in WRONG]
)
def test_errors_name_file_line_and_remedy(
    subject: str,
    wanted: str,
    folder: Folder,
    letterhead: Letterhead,
    facts: Callable[..., MessageFacts],
):
    library = Library.open(folder({"hello/de/subject.txt": subject}))
    owner = facts().owner
    assert owner is not None
    nobody = facts(
        message="hello", first_name=None, last_name=None, title=None, purchase=None,
        owner=type(owner)(owner.key, owner.name, None, owner.email, None),
    )  # fmt: skip
    with pytest.raises(MessageError) as caught:
        compose(library, nobody, letterhead, AT)
    assert str(caught.value).startswith(wanted)
    assert "kunde.example" not in str(caught.value)


def test_of_ten_thousand_the_one_it_fails_for_is_told_with_file_line_and_remedy(
    folder: Folder, letterhead: Letterhead, facts: Callable[..., MessageFacts]
):
    body = "{{ greeting }},\n{% if order %}\nIhre Nummer: {{ order.number }}\n{% endif %}\n"
    body += "Firma {{ customer.name }}\n"
    library = Library.open(folder({"hello/de/body.txt": body}))
    usual = facts(message="hello")
    failed: dict[int, str] = {}
    went = 0
    for number in range(1, 10_001):
        name = None if number == 7_777 else "Tischlerei Meier"
        person = replace(usual, send_id=number, contact_id=number, customer_name=name)
        try:
            went += "Firma Tischlerei" in compose(library, person, letterhead, AT).outgoing.text
        except MessageError as error:
            failed[number] = str(error)
    assert went == 9_999
    assert failed == {
        7_777: "templates/hello/de/body.txt:5 uses {{ customer.name }}, but customer 7 has no "
        'name. Give a fallback: {{ customer.name or "…" }}'
    }


def test_an_empty_value_may_be_asked_for_and_replaced(
    folder: Folder, letterhead: Letterhead, facts: Callable[..., MessageFacts]
):
    subject = (
        '{% if not contact.name %}{{ contact.name or "Sie" }}{% endif %}'
        ' {{ contact.title|default("x") }}'
    )
    library = Library.open(folder({"hello/de/subject.txt": subject}))
    nobody = facts(message="hello", first_name=None, last_name=None, title=None)
    assert compose(library, nobody, letterhead, AT).outgoing.subject == "Sie x"


BAD = {
    "missing file": (
        {"hello/de/body.txt": None},
        "templates/hello/de/body.txt  is missing",
    ),
    "missing sample": ({"hello/sample.yaml": None}, "templates/hello/sample.yaml  is missing"),
    "bad sample": (
        {"hello/sample.yaml": "purpose: servus\nbasis: contract\nkontakt: {}\n"},
        "templates/hello/sample.yaml:1  purpose: Input should be",
    ),
    "sample with tabs": (
        {"hello/sample.yaml": "purpose:\n\tservice"},
        "templates/hello/sample.yaml:2  is not YAML",
    ),
    "untaken branch": (
        {"hello/de/body.txt": "{{ greeting }}\n{% if order %}{{ ordr.total }}{% endif %}"},
        "templates/hello/de/body.txt:2  uses ordr, but there is no",
    ),
    "unknown key": (
        {"hello/de/body.txt": "{{ greeting }}\n{% if order %}{{ customer.nam }}{% endif %}"},
        'templates/hello/de/body.txt:2  uses customer.nam, but there is no "nam" in customer. '
        'Did you mean "name"?',
    ),
    "no fallback": (
        {"hello/de/body.txt": "Hallo\n{{ contact.first_name }}"},
        "templates/hello/de/body.txt:2  uses {{ contact.first_name }}, but contact 1 has no",
    ),
    "syntax": (
        {"hello/de/body.html": "<p>\n{% if greeting %}"},
        "templates/hello/de/body.html:2  Unexpected end of template",
    ),
    "long subject": (
        {"hello/de/subject.txt": "x" * 61},
        "templates/hello/de/subject.txt:1  is 61 characters long. Phones show 60 at most",
    ),
    "short preheader": (
        {"hello/de/preheader.txt": "kurz"},
        "templates/hello/de/preheader.txt:1  is 4 characters long. Write between 40 and 110",
    ),
    "link missing in text": (
        {"hello/de/body.html": '<p><a href="https://x.example/a">a</a>'},
        "templates/hello/de/body.txt  lacks a https: link of body.html",
    ),
    "link missing in html": (
        {"hello/de/body.txt": "https://x.example/b."},
        "templates/hello/de/body.html  lacks a https: link of body.txt",
    ),
    "no unsubscribe": (
        {"hello/sample.yaml": "purpose: advertising\nbasis: consent\n"},
        "templates/hello/de/body.html  is advertising without a way out",
    ),
    "advertising in a service message": (
        {
            "_macros/button.html": "{% macro button() %}<b>x</b>{% endmacro %}\n",
            "hello/de/body.html": '{% from "_macros/button.html" import button %}\n<p>a</p>\n',
        },
        "templates/hello/de/body.html:1  is service and takes in _macros/button.html: that is "
        "advertising",
    ),
    "image without alt": (
        {"hello/de/body.html": '<p>a</p>\n<img\nsrc="cid:x">'},
        "templates/hello/de/body.html:2  shows an <img> without alt",
    ),
    "too long": (
        {"hello/de/body.html": "<p>" + "x" * 95_000},
        "templates/hello/de/body.html  makes 950",
    ),
    "clever style": (
        {"_base/style.css": "p { margin: 0 }\n.a p,\n.b { margin: 0 }"},
        'templates/_base/style.css:2  ".a p" depends on its surroundings',
    ),
    "bad words": (
        {"_words/de.yaml": "greeting: {\n"},
        "templates/_words/de.yaml:2  is not YAML",
    ),
    "words lost": ({"_words/de.yaml": "a: b\n"}, "templates/_words/de.yaml  lacks 'greeting'"),
    "computed include": (
        {"hello/de/body.html": "{% include greeting %}"},
        "templates/hello/de/body.html:1  takes in a file whose name is computed",
    ),
}


@pytest.mark.parametrize(("changes", "wanted"), BAD.values(), ids=BAD)
def test_the_check_finds(
    changes: dict[str, str | None], wanted: str, folder: Folder, letterhead: Letterhead
):
    made = folder({path: text for path, text in changes.items() if text is not None})
    for path, text in changes.items():
        if text is None:
            (made / path).unlink()
    found = [str(fault) for fault in lint(made, letterhead)]
    assert any(fault.startswith(wanted) for fault in found), found


def test_the_check_tells_everything_at_once(folder: Folder, letterhead: Letterhead):
    made = folder(
        {
            "hello/de/subject.txt": "x" * 99,
            "hello/de/preheader.txt": "kurz",
            "other/sample.yaml": "purpose: service\nbasis: contract\n",
            "other/de/subject.txt": "nur das",
        }
    )
    places = {fault.place for fault in lint(made, letterhead)}
    assert {"templates/hello/de/subject.txt", "templates/hello/de/preheader.txt"} <= places
    assert {f"templates/other/de/{part}" for part in ("body.html", "body.txt")} <= places


def test_a_sound_folder_passes_and_a_missing_one_is_named(
    folder: Folder, letterhead: Letterhead, tmp_path: Path
):
    assert lint(folder({}), letterhead) == []
    assert [fault.place for fault in lint(tmp_path / "no", letterhead)] == ["templates/"]


def test_files_in_another_encoding_are_named_with_their_line(
    folder: Folder, letterhead: Letterhead
):
    made = folder({})
    (made / "hello/de/body.txt").write_bytes("Hallo\nBüro".encode("cp1252"))
    assert [str(fault) for fault in lint(made, letterhead)] == [
        "templates/hello/de/body.txt:2  is not UTF-8. Save the file as UTF-8"
    ]
