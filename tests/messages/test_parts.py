"""Tokens, colours, styles, versions and the bytes of a mail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import tokens
from flows.messages.colours import NIGHT, PANEL, PANEL_NIGHT, PAPER, contrast, palette
from flows.messages.library import Library, opened
from flows.messages.message import Shared
from flows.messages.styles import inlined
from flows.outgoing import Outgoing
from segments.names import Purpose
from tests.messages.conftest import TEMPLATES
from tests.messages.people import AT

Folder = Callable[[dict[str, str]], Path]


@given(contact=st.integers(0, 2**63 - 1), purpose=st.sampled_from(list(Purpose)))
def test_tokens_read_back_and_only_with_the_secret(contact: int, purpose: Purpose):
    token = tokens.make(b"secret", contact, purpose)
    assert len(token) == 32
    assert tokens.read([b"secret"], token) == (contact, purpose)
    assert tokens.read([b"other"], token) is None


def test_tokens_of_mails_already_sent_stay_what_they_are():
    assert tokens.make(b"secret", 4711, Purpose.ADVERTISING) == "Iw9icKJrZY5IoLq1ByBymSKwj4Ukzjpg"
    assert tokens.send_mark(b"secret", 88) == "b9a47751db97"


@given(
    number=st.integers(0, 2**63 - 1),
    kind=st.sampled_from(list(tokens.Kind)),
    made_with=st.sampled_from([b"new", b"old", b"oldest"]),
)
def test_every_secret_reads_and_a_token_is_good_for_its_own_kind_only(
    number: int, kind: tokens.Kind, made_with: bytes
):
    known = [b"new", b"old", b"oldest"]
    token = tokens.make_for(made_with, kind, number)
    for other in tokens.Kind:
        expected = number if other == kind else None
        assert tokens.read_for(known, other, token) == expected
    assert (tokens.read(known, token) is not None) == (kind <= tokens.Kind.STOP_LEGAL)
    assert tokens.read_for([other for other in known if other != made_with], kind, token) is None


@given(
    at=st.integers(0, 31),
    letter=st.sampled_from("ABCXYZabcxyz0189-_=+/ ."),
    junk=st.text(max_size=40),
)
def test_no_changed_or_invented_token_is_read(at: int, letter: str, junk: str):
    token = tokens.make(b"secret", 4711, Purpose.ADVERTISING)
    changed = token[:at] + letter + token[at + 1 :]
    assert changed == token or tokens.read([b"secret"], changed) is None
    assert junk == token or tokens.read([b"secret"], junk) is None
    assert tokens.read([b"secret"], token + "\n") is None


@settings(max_examples=80)
@given(st.integers(0, 0xFFFFFF))
def test_every_brand_colour_becomes_readable(number: int):
    colours = palette(f"#{number:06x}")
    for end, grounds in (("", (PAPER, PANEL)), ("_dark", (NIGHT, PANEL_NIGHT))):
        brand = colours[f"brand{end}"]
        for ground in (*grounds, colours[f"tint{end}"], colours[f"on_brand{end}"]):
            assert contrast(brand, ground) >= 4.5


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("#2b3335", "#ffffff"), ("#5a6467", "#ffffff"), ("#5a6467", "#f7f5f1"),
        ("#5a6467", "#f3f1ec"), ("#3d4648", "#f3f1ec"), ("#d9dedf", "#1d2324"),
        ("#a9b3b5", "#1d2324"), ("#a9b3b5", "#262d2f"), ("#a9b3b5", "#121617"),
        ("#c9d1d2", "#121617"),
    ],
)  # fmt: skip
def test_the_colours_of_the_stylesheets_can_be_read(ink: str, ground: str):
    styles = "".join(
        (TEMPLATES / "_base" / name).read_text() for name in ("style.css", "media.css")
    )
    assert ink in styles
    assert ground in styles
    assert contrast(ink, ground) >= 4.5


def test_a_readable_brand_colour_stays_as_it_is():
    assert palette("#1f5b4d")["brand"] == "#1f5b4d"


def test_styles_move_into_tags_and_lines_stay():
    sources = {
        "_base/style.css": "/* x */ p { color: red } .a { margin: 1px; color: var(--brand) }\n"
        "td.b { padding: 2px }",
        "_base/media.css": "@media all { .a { color: blue !important } }",
        "x.html": '<p\nclass="a c">{{ "<p>" }}</p>\n<!-- <p> --><td class="b" style="top: 0">'
        '<p class="{{ x }}">',
        "x.txt": '<p class="a">',
    }
    done = inlined(sources)
    assert "_base/style.css" not in done
    assert done["x.txt"] == sources["x.txt"]
    assert done["x.html"] == (
        '<p class="a" style="color: {{ sender.colours.brand }};margin: 1px;">{{ "<p>" }}</p>\n'
        '<!-- <p> --><td style="padding: 2px; top: 0"><p style="color: red;" class="{{ x }}">'
    )


def test_the_version_changes_with_what_a_message_uses_and_with_nothing_else(folder: Folder):
    def version(changes: dict[str, str]) -> str:
        return Library.open(folder(changes)).message("hello", "de").version

    first = version({"_blocks/a.html": "1", "hello/de/body.html": '{% include "_blocks/a.html" %}'})
    assert version({"_blocks/unused.html": "2"}) != first
    used = version({"hello/de/body.html": '{% include "_blocks/a.html" %}', "_blocks/a.html": "1"})
    assert used == first
    assert (
        version({"_blocks/a.html": "2", "hello/de/body.html": '{% include "_blocks/a.html" %}'})
        != first
    )
    assert version({"_words/en.yaml": "greeting: {}"}) == version({})


def test_a_stored_bundle_is_the_message_it_came_from(library: Library):
    message = library.message("reassurance", "de")
    back = opened(message.bundle)
    assert (back.version, back.bundle, back.sources) == (
        message.version,
        message.bundle,
        message.sources,
    )
    assert "_words/en.yaml" not in back.sources
    assert not [path for path in back.sources if path.startswith("newsletter")]


@pytest.fixture
def outgoing() -> Outgoing:
    """A small message."""
    return Outgoing(
        send_id=1,
        to_name="Meier, Anna",
        to_email="a@kunde.example",
        from_name="Firma",
        from_email="post@firma.example",
        reply_to="b@firma.example",
        subject="Hallo",
        html="<p>Grüße",
        text="Grüße\r\n.\r\nFrom x  ",
        headers={"X-One": "1"},
        message_id="<s1.a@firma.example>",
        date=AT,
    )


def test_the_same_message_makes_the_same_bytes(outgoing: Outgoing):
    raw = outgoing.as_bytes()
    assert raw == replace(outgoing).as_bytes()
    assert raw.startswith(
        b'From: Firma <post@firma.example>\r\nTo: "Meier, Anna" <a@kunde.example>'
    )
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.count(b"Content-Type: text/") == 2


def test_each_part_is_shown_byte_for_byte(outgoing: Outgoing):
    raw = outgoing.as_bytes()
    assert outgoing.part("mail") == raw
    assert raw.startswith(outgoing.part("headers") + b"\r\n--=_")
    assert outgoing.part("subject") == b"Hallo"
    assert outgoing.part("text") == "Grüße\r\n.\r\nFrom x  ".encode()
    assert outgoing.part("html") == "<p>Grüße".encode()


@pytest.mark.parametrize(
    "change",
    [
        {"to_email": "a@b.example\r\nBcc: x@y.example"},
        {"to_email": "a b@c.example"},
        {"to_email": "müller@c.example"},
        {"to_name": "Anna\nBcc: x"},
        {"subject": "Hallo\rX: y"},
        {"from_name": "Firma\x00"},
        {"reply_to": ""},
        {"message_id": "<a b@c>"},
        {"headers": {"Subject": "second"}},
        {"headers": {"X-One": "a\r\nBcc: x"}},
        {"headers": {"X One": "a"}},
        {"date": datetime(2026, 1, 1)},  # noqa: DTZ001
    ],
    ids=str,
)
def test_what_would_break_headers_cannot_even_be_built(outgoing: Outgoing, change: dict[str, str]):
    with pytest.raises(ValueError, match="send 1"):
        replace(outgoing, **change)  # type: ignore[arg-type]


def test_money_dates_and_numbers_follow_the_language(folder: Folder):
    body = (
        '{{ 123456|money("EUR") }} {{ 5|money("JPY") }} '
        '{{ "2026-03-11T23:30:00+00:00"|date }} {{ 1234.5|number }}'
    )
    library = Library.open(
        folder(
            {
                "hello/de/body.txt": body,
                "hello/en/body.txt": body,
                "hello/en/subject.txt": "a",
                "hello/en/preheader.txt": "a",
                "hello/en/body.html": "a",
                "_words/en.yaml": "greeting: {}",
            }
        )
    )
    shared = Shared('{"zone": "Europe/Berlin"}')
    german = library.message("hello", "de", shared).render({"greeting": "Hi"}).text
    english = library.message("hello", "en", shared).render({"greeting": "Hi"}).text
    assert german == "1.234,56\xa0€ 5\xa0¥ 12. März 2026 1.234,5\n"
    assert english == "€1,234.56 JP¥5 12 March 2026 1,234.5\n"
