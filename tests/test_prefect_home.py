"""Prefect is told where to live and to be quiet before it is imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

SETTINGS_AS_PREFECT_READS_THEM = """
import json, logging, sys
from pathlib import Path
from flows.prefect_home import prepare
prepare(Path(sys.argv[1]))
assert "prefect" not in sys.modules
from prefect.logging.configuration import setup_logging
from prefect.settings import get_current_settings
read = get_current_settings()
setup_logging()
print(json.dumps({
    "home": str(read.home),
    "telemetry": read.server.analytics_enabled,
    "promotion": read.server.ui.show_promotional_content,
    "patience": read.server.ephemeral.startup_timeout_seconds,
    "heartbeat": read.flows.heartbeat_frequency,
    "missing": read.logging.to_api.when_missing_flow,
    "flows": logging.getLogger("prefect.flow_runs").getEffectiveLevel(),
    "terminal": [handler.level for handler in logging.getLogger().handlers],
}))
"""


def read_by_prefect(project: Path, **environment: str) -> dict[str, object]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", SETTINGS_AS_PREFECT_READS_THEM, str(project)],
        cwd=project.parent,
        env=clean | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, object] = json.loads(done.stdout)
    return read


def test_prefect_lives_in_the_project_and_keeps_quiet(tmp_path: Path) -> None:
    project = tmp_path / "shop"
    assert read_by_prefect(project) == {
        "home": str(project / "var" / "prefect"),
        "telemetry": False,
        "promotion": False,
        "patience": 90,
        "heartbeat": 30,
        "missing": "ignore",
        "flows": 20,
        "terminal": [30],
    }
    assert (project / "var" / "prefect").is_dir()


def test_what_the_environment_says_already_stays(tmp_path: Path) -> None:
    read = read_by_prefect(
        tmp_path / "shop",
        PREFECT_HOME=str(tmp_path / "elsewhere"),
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY="60",
    )
    assert read["home"] == str(tmp_path / "elsewhere")
    assert read["heartbeat"] == 60


def test_with_a_server_of_ones_own_no_place_is_set(tmp_path: Path) -> None:
    read = read_by_prefect(
        tmp_path / "shop", HOME=str(tmp_path), PREFECT_API_URL="http://127.0.0.1:1/api"
    )
    assert read["home"] == str(tmp_path / ".prefect")
    assert not (tmp_path / "shop").exists()
