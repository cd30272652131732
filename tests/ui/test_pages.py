"""What a person reads on the pages Prefect ships, old and new, by day and by night."""

import re
from collections.abc import Callable

import pytest

from tests.long import ONLY_LONG
from tests.ui.naming import named, people
from tests.ui.stage import CUSTOMERS, FIRST, SECOND, Stage
from tests.ui.views import View

pytestmark = [pytest.mark.browser, pytest.mark.prefect, pytest.mark.slow]

HEADLINE = "Versandt 29, Vergleichsgruppe 8, ausgelassen 13"
KEYS = ("day", "sends", "left-out", "effect", "effect-picture", "matrix", "doubts")
DAY, NEXT_DAY = f"daily {FIRST} 11:00", f"daily {SECOND} 11:00"
RED = f"daily {FIRST} 09:00"
ENDED = {DAY: HEADLINE, RED: "Falsche Eingabe", NEXT_DAY: "Nichts zu versenden"}
SENTENCE = 'config/policy.yaml:1  there is no "curency" here. Did you mean "currency"?'


def said(text: str) -> str:
    """A text as a page shows it: with single spaces."""
    return re.sub(r"\s+", " ", text)


def test_the_list_of_what_starts_speaks_of_mornings_and_hours(view: View) -> None:
    view.open("/deployments", sees="weekday-morning")
    for name, runs in (
        ("weekday-morning", "daily"),
        ("sending-hours", "deliver"),
        ("what-came-back", "respond"),
        ("effects-nightly", "measure"),
        ("preview", "preview"),
    ):
        assert view.shows(name, runs)
    assert view.dark() == view.name.endswith("dark")
    view.keep("deployments")


def test_each_says_what_it_does_when_and_where_that_is_changed(stage: Stage, either: View) -> None:
    path = f"/deployments/deployment/{stage.deployment('weekday-morning')}"
    either.open(path, sees="Configuration")
    either.tab("Description", sees="Nichts geht doppelt hinaus")
    assert either.tells("Montag bis Freitag um 08:30 (Europe/Berlin)")
    assert either.tells("config/deployments.yaml; was auf dieser Seite geändert wird")
    either.keep("deployment")


def test_the_list_of_runs_says_how_each_went_in_our_words(either: View) -> None:
    either.open("/runs", sees=DAY)
    for run, state in (
        (DAY, HEADLINE),
        (RED, "Falsche Eingabe"),
        (NEXT_DAY, "Nichts zu versenden"),
    ):
        assert either.shows(run, state, lines=6), run
    assert either.dark() == either.name.endswith("dark")
    either.keep("runs", whole=True)


def test_a_run_says_its_result_in_a_sentence(stage: Stage, either: View) -> None:
    run = stage.run_named(DAY)
    told = stage.state(run)["message"]
    assert told.startswith(HEADLINE)
    either.open(f"/runs/flow-run/{run}", sees=HEADLINE)
    either.tab("Details", sees="State Message")
    assert either.tells(said(told), to_its_end=True)
    either.tab("Task Runs", sees="plan customers 1 to")
    either.keep("run")


def test_a_red_run_says_file_and_line_and_shows_no_trace_back(stage: Stage, either: View) -> None:
    either.open(f"/runs/flow-run/{stage.run_named(RED)}", sees="Falsche Eingabe")
    either.tab("Logs", sees="Finished in state Falsche Eingabe")
    assert either.tells(said(SENTENCE))
    reads = either.reads()
    assert "Traceback" not in reads
    assert ".py" not in reads
    either.tab("Details", sees="State Message")
    assert either.tells(said(SENTENCE), to_its_end=True)
    either.keep("red")


def test_a_day_has_its_pages_under_names_that_stay(stage: Stage, either: View) -> None:
    run = stage.run_named(DAY)
    either.open(f"/runs/flow-run/{run}", sees=HEADLINE)
    either.tab("Artifacts", sees="left-out")
    for key in KEYS:
        either.waits_for(key)
    assert either.tells(said(HEADLINE))
    either.keep("artifacts")


def test_the_page_of_the_day_answers_by_itself(stage: Stage, either: View) -> None:
    day = stage.artifact("day", stage.run_named(DAY))
    page = either.open(f"/artifacts/artifact/{day['id']}", sees="Was geschah: Dienstag")
    for heading in (
        "Was hereinkam",
        "Wer welche Journey begann",
        "Was versandt wurde",
        "Wer ausgelassen oder verschoben wurde und warum",
        "Wie weit Kunden kamen, seit jede Journey begann",
        "Was es brachte",
        "Mehr",
    ):
        # The page fills itself bit by bit; a heading that is there twice is refused, too.
        page.get_by_role("heading", name=heading, exact=True).wait_for()
    assert either.tells(day["description"])
    reads = either.reads()
    assert re.search(r"Neue Bestellungen \d", reads)
    assert re.search(r"Monatsbrief in der Journey \d+ \d+ \d+", reads)
    if either.newer:
        page.locator("svg").get_by_text("Begonnen: 40").first.wait_for()
        assert "flowchart LR" not in either.reads()
    else:
        assert "flowchart LR" in reads
        assert "Begonnen: 40" in reads
    either.keep("day", whole=True)


