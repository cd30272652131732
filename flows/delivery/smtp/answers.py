"""What a mail server's answers mean: a table read from the top, and a sentence for each."""

import re
from dataclasses import dataclass
from enum import StrEnum, auto

CLOSING = 421
"""The code with which a server ends the connection, whatever it was asked."""

_MOST_SAID = 300
_STATUS = re.compile(r"(?:^#?|\(#)([245]\.\d{1,3}\.\d{1,3})(?=[\s)]|$)")
_MAILBOX = re.compile(r"<?[^\s<>@]+@[\w.-]+>?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_TAKEN_AS = re.compile(
    r"queued as <?([\w.-]{4,100})|\bid=([\w.-]{4,100})|^Ok ([\da-f]{8,}[\w.-]{8,100})$",
    re.IGNORECASE,
)


class Stage(StrEnum):
    """Where in a transaction an answer was given."""

    SENDER = auto()
    RECIPIENT = auto()
    DATA = auto()
    CONTENT = auto()


class Meaning(StrEnum):
    """What an answer, or the lack of one, means for the message."""

    TAKEN = auto()
    """Yes: go on, and after the content: the message is the server's now."""
    PATIENCE = auto()
    """Not now, for this recipient: greylisting, or a full mailbox."""
    BUSY = auto()
    """Not now, for nobody: the server has troubles of its own, or enough of us."""
    UNKNOWN = auto()
    """There is no such mailbox, and there will not be one."""
    REFUSED = auto()
    """This message is not wanted, or not by this recipient."""
    SENDER = auto()
    """We may not send in the name of this sender."""
    STRANGER = auto()
    """The server takes nothing from this machine for the addresses of others."""
    LOGIN = auto()
    """The server wants a login first."""
    OVER = auto()
    """The connection ended, and the message certainly was not taken."""
    GARBLED = auto()
    """This is no answer to what was said."""
    DOUBT = auto()
    """The whole message left, and no answer came: nobody knows."""


@dataclass(frozen=True)
class Reply:
    """An answer: its code, and its lines put together."""

    code: int
    text: str

    @property
    def status(self) -> str:
        """The enhanced status code ("5.1.1"), or nothing."""
        match = _STATUS.search(self.text)
        return match[1] if match else ""

    @property
    def said(self) -> str:
        """The answer in one line to be kept: without addresses, and not endless."""
        # Each line of an answer repeats the status.
        text = self.text.replace(f"\n{self.status} ", "\n")
        line = " ".join(_UNPRINTABLE.sub(" ", _MAILBOX.sub("<address>", text)).split())
        return f"{self.code} {line}".strip()[:_MOST_SAID]


@dataclass(frozen=True)
class Told:
    """What became of a message, in a sentence, and the server's own number for it."""

    meaning: Meaning
    sentence: str
    taken_as: str | None = None


@dataclass(frozen=True)
class _Rule:
    """An answer means this where everything that is given here fits."""

    meaning: Meaning
    code: str
    stages: tuple[Stage, ...] = tuple(Stage)
    status: str | None = None
    words: str | None = None

    def fits(self, stage: Stage, reply: Reply) -> bool:
        return (
            stage in self.stages
            and re.fullmatch(self.code, str(reply.code)) is not None
            and (self.status is None or re.fullmatch(self.status, reply.status) is not None)
            and (self.words is None or re.search(self.words, reply.text, re.I) is not None)
        )


_WANTS_LOGIN = (
    r"authentication (is )?(required|needed)|not authenticated|auth(entication|enticate)? first|"
    r"must (first )?(issue a|use|authenticate)|log ?in (first|required)|auth(orization)? required"
)
_ABOUT_SENDER = (
    r"sender (address|domain|verif|is not|not|denied|refused)|not owned by|"
    r"not (allowed|permitted|authori[sz]ed) to send|send as this sender|from address"
)
_ABOUT_US = r"relay|client host|helo command|unknown client"
_TOO_MUCH = r"client host|sender address|helo command|too (many|much|fast)|rate limit"
_UNWANTED = (
    r"spam|virus|block|black ?list|policy|reputation|reverse dns|\bptr\b|\bd?nsbl\b|\brbl\b|denied|"
    r"banned|\bspf\b|dmarc|dkim|full|quota"
)
_NO_MAILBOX = (
    r"unknown|no such|not? (exist|found|valid|known|longer)|n[o']t exist|invalid|unavailable|"
    r"disabled|inactive|no mailbox|unrout|user not local|mailbox name not allowed"
)
_BEFORE_DATA = (Stage.SENDER, Stage.RECIPIENT)
_BEFORE_CONTENT = (Stage.SENDER, Stage.RECIPIENT, Stage.DATA)
_OF_ONE = (Stage.RECIPIENT, Stage.CONTENT)

