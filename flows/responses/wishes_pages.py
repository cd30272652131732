"""Unsubscribing with one click, and the page on which people say what they want to get."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows import tokens
from flows.responses.front import Front, fields, token_of
from flows.responses.page_words import WORDS
from flows.responses.pages import Page, button, form, note, paragraph, radios
from flows.store.requests import STEPS, ask_for_data
from flows.store.unsubscribing import unsubscribe
from flows.store.wishing import About, Source, Wishes, wish, wishes
from segments.names import Locale

APART = (0, 7, 30, 91)
"""The fewest days between two advertising messages one may ask for; 0: as often as there is one."""

_NOBODY = Wishes(About.NONE, 0, None)


def wishes_routes(front: Front) -> list[Route]:
    """/u/ and /p/."""
    desk = _Desk(front)
    return [
        Route("/u/{token}", front.guarded(desk.ask), methods=["GET"]),
        # Mail providers post for many people from few addresses: never too often.
        Route("/u/{token}", desk.stop, methods=["POST"]),
        Route("/p/{token}", front.guarded(desk.look), methods=["GET"]),
        Route("/p/{token}", front.guarded(desk.save), methods=["POST"]),
    ]


@dataclass(frozen=True)
class _Desk:
    front: Front

    async def ask(self, request: Request) -> Response:
        """A page with a button. Programs that follow every link of a mail change nothing."""
        known = tokens.read(self.front.secrets, token_of(request))
        if known is None:
            return self.front.unknown(request)
        words = WORDS[self.front.speaks(request)]
        body = (
            paragraph(words["ask_more"])
            + form(button(words["stop"]))
            + self._preferences(known[0], words["rather"])
        )
        return self.front.page(request, Page(words["ask"], body))

    async def stop(self, request: Request) -> Response:
        """One click, of a person on the page or of a mail program (RFC 8058); safe to repeat.

        What the form says is not read, and nothing but the link is needed.
        """
        known = tokens.read(self.front.secrets, token_of(request))
        if known is None:
            return await self.front.guarded(self._unknown)(request)
        return await self.front.answered(self._stopped, request)

    async def look(self, request: Request) -> Response:
        """What holds for this person, to be changed."""
        contact = tokens.read_for(self.front.secrets, tokens.Kind.PREFERENCES, token_of(request))
        if contact is None:
            return self.front.unknown(request)
        return await self._shown(request, contact, "")

    async def save(self, request: Request) -> Response:
        """Have it as the person wants it."""
        contact = tokens.read_for(self.front.secrets, tokens.Kind.PREFERENCES, token_of(request))
        if contact is None:
            return self.front.unknown(request)
        said = await fields(request)
        now = self.front.clock()
        if (what := said.get("data")) in STEPS:
            await self.front.write(lambda connection: ask_for_data(connection, contact, what, now))
            return await self._shown(request, contact, "data_asked")
        wording = WORDS[self.front.speaks(request)]

        def save(connection: Connection) -> None:
            known = wishes(connection, contact, now)
            if known is not None:
                wanted = _wanted(said, known)
                chosen = wording[f"about_{wanted.about or About.NONE}"]
                words = f"{self.front.sender}: {wording['about']}: {chosen}"
                wish(connection, contact, wanted, now, Source("preferences page", words))

        await self.front.write(save)
        return await self._shown(request, contact, "saved")

    async def _unknown(self, request: Request) -> Response:
        return self.front.unknown(request)

    async def _stopped(self, request: Request) -> Response:
        known = tokens.read(self.front.secrets, token_of(request))
        if known is None:
            return self.front.unknown(request)
        contact, now = known[0], self.front.clock()
        await self.front.write(lambda store: unsubscribe(store, contact, now, "unsubscribe link"))
        words = WORDS[self.front.speaks(request)]
        body = paragraph(words["done_more"]) + self._preferences(contact, words["changed_mind"])
        return self.front.page(request, Page(words["done"], body))

    def _preferences(self, contact: int, label: str) -> Markup:
        token = tokens.make_for(self.front.secrets[0], tokens.Kind.PREFERENCES, contact)
        return Markup('<p><a href="../p/{}">{}</a></p>').format(token, label)

    async def _shown(self, request: Request, contact: int, told: str) -> Response:
        now: datetime = self.front.clock()
        found = await self.front.read(lambda connection: wishes(connection, contact, now))
        # Nobody there looks like somebody who wants nothing: the page gives no one away.
        known = found or _NOBODY
        locale = self.front.speaks(request, known.locale)
        page = _preferences(known, locale, told)
        return self.front.page(request, page, known.locale)


def _wanted(said: dict[str, str], known: Wishes) -> Wishes:
    """What the form says; what it leaves out, or what cannot be, stays as it is."""
    about = said.get("about")
    often = said.get("often", "")
    locale = said.get("locale")
    return Wishes(
        About(about) if about in set(About) else None,
        int(often) if often in map(str, APART) else known.apart_days,
        Locale(locale) if locale in set(Locale) else known.locale,
    )


def _preferences(known: Wishes, locale: Locale, told: str) -> Page:
    words = WORDS[locale]
    often = {str(days): words[f"often_{days}"] for days in APART}
    body = Markup("").join(
        (
            note(words[told]) if told else Markup(""),
            paragraph(words["wishes_more"]),
            form(
                radios(
                    words["about"],
                    "about",
                    {about.value: words[f"about_{about}"] for about in About},
                    known.about,
                ),
                radios(words["often"], "often", often, str(known.apart_days)),
                radios(
                    words["speak"],
                    "locale",
                    {each.value: WORDS[each]["language"] for each in Locale},
                    known.locale or locale,
                ),
                button(words["save"]),
            ),
            Markup("<h2>{}</h2>").format(words["data"]),
            paragraph(words["data_more"]),
            form(
                button(words["data_copy"], "data", "copy", second=True),
                Markup(" "),
                button(words["data_erase"], "data", "erase", second=True),
            ),
        )
    )
    return Page(words["wishes"], body)
