"""Asking over HTTP: whoever cannot be reached is given up soon, whoever is busy is waited for."""

import socket
import threading
import time
from contextlib import ExitStack

import pytest

from flows.health.asking import NoAnswerError, ask


def test_who_takes_no_connection_is_given_up_before_patience_ends() -> None:
    with ExitStack() as opened:
        listening = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        # No more than this is let in unless somebody accepts.
        for _ in range(3):
            waits = opened.enter_context(socket.socket())
            waits.setblocking(False)
            waits.connect_ex(listening.getsockname())
        began = time.monotonic()
        with pytest.raises(NoAnswerError, match="time-out"):
            ask(f"http://127.0.0.1:{listening.getsockname()[1]}/api", patience=30, reach=0.2)
        assert time.monotonic() - began < 15


def test_who_is_busy_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            asked, _ = listening.accept()
            with asked:
                asked.recv(1000)
                time.sleep(0.5)
                asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        busy = threading.Thread(target=answer)
        busy.start()
        found = ask(f"http://127.0.0.1:{listening.getsockname()[1]}/api", patience=20, reach=0.2)
        busy.join()
    assert found.read() == {}
