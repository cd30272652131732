"""Requests that break one rule each, and what SendGrid says to them."""

from typing import Any, NamedTuple

from tests.simulating.posting import mail, person

FAR_AWAY = 4_102_444_800
"""A moment no clock of a test comes within 72 hours of."""


class Broken(NamedTuple):
    """A request, the field SendGrid names, and whether its OpenAPI file shows the fault, too."""

    rule: str
    body: Any
    field: str
    in_spec: bool = False


def to(**changes: Any) -> dict[str, Any]:
    """A request whose only personalization has these changes."""
    return mail(personalizations=[{**person(), **changes}])


def setting(block: str, name: str, **values: Any) -> dict[str, Any]:
    """A request with one setting."""
    return mail(**{block: {name: values}})


def attached(**changes: Any) -> dict[str, Any]:
    """A request with an attachment."""
    whole = {"content": "SGFsbG8=", "filename": "hello.txt", **changes}
    return mail(attachments=[{name: v for name, v in whole.items() if v is not None}])


P = "personalizations"
BROKEN = [
    Broken("no personalizations", mail(personalizations=None), P, True),
    Broken("empty personalizations", mail(personalizations=[]), P),
    Broken("personalizations of another kind", mail(personalizations={}), P, True),
    Broken("a personalization of another kind", mail(personalizations=["a"]), f"{P}.0", True),
    Broken(
        "1,001 personalizations",
        mail(personalizations=[person(f"a{n}@example.com") for n in range(1001)]),
        P,
        True,
    ),
    Broken(
        "1,001 recipients in all",
        mail(
            personalizations=[
                person(f"a{n}@example.com", cc=[{"email": f"c{n}@example.com"}]) for n in range(501)
            ]
        ),
        P,
    ),
    Broken("no recipient", mail(personalizations=[{"subject": "x"}]), f"{P}.0.to", True),
    Broken("empty recipients", to(to=[]), f"{P}.0.to"),
    Broken("recipients of another kind", to(to="anna@example.com"), f"{P}.0.to", True),
    Broken("a recipient of another kind", to(to=["anna@example.com"]), f"{P}.0.to.0", True),
    Broken("a recipient without address", to(to=[{"name": "A"}]), f"{P}.0.to.0.email", True),
    Broken("an address of another kind", to(to=[{"email": 7}]), f"{P}.0.to.0.email", True),
    Broken("no address", to(to=[{"email": "anna"}]), f"{P}.0.to.0.email", True),
    Broken("two dots in an address", to(to=[{"email": "a..b@example.com"}]), f"{P}.0.to.0.email"),
    Broken("no domain", to(to=[{"email": "anna@localhost"}]), f"{P}.0.to.0.email"),
    Broken("letters in an address", to(to=[{"email": "ännä@example.com"}]), f"{P}.0.to.0.email"),
    Broken(
        "an address of 321 characters",
        to(to=[{"email": f"{'a' * 309}@example.com"}]),
        f"{P}.0.to.0.email",
    ),
    Broken(
        "a name of another kind", to(to=[{"email": "a@b.de", "name": 7}]), f"{P}.0.to.0.name", True
    ),
    Broken(
        "a semicolon in a name",
        to(to=[{"email": "a@b.de", "name": "Huber; Anna"}]),
        f"{P}.0.to.0.name",
    ),
    Broken(
        "a comma in a name", to(cc=[{"email": "a@b.de", "name": "Huber, Anna"}]), f"{P}.0.cc.0.name"
    ),
    Broken(
        "a line break in a name",
        to(to=[{"email": "a@b.de", "name": "Anna\r\nBcc: x@y.de"}]),
        f"{P}.0.to.0.name",
    ),
    Broken(
        "an address twice in a personalization",
        to(cc=[{"email": "ANNA@example.com"}]),
        f"{P}.0.cc",
    ),
    Broken("a bcc that is no address", to(bcc=[{"email": "no"}]), f"{P}.0.bcc.0.email", True),
    Broken("an empty subject of one", to(subject=""), f"{P}.0.subject", True),
    Broken("a line break in a subject", mail(subject="a\r\nBcc: x@y.de"), "subject"),
    Broken("a header that is no text", to(headers={"X-A": 7}), f"{P}.0.headers"),
    Broken("headers of another kind", mail(headers=["X-A"]), "headers", True),
    Broken("a reserved header", to(headers={"Reply-To": "a@b.de"}), f"{P}.0.headers"),
    Broken("a reserved header in small letters", mail(headers={"x-sg-id": "1"}), "headers"),
    Broken("letters in the name of a header", to(headers={"X-Ä": "1"}), f"{P}.0.headers"),
    Broken("a space in the name of a header", to(headers={"X A": "1"}), f"{P}.0.headers"),
    Broken("a header twice", to(headers={"X-A": "1", "x-a": "2"}), f"{P}.0.headers"),
    Broken("a line break in a header", to(headers={"X-A": "1\r\nBcc: 2"}), f"{P}.0.headers"),
    Broken(
        "a substitution that is no text", to(substitutions={"-a-": 7}), f"{P}.0.substitutions", True
    ),
    Broken("substitutions of another kind", to(substitutions=[]), f"{P}.0.substitutions", True),
    Broken(
        "10,001 bytes of substitutions",
        to(substitutions={"-a-": "ä" * 4999}),
        f"{P}.0.substitutions",
    ),
    Broken(
        "101 substitutions",
        to(substitutions={f"-{n}-": "x" for n in range(101)}),
        f"{P}.0.substitutions",
    ),
    Broken(
        "substitutions in a dynamic template",
        mail(personalizations=[person(substitutions={"-a-": "b"})], template_id="d-1"),
        f"{P}.0.substitutions",
    ),
    Broken("a number in custom_args", to(custom_args={"a": 7}), f"{P}.0.custom_args"),
    Broken("empty custom_args", to(custom_args={}), f"{P}.0.custom_args"),
    Broken("custom_args of another kind", mail(custom_args="a"), "custom_args", True),
    Broken("a number in shared custom_args", mail(custom_args={"a": 7}), "custom_args", True),
    Broken(
        "10,001 bytes of custom_args, own and shared",
        mail(
            personalizations=[person(custom_args={"a": "x" * 6000})], custom_args={"b": "x" * 4000}
        ),
        f"{P}.0.custom_args",
    ),
    Broken("send_at that is no number", to(send_at="tomorrow"), f"{P}.0.send_at", True),
    Broken("send_at in more than 72 hours", mail(send_at=FAR_AWAY), "send_at"),
    Broken("send_at of one in more than 72 hours", to(send_at=FAR_AWAY), f"{P}.0.send_at"),
    Broken("an unknown field of one", to(colour="red"), f"{P}.0.colour"),
    Broken("no sender", mail(**{"from": None}), "from", True),
    Broken("a sender of another kind", mail(**{"from": "a@b.de"}), "from", True),
    Broken("a sender that is no address", mail(**{"from": {"email": "x"}}), "from.email", True),
    Broken("letters in the sender", mail(**{"from": {"email": "bü@example.com"}}), "from.email"),
    Broken(
        "a sender of one that is no address",
        to(**{"from": {"email": "x"}}),
        f"{P}.0.from.email",
        True,
    ),
    Broken("no reply address", mail(reply_to={"email": ""}), "reply_to.email", True),
    Broken("both ways to reply", mail(reply_to_list=[{"email": "x@y.de"}]), "reply_to_list"),
    Broken(
        "an address to reply to twice",
        mail(reply_to=None, reply_to_list=[{"email": "x@y.de"}] * 2),
        "reply_to_list",
        True,
    ),
    Broken("no subject at all", mail(subject=None), "subject"),
    Broken("an empty subject", mail(subject=""), "subject", True),
    Broken("no content", mail(content=None), "content"),
    Broken("empty content", mail(content=[]), "content"),
    Broken("content of another kind", mail(content="Hello"), "content", True),
    Broken("content without a type", mail(content=[{"value": "Hello"}]), "content.0.type", True),
    Broken(
        "a semicolon in a type",
        mail(content=[{"type": "text/plain; charset=x", "value": "Hello"}]),
        "content.0.type",
    ),
    Broken(
        "an empty body",
        mail(content=[{"type": "text/plain", "value": ""}]),
        "content.0.value",
        True,
    ),
    Broken(
        "HTML before plain text",
        mail(content=[{"type": "text/html", "value": "x"}, {"type": "text/plain", "value": "x"}]),
        "content",
    ),
    Broken("11 categories", mail(categories=[str(n) for n in range(11)]), "categories", True),
    Broken("a category of 256 letters", mail(categories=["x" * 256]), "categories.0", True),
    Broken("letters in a category", mail(categories=["Käufer"]), "categories.0"),
    Broken("a category twice", mail(categories=["a", "a"]), "categories.1", True),
    Broken("a category that is no text", mail(categories=[7]), "categories", True),
    Broken("a batch that is no text", mail(batch_id=7), "batch_id", True),
    Broken("a batch nobody made", mail(batch_id="abc"), "batch_id"),
    Broken("a group that is no number", mail(asm={"group_id": "7"}), "asm.group_id", True),
    Broken(
        "26 groups to show",
        mail(asm={"group_id": 7, "groups_to_display": list(range(26))}),
        "asm.groups_to_display",
        True,
    ),
    Broken("a pool of one letter", mail(ip_pool_name="x"), "ip_pool_name", True),
    Broken("a pool of 65 letters", mail(ip_pool_name="x" * 65), "ip_pool_name", True),
    Broken("a template nobody made", mail(template_id="d-1"), "template_id"),
    Broken("an attachment that is not base64", attached(content="ä"), "attachments.0.content"),
    Broken("an empty attachment", attached(content=""), "attachments.0.content", True),
    Broken("an attachment without a name", attached(filename=None), "attachments.0.filename", True),
    Broken(
        "a line break in the name of an attachment",
        attached(filename="a\r\nb"),
        "attachments.0.filename",
    ),
    Broken(
        "an unknown disposition", attached(disposition="hidden"), "attachments.0.disposition", True
    ),
    Broken(
        "a sandbox neither on nor off",
        setting("mail_settings", "sandbox_mode", enable="yes"),
        "mail_settings.sandbox_mode.enable",
        True,
    ),
    Broken(
        "open tracking neither on nor off",
        setting("tracking_settings", "open_tracking", enable=1),
        "tracking_settings.open_tracking.enable",
        True,
    ),
    Broken(
        "a footer that is no text",
        setting("mail_settings", "footer", enable=True, text=7),
        "mail_settings.footer.text",
        True,
    ),
    Broken(
        "bypasses that exclude one another",
        mail(
            mail_settings={
                "bypass_list_management": {"enable": True},
                "bypass_spam_management": {"enable": True},
            }
        ),
        "mail_settings.bypass_list_management",
    ),
    Broken("an unknown field", mail(sections={"-a-": "b"}), "sections"),
]
"""Every rule of SendGrid's for a request, broken."""

