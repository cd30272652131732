"""Asking over HTTP: one question, little patience, and no way led elsewhere."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

_MOST_BYTES = 5_000_000
_HERE = ("localhost", "127.0.0.1", "::1")


class NoAnswerError(Exception):
    """Nobody answered, and why."""


class Answer(NamedTuple):
    """What somebody answered; `elsewhere` is where it wanted to lead us."""

    status: int
    body: bytes
    elsewhere: str | None = None

    def read(self) -> Any:
        """The answer as JSON. Raises `NoAnswerError` for anything else."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise NoAnswerError("no JSON") from None


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Lead nowhere: what is asked for is here, or it is not."""


class _Near(HTTPConnection):
    """Whoever is there takes a connection at once, however busy; only the answer may take long."""

    def __init__(self, host: str, *, timeout: float, reach: float) -> None:
        super().__init__(host, timeout=min(timeout, reach))
        self._patience = timeout

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self._patience)


class _Reach(urllib.request.HTTPHandler):
    def __init__(self, reach: float) -> None:
        super().__init__()
        self._reach = reach

    def http_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(partial(_Near, reach=self._reach), req)


def ask(
    address: str,
    *,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    patience: float = 2.0,
    reach: float | None = None,
) -> Answer:
    """The answer of this very address. Raises `NoAnswerError` where there is none in time.

    `reach` is how long a connection without encryption may take to come about.
    """
    data = None if body is None else json.dumps(body).encode()
    given = {"Content-Type": "application/json"} if data is not None else {}
    try:
        parts = urlsplit(address)
    except ValueError:
        raise NoAnswerError("no address") from None
    if parts.scheme not in ("http", "https"):
        raise NoAnswerError(f"{parts.scheme or 'no'} address")
    request = urllib.request.Request(  # noqa: S310 - http and https only
        address, data=data, headers={**given, **(headers or {})}
    )
    handlers: list[urllib.request.BaseHandler] = [_Stay()]
    if reach is not None:
        handlers.append(_Reach(reach))
    if parts.hostname in _HERE:
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=patience) as answer:
            return Answer(answer.status, answer.read(_MOST_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            elsewhere = error.headers.get("Location") if 300 <= error.code < 400 else None
            return Answer(error.code, error.read(_MOST_BYTES), elsewhere)
    except urllib.error.URLError as error:
        raise NoAnswerError(_why(error.reason)) from error
    except (OSError, HTTPException, ValueError) as error:
        raise NoAnswerError(_why(error)) from error


def _why(reason: object) -> str:
    """Short and the same wherever it comes from."""
    if isinstance(reason, TimeoutError):
        return "time-out"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"certificate: {reason.verify_message}"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__