# Servers say no to a sender, a login or a client only when they hear the recipient (Postfix does by
# default), with codes that mean an unknown mailbox elsewhere. These come first, as an address must
# not be suppressed for what is wrong with us.
_TABLE = (
    _Rule(Meaning.OVER, str(CLOSING)),
    _Rule(Meaning.TAKEN, "2..", (Stage.SENDER, Stage.RECIPIENT, Stage.CONTENT)),
    _Rule(Meaning.TAKEN, "354", (Stage.DATA,)),
    _Rule(Meaning.LOGIN, "530|535|538"),
    _Rule(Meaning.LOGIN, "5..", _BEFORE_DATA, words=_WANTS_LOGIN),
    _Rule(Meaning.BUSY, "4..", (Stage.SENDER, Stage.DATA)),
    _Rule(Meaning.BUSY, "4..", _OF_ONE, status=r"4\.3\.\d+"),
    _Rule(Meaning.PATIENCE, "4..", _OF_ONE, status=r"4\.2\.\d+"),
    _Rule(Meaning.BUSY, "4..", _OF_ONE, words=_TOO_MUCH),
    _Rule(Meaning.PATIENCE, "4..", _OF_ONE),
    _Rule(Meaning.REFUSED, "552", (Stage.SENDER,)),
    _Rule(Meaning.REFUSED, "5..", (Stage.SENDER,), status=r"5\.(3\.4|2\.3)"),
    _Rule(Meaning.GARBLED, "500|502|503", _BEFORE_CONTENT),
    _Rule(Meaning.SENDER, "5..", (Stage.SENDER,)),
    _Rule(Meaning.SENDER, "5..", _OF_ONE, status=r"5\.1\.[78]|5\.7\.60"),
    _Rule(Meaning.SENDER, "5..", (Stage.RECIPIENT,), words=_ABOUT_SENDER),
    _Rule(Meaning.STRANGER, "5..", (Stage.RECIPIENT,), words=_ABOUT_US),
    _Rule(Meaning.UNKNOWN, "5..", _OF_ONE, status=r"5\.1\.(1|2|3|6|10)|5\.2\.1"),
    _Rule(Meaning.REFUSED, "5..", (Stage.RECIPIENT,), words=_UNWANTED),
    _Rule(
        Meaning.UNKNOWN,
        "550|551|553",
        (Stage.RECIPIENT,),
        status=r"|5\.[015]\.0",
        words=_NO_MAILBOX,
    ),
    _Rule(Meaning.REFUSED, "5.."),
)


def told(stage: Stage, reply: Reply) -> Told:
    """What this answer at this stage means."""
    meaning = next((rule.meaning for rule in _TABLE if rule.fits(stage, reply)), Meaning.GARBLED)
    if meaning is Meaning.TAKEN:
        return Told(meaning, "yes", _taken_as(reply) if stage is Stage.CONTENT else None)
    return Told(meaning, f"{_what(meaning, stage, reply)}: {reply.said}")


def over(how: str) -> Told:
    """The connection ended before the message had left."""
    return Told(Meaning.OVER, f"the mail server {how} before the message had been handed over")


def doubt(how: str) -> Told:
    """The connection ended after the message had left."""
    return Told(
        Meaning.DOUBT,
        f"the whole message had been handed over, then the mail server {how}, and did not say "
        "whether it took it",
    )


def _what(meaning: Meaning, stage: Stage, reply: Reply) -> str:
    if meaning is Meaning.PATIENCE and re.search(r"gr[ea]y", reply.text, re.IGNORECASE):
        return "greylisted, to be tried again later"
    if meaning is Meaning.REFUSED and stage is Stage.RECIPIENT:
        return "the recipient was refused"
    return _SENTENCES[meaning]


_SENTENCES = {
    Meaning.PATIENCE: "the recipient's mailbox takes nothing just now, to be tried again later",
    Meaning.BUSY: "the mail server takes nothing from us just now",
    Meaning.UNKNOWN: "there is no such mailbox",
    Meaning.REFUSED: "the message was refused",
    Meaning.SENDER: "the mail server does not let us send in the name of this sender",
    Meaning.STRANGER: "the mail server takes nothing from here for the addresses of others",
    Meaning.LOGIN: "the mail server wants a login",
    Meaning.OVER: "the mail server ended the connection before it took the message",
    Meaning.GARBLED: "the mail server said what is no answer",
}


def _taken_as(reply: Reply) -> str | None:
    text = reply.text.removeprefix(reply.status).strip()
    match = _TAKEN_AS.search(text)
    return next(filter(None, match.groups())) if match else None
