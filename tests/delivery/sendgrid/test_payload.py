"""The request for one message breaks none of SendGrid's rules, whatever comes in."""

import string
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator
from sendgrid.helpers import mail as oracle

from flows.delivery.sendgrid import payload
from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings
from segments.names import Purpose
from tests.delivery.sendgrid.conftest import HEADERS, NOW, message, sendgrid

FORBIDDEN = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip


def built(mail: Outgoing, outlet: SendGridOutletSettings | None = None, **more: Any) -> Any:
    return orjson.loads(payload.single(mail, "a1b2", outlet or sendgrid(), **more))


def test_a_message_in_json():
    assert built(message()) == {
        "from": {"email": "post@example.org", "name": "Example Ltd"},
        "reply_to": {"email": "berta@example.org"},
        "content": [
            {"type": "text/plain", "value": "Guten Tag, Nummer 1\n"},
            {"type": "text/html", "value": "<p>Guten Tag, Nummer 1</p>"},
        ],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
        },
        "mail_settings": {"sandbox_mode": {"enable": False}},
        "categories": ["welcome", "first"],
        "personalizations": [
            {
                "to": [{"email": "ada1@example.com", "name": "Ada Müller"}],
                "subject": "Gut entschieden",
                "custom_args": {"stammkunde_send": "1", "stammkunde_request": "a1b2"},
                "headers": HEADERS,
            }
        ],
    }


def test_settings_go_by_the_purpose_of_the_message():
    outlet = sendgrid(
        asm_group={Purpose.ADVERTISING: 12, Purpose.SURVEY: 13},
        ip_pool={Purpose.SERVICE: "quick"},
        sandbox=True,
    )
    advertising = built(message(), outlet)
    service = built(message(purpose="service"), outlet)
    assert advertising["asm"] == {"group_id": 12}
    assert "ip_pool_name" not in advertising
    assert service["ip_pool_name"] == "quick"
    assert "asm" not in service
    assert service["mail_settings"] == {"sandbox_mode": {"enable": True}}


def test_opens_and_clicks_are_tracked_only_where_somebody_agreed():
    followed = built(message(tracking=True))["tracking_settings"]
    assert followed == {
        "click_tracking": {"enable": True, "enable_text": False},
        "open_tracking": {"enable": True},
        "subscription_tracking": {"enable": False},
    }


def test_a_message_sent_later_can_be_withdrawn_by_its_batch():
    later = built(message(), batch_id="batch", send_at=NOW + timedelta(hours=1))
    assert later["batch_id"] == "batch"
    assert later["send_at"] == int(NOW.timestamp()) + 3600
    assert not {"batch_id", "send_at"} & built(message()).keys()


def test_a_test_message_is_outside_all_statistics():
    test = built(message(0, subject="[Test] Gut entschieden"))
    assert test["categories"] == ["stammkunde-test"]
    assert test["personalizations"][0]["custom_args"] == {"stammkunde_test": "1"}


def test_nobody_without_a_name_gets_an_empty_one():
    nameless = built(message(to_name="", from_name=" "))
    assert nameless["personalizations"][0]["to"] == [{"email": "ada1@example.com"}]
    assert nameless["from"] == {"email": "post@example.org"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Müller, Ada", "Müller Ada"),
        ("Ada; Berta", "Ada Berta"),
        (",;", ""),
        ('Ada "the first" <x@example.com>', 'Ada "the first" <x@example.com>'),
        ("عدا لوفلايس", "عدا لوفلايس"),
        ("x" * 10_000, "x" * 255),
    ],
)
def test_a_name_is_one_that_parts_no_addresses(name: str, shown: str):
    assert payload.display_name(name) == shown


def test_a_name_is_in_one_line():
    assert payload.display_name("Ada\r\nBcc: all@example.com\x00") == "Ada Bcc: all@example.com"


def test_categories_are_plain_letters_and_each_is_said_once():
    assert built(message(journey="Rückruf für Größe", step="é→x"))["categories"] == [
        "Rueckruf fuer Groesse",
        "ex",
    ]
    assert built(message(journey="a", step="a"))["categories"] == ["a"]
    assert "categories" not in built(message(journey="", step="→"))
    assert built(message(journey="x" * 999, step=""))["categories"] == ["x" * 255]


