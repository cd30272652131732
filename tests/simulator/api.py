"""The application: SendGrid's management calls and the control API, behind one door."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.simulator import answers
from tests.simulator.answers import Answer
from tests.simulator.clock import wall
from tests.simulator.faults import Fault
from tests.simulator.world import World

Handler = Callable[[Request], Awaitable[Answer]]


class BadBodyError(Exception):
    """A body that is not a JSON object."""


async def object_of(request: Request) -> dict[str, Any]:
    """The body as an object; an empty one is empty."""
    body = await request.body()
    try:
        read = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise BadBodyError from None
    if not isinstance(read, dict):
        raise BadBodyError
    return read


def key_of(scope: Scope) -> str | None:
    """The API key a request carries."""
    given = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    scheme, _, key = given.partition(" ")
    return key.strip() if scheme == "Bearer" else None


def routes(calls: dict[str, Handler]) -> list[BaseRoute]:
    """Calls written "GET /v3/somewhere" as routes."""

    def route(name: str, call: Handler) -> Route:
        async def answered(request: Request) -> Response:
            try:
                return response(await call(request))
            except BadBodyError:
                return response(answers.refused(400, answers.BAD_REQUEST))

        method, path = name.split()
        return Route(path, answered, methods=[method])

    return [route(name, call) for name, call in calls.items()]


def response(answer: Answer) -> Response:
    """An answer as starlette sends it."""
    made = Response(answer.body, answer.status)
    if answer.body:
        made.headers["content-type"] = answer.kind.decode()
    for name, value in answer.headers:
        made.headers[name.decode()] = value.decode()
    return made


def application(world: World, routes: list[BaseRoute]) -> ASGIApp:
    """All routes; those under /v3/ ask for a key, have their pace, and fail on demand."""

    def wrong(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        words = {404: answers.NOT_FOUND, 405: answers.NOT_ALLOWED}
        said = answers.refused(status, answers.unnamed("bad request"))
        return response(words.get(status, said))

    inner = Starlette(routes=routes, exception_handlers={HTTPException: wrong})

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith("/v3/"):
            await inner(scope, receive, send)
            return
        fault = world.faults.draw(scope["path"])
        if fault is not None and fault.when != "after_accept":
            await fail(fault, scope, receive, send)
            return
        fits, paces = world.pace.take()
        refusal = _refused(world, scope) if fits else answers.TOO_MANY
        if refusal is None and scope["path"] == "/v3/mail/send":
            # Whatever posts there takes the short way: see Connection.
            refusal = answers.NOT_ALLOWED
        if refusal is not None:
            await response(refusal._replace(headers=paces))(scope, receive, send)
            return

        async def tell(message: MutableMapping[str, Any]) -> None:
            if fault is not None:
                return
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *paces]
            await send(message)

        await inner(scope, receive, tell)
        if fault is not None:
            await fail(fault, scope, receive, send)

    async def fail(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if not fault.breaks:
            await response(fault.answer(b"", int(wall()) + 2))(scope, receive, send)
            return
        scope["extensions"]["simulator.break"](fault)
        while (await receive())["type"] != "http.disconnect":
            pass

    return door


def _refused(world: World, scope: Scope) -> Answer | None:
    scopes = world.account.keys.get(key_of(scope) or "")
    if scopes is None:
        return answers.UNAUTHORIZED
    needed = next((name for path, name in _SCOPES if scope["path"].startswith(path)), None)
    if needed is not None and not any(scope.startswith(needed) for scope in scopes):
        return answers.FORBIDDEN
    return None


_SCOPES = (
    ("/v3/mail/batch", "mail.batch"),
    ("/v3/user/scheduled_sends", "user.scheduled_sends"),
    ("/v3/suppression", "suppression"),
    ("/v3/asm", "asm.groups"),
    ("/v3/logs", "messages.read"),
    ("/v3/user/webhooks", "user.webhooks"),
)
"""What a key needs for which calls."""
