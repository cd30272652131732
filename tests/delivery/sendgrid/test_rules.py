"""No request we make breaks a rule of SendGrid's, whatever names, subjects and values come in."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flows.delivery.sendgrid import payload
from flows.delivery.sendgrid.batched import Packer, encode
from flows.errors import MessageError
from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings
from flows.store.facts import OwnerFacts
from tests.delivery.sendgrid.letters import composed, facts, html, mail, purchase
from tests.delivery.sendgrid.rules import CHECKS, broken, mailboxes

NOW = datetime(2026, 4, 14, 9, 10, tzinfo=UTC)
OUTLET = SendGridOutletSettings.model_validate(
    {
        "kind": "sendgrid",
        "mode": "batched",
        "undo": "2 days",
        "asm_group": {"advertising": 7},
        "ip_pool": {"service": "care"},
    }
)
Change = Callable[[dict[str, Any]], Any]


def sound() -> dict[str, Any]:
    """A request nothing speaks against, with something of everything."""
    return {
        "from": {"email": "post@nordholz.example", "name": "Nordholz"},
        "reply_to": {"email": "katrin@nordholz.example"},
        "content": [
            {"type": "text/plain", "value": "Guten Tag -ab12cd00-\n"},
            {"type": "text/html", "value": "<p>Guten Tag -ab12cd00-</p>\n"},
        ],
        "categories": ["newsletter", "april"],
        "headers": {"X-Stammkunde-Message": "newsletter"},
        "custom_args": {"stammkunde_request": "0a1b"},
        "asm": {"group_id": 7, "groups_to_display": [7]},
        "ip_pool_name": "care",
        "batch_id": "batch",
        "send_at": int((NOW + timedelta(hours=71)).timestamp()),
        "mail_settings": {"sandbox_mode": {"enable": False}},
        "tracking_settings": {"click_tracking": {"enable": False}},
        "personalizations": [
            {
                "to": [{"email": f"anna{each}@kunde.example", "name": "Anna Meier"}],
                "subject": "Guten Tag",
                "headers": {"List-Unsubscribe": "<https://web.example/u/1>"},
                "custom_args": {"stammkunde_send": str(each)},
                "substitutions": {"-ab12cd00-": f"Frau Meier {each}"},
            }
            for each in range(3)
        ],
    }


def own(body: dict[str, Any]) -> dict[str, Any]:
    """The second recipient's part."""
    part: dict[str, Any] = body["personalizations"][1]
    return part


def to(body: dict[str, Any]) -> dict[str, str]:
    """The second recipient."""
    mailbox: dict[str, str] = own(body)["to"][0]
    return mailbox


def people(count: int) -> list[dict[str, str]]:
    """So many addresses."""
    return [{"email": f"p{each}@kunde.example"} for each in range(count)]


def parts(count: int) -> list[dict[str, Any]]:
    """So many personalizations."""
    return [{"to": [each], "subject": "Hallo"} for each in people(count)]