def test_headers_that_are_sendgrids_own_are_left_out():
    ours = {
        "X-SG-EID": "a",
        "x-sg-id": "b",
        "X-Sg-Anything": "c",
        "Received": "d",
        "DKIM-Signature": "e",
        "X-Stammkunde-Message": "thanks",
    }
    (own,) = built(message(headers=ours))["personalizations"]
    assert own["headers"] == {"X-Stammkunde-Message": "thanks"}
    (own,) = built(message(headers={"Received": "d"}))["personalizations"]
    assert "headers" not in own


def test_half_a_character_becomes_a_question_mark():
    mail = message(html="<p>\ud800</p>", text="\udfff")
    assert [part["value"] for part in built(mail)["content"]] == ["?", "<p>?</p>"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"subject": ""}, "has no subject"),
        ({"subject": "  "}, "has no subject"),
        ({"text": ""}, "the text of the message is empty"),
        ({"html": " \n"}, "the HTML of the message is empty"),
        ({"to_email": "x" * 320 + "@example.com"}, "recipient's address is longer than 320"),
        ({"from_email": "x" * 320 + "@example.com"}, "sender's address is longer than 320"),
        ({"reply_to": "x" * 320 + "@example.com"}, "address for replies is longer than 320"),
        ({"html": "x" * 30_000_000}, "has 30 MB: SendGrid takes less than 30"),
    ],
    ids=range(8),
)
def test_what_sendgrid_would_never_take_is_said_in_words(changes: dict[str, str], told: str):
    with pytest.raises(ValueError, match=told):
        built(message(**changes))


def test_the_package_of_sendgrid_builds_the_same_request():
    outlet = sendgrid(
        asm_group={Purpose.ADVERTISING: 12}, ip_pool={Purpose.ADVERTISING: "news"}, sandbox=True
    )
    mail = message(tracking=True)
    theirs = oracle.Mail()
    theirs.from_email = oracle.From(mail.from_email, mail.from_name)
    theirs.reply_to = oracle.ReplyTo(mail.reply_to)
    own = oracle.Personalization()
    own.add_to(oracle.To(mail.to_email, mail.to_name))
    own.subject = mail.subject
    for name, value in mail.headers.items():
        own.add_header(oracle.Header(name, value))
    own.add_custom_arg(oracle.CustomArg("stammkunde_send", "1"))
    own.add_custom_arg(oracle.CustomArg("stammkunde_request", "a1b2"))
    theirs.add_personalization(own)
    theirs.add_content(oracle.Content("text/html", mail.html))
    theirs.add_content(oracle.Content("text/plain", mail.text))
    # It puts the last one first, which makes no difference to SendGrid.
    theirs.category = [oracle.Category("first"), oracle.Category("welcome")]
    theirs.asm = oracle.Asm(oracle.GroupId(12))
    theirs.ip_pool_name = oracle.IpPoolName("news")
    theirs.batch_id = oracle.BatchId("batch")
    theirs.send_at = oracle.SendAt(int(NOW.timestamp()))
    tracking = oracle.TrackingSettings()
    tracking.click_tracking = oracle.ClickTracking(True, False)
    tracking.open_tracking = oracle.OpenTracking(True)
    tracking.subscription_tracking = oracle.SubscriptionTracking(False)
    theirs.tracking_settings = tracking
    theirs.mail_settings = oracle.MailSettings(sandbox_mode=oracle.SandBoxMode(True))
    assert built(mail, outlet, batch_id="batch", send_at=NOW) == theirs.get()


LINE = st.text(max_size=40) | st.sampled_from(
    [
        "Ada; Müller, Dr.",
        "عدا <b>fett</b> & Söhne",
        "{{ owner }} {% for x in y %} -abc01- <%asm%> [unsubscribe]",
        "🎉🎉 \u202eevil",
        "x" * 10_000,
        "=?utf-8?q?a?=",
        "\"quoted\" \\ and 'single'",
        "Bcc: everybody@example.com",
    ]
)
BODIES = st.text(max_size=200) | LINE.map(lambda line: f"<p>{line}</p>\r\n.\r\n")
LOCAL = st.text(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~.-", min_size=1)
NAMES = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=20)
HEADER_NAMES = NAMES | st.sampled_from([*sorted(FORBIDDEN), "X-SG-New", "Message-ID", "Date"])
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)


