"""The calls for suppressions: the account's lists, and those of its unsubscribe groups."""

from typing import Any

from starlette.requests import Request

from tests.simulator import addresses, answers
from tests.simulator.answers import Answer, refused, said
from tests.simulator.api import Handler, object_of
from tests.simulator.suppressions import GLOBAL, LISTS, Entry
from tests.simulator.world import World

_MOST = 500
Calls = dict[str, Handler]


def calls(world: World) -> Calls:
    """What there is to call."""
    found: Calls = {}
    for name in LISTS:
        found |= _list(world, name)
    return {**found, **_global(world), **_groups(world)}


def _list(world: World, name: str) -> Calls:
    async def show(request: Request) -> Answer:
        try:
            wanted = {
                key: int(request.query_params[key])
                for key in ("start_time", "end_time", "limit", "offset")
                if key in request.query_params
            }
        except ValueError:
            return refused(400, {"message": "must be an integer", "field": None})
        limit, offset = wanted.get("limit", _MOST), wanted.get("offset", 0)
        if not 1 <= limit <= _MOST or offset < 0:
            message = f"limit is from 1 to {_MOST}, offset from 0"
            return refused(400, {"message": message, "field": "limit"})
        beginning = request.query_params.get("email", "").casefold()
        entries = [
            entry.shown(name)
            for entry in world.suppressions.of(name, world.clock.now())
            if wanted.get("start_time", 0) <= int(entry.created)
            and int(entry.created) <= wanted.get("end_time", int(entry.created))
            and entry.email.casefold().startswith(beginning)
        ]
        return said(200, entries[offset : offset + limit])

    async def one(request: Request) -> Answer:
        wanted = request.path_params["email"].casefold()
        known = world.suppressions.of(name, world.clock.now())
        return said(200, [entry.shown(name) for entry in known if entry.email == wanted])

    async def remove(request: Request) -> Answer:
        gone = world.suppressions.remove(name, request.path_params["email"])
        return said(204) if gone else answers.NOT_FOUND

    async def remove_many(request: Request) -> Answer:
        wanted = await object_of(request)
        if wanted.get("delete_all") and wanted.get("emails"):
            message = "delete_all and emails cannot be used together"
            return refused(400, {"message": message, "field": "delete_all"})
        if wanted.get("delete_all"):
            world.suppressions.clear(name)
        for email in wanted.get("emails", []):
            world.suppressions.remove(name, email)
        return said(204)

    where = f"/v3/suppression/{name}"
    if name == GLOBAL:
        return {f"GET {where}": show}
    return {
        f"GET {where}": show,
        f"DELETE {where}": remove_many,
        f"GET {where}/{{email}}": one,
        f"DELETE {where}/{{email}}": remove,
    }


def _global(world: World) -> Calls:
    async def add(request: Request) -> Answer:
        emails = await _emails(request)
        if isinstance(emails, Answer):
            return emails
        for email in emails:
            world.suppressions.add(GLOBAL, Entry(email, world.clock.now()))
        return said(201, {"recipient_emails": emails})

    async def show(request: Request) -> Answer:
        wanted = request.path_params["email"].casefold()
        for entry in world.suppressions.of(GLOBAL, world.clock.now()):
            if entry.email.casefold() == wanted:
                return said(200, {"recipient_email": entry.email})
        return said(200, {})

    async def remove(request: Request) -> Answer:
        gone = world.suppressions.remove(GLOBAL, request.path_params["email"])
        return said(204) if gone else answers.NOT_FOUND

    where = "/v3/asm/suppressions/global"
    return {
        f"POST {where}": add,
        f"GET {where}/{{email}}": show,
        f"DELETE {where}/{{email}}": remove,
    }


def _groups(world: World) -> Calls:
    def known() -> list[int]:
        return sorted({*(world.account.groups or ()), *world.suppressions.groups()})

    async def groups(request: Request) -> Answer:
        now = world.clock.now()
        return said(
            200,
            [
                {
                    "id": group,
                    "name": _name(group),
                    "description": _name(group),
                    "is_default": False,
                    "unsubscribes": len(world.suppressions.of_group(group, now)),
                }
                for group in known()
            ],
        )

    async def everybody(request: Request) -> Answer:
        now = world.clock.now()
        return said(
            200,
            [
                {
                    "email": entry.email,
                    "group_id": group,
                    "group_name": _name(group),
                    "created_at": int(entry.created),
                }
                for group in known()
                for entry in world.suppressions.of_group(group, now)
            ],
        )

    async def show(request: Request) -> Answer:
        group = request.path_params["group"]
        found = world.suppressions.of_group(group, world.clock.now())
        return said(200, [entry.email for entry in found])

    async def add(request: Request) -> Answer:
        emails = await _emails(request)
        if isinstance(emails, Answer):
            return emails
        for email in emails:
            entry = Entry(email, world.clock.now())
            world.suppressions.add_to_group(request.path_params["group"], entry)
        return said(201, {"recipient_emails": emails})

    async def search(request: Request) -> Answer:
        emails = await _emails(request)
        if isinstance(emails, Answer):
            return emails
        group = request.path_params["group"]
        there = {e.email.casefold() for e in world.suppressions.of_group(group, world.clock.now())}
        return said(200, [email for email in emails if email.casefold() in there])

    async def remove(request: Request) -> Answer:
        group, email = request.path_params["group"], request.path_params["email"]
        gone = world.suppressions.remove_from_group(group, email)
        return said(204) if gone else answers.NOT_FOUND

    where = "/v3/asm/groups/{group:int}/suppressions"
    return {
        "GET /v3/asm/groups": groups,
        "GET /v3/asm/suppressions": everybody,
        f"GET {where}": show,
        f"POST {where}": add,
        f"POST {where}/search": search,
        f"DELETE {where}/{{email}}": remove,
    }


def _name(group: int) -> str:
    return f"Group {group}"


async def _emails(request: Request) -> list[str] | Answer:
    emails: Any = (await object_of(request)).get("recipient_emails")
    if not isinstance(emails, list) or not all(
        isinstance(one, str) and addresses.valid(one) for one in emails
    ):
        message = "recipient_emails must be an array of addresses"
        return refused(400, {"message": message, "field": "recipient_emails"})
    return emails
