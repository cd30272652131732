"""The rules for a request to /v3/mail/send, as SendGrid's documentation states them."""

from collections.abc import Callable
from typing import Any

from tests.simulator import addresses, extras, personalizations
from tests.simulator.account import Account
from tests.simulator.addresses import strange, wrong_type
from tests.simulator.answers import Problem, problem

_KNOWN = {
    "personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments",
    "template_id", "headers", "categories", "custom_args", "send_at", "batch_id", "asm",
    "ip_pool_name", "mail_settings", "tracking_settings",
}  # fmt: skip
NO_SUBJECT = (
    "The subject is required. You can get around this requirement if you use a template with a "
    "subject defined or if every personalization has a subject defined."
)
NO_CONTENT = (
    "The content param is required unless you are using a transactional template and have defined "
    "a template_ID."
)
EMPTY_CONTENT = (
    "There must be at least one defined content block. We typically suggest both text/plain and "
    "text/html blocks are included, but only one block is required."
)
WRONG_ORDER = (
    "Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your "
    "email: text/plain needs to be first, followed by text/html, followed by any other content."
)
SHORT_VALUE = "The content value must be a string at least one character in length."
SHORT_TYPE = "Your content type must be a string with length of at least one character."


def check(mail: Any, account: Account, batches: Callable[[str], bool], now: float) -> list[Problem]:
    """Everything that is wrong with the request. SendGrid takes all of it, or nothing."""
    if type(mail) is not dict:
        return [wrong_type("(root)", "object", mail)]
    found = personalizations.check(mail, account, now)
    if "from" not in mail:
        found.append(problem("from", addresses.NO_FROM))
    else:
        found += addresses.check(mail["from"], "from", "from")
    found += _subject(mail)
    found += _content(mail)
    for name, value in mail.items():
        rule = _RULES.get(name)
        if rule is not None:
            found += rule(value, account)
        elif name not in _KNOWN:
            found += strange([name], _KNOWN, "")
    if "reply_to" in mail and "reply_to_list" in mail:
        message = "The reply_to and reply_to_list parameters are mutually exclusive."
        found.append(problem("reply_to_list", message))
    if "send_at" in mail:
        found += personalizations.send_at(mail["send_at"], "send_at", account, now)
    if "batch_id" in mail:
        batch = mail["batch_id"]
        if type(batch) is not str:
            found.append(problem("batch_id", "The batch_id must be a string."))
        elif not batches(batch):
            found.append(problem("batch_id", "invalid batch id"))
    return found


def _subject(mail: dict[str, Any]) -> list[Problem]:
    if "subject" in mail:
        return personalizations.subject(mail["subject"], "subject")
    people = mail.get("personalizations")
    if mail.get("template_id") or type(people) is not list:
        return []
    if all(type(person) is dict and "subject" in person for person in people):
        return []
    return [problem("subject", NO_SUBJECT)]


def _content(mail: dict[str, Any]) -> list[Problem]:
    content = mail.get("content")
    if content is None:
        return [] if mail.get("template_id") else [problem("content", NO_CONTENT)]
    if type(content) is not list:
        return [wrong_type("content", "array", content)]
    if not content:
        return [problem("content", EMPTY_CONTENT)]
    found: list[Problem] = []
    ranks = []
    for place, part in enumerate(content):
        field = f"content.{place}"
        if type(part) is not dict:
            found.append(wrong_type(field, "object", part))
            continue
        written, value = part.get("type"), part.get("value")
        if type(written) is not str or not written:
            found.append(problem(f"{field}.type", SHORT_TYPE))
        elif any(sign in written for sign in extras.BREAKERS):
            found.append(problem(f"{field}.type", "Cannot contain ';', or CRLF characters."))
        else:
            ranks.append({"text/plain": 0, "text/html": 1}.get(written, 2))
        if type(value) is not str or not value:
            found.append(problem(f"{field}.value", SHORT_VALUE))
    if ranks != sorted(ranks):
        found.append(problem("content", WRONG_ORDER))
    return found


def _reply_to(value: Any, account: Account) -> list[Problem]:
    return addresses.check(value, "reply_to", "reply_to")