@pytest.mark.parametrize(
    "key",
    ["sends", "doubts", *(pytest.param(key, marks=ONLY_LONG) for key in ("left-out", "effect"))],
)
def test_tables_of_the_day_can_be_searched(stage: Stage, see: Callable[[str], View], key: str):
    kept = stage.artifact(key, stage.run_named(DAY))
    newer = see("V2 light")
    newer.open(f"/artifacts/artifact/{kept['id']}", sees=kept["description"])
    newer.page.get_by_role("table").wait_for()
    newer.keep(key)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("matrix", "V2 light"),
        ("effect-picture", "V1 dark"),
        pytest.param("effect-picture", "V2 light", marks=ONLY_LONG),
        pytest.param("matrix", "V1 dark", marks=ONLY_LONG),
    ],
)
def test_pictures_of_the_day_are_drawn_and_described(
    stage: Stage, see: Callable[[str], View], key: str, name: str
) -> None:
    either = see(name)
    kept = stage.artifact(key, stage.run_named(DAY))
    page = either.open(f"/artifacts/artifact/{kept['id']}", sees=kept["description"][:60])
    picture = page.locator("img[src^='data:image/png']").first
    picture.wait_for()
    assert picture.evaluate("each => each.naturalWidth") > 300
    either.keep(key)


def test_one_key_shows_all_its_days(either: View) -> None:
    either.open("/artifacts/key/day", sees=NEXT_DAY)
    assert either.tells(DAY)
    either.keep("history")


def test_a_link_of_the_day_leads_to_its_table_in_the_same_kind_of_pages(
    stage: Stage, either: View
) -> None:
    day = stage.artifact("day", stage.run_named(DAY))
    page = either.open(f"/artifacts/artifact/{day['id']}", sees="Was geschah: Dienstag")
    link = page.get_by_role("link", name="Was versandt wurde, nach Journey und Nachricht")
    # As a person's click goes: the address the browser makes of it.
    page.goto(link.evaluate("each => each.href"), wait_until="commit")
    either.waits_for("sends")
    either.waits_for(NEXT_DAY)
    assert ("/v2/" in page.url) == either.newer


@pytest.mark.parametrize("name", ["V1 dark", pytest.param("V2 light", marks=ONLY_LONG)])
def test_a_preview_is_started_from_its_form(
    stage: Stage, see: Callable[[str], View], name: str
) -> None:
    either = see(name)
    path = f"/deployments/deployment/{stage.deployment('preview')}/run"
    page = either.open(path, sees="So arbeiten, als wäre")
    assert either.tells("Leer heißt heute")
    either.keep("form")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"/deployments/deployment/[-0-9a-f]+(\?.*)?$"))
    wanted = {"deployments": {"name": {"any_": ["preview"]}}, "sort": "EXPECTED_START_TIME_DESC"}
    run = stage.ask("flow_runs/filter", limit=1, **wanted)[0]["id"]
    told = stage.ends(run)
    assert told["type"] == "COMPLETED", told
    either.open(f"/runs/flow-run/{run}", sees=told["name"])
    either.tab("Artifacts", sees="preview")
    kept = stage.artifact("preview", run)
    either.open(f"/artifacts/artifact/{kept['id']}", sees="Was entschieden würde")
    assert either.tells("Nichts wird geschrieben und nichts versandt")
    either.keep("preview")


def test_a_day_still_to_come_is_refused_in_a_sentence(
    stage: Stage, see: Callable[[str], View]
) -> None:
    newer = see("V2 light")
    preview = stage.deployment("preview")
    page = newer.open(f"/deployments/deployment/{preview}/run", sees="So arbeiten, als wäre")
    page.get_by_text("Pick a date").click()
    page.get_by_role("button", name="next month").click()
    page.get_by_role("gridcell").get_by_text("15", exact=True).first.click()
    page.keyboard.press("Escape")
    newer.keep("form-wrong")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"/deployments/deployment/[-0-9a-f]+(\?.*)?$"))
    wanted = {"deployments": {"name": {"any_": ["preview"]}}, "sort": "EXPECTED_START_TIME_DESC"}
    run = stage.ask("flow_runs/filter", limit=1, **wanted)[0]
    told = stage.ends(run["id"])
    assert (told["type"], told["name"]) == ("FAILED", "Falsche Eingabe")
    assert re.search(r'Tag  "\d{4}-\d\d-15.*" is still to come', told["message"]), told["message"]
    newer.open(f"/runs/flow-run/{run['id']}", sees="Falsche Eingabe")


