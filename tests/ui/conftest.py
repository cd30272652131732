"""One company, its `up` and one browser for all tests of this folder: Prefect's pages for real."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.long import LONG, ONLY_LONG
from tests.ui.stage import Stage, lived_stage, reviewed
from tests.ui.views import VIEWS, View


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """`stammkunde up` in a German company that has lived through some runs, one of them red."""
    with lived_stage(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture(scope="module")
def reviewing(stage: Stage) -> Iterator[Stage]:
    """The same before its first day, whose newsletter is in review."""
    with reviewed(stage) as made:
        yield made


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """Chromium, as it is installed here; names of other machines lead nowhere."""
    drive = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("Chromium is not installed")
    # As root, as in a container, Chromium starts only without its sandbox.
    ways = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    if not LONG:
        # The drawing of a run would take a processor of its own as long as it is seen.
        ways += ["--disable-gpu", "--disable-software-rasterizer"]
    with drive.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=ways)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def asked_elsewhere() -> list[str]:
    """What the pages of all tests asked of other machines; nothing of it is answered."""
    return []


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the last pictures of all pages lie: `.pytest_cache/d/prefect-pages`."""
    cache = getattr(request.config, "cache", None)
    return cache.mkdir("prefect-pages") if cache else tmp_path_factory.mktemp("prefect-pages")


@pytest.fixture(scope="package")
def views(
    stage: Stage, chromium: Any, pictures: Path, asked_elsewhere: list[str]
) -> Iterator[Callable[[str], View]]:
    """A view by its name; each keeps one page open for all tests."""
    opened: dict[str, View] = {}

    def seen(name: str) -> View:
        if name not in opened:
            opened[name] = View.opened(name, chromium, stage.pages, pictures, asked_elsewhere)
        return opened[name]

    yield seen
    for view in opened.values():
        view.page.context.close()


@pytest.fixture
def see(views: Callable[[str], View]) -> Iterator[Callable[[str], View]]:
    """A view by its name, such as "V2 light", until the end of the test."""
    seen: dict[str, View] = {}
    yield lambda name: seen.setdefault(name, views(name))
    for view in seen.values():
        view.leave()


@pytest.fixture(params=VIEWS)
def view(request: pytest.FixtureRequest, see: Callable[[str], View]) -> View:
    """Each of Prefect's two pages by day and by night."""
    return see(request.param)


@pytest.fixture(
    params=[
        "V2 light",
        "V1 dark",
        pytest.param("V2 dark", marks=ONLY_LONG),
        pytest.param("V1 light", marks=ONLY_LONG),
    ]
)
def either(request: pytest.FixtureRequest, see: Callable[[str], View]) -> View:
    """Each of Prefect's two pages as it opens by itself; the other way as well with LONG=1."""
    return see(request.param)