def _reply_to_list(value: Any, account: Account) -> list[Problem]:
    if type(value) is not list:
        return [wrong_type("reply_to_list", "array", value)]
    found: list[Problem] = []
    for place, one in enumerate(value):
        found += addresses.check(one, f"reply_to_list.{place}", "reply_to")
    emails = [one.get("email") for one in value if type(one) is dict]
    if len(value) > personalizations.MOST:
        found.append(problem("reply_to_list", "There is a limit of 1000 addresses to reply to."))
    if len(set(map(str, emails))) < len(emails):
        message = "Each email address in the reply_to_list should be unique."
        found.append(problem("reply_to_list", message))
    return found


def _headers(value: Any, account: Account) -> list[Problem]:
    return personalizations.headers(value, "headers")


def _custom_args(value: Any, account: Account) -> list[Problem]:
    return personalizations.custom_args(value, "custom_args")


def _categories(value: Any, account: Account) -> list[Problem]:
    if type(value) is not list or not all(type(one) is str for one in value):
        return [problem("categories", "Categories must be an array of strings.")]
    found: list[Problem] = []
    if len(value) > 10:
        message = (
            "There is a limit of 10 categories for each email that is sent. You provided "
            f"{len(value)} categories."
        )
        found.append(problem("categories", message))
    for place, one in enumerate(value):
        field = f"categories.{place}"
        if len(one) > 255:
            message = (
                f"Each category must not be longer than 255 characters. {one} exceeds this limit"
            )
            found.append(problem(field, message))
        if not one.isascii():
            message = "Categories can not contain non-ASCII characters."
            found.append(problem(field, message))
        if one in value[:place]:
            message = (
                f"The categories must be a unique list, and you have included {one} more than once."
            )
            found.append(problem(field, message))
    return found


def _template(value: Any, account: Account) -> list[Problem]:
    if type(value) is not str:
        return [problem("template_id", f"The template ID must be a string, you provided {value}.")]
    message = f"The Template ID must be a valid template id for your account. You provided {value}."
    return [problem("template_id", message)]


def _asm(value: Any, account: Account) -> list[Problem]:
    if type(value) is not dict:
        return [wrong_type("asm", "object", value)]
    found = strange(value, {"group_id", "groups_to_display"}, "asm")
    group = value.get("group_id")
    if type(group) is not int:
        found.append(problem("asm.group_id", "The ASM group ID must be an integer."))
    elif account.groups is not None and group not in account.groups:
        message = (
            f"The ASM group ID must be a valid Group ID on your account. You provided {group}."
        )
        found.append(problem("asm.group_id", message))
    shown = value.get("groups_to_display", [])
    field = "asm.groups_to_display"
    if type(shown) is not list or not all(type(one) is int for one in shown):
        message = "The ASM Group IDs to display must be an array of integers."
        found.append(problem(field, message))
    elif len(shown) > 25:
        message = "There is a limit of 25 unsubscribe groups that can be displayed to a user at "
        found.append(problem(field, f"{message}a time."))
    elif account.groups is not None and (unknown := set(shown) - set(account.groups)):
        message = "All ASM groups to display must be valid ASM groups IDs on your account."
        found.append(problem(field, f"{message} You provided {sorted(unknown)}."))
    return found


def _ip_pool(value: Any, account: Account) -> list[Problem]:
    if type(value) is not str:
        return [problem("ip_pool_name", "The name of your IP pool must be a string.")]
    known = account.pools is None or value in account.pools
    if not 2 <= len(value) <= 64 or not known:
        message = (
            f"The IP Pool name must be a valid pool name for your account. You provided {value}."
        )
        return [problem("ip_pool_name", message)]
    return []


_RULES: dict[str, Callable[[Any, Account], list[Problem]]] = {
    "reply_to": _reply_to,
    "reply_to_list": _reply_to_list,
    "headers": _headers,
    "custom_args": _custom_args,
    "categories": _categories,
    "template_id": _template,
    "asm": _asm,
    "ip_pool_name": _ip_pool,
    "attachments": lambda value, account: extras.attachments(value),
    "mail_settings": lambda value, account: extras.mail_settings(value),
    "tracking_settings": lambda value, account: extras.tracking_settings(value),
}
