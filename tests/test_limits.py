"""What takes too long is interrupted, and what does not heed that ends with its process."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from flows.delivery.senders import until_noted
from flows.limits import TooLongError, limited

ROOT = Path(__file__).parents[1]


def in_a_process(text: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)],
        env=clean | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_what_ends_in_time_hears_nothing() -> None:
    before = signal.getsignal(signal.SIGINT)
    with limited(30, "too long"):
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_waiting_for_a_file_nobody_writes_is_interrupted(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "share.csv")
    began = time.monotonic()
    with pytest.raises(TooLongError, match="the share hangs"), limited(0.3, "the share hangs"):
        (tmp_path / "share.csv").read_bytes()
    assert time.monotonic() - began < 10


def test_the_inner_limit_is_the_one_that_is_told() -> None:
    with (
        pytest.raises(TooLongError, match="inner"),
        limited(30, "outer"),
        limited(0.2, "inner"),
    ):
        time.sleep(20)
    with (
        pytest.raises(TooLongError, match="outer"),
        limited(0.2, "outer"),
        limited(30, "inner"),
    ):
        time.sleep(20)


def test_ctrl_c_is_ctrl_c_before_that() -> None:
    with pytest.raises(KeyboardInterrupt), limited(30, "too long"):
        signal.raise_signal(signal.SIGINT)


def test_what_heeds_nothing_ends_with_its_process() -> None:
    began = time.monotonic()
    done = in_a_process("""
        import signal, time
        from flows.limits import limited
        # As in a call into a driver that never comes back.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with limited(0.3, "the database hangs", grace=0.3):
            time.sleep(60)
    """)
    assert (done.returncode, done.stderr) == (1, "the database hangs\n")
    assert time.monotonic() - began < 20


def test_outside_the_main_thread_the_process_ends_at_once() -> None:
    done = in_a_process("""
        import threading, time
        from flows.limits import limited
        def work():
            with limited(0.3, "too long"):
                time.sleep(60)
        threading.Thread(target=work).start()
    """)
    assert (done.returncode, done.stderr) == (1, "too long\n")


def test_the_process_of_a_run_ends_though_something_it_started_hangs() -> None:
    done = in_a_process("""
        import os, threading, time
        os.environ["PREFECT__FLOW_RUN_ID"] = "1"
        from flows.limits import TooLongError, limited
        def said(told):
            print("said:", told, flush=True)
            return 0
        # Python waits for such a thread before it ends.
        threading.Thread(target=time.sleep, args=(60,)).start()
        try:
            with limited(0.3, "too long", farewell=said, grace=0.5):
                time.sleep(60)
        except TooLongError:
            print("told to end", flush=True)
    """)
    assert (done.returncode, done.stdout) == (0, "told to end\nsaid: too long\n"), done.stderr


def test_messages_on_their_way_are_noted_first() -> None:
    noted: list[str] = []

    def send() -> None:
        with until_noted() as stopping:
            until = time.monotonic() + 20
            while not stopping() and time.monotonic() < until:
                time.sleep(0.01)
            noted.append("all of it")

    with pytest.raises(TooLongError), limited(0.2, "too long"):
        send()
    assert noted
