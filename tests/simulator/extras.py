"""The rules for what a request may have beside its messages: attachments and settings."""

import base64
import binascii
from typing import Any

from tests.simulator.addresses import strange, wrong_type
from tests.simulator.answers import Problem, problem

BREAKERS = (";", ",", "\r", "\n")
"""Signs that would end a header, or a part of it."""


def attachments(value: Any) -> list[Problem]:
    """Problems of attachments."""
    if type(value) is not list:
        return [wrong_type("attachments", "array", value)]
    found: list[Problem] = []
    for place, one in enumerate(value):
        field = f"attachments.{place}"
        if type(one) is not dict:
            found.append(wrong_type(field, "object", one))
            continue
        found += _attachment(one, field)
    return found


def _attachment(one: dict[str, Any], field: str) -> list[Problem]:
    found: list[Problem] = []
    content = one.get("content")
    if type(content) is not str or not content:
        message = "The attachment content must be a string at least one character in length."
        found.append(problem(f"{field}.content", message))
    else:
        try:
            base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            message = "The attachment content must be base64 encoded."
            found.append(problem(f"{field}.content", message))
    if "filename" not in one:
        found.append(problem(f"{field}.filename", "filename is required."))
    for name in ("filename", "type", "content_id"):
        if name not in one:
            continue
        written = one[name]
        if type(written) is not str or (name == "type" and not written):
            message = f"The {name} of your attachment must be a string."
            found.append(problem(f"{field}.{name}", message))
        elif any(sign in written for sign in BREAKERS):
            message = f"The {name} of your attachment cannot contain CRLF characters."
            found.append(problem(f"{field}.{name}", message))
    if one.get("disposition", "attachment") not in ("attachment", "inline"):
        message = (
            'The disposition of your attachment can be either "inline" or "attachment". You '
            f"provided {one['disposition']}."
        )
        found.append(problem(f"{field}.disposition", message))
    return found


_KINDS = {bool: "boolean", str: "string"}
_MAIL_SETTINGS: dict[str, dict[str, type]] = {
    "bypass_list_management": {"enable": bool},
    "bypass_spam_management": {"enable": bool},
    "bypass_bounce_management": {"enable": bool},
    "bypass_unsubscribe_management": {"enable": bool},
    "footer": {"enable": bool, "text": str, "html": str},
    "sandbox_mode": {"enable": bool},
}
_TRACKING: dict[str, dict[str, type]] = {
    "click_tracking": {"enable": bool, "enable_text": bool},
    "open_tracking": {"enable": bool, "substitution_tag": str},
    "subscription_tracking": {
        "enable": bool,
        "text": str,
        "html": str,
        "substitution_tag": str,
    },
    "ganalytics": {
        "enable": bool,
        **dict.fromkeys(
            ("utm_source", "utm_medium", "utm_term", "utm_content", "utm_campaign"), str
        ),
    },
}


def _settings(value: Any, known: dict[str, dict[str, type]], field: str) -> list[Problem]:
    if type(value) is not dict:
        return [wrong_type(field, "object", value)]
    found: list[Problem] = []
    for name, block in value.items():
        kinds = known.get(name)
        if kinds is None:
            found += strange([name], set(), field)
        elif type(block) is not dict:
            found.append(wrong_type(f"{field}.{name}", "object", block))
        else:
            for key, one in block.items():
                expected = kinds.get(key)
                if expected is None:
                    found += strange([key], set(), f"{field}.{name}")
                elif type(one) is not expected:
                    words = f"{name} {key}".replace("_", " ")
                    message = f"The {words} param should be a {_KINDS[expected]} value."
                    found.append(problem(f"{field}.{name}.{key}", message))
    if field == "mail_settings" and "bypass_list_management" in value:
        others = [name for name in value if name.startswith("bypass_")]
        if len(others) > 1:
            message = "bypass_list_management cannot be combined with other bypass filters."
            found.append(problem(f"{field}.bypass_list_management", message))
    return found


def mail_settings(value: Any) -> list[Problem]:
    """Problems of how the message is treated."""
    return _settings(value, _MAIL_SETTINGS, "mail_settings")


def tracking_settings(value: Any) -> list[Problem]:
    """Problems of what is followed."""
    return _settings(value, _TRACKING, "tracking_settings")
