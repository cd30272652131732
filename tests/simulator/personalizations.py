"""The rules for personalizations: who gets it, with which subject, headers and values."""

import re
from typing import Any

import orjson

from tests.simulator import addresses
from tests.simulator.account import Account
from tests.simulator.addresses import strange, wrong_type
from tests.simulator.answers import BAD_REQUEST, Problem, problem

MOST = 1000
_HEADER = re.compile(r"[!-9;-~]+")
_KNOWN = {
    "to", "cc", "bcc", "from", "subject", "headers", "substitutions", "dynamic_template_data",
    "custom_args", "send_at",
}  # fmt: skip
RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
NONE = "The personalizations field is required and must have at least one personalization."
TOO_MANY = (
    "The personalization block is limited to 1000 personalizations per API request. You have "
    "provided {many} personalizations. Please consider splitting this into multiple requests and "
    "resending your request."
)
TOO_MANY_RECIPIENTS = "There is a limit of 1000 total recipients (to + cc + bcc) per request."
DUPLICATE = (
    "Each email address in the personalization block should be unique between to, cc, and bcc. "
    "We found the first duplicate instance of [{email}] in the {field} field."
)
NOT_STRINGS = (
    "The substitution values must be an object of key/value pairs, where the values are all "
    "strings."
)
TOO_FAR = "Scheduling more than 72 hours in advance is forbidden."
NO_MOMENT = (
    "The send_at parameter is expecting a Unix timestamp as an integer. We will send immediately "
    "if you include a send_at timestamp that is in the past."
)
NO_SUBJECT = "The subject of your email must be a string at least one character in length."


def check(mail: dict[str, Any], account: Account, now: float) -> list[Problem]:
    """Problems of all personalizations; none if all is well."""
    people = mail.get("personalizations")
    if people is None:
        return [{**problem("personalizations", NONE), "help": _HELP}]
    if type(people) is not list:
        return [wrong_type("personalizations", "array", people)]
    if not people:
        return [{**problem("personalizations", NONE), "help": _HELP}]
    if len(people) > MOST:
        return [problem("personalizations", TOO_MANY.format(many=len(people)))]
    found: list[Problem] = []
    recipients = 0
    template = mail.get("template_id")
    dynamic = type(template) is str and template.startswith("d-")
    shared = mail.get("custom_args")
    shared = shared if type(shared) is dict else {}
    for index, person in enumerate(people):
        field = f"personalizations.{index}"
        if type(person) is not dict:
            found.append(wrong_type(field, "object", person))
            continue
        if not _KNOWN.issuperset(person):
            found += strange(person, _KNOWN, field)
        to = person.get("to")
        if type(to) is list and len(to) == 1 and "cc" not in person and "bcc" not in person:
            recipients += 1
            found += _recipient(to[0], f"{field}.to.0", "to", account)
        else:
            recipients += _many(person)
            found += _recipients(person, field, account)
        if "from" in person:
            found += addresses.check(person["from"], f"{field}.from", "from")
        if "subject" in person:
            found += subject(person["subject"], f"{field}.subject")
        if "headers" in person:
            found += headers(person["headers"], f"{field}.headers")
        if "substitutions" in person:
            found += _substitutions(person["substitutions"], field, account, dynamic)
        if "custom_args" in person or shared:
            found += _custom_args(person, shared, field, account)
        if "dynamic_template_data" in person and type(person["dynamic_template_data"]) is not dict:
            data = person["dynamic_template_data"]
            found.append(wrong_type(f"{field}.dynamic_template_data", "object", data))
        if "send_at" in person:
            found += send_at(person["send_at"], f"{field}.send_at", account, now)
    if recipients > MOST:
        found.append(problem("personalizations", TOO_MANY_RECIPIENTS))
    return found


_BOXES = ("to", "cc", "bcc")
_HELP = f"{addresses.problem('', '')['help']}".split("#")[0] + "#-Personalizations-Errors"


def _many(person: dict[str, Any]) -> int:
    return sum(len(person[box]) for box in _BOXES if type(person.get(box)) is list)


def _recipient(one: Any, field: str, box: str, account: Account) -> list[Problem]:
    found = addresses.check(one, field, box)
    if account.refused and not found and (email := one["email"].casefold()) in account.refused:
        named = problem(f"{field}.email", "Does not contain a valid address.")
        found.append(named if account.refused[email] else BAD_REQUEST)
    return found


def _all_text(values: dict[str, Any]) -> bool:
    return _TEXT.issuperset(map(type, values.values()))


_TEXT = {str}


