"""What SendGrid takes for an e-mail address, and its checks of objects that hold one."""

import re
from typing import Any

from tests.simulator.answers import Problem, problem

LONGEST = 320
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
)
_KEYS = {"email", "name"}
_NAMES = {"to": "To", "cc": "CC", "bcc": "BCC", "from": "From", "reply_to": "Reply-To"}
NOTHING_TO = (
    "The to array is required for all personalization objects, and must have at least one email "
    "object with a valid email address."
)
NO_FROM = (
    "The from object must be provided for every email send. It is an object that requires the "
    'email parameter, but may also contain a name parameter. e.g. {"email": "example@example.com"} '
    'or {"email": "example@example.com", "name": "Example Recipient"}.'
)


def wrong_type(field: str, expected: str, given: Any) -> Problem:
    """The problem of a value of another kind than the field takes."""
    return problem(field, f"Invalid type. Expected: {expected}, given: {kind(given)}.")


def kind(value: Any) -> str:
    """What JSON calls the value."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def strange(keys: Any, known: set[str], field: str) -> list[Problem]:
    """Problems of properties SendGrid does not know."""
    return [
        problem(f"{field}.{key}" if field else key, f"Additional property {key} is not allowed")
        for key in keys
        if key not in known
    ]


def check(value: Any, field: str, what: str) -> list[Problem]:
    """Problems of one e-mail object; none if all is well."""
    if type(value) is not dict:
        return [wrong_type(field, "object", value)]
    email = value.get("email")
    found = [] if _KEYS.issuperset(value) else strange(value, _KEYS, field)
    if email is None:
        found.append(problem(f"{field}.email", f"The {what} email parameter is required."))
    elif type(email) is not str:
        found.append(wrong_type(f"{field}.email", "string", email))
    elif len(email) > LONGEST:
        message = f"The {_NAMES[what]} email exceeds the maximum total length of 320 characters"
        found.append(problem(f"{field}.email", message))
    elif not _ADDRESS.fullmatch(email):
        found.append(problem(f"{field}.email", "Does not contain a valid address."))
    name = value.get("name")
    if name is not None:
        if type(name) is not str:
            found.append(wrong_type(f"{field}.name", "string", name))
        elif what in ("to", "cc", "bcc") and (";" in name or "," in name):
            found.append(problem(f"{field}.name", "The name cannot contain ';' or ','."))
        elif "\r" in name or "\n" in name:
            found.append(problem(f"{field}.name", "The name cannot contain CRLF characters."))
    return found


def valid(email: str) -> bool:
    """Whether the address is one."""
    return len(email) <= LONGEST and bool(_ADDRESS.fullmatch(email))
