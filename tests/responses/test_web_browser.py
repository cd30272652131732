"""The pages in a real browser, without scripts: by keyboard, on a phone, by day and by night."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from flows.config import load
from flows.shipping import shipped
from flows.store.models import Permission, Preference, Response, SurveyAnswer
from flows.store.session import open_store
from flows.tokens import Kind
from tests.delivery.rows import NOW, furnish, put, send
from tests.long import LONG
from tests.responses.test_web_doors import asked
from tests.responses.web import agree, endpoint, link

drive = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser

SCORE, WISHES, STOP = link(Kind.SCORE), link(Kind.PREFERENCES), link(Kind.STOP_ADVERTISING)
PHONE, DESK = {"width": 320, "height": 640}, {"width": 1200, "height": 800}
# Every text with its colour and what lies behind it; every control with its name and its size.
CONTRASTS = """
() => {
  const light = text => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map(Number).map(each => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = node => {
    for (let each = node; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    if (!walker.currentNode.textContent.trim()) continue;
    const node = walker.currentNode.parentElement;
    const [one, other] = [light(getComputedStyle(node).color), light(ground(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    found.push([walker.currentNode.textContent.trim(), ratio]);
  }
  return found;
}
"""
CONTROLS = """
() => [...document.querySelectorAll('input, textarea, select, button, a')].map(each => {
  const target = each.labels && each.labels.length && each.type === 'radio'
    ? each.labels[0] : each;
  const box = target.getBoundingClientRect();
  const named = each.labels && each.labels.length ? each.labels[0].textContent : each.textContent;
  return [named.trim(), box.width, box.height];
})
"""

LOOKS = [("de", "light"), ("en", "dark"), ("de", "dark"), ("en", "light")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, as it is installed here."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("Chromium is not installed")
    with drive.sync_playwright() as playwright:
        # As root, as in a container, Chromium starts only without its sandbox.
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """One contact, one message; what is stored does not depend on the database."""
    file = tmp_path / "store.db"
    shutil.copy(sqlite_template, file)
    engine = open_store(f"sqlite:///{file}")
    furnish(engine)
    put(engine, send(1, outcome="delivered", handed_over_at=NOW, message="satisfaction"))
    yield engine
    engine.dispose()


@pytest.fixture
def address(store: Engine) -> Iterator[str]:
    with endpoint(store, surveys=load(shipped()).surveys) as client:
        yield str(client.base_url)


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    """Open a page as somebody would; what it asks of others, or complains of, fails the test."""
    contexts, strange = [], []

    def visited(path: str, viewport: dict[str, int] = PHONE, **who: Any) -> Any:
        context = browser.new_context(
            **{"locale": "de", "java_script_enabled": False, "base_url": address} | who,
            viewport=viewport,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: strange.append(said.text))
        page.on("request", lambda asked: asked.url.startswith(address) or strange.append(asked.url))
        page.goto(path)
        return page

    yield visited
    for context in contexts:
        context.close()
    # Browsers ask for an icon by themselves; we have none.
    assert [each for each in strange if "favicon" not in each and "404" not in each] == []


def every_page(visit: Any, **who: Any) -> Iterator[Any]:
    """All pages there are, one after the other."""
    for path in (STOP, WISHES, f"{SCORE}?score=8", "/u/unknown"):
        yield visit(path, **who)
    page = visit(WISHES, **who)
    page.locator("button").first.click()
    yield page
    page = visit(STOP, **who)
    page.locator("button").click()
    yield page
    page = visit(SCORE + "?score=3", **who)
    page.locator("button").click()
    yield page


@pytest.mark.parametrize(("locale", "scheme"), LOOKS if LONG else LOOKS[:2])
def test_every_page_can_be_read_and_used(visit: Any, scheme: str, locale: str):
    for page in every_page(visit, color_scheme=scheme, locale=locale):
        where = (page.url, page.title())
        assert page.locator("html").get_attribute("lang") == locale
        assert page.title()
        assert page.locator("h1").count() == 1
        contrasts = page.evaluate(CONTRASTS)
        assert contrasts
        assert [each for each in contrasts if each[1] < 4.5] == [], where
        for name, width, height in page.evaluate(CONTROLS):
            assert name, where
            assert min(width, height) >= 24, (where, name)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], where


def test_a_score_is_given_by_keyboard_alone(visit: Any, store: Engine):
    page = visit(f"{SCORE}?score=8", DESK)
    page.keyboard.press("Tab")
    focused = page.evaluate(
        "getComputedStyle(document.activeElement.nextElementSibling).outlineStyle"
    )
    assert focused == "solid"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.get_by_role("status").inner_text() == "Danke! Ihre 9 ist angekommen."
    page.keyboard.press("Tab")
    page.keyboard.type("Alles kam heil an.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Antworten absenden").press("Enter")
    assert page.locator("h1").inner_text() == "Vielen Dank für Ihre Zeit."
    with store.connect() as connection:
        assert connection.execute(select(Response.score)).scalars().all() == [9]
        rows = connection.execute(select(SurveyAnswer.question, SurveyAnswer.answer))
        kept = {row.question: row.answer for row in rows}
    assert kept == {"comment": "Alles kam heil an.", "delivery": "fine"}


def test_a_score_has_to_be_chosen(visit: Any, store: Engine):
    page = visit(SCORE)
    page.get_by_role("button", name="Absenden").click()
    assert page.get_by_role("radio", checked=True).count() == 0
    with store.connect() as connection:
        assert connection.execute(select(Response.id)).all() == []


def test_wishes_are_shown_saved_and_shown_again(visit: Any, store: Engine):
    agree(store)
    page = visit(WISHES)
    assert page.get_by_label("Neuigkeiten, Angebote und Umfragen").is_checked()
    page.get_by_label("einmal im Monat").check()
    page.get_by_label("nur Umfragen").check()
    page.get_by_label("English").check()
    page.get_by_role("button", name="Speichern").click()
    assert page.get_by_role("status").inner_text() == "Saved. It holds from now on."
    again = visit(WISHES)
    for label in ("once a month", "surveys only", "English"):
        assert again.get_by_label(label, exact=True).is_checked()
    with store.connect() as connection:
        kept = connection.execute(select(Preference.apart_days, Preference.locale)).one()
        consents = connection.execute(
            select(Permission.purpose).where(Permission.ended_at.is_(None))
        )
        assert tuple(kept) == (30, "en")
        assert consents.scalars().all() == ["survey"]


def test_from_the_button_that_ends_it_to_something_gentler(visit: Any, store: Engine):
    page = visit(STOP)
    page.get_by_role("link", name=re.compile("Einstellungen")).click()
    assert page.locator("h1").inner_text() == "Was wir Ihnen schreiben dürfen"
    page.go_back()
    page.get_by_role("button", name="Abmelden").click()
    assert page.locator("h1").inner_text() == "Sie sind abgemeldet."
    with store.connect() as connection:
        assert connection.execute(select(Permission.kind)).scalars().all() == ["objection"]


def test_the_other_language_is_one_click_away(visit: Any):
    page = visit(WISHES)
    page.get_by_role("link", name="English").click()
    assert page.locator("h1").inner_text() == "What we may write to you"
    page.get_by_role("link", name="Deutsch").click()
    assert page.locator("h1").inner_text() == "Was wir Ihnen schreiben dürfen"


def test_a_consent_is_confirmed_by_its_button(browser: Any, sqlite_template: Path, tmp_path: Path):
    shutil.copy(sqlite_template, tmp_path / "store.db")
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    number = asked(engine)
    with endpoint(engine) as client:
        page = browser.new_page(base_url=str(client.base_url), java_script_enabled=False)
        page.goto(f"{link(Kind.CONFIRM, number)}?lang=de")
        assert page.locator("blockquote").inner_text() == "Ja, gern."
        page.get_by_role("button", name="Bestätigen").click()
        assert page.locator("h1").inner_text() == "Danke, Sie sind dabei."
        page.close()
    engine.dispose()