# fmt: off
VIOLATIONS: list[tuple[str, str, Change]] = [
    ("personalizations", "none", lambda body: body.update(personalizations=[])),
    ("personalizations", "missing", lambda body: body.pop("personalizations")),
    ("personalizations", "1,001", lambda body: body.update(personalizations=parts(1001))),
    ("personalizations", "1,001 people in one", lambda body: own(body).update(cc=people(999))),
    ("to", "nobody", lambda body: own(body).update(to=[])),
    ("to", "only cc", lambda body: own(body).update(cc=own(body).pop("to"))),
    ("duplicates", "in one part", lambda body: own(body).update(bcc=[dict(to(body))])),
    ("duplicates", "in two parts", lambda body: to(body).update(email="anna2@kunde.example")),
    ("duplicates", "other letters", lambda body: to(body).update(email="Anna2@Kunde.example")),
    ("addresses", "321 characters",
     lambda body: to(body).update(email="a" * 307 + "@kunde.example")),
    ("addresses", "no address", lambda body: to(body).update(email="anna")),
    ("addresses", "two in one", lambda body: to(body).update(email="a@b.example,c@d.example")),
    ("addresses", "Unicode in from",
     lambda body: body["from"].update(email="post@nördholz.example")),
    ("from", "missing", lambda body: body.pop("from")),
    ("names", "a semicolon", lambda body: to(body).update(name="Meier; Anna")),
    ("names", "a comma", lambda body: to(body).update(name="Meier, Anna")),
    ("names", "empty", lambda body: to(body).update(name="")),
    ("names", "a line break", lambda body: to(body).update(name="Anna\r\nBcc: x@y.example")),
    ("subject", "empty", lambda body: own(body).update(subject="")),
    ("subject", "missing", lambda body: own(body).pop("subject")),
    ("subject", "two lines", lambda body: own(body).update(subject="Hallo\nBcc: x@y.example")),
    ("content", "none", lambda body: body.pop("content")),
    ("content", "HTML first", lambda body: body["content"].reverse()),
    ("content", "no plain text", lambda body: body["content"].pop(0)),
    ("content", "an empty body", lambda body: body["content"][1].update(value="")),
    ("substitutions", "a number",
     lambda body: own(body)["substitutions"].update({"-ab12cd00-": 7})),
    ("substitutions", "8,000 bytes",
     lambda body: own(body)["substitutions"].update({"-ab12cd00-": "ä" * 3995})),
    ("substitutions", "100 of them",
     lambda body: own(body).update(substitutions={f"-{each}-": "" for each in range(100)})),
    ("substitutions", "none", lambda body: own(body).update(substitutions={})),
    ("tags", "a space", lambda body: own(body)["substitutions"].update({"- ab -": "x"})),
    ("tags", "<%x%>", lambda body: own(body)["substitutions"].update({"<%x%>": "x"})),
    ("tags", "a tag in a value",
     lambda body: own(body)["substitutions"].update({"-ab12cd00-": "Anna -ab12cd00-"})),
    ("tags", "a tag in the subject", lambda body: own(body).update(subject="Nr. -ab12cd00-")),
    ("tags", "without a place", lambda body: own(body)["substitutions"].update({"-x-": "x"})),
    ("tags", "in a dynamic template", lambda body: body.update(template_id="d-1")),
    ("custom_args", "empty", lambda body: own(body).update(custom_args={})),
    ("custom_args", "a number", lambda body: own(body)["custom_args"].update(stammkunde_send=7)),
    ("custom_args", "10,001 bytes with those of all",
     lambda body: (body["custom_args"].update(stammkunde_a="1" * 6000),
                   own(body)["custom_args"].update(stammkunde_b="1" * 6000))),
    ("opaque", "a name", lambda body: own(body)["custom_args"].update(stammkunde_name="Anna")),
    ("opaque", "not ours", lambda body: own(body)["custom_args"].update(send="1")),
    ("categories", "eleven", lambda body: body.update(categories=[*"abcdefghijk"])),
    ("categories", "twice", lambda body: body.update(categories=["a", "a"])),
    ("categories", "256 characters", lambda body: body.update(categories=["a" * 256])),
    ("categories", "not ASCII", lambda body: body.update(categories=["Grüße"])),
    ("headers", "not ASCII", lambda body: own(body)["headers"].update({"X-Grüße": "1"})),
    ("headers", "a number", lambda body: own(body)["headers"].update({"X-Number": 1})),
    ("headers", "two lines",
     lambda body: own(body)["headers"].update({"X-Note": "1\r\nBcc: x@y.example"})),
    *(("headers", name, lambda body, name=name: body["headers"].update({name: "1"}))
      for name in ("x-sg-id", "X-SG-EID", "Received", "DKIM-Signature", "Content-Type",
                   "Content-Transfer-Encoding", "To", "From", "Subject", "Reply-To", "CC", "BCC")),
    *(("level", name, lambda body, name=name: own(body).update({name: body.get(name, {})}))
      for name in ("reply_to", "asm", "categories", "tracking_settings", "mail_settings",
                   "ip_pool_name", "batch_id", "template_id", "content", "attachments")),
    ("level", "sections", lambda body: body.update(sections={"-s-": "removed in 2020"})),
    ("level", "a slip of the pen", lambda body: body.update(catgories=["a"])),
    ("reply_to", "two kinds", lambda body: body.update(reply_to_list=[body["reply_to"]])),
    ("ip_pool_name", "one character", lambda body: body.update(ip_pool_name="a")),
    ("ip_pool_name", "65 characters", lambda body: body.update(ip_pool_name="a" * 65)),
    ("asm", "a word", lambda body: body["asm"].update(group_id="7")),
    ("asm", "26 groups", lambda body: body["asm"].update(groups_to_display=[*range(26)])),
    ("schedule", "a word", lambda body: body.update(batch_id=7)),
    ("send_at", "73 hours",
     lambda body: body.update(send_at=int((NOW + timedelta(hours=73)).timestamp()))),
    ("send_at", "73 hours for one",
     lambda body: own(body).update(send_at=int((NOW + timedelta(hours=73)).timestamp()))),
    ("size", "30 MB", lambda body: body["content"][1].update(value="-ab12cd00-" * 3_000_000)),
]
# fmt: on


