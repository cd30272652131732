"""One company, its `up` and one browser for all tests of this folder: Prefect's pages for real."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.stage import Stage, lived_stage
from tests.ui.views import VIEWS, View


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """`stammkunde up` in a German company that has lived through some runs, one of them red."""
    with lived_stage(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """Chromium, as it is installed here; names of other machines lead nowhere."""
    drive = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("Chromium is not installed")
    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with drive.sync_playwright() as playwright:
        # As root, as in a container, Chromium starts only without its sandbox.
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", alone])
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
def see(
    stage: Stage, chromium: Any, pictures: Path, asked_elsewhere: list[str]
) -> Iterator[Callable[[str], View]]:
    """A view by its name, such as "V2 light"; each keeps one page open for all tests."""
    views: dict[str, View] = {}

    def seen(name: str) -> View:
        if name not in views:
            views[name] = View.opened(name, chromium, stage.pages, pictures, asked_elsewhere)
        return views[name]

    yield seen
    for view in views.values():
        view.page.context.close()


@pytest.fixture(params=VIEWS)
def view(request: pytest.FixtureRequest, see: Callable[[str], View]) -> View:
    """Each of Prefect's two pages by day and by night."""
    return see(request.param)


@pytest.fixture(params=["V2 light", "V1 dark"])
def either(request: pytest.FixtureRequest, see: Callable[[str], View]) -> View:
    """Each of Prefect's two pages as it opens by itself."""
    return see(request.param)
