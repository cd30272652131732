"""A run that waits for approval, decided in Prefect's pages as a person does it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.demo import prepare
from segments.names import Locale
from tests.ui.stage import FIRST, Stage
from tests.ui.views import View

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

CUSTOMERS = 30
DEPLOYMENTS = """\
approve_within: 30 minutes
deployments:
  - name: weekday-morning
    runs: daily
"""


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """`up` in a company whose newsletter is in review."""
    stage = Stage(tmp_path_factory.mktemp("approval") / "shop")
    prepare(stage.folder, CUSTOMERS, 7, Locale.DE, FIRST).write(stage.folder / "data")
    config = stage.folder / "config"
    (config / "deployments.yaml").write_text(DEPLOYMENTS, encoding="utf-8")
    journey = config / "journeys" / "newsletter.yaml"
    text = journey.read_text("utf-8")
    journey.write_text(re.sub(r"(?m)^status: live", "status: review", text), encoding="utf-8")
    with stage.up():
        yield stage


def asked(stage: Stage) -> str:
    """A daily run that waits for somebody."""
    run = stage.start("weekday-morning", as_of=f"{FIRST}T11:00", dry_run=False)
    state = stage.ends(run, "PAUSED")
    assert state["name"] == "Suspended", state
    return run


def opened(name: str, chromium: Any, stage: Stage, pictures: Path) -> View:
    return View.opened(name, chromium, stage.pages, pictures, [])


def mails(stage: Stage) -> int:
    return len(list((stage.folder / "var" / "mails").rglob("*.eml")))


def test_nobody_s_choice_sends_nothing_and_the_next_run_asks_again(
    waiting: Stage, chromium: Any, pictures: Path
):
    run, before = asked(waiting), mails(waiting)
    view = opened("V1 dark", chromium, waiting, pictures)
    page = view.open(f"/runs/flow-run/{run}", sees="Suspended")
    view.tab("Artifacts", sees="warten auf Freigabe: Monatsbrief")
    page.get_by_role("button", name="Resume").first.click()
    view.waits_for("Was mit den Nachrichten von newsletter geschehen soll")
    view.keep("approval-form")
    page.get_by_role("button", name="Submit").click()
    state = waiting.ends(run)
    assert state["type"] == "COMPLETED"
    assert re.search(r"\d+ Nachrichten warten auf Freigabe: stammkunde approve", state["message"])
    assert mails(waiting) == before
    page.context.close()


def test_what_is_approved_in_the_form_goes_out(waiting: Stage, chromium: Any, pictures: Path):
    run, before = asked(waiting), mails(waiting)
    (number,) = re.findall(r"^(\d+) Nachrichten", waiting.artifact("approval", run)["description"])
    view = opened("V2 light", chromium, waiting, pictures)
    page = view.open(f"/runs/flow-run/{run}", sees="Suspended")
    page.locator("main button[aria-haspopup=menu], button[aria-haspopup=menu]").last.click()
    page.get_by_role("menuitem", name="Resume").click()
    page.get_by_label(f"Select Monatsbrief: {number} Nachrichten").click()
    view.keep("approval-choice")
    page.get_by_role("option", name="freigeben", exact=True).click()
    page.get_by_label("Ihr Kürzel").fill("AB")
    view.keep("approval-form")
    page.get_by_role("button", name="Resume").last.click()
    state = waiting.ends(run)
    assert state["type"] == "COMPLETED"
    assert f"freigegeben von AB: {number}" in state["message"]
    assert mails(waiting) == before + int(number)
    page.reload()
    view.waits_for("versandt")
    view.keep("approval-done")
    page.context.close()
