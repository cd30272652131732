"""Somebody who listens to events: keeps each batch as it came, and answers as it is told."""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

import orjson
from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader


class Posted(NamedTuple):
    """One batch as it came."""

    body: bytes
    signature: str
    timestamp: str

    @classmethod
    def of(cls, body: bytes, headers: Mapping[str, str]) -> Self:
        """A batch from its body and headers."""
        return cls(
            body, headers[EventWebhookHeader.SIGNATURE], headers[EventWebhookHeader.TIMESTAMP]
        )

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in it."""
        return orjson.loads(self.body)

    def signed_by(self, public_key: str) -> bool:
        """Whether SendGrid's own package finds the signature good."""
        verifier = EventWebhook(public_key)
        return bool(verifier.verify_signature(self.body.decode(), self.signature, self.timestamp))


class Listener(ThreadingHTTPServer):
    """Takes batches, and answers what it is told to answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[Posted] = []
        self.answers: list[int] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        """Where batches go."""
        return f"http://127.0.0.1:{self.server_port}/events"

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events in the order they came."""
        return [event for posted in self.posted for event in posted.events]


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        """Take one batch."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append(Posted.of(body, self.headers))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        """Say nothing."""
