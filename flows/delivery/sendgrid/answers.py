"""What SendGrid's answers mean, and what it means to get none."""

import re
from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from flows.errors import DeliveryError
from segments.names import HaltCause


class Answer(NamedTuple):
    """An answer, as far as anything follows from it.

    `reset_in` is how many seconds after it SendGrid counts requests anew, where it said so.
    """

    status: int
    message_id: str | None = None
    body: bytes = b""
    reset_in: float | None = None


class Broken(NamedTuple):
    """A request that got no answer. `began` says whether its body had begun to leave.

    `hopeless` means that trying again at once is of no use.
    """

    began: bool
    what: str
    hopeless: bool = False


class Meaning(Enum):
    """What became of a request."""

    TAKEN = auto()
    REFUSED = auto()
    TOO_LARGE = auto()
    NOT_NOW = auto()
    NOT_TAKEN = auto()
    DOUBT = auto()


class Verdict(NamedTuple):
    """What became of a request, and of which of its messages it says so.

    `refused` gives the words for each message SendGrid named; if it named none, `detail` holds for
    the request as a whole. `wait` is how many seconds SendGrid asked for, if it said so.
    """

    meaning: Meaning
    detail: str | None = None
    provider_id: str | None = None
    refused: Mapping[int, str] = MappingProxyType({})
    wait: float | None = None


_INDEX = re.compile(r"^personalizations[.\[](\d+)")
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST = 300
_USED_UP = re.compile(r"credits? exceeded|exceeded .{0,40}limit|limits? exceeded|quota", re.I)
_SENDER = re.compile(r"verified sender|sender identity", re.I)
# These come from settings.yaml and senders.yaml and are the same for all: it is not the message.
_SETTINGS = {
    "from": "the sender in senders.yaml",
    "asm": "asm_group in settings.yaml",
    "ip_pool_name": "ip_pool in settings.yaml",
    "mail_settings": "its settings in settings.yaml",
    "tracking_settings": "its settings in settings.yaml",
}
_SCHEDULE = {"batch_id", "send_at"}


def judge(answer: Answer | Broken, *, sandbox: bool = False) -> Verdict:
    """What became of a request to send.

    Raises `DeliveryError` where it says nothing about the messages but that this way out is closed;
    the messages of the request were not taken then.
    """
    if isinstance(answer, Broken):
        return _broken(answer)
    status = answer.status
    if status == 202 and answer.message_id:
        return Verdict(Meaning.TAKEN, None, answer.message_id)
    if status == 202 or (sandbox and status == 200):
        return _without_number(answer, sandbox)
    if status >= 500:
        return Verdict(Meaning.DOUBT, f"SendGrid answered {status}{_said(answer.body)}")
    if 200 <= status < 300:
        return Verdict(Meaning.DOUBT, f"{status} came back, which is not SendGrid's answer")
    if status == 429:
        return Verdict(Meaning.NOT_NOW, "SendGrid takes no more at present", wait=answer.reset_in)
    if status == 413:
        return Verdict(Meaning.TOO_LARGE, "SendGrid finds the message too large")
    errors = _errors(answer.body)
    if status == 400 and errors is not None:
        return _refused(errors)
    raise closed(answer)


def closed(answer: Answer) -> DeliveryError:
    """Why SendGrid does nothing for us at all, from an answer that is no success."""
    errors = _errors(answer.body)
    status = answer.status
    if errors is None and answer.body:
        return DeliveryError(
            f"a page that is not SendGrid's answer came back ({status}). Probably something "
            "between here and SendGrid, such as a proxy, holds requests up: ask who runs the "
            "network, and look at HTTPS_PROXY and at the address of the outlet in settings.yaml"
        )
    said = " ".join(message for _, message in errors or [])
    if status in {401, 403}:
        if _USED_UP.search(said):
            return DeliveryError(
                f"SendGrid sends no more, as the plan is used up ({_short(said)}). Extend the plan "
                "or wait for the next period, then resume the outlet",
                HaltCause.QUOTA,
            )
        if _SENDER.search(said):
            return DeliveryError(
                "SendGrid does not know the sender's address as ours (403). Authenticate its "
                "domain at SendGrid under Settings, Sender Authentication, or write another "
                "sender in senders.yaml; then resume the outlet",
                HaltCause.KEY,
            )
        wrong = (
            "SendGrid does not accept the API key (401): it is wrong, or was withdrawn"
            if status == 401
            else "SendGrid does not allow this with the API key (403)"
        )
        return DeliveryError(
            f"{wrong}{_said(answer.body)}. Put a key that may send mail into the environment "
            "variable the outlet's key names, then resume the outlet",
            HaltCause.KEY,
        )
    return DeliveryError(f"SendGrid answered {status}{_said(answer.body)}")


def unreachable(broken: Broken, host: str) -> DeliveryError:
    """That no connection to SendGrid comes about."""
    return DeliveryError(f"{host} cannot be reached: {broken.what}. Nothing was sent")


def _without_number(answer: Answer, sandbox: bool) -> Verdict:
    """A proxy that says yes to everything would make all messages vanish; SendGrid counts them."""
    if sandbox and (answer.message_id or not answer.body or _json(answer.body) is not None):
        return Verdict(Meaning.TAKEN, provider_id=answer.message_id)
    return Verdict(
        Meaning.DOUBT,
        f"{answer.status} came back without SendGrid's message number: perhaps not from SendGrid",
    )


def _broken(broken: Broken) -> Verdict:
    if broken.began:
        return Verdict(Meaning.DOUBT, f"{broken.what} after the message had begun to leave")
    return Verdict(Meaning.NOT_TAKEN, broken.what)


def _refused(errors: list[tuple[str, str]]) -> Verdict:
    """Validation is per request: nobody in it got the message, whoever is named."""
    named: dict[int, list[str]] = {}
    others = []
    for place, message in errors:
        root = re.split(r"[.\[]", place, maxsplit=1)[0]
        if match := _INDEX.match(place):
            named.setdefault(int(match[1]), []).append(message)
        elif root in _SETTINGS:
            raise DeliveryError(
                f"SendGrid does not accept {_SETTINGS[root]}: {_short(message)}. Correct it, then "
                "resume the outlet",
                HaltCause.KEY,
            )
        elif root in _SCHEDULE:
            raise DeliveryError(
                f"SendGrid does not accept when the request is to be sent: {_short(message)}"
            )
        else:
            others.append(message)
    if named and not others:
        refused = {index: _refusal(messages) for index, messages in named.items()}
        return Verdict(Meaning.REFUSED, refused=refused)
    return Verdict(Meaning.REFUSED, _refusal([message for _, message in errors]))


def _refusal(messages: list[str]) -> str:
    said = "; ".join(dict.fromkeys(filter(None, messages)))
    return f"SendGrid refuses this message: {_short(said) if said else 'it does not say why'}"


def _said(body: bytes) -> str:
    said = "; ".join(dict.fromkeys(message for _, message in _errors(body) or [] if message))
    return f" ({_short(said)})" if said else ""


def _errors(body: bytes) -> list[tuple[str, str]] | None:
    """Place and message of each error; None if this is not how SendGrid tells them."""
    told = _json(body)
    listed = told.get("errors") if isinstance(told, dict) else None
    if not isinstance(listed, list):
        return None
    return [
        (_text(each.get("field")), _text(each.get("message")))
        if isinstance(each, dict)
        else ("", _text(each))
        for each in listed
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value != "null" else ""


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _short(text: str) -> str:
    line = " ".join(_NOT_TEXT.sub(" ", text).split()).rstrip(".")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
