"""The endpoint: where people answer our mails with a click, and providers tell of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine, text
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from flows.responses.confirm_pages import confirm_routes
from flows.responses.event_routes import NOTHING_IN, Inbound, event_routes
from flows.responses.front import Front
from flows.responses.limits import Limits
from flows.responses.links import Targets, click_routes
from flows.responses.survey_pages import survey_routes
from flows.responses.wishes_pages import wishes_routes
from flows.surveys import Survey
from segments.names import Locale


@dataclass(frozen=True)
class Office:
    """What the endpoint works with. `keys` are SendGrid's.

    `secrets` are those of our links, the newest first. `surveys` go by the message that asks,
    `targets` tells where a message links to; without it no link is followed.
    """

    engine: Engine
    keys: Sequence[str]
    secrets: Sequence[bytes]
    sender: str
    locale: Locale
    clock: Callable[[], datetime]
    inbound: Inbound = NOTHING_IN
    surveys: Mapping[str, Survey] = field(default_factory=dict)
    limits: Limits = field(default_factory=lambda: Limits(120))
    targets: Targets | None = None


def application(office: Office) -> Starlette:
    """The endpoint. Raises `ConfigError` for a key that is none."""
    front = Front(
        office.engine, office.secrets, office.sender, office.locale, office.clock, office.limits
    )

    async def health(_request: Request) -> Response:
        """Whether the store answers."""
        await run_in_threadpool(_ask, office.engine)
        return PlainTextResponse("ok\n")

    app = Starlette(
        routes=[
            *event_routes(office.engine, office.keys, office.clock, office.inbound),
            *wishes_routes(front),
            *survey_routes(front, office.surveys),
            *confirm_routes(front),
            *(click_routes(front, office.targets) if office.targets else ()),
            Route("/health", health, methods=["GET"]),
        ]
    )
    # What mail programs post must not be led elsewhere (RFC 8058).
    app.router.redirect_slashes = False
    return app


def _ask(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
