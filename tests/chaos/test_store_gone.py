"""What somebody at the command line reads when the store can be read and not written."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from tests.chaos.company import NOW, Plan, sendgrid
from tests.chaos.lives import ROOT
from tests.chaos.world import world
from tests.simulator.process import Simulator


def test_a_full_disk_is_told_in_a_sentence_and_nothing_leaves(
    sqlite_url: str, digesting: Simulator, tmp_path: Path
):
    plan = Plan(sqlite_url, 10, {"sendgrid": sendgrid(digesting)})
    with world(tmp_path / "project", plan, digesting) as here:
        command = [
            sys.executable,
            "-m",
            "flows.cli",
            "--project",
            str(here.folder),
            "deliver",
            "--plain",
        ]
        ended = subprocess.run(
            [*command, "--as-of", f"{NOW:%Y-%m-%dT%H:%M}"],
            cwd=ROOT,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ended.returncode == 1, ended.stderr
        assert "Traceback" not in ended.stderr
        assert ended.stderr.startswith("the database does not answer")
        assert "Deliver once more" in ended.stderr
        assert here.queued() == 10
        assert digesting.stats()["accepted"] == 0
