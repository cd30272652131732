"""What tests with real processes do all the time: wait, look for a free port, ask Prefect."""

import socket
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import httpx

_BUSY = 503
_TRIES = 40

plain = httpx.Client(
    verify=False,  # noqa: S501 - nothing of it leaves this machine
    trust_env=False,
    limits=httpx.Limits(max_keepalive_connections=0),
)
"""Asks servers of this machine: a client for each question would read all certificates anew."""


def within(seconds: float, question: Callable[[], Any]) -> Any:
    """Ask until the answer is not empty; the last answer."""
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.1)
    return answer


def healthy(api: str) -> bool:
    """Whether a Prefect server answers there."""
    try:
        return plain.get(f"{api}/health", timeout=5).is_success
    except httpx.HTTPError:
        return False


def free_port() -> int:
    """One nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answered(api: str, path: str, how: str = "POST", **body: object) -> Any:
    """What a Prefect server answers; on SQLite it is busy now and then."""
    for _ in range(_TRIES):
        answer = plain.request(how, f"{api}/{path}", json=body, timeout=30)
        if answer.status_code != _BUSY:
            break
        time.sleep(0.5)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None
