"""Posts to the simulator as the plainest of clients would, and the message it posts."""

import http.client
import urllib.parse
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from tests.simulator.process import Simulator


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors it names."""
        return orjson.loads(self.body)["errors"]

    @property
    def said(self) -> Any:
        """The JSON it holds."""
        return orjson.loads(self.body)


def mail(**changes: Any) -> dict[str, Any]:
    """A request nothing is wrong with, but for the changes; None takes a field away."""
    whole = {
        "personalizations": [person()],
        "from": {"email": "shop@example.com", "name": "The shop"},
        "reply_to": {"email": "owner@example.com"},
        "subject": "Well chosen",
        "content": [
            {"type": "text/plain", "value": "Dear reader"},
            {"type": "text/html", "value": "<p>Dear reader</p>"},
        ],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def person(email: str = "anna@example.com", send: int | None = 7, **more: Any) -> dict[str, Any]:
    """A personalization."""
    args = {} if send is None else {"custom_args": {"stammkunde_send": str(send)}}
    return {"to": [{"email": email}], **args, **more}


def post(simulator: Simulator, body: Any, **headers: str | None) -> Reply:
    """POST /v3/mail/send with a whole request or with bytes as they are."""
    return call(simulator, "POST", "/v3/mail/send", body, **headers)


def call(
    simulator: Simulator, method: str, path: str, body: Any = None, **headers: str | None
) -> Reply:
    """Any call; `content_type=None` leaves the header Content-Type away."""
    where = urllib.parse.urlsplit(simulator.address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    sent = {
        "Authorization": f"Bearer {simulator.key}",
        "Content-Type": "application/json",
        **{name.replace("_", "-").title(): value for name, value in headers.items()},
    }
    raw = body is None or isinstance(body, bytes | Iterator)
    written = body if raw else orjson.dumps(body)
    try:
        connection.request(
            method, path, written, {name: value for name, value in sent.items() if value}
        )
        answer = connection.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()
