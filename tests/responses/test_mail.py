"""Mail read: whatever it is made of, nothing is raised, and what can be read is."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.responses import inbound
from flows.responses.mail import LONGEST_TEXT, Mail, Sort, read
from tests.responses.mails import mail, posted

LATIN = "Grüße aus Köln, bitte keine Werbung mehr"


@pytest.mark.parametrize(
    ("charset", "encoded"),
    [
        ("iso-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("utf-8", "utf-8"),
        ("utf-16", "utf-16"),
        ("x-unknown", "utf-8"),
        ("x-unknown", "latin-1"),
        ("utf-8", "latin-1"),
        ("base64", "utf-8"),
        ('"', "utf-8"),
        ("idna", "utf-8"),
    ],
)
def test_odd_charsets_are_read_as_well_as_they_can_be(charset: str, encoded: str) -> None:
    head = f"From: a@x.example\nSubject: Hi\nContent-Type: text/plain; charset={charset}\n\n"
    found = read(head.encode() + LATIN.encode(encoded))
    assert found.text == LATIN
    assert found.stop


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
        "=?iso-8859-1?b?R3L832U=?=",
        "=?x-unknown?q?Gr=FC=DFe?=",
        "Grüße",
    ],
)
def test_subjects_are_decoded(subject: str) -> None:
    assert read(f"Subject: {subject}\nFrom: a@x.example\n\nHi".encode()).subject == "Grüße"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0\0",
        b"\xff\xfe\xfd",
        b"From:\nTo: <<<>>>, ;;\nSubject: =?utf-8?b?!!!?= =?utf-8?b?R?=\n\n",
        b"From: \xe4\xf6\xfc <\xff@\xff>\nSubject: \xff\n\n\xff",
        b"Content-Type: multipart/mixed\n\nno boundary",
        b'Content-Type: multipart/mixed; boundary=""\n\n--\n\n--',
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status"
        b"\n\nAction\n\n--b--",
        b"Content-Type: text/html; charset=utf-8\n\n<!DOCTYPE [<!x<![if><p>Hi<style>x",
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!",
        b"Content-Type: text/plain; charset*=utf-8''%ff\n\nHi",
        b"Message-ID: <" + b"x" * 100_000 + b">\n\n",
        b"From: " + b"(" * 50_000 + b"\n\n",
        b"References: " + b"<a@b>" * 50_000 + b"\n\n",
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000)
        ),
    ],
)
def test_broken_mail_is_read_all_the_same(raw: bytes) -> None:
    found = read(raw, "", ["A+b@x.example"])
    assert len(found.key) <= 200
    assert found.to[0] == "a+b@x.example"
    assert len(found.text) <= LONGEST_TEXT


LINES = st.lists(
    st.sampled_from(
        [
            b"From: a@x.example", b"Subject: =?utf-8?q?=", b"Content-Type: multipart/report",
            b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: message/rfc822",
            b"Content-Type: message/delivery-status", b"Content-Type: text/html; charset=utf-7",
            b"Content-Transfer-Encoding: uuencode", b"Content-Transfer-Encoding: quoted-printable",
            b"Content-Disposition: form-data; name=email", b"--b", b"--b--", b"", b"Action: failed",
            b"Status: 5.1.1", b"Message-ID: <s1.0123456789ab@x>", b"begin 644 x", b"<p><![", b"=?",
        ]
    )
    | st.binary(max_size=30),
    max_size=25,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(LINES, st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_no_mail_and_no_form_breaks_the_reader(lines: list[bytes], end: bytes) -> None:
    raw = end.join(lines)
    assert isinstance(read(raw), Mail)
    form = inbound.fields(b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + raw)
    inbound.envelope(form)
    inbound.raw_mail(form)
    inbound.fields(raw)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_a_mail_of_any_bytes_comes_out_of_its_form_as_it_went_in(content: bytes) -> None:
    raw = b"Subject: x\r\n\r\n" + content
    form = inbound.fields(posted(raw, "a@x.example", ["b@x.example"]))
    assert inbound.raw_mail(form) == raw
    assert inbound.envelope(form) == ("a@x.example", ["b@x.example"])


def test_a_mail_that_was_not_posted_raw_is_put_together() -> None:
    form = {
        "headers": b"From: a@x.example\r\nSubject: Hi\r\nContent-Type: multipart/alternative;\r\n"
        b" boundary=x\r\nMessage-ID: <1@x.example>",
        "text": "Schöne Grüße".encode(),
        "html": b"<p>no</p>",
    }
    raw = inbound.raw_mail(form)
    assert raw is not None
    found = read(raw)
    assert (found.sender, found.subject, found.text) == ("a@x.example", "Hi", "Schöne Grüße")
    html = inbound.raw_mail(form | {"text": b""})
    assert html is not None
    assert read(html).text == "no"


def test_the_plain_text_is_read_and_attachments_are_not() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=a\nFrom: a@x.example\n\n--a\n"
        b"Content-Type: text/plain\nContent-Disposition: attachment; filename=x.txt\n\nattached\n"
        b"--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n"
        b"<style>p {}</style><p>rich&nbsp;text</p>\n--b\nContent-Type: text/plain\n\nplain text\n"
        b"--b--\n--a--\n"
    )
    assert read(raw).text == "plain text"
    assert read(raw.replace(b"text/plain\n\nplain", b"image/png\n\nplain")).text == "rich text"


@pytest.mark.parametrize("envelope", [b"{", b"[]", b'{"from": 1, "to": "x"}', b"{}", b"\xff"])
def test_an_envelope_may_say_anything(envelope: bytes) -> None:
    assert inbound.envelope({"envelope": envelope}) == (None, [])


def test_the_same_mail_has_the_same_key_however_often_it_comes() -> None:
    first, again = read(mail("x", Received="by a")), read(mail("x", Received="by b"))
    other = read(mail("x", Message_ID="<other@x.example>"))
    assert first.key == again.key != other.key
    assert first.sort is Sort.REPLY
    assert orjson.dumps(first.text)
