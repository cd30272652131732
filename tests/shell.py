"""Carries out commands of ours, each in a fork of one process that has loaded everything already.

`python -m tests.shell` reads a command a line (JSON: its words, ours left out) and answers with
its exit code, what it said, and what it complained of. Names of modules are loaded as well.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from flows import cli

_LOADED = (
    "checking",
    "digests",
    "doubtful",
    "explaining",
    "judging",
    "lists",
    "measuring_csv",
    "pictures",
    "power",
    "retaining",
    "stages.pulling",
    "steering",
    "suppress",
    "todo",
)


class Shell:
    """Types commands, one after the other."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def type(self, *words: str) -> tuple[int, str]:
        """The exit code of `stammkunde WORDS`, and all it said."""
        done = self.typed(*words)
        return done.returncode, done.stdout + done.stderr

    def typed(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """What `stammkunde WORDS` answers."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        asked.write(json.dumps(words) + "\n")
        asked.flush()
        return subprocess.CompletedProcess(words, *json.loads(answered.readline()))


@contextmanager
def shell(folder: Path, environment: Mapping[str, str], *loaded: str) -> Iterator[Shell]:
    """A shell in a folder; ends with its last command."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.shell", *loaded],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Shell(process)


def main() -> None:
    """Carry out one command after the other until there are no more."""
    for name in sys.argv[1:] or _LOADED:
        import_module(f"flows.{name}")
    for line in sys.stdin:
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
            child = os.fork()
            if child == 0:
                os.dup2(said.fileno(), 1)
                os.dup2(complained.fileno(), 2)
                os._exit(_ended(["stammkunde", *json.loads(line)]))
            _, status = os.waitpid(child, 0)
            said.seek(0)
            complained.seek(0)
            told = [said.read().decode(), complained.read().decode()]
            answer = [os.waitstatus_to_exitcode(status), *told]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _ended(words: list[str]) -> int:
    code: object = 0
    sys.argv = words
    try:
        cli.main()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    main()
