"""What must hold for the project as a whole: what is packed, pinned, and never written down."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from flows.shipping import shipped

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
WANTED = [
    Requirement(line)
    for lines in [PROJECT["dependencies"], *EXTRAS.values()]
    for line in lines
    if not line.startswith(PROJECT["name"])
]

PINS = dict(
    re.findall(
        r"^([a-z0-9-]+)==([\w.]+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE
    )
)

# In two halves, so that this file does not name what it looks for.
ADDRESSES_OF_REGISTRIES = [
    one + other
    for one, other in [
        ("py", "pi.org"),
        ("python", "hosted"),
        ("index", "-url"),
        ("find", "-links"),
        ("trusted", "-host"),
        ("conda", ".anaconda"),
        ("npm", "js."),
        ("deb.", "debian.org"),
    ]
]
PLACES_OF_ONE_MACHINE = ["/wo" + "rk/", "/ro" + "ot/", "/pye" + "nv/"]


def git(*words: str) -> list[str]:
    """The files git names, or a skip where this is no checkout."""
    try:
        done = subprocess.run(
            ["git", *words, "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    return [name for name in done.stdout.split("\0") if name]


@pytest.fixture(scope="module")
def our_files() -> list[Path]:
    names = git("ls-files", "--cached", "--others", "--exclude-standard")
    ignored = set(git("ls-files", "--cached", "--ignored", "--exclude-standard"))
    return [ROOT / name for name in names if name not in ignored and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_configuration_templates_and_migrations(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("config", "templates"):
        there = {
            f"flows/shipped/{file.relative_to(ROOT).as_posix()}"
            for file in (ROOT / folder).rglob("*")
            if file.is_file()
        }
        assert there <= packed
    assert "flows/shipped/config/settings.yaml" in packed
    assert "flows/store/migrations/env.py" in packed
    assert "flows/store/migrations/script.py.mako" in packed
    assert "flows/store/migrations/versions/0001_first_tables.py" in packed


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in packed}
    assert tops == {"flows", "segments", f"stammkunde-{PROJECT['version']}.dist-info"}
    assert not [name for name in packed if "__pycache__" in name or "/var/" in name]


def test_the_installed_package_finds_what_it_brought_along(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", "from flows.shipping import shipped; print(shipped())"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == (tmp_path / "flows" / "shipped").resolve()


def test_a_checkout_uses_its_own_folders() -> None:
    assert shipped() == ROOT
    assert (shipped() / "config" / "settings.yaml").is_file()


def test_versions_that_break_prefect_are_shut_out() -> None:
    allowed = {canonicalize_name(wanted.name): wanted.specifier for wanted in WANTED}
    assert "2.0.58" in allowed["sqlalchemy"]
    assert "2.1.0" not in allowed["sqlalchemy"]
    assert "0.150.0" in allowed["fastapi"]
    assert "0.151.0" not in allowed["fastapi"]


def test_everything_needed_is_pinned_to_a_version_that_is_allowed() -> None:
    for wanted in WANTED:
        assert Version(PINS[canonicalize_name(wanted.name)]) in wanted.specifier, wanted.name


def test_every_pinned_version_installs_on_the_oldest_python_we_promise() -> None:
    # Debian 12 brings Python 3.11.2, and some packages want 3.11.5.
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    too_new = []
    for installed in distributions():
        name = canonicalize_name(installed.metadata["Name"])
        needs = installed.metadata.get("Requires-Python")
        if needs and PINS.get(name) == installed.version and oldest not in SpecifierSet(needs):
            too_new.append(f"{name} {installed.version} needs Python {needs}")
    assert too_new == []


def test_constraints_are_exact_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    said = [line for line in lines if line and not line.startswith("#")]
    assert said == [f"{name}=={version}" for name, version in PINS.items()]


def test_no_file_names_a_registry_or_a_place_on_one_machine(our_files: list[Path]) -> None:
    found = []
    for file in our_files:
        text = file.read_text("utf-8", errors="ignore").lower()
        found += [
            (file.relative_to(ROOT).as_posix(), words)
            for words in ADDRESSES_OF_REGISTRIES + PLACES_OF_ONE_MACHINE
            if words in text
        ]
    assert found == []


def test_there_are_no_lock_files(our_files: list[Path]) -> None:
    assert [file.name for file in our_files if re.search(r"\.lock$|-lock\.\w+$", file.name)] == []


def test_what_git_ignores_is_not_in_git() -> None:
    tracked = git("ls-files", "--cached", "--ignored", "--exclude-standard")
    assert sorted({name.split("/")[0] for name in tracked}) == []


def test_the_licence_is_there_in_full() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["license"] == "Apache-2.0"