def test_a_sound_request_breaks_no_rule():
    assert broken(orjson.dumps(sound()), NOW) == set()


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(personalizations=parts(1000)),
        lambda body: own(body).update(cc=people(997)),
        lambda body: to(body).update(email="a" * 306 + "@kunde.example"),
        lambda body: own(body)["substitutions"].update({"-ab12cd00-": "ä" * 3994}),
        lambda body: body.update(categories=["a" * 255, *"bcdefghij"]),
        lambda body: body.update(subject=own(body).pop("subject")),
        lambda body: body.update(ip_pool_name="a" * 64),
    ],
    ids=["1,000", "1,000 people", "320", "7,998 bytes", "categories", "one subject", "a pool"],
)
def test_what_is_just_allowed_breaks_no_rule(change: Change):
    body = sound()
    change(body)
    assert broken(orjson.dumps(body), NOW) == set()


@pytest.mark.parametrize(
    ("rule", "change"),
    [(rule, change) for rule, _, change in VIOLATIONS],
    ids=[f"{rule}: {what}" for rule, what, _ in VIOLATIONS],
)
def test_each_rule_is_noticed_when_it_is_broken(rule: str, change: Change):
    body = copy.deepcopy(sound())
    change(body)
    assert rule in broken(orjson.dumps(body), NOW)


def test_every_rule_has_a_case():
    assert CHECKS.keys() | {"size", "send_at"} == {rule for rule, _, _ in VIOLATIONS}
    assert broken(b'{"from": "\xff"}', NOW) == {"utf-8"}
    assert broken(b"<html>", NOW) == {"json"}


# What people, shops and attackers write into fields for names.
NASTY = [
    "", " ", ".", "-", "Anna", "Dr.", "O'Brien", "Meier, Anna; Koch", "Groß-Hansen", "D’Angelo",
    "Müller & Söhne <GmbH>", "<script>alert(1)</script>", "&amp;&lt;", "{{ 7 * 7 }}", "{% raw %}",
    "{{{x}}}", "%s %(a)s", "-ab12cd00-", "<%asm_group_unsubscribe_raw_url%>", "[unsubscribe]",
    "Anna\r\nBcc: x@y.example", "Anna\nSubject: Nein", "a\x00b\x1b[31m", "\x85\u2028\u2029",
    "\u202eanaL", "مرحبا بالعالم", "שלום", "👩‍👩‍👧‍👦 🇩🇪", "Z͑ͫ̓a̴l͎g̈o", "太郎", "e\u0301", "\ufeffAnna",
    "\ud83d", "😀" * 300, "A" * 10_240, "ä" * 5_000, '"Anna" <x@y.example>', "https://a.example/?b=c&d",
    "=?utf-8?B?QQ==?=", "null", "\\u0000", "\t\t", "{\"to\": []}",
]  # fmt: skip
wild = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=40),
    st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map("".join),
)
maybe = st.none() | wild
sorted_out = wild.map(lambda text: "".join(filter(str.isprintable, text)))
one_line = st.one_of(sorted_out, sorted_out, sorted_out, wild)


