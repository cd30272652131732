"""Prefect's two kinds of pages as a person has them open, by day and by night."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import within

VIEWS = ("V2 light", "V2 dark", "V1 light", "V1 dark")
_SIZE = {"width": 1280, "height": 900}
_WAITS = 30_000


@dataclass
class View:
    """One kind of pages in one colour scheme."""

    name: str
    page: Any
    pictures: Path

    @classmethod
    def opened(
        cls, name: str, browser: Any, pages: str, pictures: Path, elsewhere: list[str]
    ) -> "View":
        """A page of its own; what it asks of other machines is noted."""
        scheme = name.split()[1]
        context = browser.new_context(
            base_url=pages,
            color_scheme=scheme,
            reduced_motion="reduce",
            viewport=_SIZE,
            locale="de-DE",
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(_WAITS)
        # What somebody chooses in the settings of V1; V2 does as the system does.
        context.add_init_script(f"""localStorage.setItem("color-scheme", '"{scheme}"')""")
        page = context.new_page()
        ours = (pages, "data:", "blob:")
        page.on("request", lambda asked: asked.url.startswith(ours) or elsewhere.append(asked.url))
        return cls(name, page, pictures)

    @property
    def newer(self) -> bool:
        """Whether these are the newer of the two."""
        return self.name.startswith("V2")

    def open(self, path: str, *, sees: str) -> Any:
        """Go there and wait until one can read `sees`; the page.

        A page that was refused something by a busy server (503) is opened anew, as people do.
        """
        self.page.goto(f"/v2{path}" if self.newer else path, wait_until="commit")
        self._until(lambda: self.waits_for(sees))
        return self.page

    def _until(self, seen: Callable[[], None]) -> None:
        """Do and look at this; open the page anew as long as it does not come about."""
        for left in (2, 1, 0):
            self.page.set_default_timeout(_WAITS if not left else _WAITS / 2)
            try:
                seen()
            except Exception as error:
                # Playwright may be missing, and its own name for this with it.
                if type(error).__name__ != "TimeoutError" or not left:
                    raise
                self.page.reload(wait_until="commit")
            else:
                break
        self.page.set_default_timeout(_WAITS)

    def leave(self) -> None:
        """Look at nothing: what is seen asks the server and draws itself all the time."""
        self.page.goto("about:blank")

    def waits_for(self, words: str) -> None:
        """Until one can read it somewhere."""
        self.page.get_by_text(words).locator("visible=true").first.wait_for()

    def presses(self, name: str, done: Callable[[], bool]) -> bool:
        """Press a button until it is done: of a busy server one sees that it refused (503)."""
        for _ in range(3):
            self.page.get_by_role("button", name=name).last.click()
            if within(20, done):
                return True
        return False

    def tab(self, name: str, *, sees: str) -> None:
        """Turn to another leaf of the page."""
        # V1's leaves change their tag with the width of the window.
        leaf = self.page.get_by_role("tab", name=name).or_(
            self.page.locator(".p-tab-navigation__tab, .p-tab").filter(has_text=name)
        )

        def turned() -> None:
            leaf.locator("visible=true").first.click()
            self.waits_for(sees)

        self._until(turned)

    def reads(self) -> str:
        """All one can read, with single spaces."""
        return re.sub(r"\s+", " ", self.page.locator("body").inner_text())

    def tells(self, words: str, *, to_its_end: bool = False) -> bool:
        """Whether all one can read has these words in it; pages fill themselves bit by bit.

        A long text is cut off, and shown `to_its_end` where one asks the page to.
        """
        more = self.page.get_by_text("See More")
        until = time.monotonic() + _WAITS / 1000
        while time.monotonic() < until:
            if words in self.reads():
                return True
            if to_its_end and more.count():
                more.first.click()
            self.page.wait_for_timeout(250)
        return False

    def lines(self) -> list[str]:
        """The same line by line."""
        lines = self.page.locator("body").inner_text().splitlines()
        return [line.strip() for line in lines if line.strip()]

    def shows(self, first: str, then: str, lines: int = 1) -> bool:
        """Whether `then` stands on one of the next lines; pages fill themselves bit by bit."""
        until = time.monotonic() + _WAITS / 1000
        while time.monotonic() < until:
            found = self.lines()
            places = [place for place, line in enumerate(found) if line == first]
            if any(then in found[place + 1 : place + 1 + lines] for place in places):
                return True
            self.page.wait_for_timeout(250)
        return False

    def dark(self) -> bool:
        """Whether the page is dark where nothing is written."""
        colour = self.page.evaluate(
            """() => {
              const all = [document.querySelector('main'), document.querySelector('#app'),
                document.body, document.documentElement];
              const seen = all.filter(Boolean).map(e => getComputedStyle(e).backgroundColor);
              return seen.find(each => !/, 0\\)$/.test(each)) || 'rgb(255, 255, 255)';
            }"""
        )
        numbers = [float(each) for each in re.findall(r"[\d.]+", colour)[:3]]
        return sum(numbers) / len(numbers) < (128 if "rgb" in colour else 0.5)

    def keep(self, name: str, *, whole: bool = False) -> Path:
        """A picture of the page, to be looked at after the tests."""
        kept = self.pictures / f"{name}.{self.name.replace(' ', '.')}.png"
        self.page.screenshot(path=kept, full_page=whole)
        return kept