FINE = {
    "as plain as can be": mail(reply_to=None),
    "everything at once": mail(
        personalizations=[
            person(
                to=[{"email": "anna@example.com", "name": "Anna Huber"}],
                cc=[{"email": "c@example.com"}],
                bcc=[{"email": "d@example.com"}],
                subject="Guten Tag 🎁",
                headers={"List-Unsubscribe": "<https://example.com/u/1>, <mailto:u@example.com>"},
                substitutions={"-name-": "Änne"},
                send_at=1,
                **{"from": {"email": "owner@example.com", "name": "Müller, Anna"}},
            )
        ],
        headers={"X-Campaign": "a"},
        categories=["journey", "step"],
        custom_args={"stammkunde_request": "1"},
        asm={"group_id": 7, "groups_to_display": [7]},
        ip_pool_name="newsletter",
        attachments=[{"content": "SGFsbG8=", "filename": "a.txt", "disposition": "inline"}],
        mail_settings={"sandbox_mode": {"enable": False}},
        tracking_settings={"click_tracking": {"enable": False, "enable_text": False}},
    ),
    "1,000 recipients": mail(
        personalizations=[person(f"a{n}@example.com", n) for n in range(1000)]
    ),
    "10,000 bytes of substitutions": to(substitutions={"-a-": "x" * 9997}),
    "a subject of each, none of all": mail(
        personalizations=[person(subject="a"), person("b@example.com", subject="b")], subject=None
    ),
    "an old moment": mail(send_at=1),
}
"""Requests nothing is wrong with. Root custom_args are an object, whatever the spec says."""