def test_a_house_that_speaks_english_reads_english(
    stage: Stage, see: Callable[[str], View]
) -> None:
    policy = stage.folder / "config" / "policy.yaml"
    german = policy.read_text("utf-8")
    policy.write_text(re.sub(r"(?m)^locale: de", "locale: en", german), encoding="utf-8")
    try:
        run = stage.start("preview", as_of=f"{SECOND}T12:00")
        told = stage.ends(run)
    finally:
        policy.write_text(german, encoding="utf-8")
    assert told["name"] == "Nothing to send", told
    assert told["message"].startswith("Only shown: "), told
    newer = see("V2 light")
    newer.open(f"/runs/flow-run/{run}", sees=told["name"])
    newer.tab("Artifacts", sees="preview")
    kept = stage.artifact("preview", run)
    newer.open(f"/artifacts/artifact/{kept['id']}", sees="What would be decided on Wednesday")
    assert newer.tells("Nothing is written and nothing is sent")
    assert "Was entschieden" not in newer.reads()
    newer.keep("english")


def test_nothing_of_ours_leaves_the_machine(
    see: Callable[[str], View], asked_elsewhere: list[str]
) -> None:
    see("V2 light").open("/dashboard", sees="Flow Runs")
    hosts = {re.sub(r"^\w+://([^/?]+).*", r"\1", asked) for asked in asked_elsewhere}
    # Prefect's newer pages ask for the settings of their statistics; no server answers them here.
    assert hosts <= {"sr-client-cfg.amplitude.com", "api2.amplitude.com"}


def test_prefect_is_told_nobodys_name_or_address(stage: Stage) -> None:
    """Looks through all that runs of every kind, red ones too, have left behind.

    All but samples that wait for approval, which are signed as letters are: they come after this.
    """
    who = people(stage.folder)
    assert {"katrin.lindner@nordholz.example", "Katrin Lindner", "+49 5141 5550-11"} <= who
    assert len(who) > 2 * CUSTOMERS
    home = stage.folder / "var" / "prefect"
    assert (home / "prefect.db").stat().st_size > 500_000
    assert named(who, home, stage.folder / "var" / "log") == {}


def test_what_is_approved_in_the_form_goes_out(
    reviewing: Stage, see: Callable[[str], View]
) -> None:
    run, before = reviewing.asked(), reviewing.mails()
    (number,) = re.findall(
        r"^(\d+) Nachrichten", reviewing.artifact("approval", run)["description"]
    )
    older = see("V1 dark")
    _form_of_the_older_pages(older, run)
    older.keep("approval-form")
    older.leave()
    newer = see("V2 light")
    page = newer.open(f"/runs/flow-run/{run}", sees="Suspended")
    page.locator("main button[aria-haspopup=menu], button[aria-haspopup=menu]").last.click()
    page.get_by_role("menuitem", name="Resume").click()
    page.get_by_label(f"Select Monatsbrief: {number} Nachrichten").click()
    newer.keep("approval-choice")
    page.get_by_role("option", name="freigeben", exact=True).click()
    page.get_by_label("Ihr Kürzel").fill("AB")
    newer.keep("approval-form")
    assert newer.presses("Resume", lambda: not reviewing.stands(run)), newer.reads()
    newer.leave()
    state = reviewing.ends(run)
    assert state["type"] == "COMPLETED"
    assert f"freigegeben von AB: {number}" in state["message"]
    assert reviewing.mails() == before + int(number)
    newer.open(f"/runs/flow-run/{run}", sees="versandt")
    newer.keep("approval-done")


@ONLY_LONG
def test_nobody_s_choice_sends_nothing(reviewing: Stage, see: Callable[[str], View]) -> None:
    run, before = reviewing.asked(), reviewing.mails()
    older = see("V1 dark")
    _form_of_the_older_pages(older, run)
    assert older.presses("Submit", lambda: not reviewing.stands(run)), older.reads()
    older.leave()
    state = reviewing.ends(run)
    assert state["type"] == "COMPLETED"
    assert re.search(r"\d+ Nachrichten warten auf Freigabe: stammkunde approve", state["message"])
    assert reviewing.mails() == before


def _form_of_the_older_pages(older: View, run: str) -> None:
    page = older.open(f"/runs/flow-run/{run}", sees="Suspended")
    older.tab("Artifacts", sees="warten auf Freigabe: Monatsbrief")
    page.get_by_role("button", name="Resume").first.click()
    older.waits_for("Was mit den Nachrichten von newsletter geschehen soll")
