"""Messages of one template become a skeleton, and values that make each of them again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.delivery.sendgrid.mould import Mould
from flows.delivery.sendgrid.skeleton import MOST_VALUE_BYTES, Message, Shared, split
from tests.delivery.sendgrid.letters import composed, facts, html, mail, mails, purchase


@dataclass(frozen=True)
class Note:
    """No more of a message than is looked at."""

    html: str
    text: str = "Guten Tag\n"
    subject: str = "Hallo"


def nonces() -> Iterator[str]:
    """Every time another one."""
    return (f"{each:06x}" for each in count(0xABC001))


def shared(messages: Sequence[Message], moulds: list[Mould] | None = None) -> list[Shared]:
    numbers = nonces()
    return split(messages, [] if moulds is None else moulds, lambda: next(numbers))


def again(each: Shared, member: int, seed: int = 0) -> tuple[str, str]:
    """A message as SendGrid makes it: tag by tag, in any order, and over values again."""
    values = each.values[member]
    page, text = each.html, each.text
    for turn in range(3):
        for tag in sorted(values, key=lambda tag: crc32(f"{seed + turn}{tag}".encode())):
            page, text = page.replace(tag, values[tag]), text.replace(tag, values[tag])
    return page, text


def assert_whole(messages: Sequence[Message], made: list[Shared]) -> None:
    """Every message in a skeleton is made again, and is in one only."""
    members = [position for each in made for position in each.members]
    assert len(members) == len(set(members))
    for each in made:
        for at, position in enumerate(each.members):
            message = messages[position]
            assert again(each, at, position) == (message.html, message.text)


def test_what_differs_is_each_ones_own_and_the_rest_is_shared():
    messages = mails(5)
    (one,) = shared(messages)
    assert one.members == [0, 1, 2, 3, 4]
    assert one.html == html("Frau Meier -abc00100-")
    assert one.text == "Guten Tag Frau Meier -abc00100-,\n\nvielen Dank für Ihr Vertrauen.\n"
    assert one.values == [{"-abc00100-": str(each)} for each in range(1, 6)]
    assert_whole(messages, [one])


def test_places_that_always_hold_the_same_share_a_tag_and_others_do_not():
    escaped = [
        Note(f"<p>Guten Tag Frau {name.replace('&', '&amp;')},</p>\n", f"Guten Tag Frau {name},\n")
        for name in ("Meier", "Koch", "Berg & Tal")
    ]
    (one,) = shared(escaped)
    assert [len(values) for values in one.values] == [2, 2, 2]
    assert list(one.values[2].values()) == ["Berg &amp; Tal", "Berg & Tal"]
    assert_whole(escaped, [one])


def test_equal_messages_need_no_tags():
    (one,) = shared([Note(html("Kunde"))] * 3)
    assert one.html == html("Kunde")
    assert one.values == [{}, {}, {}]


def test_optional_lines_and_lists_of_any_length_go_together():
    def letter(number: int) -> Note:
        rows = "".join(f"<tr><td>{at} ×</td><td>Artikel {at * number}</td></tr>\n" for at in
                       range(number % 4))  # fmt: skip
        fact = "<p>Aus Eiche.</p>\n" if number % 3 else ""
        return Note(html(f"Frau {number}", f"<table>\n{rows}</table>\n{fact}<p>Danke.</p>\n"))

    messages = [letter(number) for number in range(40)]
    (one,) = shared(messages)
    assert len(one.members) == 40
    assert_whole(messages, [one])


def test_two_languages_of_one_message_are_two_skeletons():
    messages = composed(
        *(facts(each, contact_locale="de" if each % 2 else "en") for each in range(1, 13))
    )
    made = shared(messages)
    assert sorted(len(each.members) for each in made) == [6, 6]
    assert max(len("".join(own.values())) for each in made for own in each.values) < 100
    assert_whole(messages, made)


def test_the_shipped_messages_go_together_whatever_was_bought():
    names = ["Tisch Alba", "Stuhl <Verve> & Co", 'Regal "Lund"', "Lampe", "Teppich"]
    messages = composed(
        *(
            facts(each, title=[None, "Dr."][each % 2], purchase=purchase(each, names[: each % 6]))
            for each in range(30)
        )
    )
    made = shared(messages)
    assert sum(len(each.members) for each in made) >= 29
    assert len(made) <= 2
    assert_whole(messages, made)


def test_the_host_of_a_link_is_shared_as_a_whole_or_not_at_all():
    same = [Note(html("Kunde", f'<a href="https://web.example/u/{each}">Stop</a>\n'))
            for each in ("abc", "xyz", "q")]  # fmt: skip
    assert '<a href="https://web.example/u/-abc00100-">Stop</a>' in shared(same)[0].html
    other = [Note(html("Kunde", f'<a href="https://web.{each}.example/u">Stop</a>\n'))
             for each in ("abc", "xyz", "q")]  # fmt: skip
    assert '<a href="-abc00100-' in shared(other)[0].html
    assert shared(other)[0].values[1]["-abc00100-"].startswith("https://web.")


def test_a_page_without_line_breaks_is_split_as_well():
    messages = [Note(html(f"Frau {each}").replace("\n", "")) for each in range(9)]
    (one,) = shared(messages)
    assert one.values[7] == {"-abc00100-": "7"}


def test_pictures_inside_a_page_are_shared_in_no_time():
    picture = "iVBORw0KGgo" * 30_000
    messages = [Note(html("Kunde", f'<img src="data:image/png;base64,{picture}" alt="{each}">\n'))
                for each in ("Anna", "Ben", "Cem")]  # fmt: skip
    (one,) = shared(messages)
    assert one.values[2] == {"-abc00100-": "Cem"}
    assert_whole(messages, [one])


def test_who_has_too_much_of_his_own_goes_alone():
    long = "ä" * (MOST_VALUE_BYTES // 2)
    messages = [*mails(6), mail(7, html=html(f"Frau Meier {long}"))]
    made = shared(messages)
    assert [each.members for each in made] == [[0, 1, 2, 3, 4, 5]]


def test_strangers_go_alone_and_do_not_spoil_the_others():
    strangers = [
        Note(*("".join(f"{each}{line} {kind}\n" * 3 for line in range(60)) for kind in "ht"))
        for each in range(30)
    ]
    known = mails(40)
    mixed = [each for pair in zip(known[:30], strangers, strict=True) for each in pair]
    mixed += known[30:]
    made = shared(mixed)
    assert [len(each.members) for each in made] == [40]
    assert_whole(mixed, made)


def test_never_more_than_ninety_tags():
    def table(number: int, lines: int) -> Note:
        return Note("".join(f"<p>Zeile {line}: {number * line}</p>\n" for line in range(lines)))

    (few,) = shared([table(number, 90) for number in range(2, 6)])
    assert 60 < len(few.values[0]) <= 90
    many = [table(number, 200) for number in range(2, 6)]
    made = shared(many)
    assert all(len(values) <= 90 for each in made for values in each.values)
    assert_whole(many, made)


def test_a_nonce_that_occurs_in_what_is_shared_is_drawn_again():
    messages = [Note(html("Kunde", f"<p>abc001</p>\n<p>Nr. {each}</p>\n")) for each in range(4)]
    (one,) = shared(messages)
    assert list(one.values[0]) == ["-abc00200-"]
    always = [Note(html("Kunde", f"<p>000000</p>\n<p>Nr. {each}</p>\n")) for each in range(4)]
    assert split(always, [], lambda: "000000") == []


@pytest.mark.parametrize(
    "unlucky",
    [
        Note(html("Frau Meier -abc00100-")),
        Note(html("Frau Meier abc001")),
        Note(html("Frau Meier 3"), "Guten Tag abc001\n"),
        Note(html("Frau Meier 3"), subject="Ihr abc001"),
    ],
    ids=["a tag in a value", "a nonce in a value", "a nonce in the text", "one in the subject"],
)
def test_a_message_that_holds_the_nonce_goes_alone(unlucky: Note):
    messages = [*(Note(html(f"Frau Meier {each}")) for each in range(3)), unlucky]
    messages += [Note(html("Frau Meier 4"), f"Guten Tag {each}\n") for each in range(2)]
    (one,) = shared(messages)
    assert one.members == [0, 1, 2, 4, 5]
    assert_whole(messages, [one])


def test_what_was_learned_serves_the_next_messages():
    moulds: list[Mould] = []
    shared(mails(20), moulds)
    (mould,) = moulds
    version = mould.version
    (one,) = shared([mail(each, html=html(f"Herr Koch {each}")) for each in (71, 72)], moulds)
    assert mould.version == version + 1
    (one,) = shared(mails(3), moulds)
    assert len(one.members) == 3
    assert (moulds, mould.version) == ([mould], version + 1)


def test_moulds_nobody_needs_any_more_are_forgotten():
    moulds: list[Mould] = []
    for kind in range(16):
        page = "".join(f"<p>{kind * 1000 + line}</p>\n" for line in range(40))
        messages = [Note(f"{page}<p>Nr. {each}</p>\n", page) for each in range(3)]
        assert [len(each.members) for each in shared(messages, moulds)] == [3]
    assert len(moulds) <= 8


word = st.sampled_from(
    ["Anna", "Meier & Co", "<b>", "&amp;", "-abc00100-", "abc001", "-", "{{ x }}", "{% if %}",
     "مرحبا", "\u202e", "👩‍👩‍👧", "é", "\x00", "\x85", "\u2028", "\r\n", "\n", "\n\n",
     "<%x%>", '<a href="https://a.example/', 'href="http://b.example/', "https://", "0", ""]
)  # fmt: skip
piece = st.lists(word, max_size=4).map("".join)


@st.composite
def templates(draw: st.DrawFn) -> list[Note]:
    """Messages of one template of which nobody knows anything."""
    frame = draw(st.lists(piece, min_size=1, max_size=6))
    lines = [f"<p>{each}</p>\n" * draw(st.integers(0, 2)) + each for each in frame]

    def body() -> str:
        own = draw(st.lists(piece, min_size=len(lines), max_size=len(lines)))
        return "".join(f"{line}{each}" for line, each in zip(lines, own, strict=True))

    return [Note(body(), body(), draw(piece)) for _ in range(draw(st.integers(2, 7)))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(templates(), st.lists(templates(), max_size=1))
def test_whatever_stands_in_them_messages_come_out_as_they_went_in(
    messages: list[Note], before: list[list[Note]]
):
    moulds: list[Mould] = []
    for others in before:
        assert_whole(others, shared(others, moulds))
    made = shared(messages, moulds)
    assert_whole(messages, made)
    for each in made:
        for values in each.values:
            size = sum(len(f"{tag}{value}".encode()) for tag, value in values.items())
            assert size < MOST_VALUE_BYTES
            assert len(values) <= 90
