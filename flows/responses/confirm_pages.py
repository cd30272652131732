"""Double opt-in: the button that confirms what somebody asked for."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows import tokens
from flows.responses.front import Front, token_of
from flows.responses.page_words import WORDS
from flows.responses.pages import Page, button, form, paragraph, wording
from flows.store.consents import Asked, Confirmation, asked, confirm

_ANSWERS = {
    Confirmation.CONFIRMED: "confirmed",
    Confirmation.ALREADY: "confirmed",
    Confirmation.EXPIRED: "too_late",
    Confirmation.UNKNOWN: "too_late",
}


def confirm_routes(front: Front) -> list[Route]:
    """/doi/."""
    desk = _Desk(front)
    return [
        Route("/doi/{token}", front.guarded(desk.ask), methods=["GET"]),
        Route("/doi/{token}", front.guarded(desk.confirm), methods=["POST"]),
    ]


@dataclass(frozen=True)
class _Desk:
    front: Front

    async def ask(self, request: Request) -> Response:
        """A page with a button: programs that follow every link must not agree for anybody."""
        number = tokens.read_for(self.front.secrets, tokens.Kind.CONFIRM, token_of(request))
        if number is None:
            return self.front.unknown(request)
        now = self.front.clock()
        found: Asked | None = await self.front.read(lambda store: asked(store, number, now))
        if found is None:
            return self.front.say(request, "too_late")
        if found.state is not None:
            return self.front.say(request, _ANSWERS[found.state])
        words = WORDS[self.front.speaks(request)]
        body = paragraph(words["confirm_more"])
        if found.wording:
            body += wording(found.wording)
        body += form(button(words["confirm_button"]))
        return self.front.page(request, Page(words["confirm"], body))

    async def confirm(self, request: Request) -> Response:
        """The click that counts; safe to repeat."""
        number = tokens.read_for(self.front.secrets, tokens.Kind.CONFIRM, token_of(request))
        if number is None:
            return self.front.unknown(request)
        now = self.front.clock()
        done = await self.front.write(
            lambda store: confirm(store, number, now, via="confirmation page")
        )
        return self.front.say(request, _ANSWERS[done])