OUTLET = sendgrid(asm_group={Purpose.SURVEY: 7}, ip_pool={Purpose.LEGAL: "po"})


@st.composite
def messages(draw: st.DrawFn) -> Outgoing:
    """Any message that `Outgoing` lets pass."""
    try:
        return message(
            draw(st.integers(0, 2**62)),
            to_name=draw(LINE),
            from_name=draw(LINE),
            to_email=f"{draw(LOCAL)}@example.com",
            subject=draw(LINE),
            html=draw(BODIES),
            text=draw(BODIES),
            headers=draw(st.dictionaries(HEADER_NAMES, VALUES, max_size=5)),
            journey=draw(LINE),
            step=draw(LINE),
            purpose=draw(st.sampled_from([*Purpose, ""])),
            tracking=draw(st.booleans()),
        )
    except ValueError:
        assume(False)
        raise


def single(mail: Outgoing) -> bytes | None:
    """The request for a message, None if it was refused for a reason that cannot be helped."""
    try:
        return payload.single(mail, "f" * 32, OUTLET)
    except ValueError:
        blank = not (mail.subject.strip() and mail.text.strip() and mail.html.strip())
        assert blank or len(mail.to_email) > 320
        return None


@settings(max_examples=150)
@given(mail=messages())
def test_no_rule_is_broken_whatever_comes_in(mail: Outgoing):
    if (data := single(mail)) is not None:
        assert breaches(orjson.loads(data), data) == []


@settings(max_examples=40)
@given(mail=messages())
def test_every_request_is_one_by_sendgrids_own_description(
    mail_spec: dict[str, Any], mail: Outgoing
):
    if (data := single(mail)) is not None:
        assert list(OAS31Validator(mail_spec).iter_errors(orjson.loads(data))) == []


def breaches(body: dict[str, Any], data: bytes) -> list[str]:
    """Which of the documented rules a request breaks that no schema tells of."""
    (own,) = body["personalizations"]
    (to,) = own["to"]
    names = [each.get("name", "x") for each in (to, body["from"], body["reply_to"])]
    headers = own.get("headers", {})
    args, categories = own["custom_args"], body.get("categories", ["x"])
    rules = {
        "less than 30 MB": len(data) < 30_000_000,
        "is UTF-8": data.decode("utf-8") is not None,
        "text goes before HTML": [part["type"] for part in body["content"]]
        == ["text/plain", "text/html"],
        "no body is empty": all(part["value"].strip() for part in body["content"]),
        "a subject has a character": len(own["subject"]) >= 1,
        "a subject is one line": own["subject"].splitlines() == [own["subject"]],
        "names part no addresses": not any(set(";,\r\n\0") & set(name) for name in names),
        "names are not empty": all(name.strip() for name in names),
        "addresses are short": all(
            len(each["email"]) <= 320 for each in (to, body["from"], body["reply_to"])
        ),
        "the sender's address is ASCII": body["from"]["email"].isascii(),
        "headers are not SendGrid's": not FORBIDDEN & {name.lower() for name in headers},
        "headers are not reserved": not any(name.lower().startswith("x-sg-") for name in headers),
        "headers are ASCII": all(name.isascii() and name for name in headers),
        "headers are one line": not any(set("\r\n") & set(value) for value in headers.values()),
        "custom_args are texts": args and all(isinstance(value, str) for value in args.values()),
        "custom_args are small": len(orjson.dumps(args)) < 10_000,
        "custom_args are opaque": set(args)
        in ({"stammkunde_send", "stammkunde_request"}, {"stammkunde_test"}),
        "categories are few": 1 <= len(categories) <= 10,
        "categories are ASCII": all(name.isascii() for name in categories),
        "categories are short": all(1 <= len(name) <= 255 for name in categories),
        "categories are unique": len(set(categories)) == len(categories),
        "nothing substituted": not {"substitutions", "dynamic_template_data"} & set(own),
        "no template": "template_id" not in body,
        "suppressions stand": not any("bypass" in name for name in body["mail_settings"]),
    }  # fmt: skip
    return [rule for rule, kept in rules.items() if not kept]
