"""One `up` in a project at a time, and nothing it started outlives it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from flows.children import Child
from flows.errors import ConfigError, PipelineError
from flows.initial import init
from flows.running import Running, end_groups, found, only_one
from flows.store.revisions import VERSION_TABLE, look_at
from flows.store.session import open_store
from flows.store.upgrade import upgrade
from flows.up import Wanted, demo_folder, up
from flows.with_prefect import run_flow
from tests.waiting import within

API = "http://127.0.0.1:4711/api"
# The words by which a process is known to be ours stand in its command line.
SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)  # flows."]


def ended(pid: int) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_there_is_one_at_a_time_and_others_know_it(tmp_path: Path) -> None:
    assert found(tmp_path) is None
    with only_one(tmp_path, API):
        assert found(tmp_path) == Running(os.getpid(), API)
        with (
            pytest.raises(PipelineError, match=r"its runs at http://127.0.0.1:4711\. Stop that"),
            only_one(tmp_path, API),
        ):
            pass
        assert found(tmp_path) == Running(os.getpid(), API)
    assert found(tmp_path) is None
    with only_one(tmp_path, API) as note:
        assert note.running.children == []


def test_a_lock_file_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "up.lock").write_text("not what we write", encoding="utf-8")
    assert found(tmp_path) is None
    with only_one(tmp_path, API):
        assert found(tmp_path) == Running(os.getpid(), API)


def test_what_an_earlier_one_left_running_is_ended(tmp_path: Path) -> None:
    ours = subprocess.Popen(SLEEPS, start_new_session=True)
    theirs = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        with only_one(tmp_path, API) as note:
            note.running.children = [ours.pid, theirs.pid]
            note.write()
            left = (tmp_path / "var" / "up.lock").read_text(encoding="utf-8")
        # What one that is killed leaves behind.
        (tmp_path / "var" / "up.lock").write_text(left, encoding="utf-8")
        with only_one(tmp_path, API):
            assert ended(ours.pid)
            assert theirs.poll() is None
    finally:
        for process in (ours, theirs):
            process.kill()
            process.wait()


def test_a_note_can_be_read_at_any_moment_while_it_is_written_anew(tmp_path: Path) -> None:
    with only_one(tmp_path, API) as note:
        ends = threading.Event()

        def write() -> None:
            while not ends.is_set():
                for children in ([], [*range(1_000_000, 1_000_050)]):
                    note.running.children = children
                    note.write()

        writing = threading.Thread(target=write)
        writing.start()
        try:
            read = [found(tmp_path) for _ in range(500)]
        finally:
            ends.set()
            writing.join()
    assert all(each is not None for each in read)


def test_nothing_is_ended_where_nothing_is_left() -> None:
    end_groups([])
    end_groups([2**22 - 1])


def test_a_child_ends_with_all_it_started(tmp_path: Path) -> None:
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid,"
        " flush=True)\n"
        "time.sleep(60)\n"
    )
    child = Child("x", [sys.executable, "-c", stubborn], tmp_path / "x.log")
    child.start()
    until = time.monotonic() + 20
    while not (said := child.log.read_text("utf-8")) and time.monotonic() < until:
        time.sleep(0.05)
    child.stop(0.2)
    assert ended(int(said))
    assert child.ended


def test_children_notice_ctrl_c_though_their_parent_was_told_not_to(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        begun = "import time; print('begun', flush=True); time.sleep(60)"
        child = Child("x", [sys.executable, "-c", begun], tmp_path / "x.log")
        child.start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert child.process is not None
    # Only once it runs does an interrupt leave words behind.
    assert within(60, lambda: "begun" in child.log.read_text("utf-8"))
    child.process.send_signal(signal.SIGINT)
    assert child.process.wait(20) != 0
    assert "KeyboardInterrupt" in child.last_words()


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match='there is no folder "config" here'):
        up(Wanted(tmp_path, 4200, None, web=True))


def test_the_demo_company_that_is_there_is_used(tmp_path: Path) -> None:
    made = tmp_path / "demo" / ".stammkunde-demo"
    made.parent.mkdir()
    made.touch()
    assert demo_folder(tmp_path) == tmp_path / "demo"


def test_a_demo_company_that_cannot_be_made_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "letters.txt").touch()
    with pytest.raises(PipelineError, match="the demo company could not be made; see above"):
        demo_folder(tmp_path)
    assert "this folder is not empty and no demo; say another --dir" in capfd.readouterr().err


def test_a_store_of_a_newer_version_is_refused_before_anything_runs(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    look_at(store)
    assert not (tmp_path / "store.db").exists()
    engine = open_store(store)
    upgrade(engine)
    look_at(store)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608
    engine.dispose()
    with pytest.raises(ConfigError, match="last used by a newer Stammkunde"):
        look_at(store)


def test_a_server_that_does_not_answer_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(tmp_path / "shop")
    # What is said to Prefect here is not for the tests that follow.
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    with pytest.raises(PipelineError, match=r"no Prefect server answers at http://127\.0\.0\.1:1"):
        run_flow(tmp_path / "shop", "preview")
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{port}/api")
        answering = threading.Thread(target=_old_server, args=(server,))
        answering.start()
        with pytest.raises(PipelineError, match=r"is of version 2\.20\.1, and here is 3\."):
            run_flow(tmp_path / "shop", "preview")
        answering.join()


def _old_server(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(
            b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n"2.20.1"'
        )