def assert_sound(mails: Sequence[Outgoing]) -> None:
    """Singly and batched, nothing is broken, nobody is forgotten, and nothing is changed."""
    packer = Packer(OUTLET, lambda: "batch")
    parcels = packer.pack(mails, NOW)
    assert sorted(each.send_id for parcel in parcels for each in parcel.messages) == sorted(
        each.send_id for each in mails
    )
    for parcel in parcels:
        data = encode(parcel, parcel.messages, OUTLET)
        assert broken(data, NOW) == set()
        for passes in (1, 4):
            for order in (list, lambda tags: tags[::-1]):
                for each, got in zip(parcel.messages, mailboxes(data, order, passes), strict=True):
                    assert_nothing_lost(each, got)
    for each in mails:
        data = payload.single(each, "0a1b", OUTLET)
        assert broken(data, NOW) == set()
        assert_nothing_lost(each, mailboxes(data)[0])


def assert_nothing_lost(message: Outgoing, got: dict[str, str]) -> None:
    """All that was composed arrives, but for half characters, which UTF-8 cannot write."""
    assert got["to"] == message.to_email
    assert got["subject"] == message.subject
    assert got["stammkunde_send"] == str(message.send_id)
    assert got["text/html"] == message.html.encode("utf-8", "replace").decode()
    assert got["text/plain"] == message.text.encode("utf-8", "replace").decode()
    shown = message.to_name.replace(";", " ").replace(",", " ").split()
    assert got["name"].split() == " ".join(shown)[:255].split()


@st.composite
def senders_facts(draw: st.DrawFn) -> list[Any]:
    """What a block of sends of one message is made of, with anything in its fields."""
    message, purpose = draw(
        st.sampled_from([("newsletter", "advertising"), ("reassurance", "service")])
    )
    owner = OwnerFacts("o", "Katrin Lindner", draw(maybe), "kl@nordholz.example", draw(maybe))
    owner = replace(owner, name=draw(wild.filter(lambda name: name.isprintable() and name.strip())))
    return [
        facts(
            send_id,
            message=message,
            purpose=purpose,
            basis="consent" if purpose == "advertising" else "contract",
            journey=draw(st.sampled_from(["newsletter", "Grüße aus Celle"])),
            step="april",
            customer_name=draw(maybe),
            salutation=draw(st.sampled_from([None, "ms", "mr", "none"])),
            title=draw(maybe),
            first_name=draw(maybe),
            last_name=draw(maybe),
            contact_locale=draw(st.sampled_from(["de", "en"])),
            owner=owner,
            purchase=purchase(send_id, draw(st.lists(wild, max_size=3))),
        )
        for send_id in range(1, draw(st.integers(2, 5)) + 1)
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(senders_facts())
def test_whatever_is_known_of_people_their_messages_break_no_rule(block: list[Any]):
    try:
        messages = composed(*block)
    except MessageError:
        # A sheet without an article's name, or half a character: told before anything is sent.
        assume(False)
    assert_sound(messages)


@st.composite
def outgoing(draw: st.DrawFn) -> list[Outgoing]:
    """Messages as anybody might build them; what `Outgoing` refuses never gets here."""
    frame = draw(st.lists(wild, max_size=3))
    step = draw(st.sampled_from(["april", "Mai 🎉", "x" * 300, ""]))
    made = []
    for send_id in range(1, draw(st.integers(1, 5)) + 1):
        line = draw(st.lists(wild, min_size=1, max_size=3))
        note = "".join(letter for letter in draw(wild) if " " <= letter <= "~")[:900]
        try:
            made.append(
                mail(
                    send_id,
                    to_name=draw(one_line),
                    subject=draw(one_line.filter(str.strip)),
                    html=html(" ".join(line), "".join(frame)),
                    text="\n".join(["Guten Tag", *frame, *line]),
                    headers={draw(st.sampled_from(["X-Note", "Feedback-ID"])): note},
                    step=step,
                    tracking=draw(st.sampled_from([False, False, True])),
                )
            )
        except ValueError:
            continue
    return made


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(outgoing())
def test_whatever_messages_hold_their_requests_break_no_rule(messages: list[Outgoing]):
    assert_sound(messages)
