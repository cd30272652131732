"""How long does `stammkunde up` take until everything answers, and what does it need while idle?"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from time import perf_counter, sleep

from flows.initial import init
from tests.bench.report import figure
from tests.waiting import free_port

BUDGET_S, BUDGET_MB = 30.0, 800.0
IDLE_S = 10.0
_RSS = re.compile(r"(?m)^VmRSS:\s+(\d+) kB$")
_NEVER = "deployments:\n  - {name: yearly, runs: respond, cron: 0 0 1 1 *}\n"


def main() -> None:
    """Start it twice in a project of its own: the first time Prefect makes its database."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "shop"
        init(project)
        # A run that begins meanwhile would be measured as well.
        (project / "config" / "deployments.yaml").write_text(_NEVER, encoding="utf-8")
        for case in ("first start", "later start"):
            seconds, memory, ended = through(project)
            figure("up", f"{case}: everything answers", seconds, "s", BUDGET_S)
            figure("up", f"{case}: idle memory of all its processes", memory, "MB", BUDGET_MB)
            figure("up", f"{case}: everything has ended", ended, "s")


def through(project: Path) -> tuple[float, float, float]:
    """From the command to its end: seconds until ready, megabytes when idle, seconds to end."""
    ports = ["--server-port", str(free_port()), "--web-port", str(free_port())]
    command = [sys.executable, "-m", "flows.cli", "--project", str(project), "up", *ports]
    mine = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    began = perf_counter()
    with subprocess.Popen(command, env=mine, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = iter(process.stdout or ())
            while not re.match(r"(Bereit nach|Ready after) ", next(lines, "Ready after never")):
                pass
            seconds = perf_counter() - began
            sleep(IDLE_S)
            memory = sum(map(_megabytes, [process.pid, *_children(process.pid)]))
        finally:
            began = perf_counter()
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    return seconds, memory, perf_counter() - began


def _children(parent: int) -> list[int]:
    """All that a process started, and what those started."""
    found: list[int] = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            for word in task.read_text(encoding="utf-8").split():
                found += [int(word), *_children(int(word))]
    return found


def _megabytes(pid: int) -> float:
    with suppress(OSError):
        held = _RSS.search(Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
        return int(held[1]) / 1024 if held else 0.0
    return 0.0


if __name__ == "__main__":
    main()
