"""Failures on demand: which request fails, how, and before or after its message was taken."""

import random
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import orjson

from tests.simulator import answers
from tests.simulator.answers import Answer
from tests.simulator.pace import UNLIMITED

When = Literal["before_body", "after_body", "after_accept"]
WHENS = ("before_body", "after_body", "after_accept")
STATUSES = (400, 401, 403, 413, 429, 500, 502, 503, 504)
BREAKS = ("reset", "close", "cut", "timeout")
PAGES = ("html", "empty")
PAGE = b"<!DOCTYPE html><html><head><title>Proxy</title></head><body><h1>Access</h1></body></html>"


@dataclass
class Fault:
    """One rule. Without share and count every request fails.

    what: "status 500" (or another of STATUSES; "status 400 named" blames a personalization,
    "status 400 unnamed" nobody, "status 403 quota" the plan), "reset" (a TCP reset), "close" (the
    connection ends without an answer), "cut" (it ends within the answer), "timeout" (silence for
    `seconds`), "html" and "empty" (an answer that is not SendGrid's, with `status`).
    when: before the body is read, after it, or after the message was taken.
    """

    what: str
    when: When = "after_body"
    share: float | None = None
    count: int | None = None
    seed: int = 0
    seconds: float = 3600.0
    status: int = 200
    path: str = "/v3/mail/send"
    hits: int = 0
    _dice: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        word, *rest = self.what.split()
        status = word == "status" and rest and rest[0].isdecimal() and int(rest[0]) in STATUSES
        if not status and self.what not in (*BREAKS, *PAGES):
            raise ValueError(f"{self.what!r} is not a fault")
        if self.when not in WHENS:
            raise ValueError(f"{self.when!r} is none of {WHENS}")
        self._dice.seed(self.seed)

    @property
    def breaks(self) -> bool:
        """Whether there is no whole answer."""
        return self.what in BREAKS

    def strikes(self, path: str) -> bool:
        """Whether this request fails by this rule."""
        if not path.startswith(self.path) or (self.count is not None and self.count <= 0):
            return False
        if self.share is not None and self._dice.random() >= self.share:
            return False
        if self.count is not None:
            self.count -= 1
        self.hits += 1
        return True

    def answer(self, body: bytes, reset_at: int) -> Answer:
        """What is answered, if anything."""
        if self.what == "html":
            return Answer(self.status, PAGE, kind=b"text/html; charset=utf-8")
        if self.what == "empty":
            return Answer(self.status)
        status, detail = int(self.what.split()[1]), self.what.split()[2:]
        if status == 400:
            return self._bad_request(body, detail)
        if status == 403 and detail == ["quota"]:
            return answers.OUT_OF_QUOTA
        if status == 401:
            return answers.UNAUTHORIZED
        if status == 403:
            return answers.FORBIDDEN
        if status == 413:
            return answers.TOO_LARGE._replace(close=False)
        if status == 429:
            waits = (
                (b"x-ratelimit-limit", b"%d" % UNLIMITED),
                (b"x-ratelimit-remaining", b"0"),
                (b"x-ratelimit-reset", str(reset_at).encode()),
            )
            return answers.TOO_MANY._replace(headers=waits)
        if status == 500:
            return answers.refused(500, {"message": "internal server error"})
        return Answer(status, PAGE, kind=b"text/html")

    def _bad_request(self, body: bytes, detail: list[str]) -> Answer:
        if detail != ["named"]:
            return answers.refused(400, answers.BAD_REQUEST)
        try:
            people = len(orjson.loads(body)["personalizations"])
        except (ValueError, KeyError, TypeError):
            people = 1
        field = f"personalizations.{self._dice.randrange(max(1, people))}.to.0.email"
        return answers.refused(400, answers.problem(field, "Does not contain a valid address."))


def read(rules: list[dict[str, Any]]) -> list[Fault]:
    """Rules as the control API takes them."""
    known = {one.name for one in fields(Fault)} - {"hits", "_dice"}
    for rule in rules:
        if strange := set(rule) - known:
            raise ValueError(f"no such settings of a fault: {sorted(strange)}")
    return [Fault(**rule) for rule in rules]


class Faults:
    """The rules in force; the first one that strikes decides."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def draw(self, path: str) -> Fault | None:
        """The rule by which this request fails, or none."""
        for rule in self.rules:
            if rule.strikes(path):
                return rule
        return None