def _recipients(person: dict[str, Any], field: str, account: Account) -> list[Problem]:
    found: list[Problem] = []
    seen: set[str] = set()
    doubled = False
    for box in _BOXES:
        people = person.get(box)
        if people is None and box != "to":
            continue
        if people is not None and type(people) is not list:
            found.append(wrong_type(f"{field}.{box}", "array", people))
            continue
        if not people:
            if box == "to":
                found.append(problem(f"{field}.to", addresses.NOTHING_TO))
            continue
        for place, one in enumerate(people):
            wrong = _recipient(one, f"{field}.{box}.{place}", box, account)
            found += wrong
            if wrong and wrong != [BAD_REQUEST]:
                continue
            email = one["email"].casefold()
            if email in seen and not doubled:
                doubled = True
                message = DUPLICATE.format(email=one["email"], field=f"{field}.{box}")
                found.append(problem(f"{field}.{box}", message))
            seen.add(email)
    return found


def subject(value: Any, field: str) -> list[Problem]:
    """Problems of a subject."""
    if type(value) is not str or not value:
        return [problem(field, NO_SUBJECT)]
    if "\r" in value or "\n" in value:
        # Nobody wrote down what SendGrid makes of this; nothing of ours may ever try.
        return [problem(field, "The subject cannot contain CRLF characters.")]
    return []


def headers(value: Any, field: str) -> list[Problem]:
    """Problems of headers, of the request or of one personalization."""
    if type(value) is not dict:
        return [wrong_type(field, "object", value)]
    found: list[Problem] = []
    seen: set[str] = set()
    for name, content in value.items():
        low = name.casefold()
        if type(content) is not str:
            found.append(problem(field, "All values of the headers object must be strings."))
        elif "\r" in content or "\n" in content:
            found.append(problem(field, "Header values cannot contain CRLF characters."))
        if not _HEADER.fullmatch(name):
            message = "Header keys cannot contain non-ASCII characters or empty spaces."
            found.append(problem(field, message))
        elif low in RESERVED:
            found.append(problem(field, "Header cannot be one of the reserved keys."))
        if low in seen:
            found.append(problem(field, "The headers cannot contain duplicate keys."))
        seen.add(low)
    return found


def _substitutions(value: Any, field: str, account: Account, dynamic: bool) -> list[Problem]:
    field = f"{field}.substitutions"
    if type(value) is not dict or not _all_text(value):
        return [problem(field, NOT_STRINGS)]
    if dynamic and value:
        return [problem(field, "Substitutions may not be used with dynamic templating")]
    if len(value) > account.substitutions:
        return [problem(field, f"You are limited to {account.substitutions} substitutions.")]
    if _size(value, account.substitution_bytes) > account.substitution_bytes:
        most = account.substitution_bytes
        message = f"Substitutions are limited to {most} bytes per personalization block."
        return [problem(field, message)]
    return []


def _size(values: dict[str, str], enough: int) -> int:
    letters = sum(map(len, values)) + sum(map(len, values.values()))
    if letters * 4 <= enough:
        return letters
    return sum(len(tag.encode()) + len(value.encode()) for tag, value in values.items())


def custom_args(value: Any, field: str) -> list[Problem]:
    """Problems of custom arguments, of the request or of one personalization."""
    if type(value) is not dict:
        return [wrong_type(field, "object", value)]
    if not value:
        return [problem(field, "custom_args cannot be empty.")]
    if not _all_text(value):
        return [problem(field, "All values of custom arguments object must be strings")]
    return []


def _custom_args(
    person: dict[str, Any], shared: dict[str, Any], field: str, account: Account
) -> list[Problem]:
    field = f"{field}.custom_args"
    own = person.get("custom_args", {})
    if "custom_args" in person and (found := custom_args(own, field)):
        return found
    merged = {**shared, **own} if shared else own
    if not _all_text(merged):
        return []
    letters = sum(map(len, merged)) + sum(map(len, merged.values())) + 6 * len(merged)
    if letters * 4 > account.custom_arg_bytes and (
        len(orjson.dumps(merged)) > account.custom_arg_bytes
    ):
        return [
            problem(
                field,
                "The combined size of both global and personalization custom arguments may not "
                f"exceed {account.custom_arg_bytes:,} bytes per personalization.",
            )
        ]
    return []


def send_at(value: Any, field: str, account: Account, now: float) -> list[Problem]:
    """Problems of a moment to send at."""
    if type(value) is not int:
        return [problem(field, NO_MOMENT)]
    if value > now + account.schedule_hours * 3600:
        return [problem(field, TOO_FAR)]
    return []
