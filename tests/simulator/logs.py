"""The calls for Email Logs, the key's scopes and the webhook's key."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from tests.simulator import answers, events, query, sending
from tests.simulator.answers import Answer, refused, said
from tests.simulator.api import Handler, key_of, object_of
from tests.simulator.messages import Message
from tests.simulator.world import World

_DAYS = 30
_IP = "192.0.2.1"


def calls(world: World) -> dict[str, Handler]:
    """What there is to call."""

    def known(message: Message, now: float) -> bool:
        left = message.left
        return left is not None and left + world.account.log_delay <= now < left + _DAYS * 86400

    async def search(request: Request) -> Answer:
        sending.leave(world)
        now = world.clock.now()
        wanted = await object_of(request)
        limit = wanted.get("limit", 10)
        if not isinstance(limit, int) or not 1 <= limit <= 1000:
            return refused(400, {"message": "limit must be from 1 to 1000", "field": "limit"})
        try:
            conditions = query.parse(wanted.get("query", ""))
        except (ValueError, TypeError) as error:
            return refused(400, {"message": f"invalid query: {error}", "field": "query"})
        found: list[dict[str, Any]] = []
        only = {name: value for name, sign, value in conditions if sign == "="}
        for message in world.log.latest_first():
            if not known(message, now) or message.email != only.get("to_email", message.email):
                continue
            row = _row(message, now)
            if query.fits(conditions, row):
                found.append(_summary(row))
            if len(found) == limit:
                break
        return said(200, {"messages": found})

    async def one(request: Request) -> Answer:
        sending.leave(world)
        now = world.clock.now()
        message = world.log.find(request.path_params["sg_message_id"])
        if message is None or not known(message, now):
            return answers.refused(404, {"message": "message not found"})
        body: dict[str, Any] = {
            "from_email": message.sender,
            "sg_message_id": message.sg_message_id,
            "subject": message.subject,
            "to_email": message.email,
            "status": events.status(message, now),
            "api_key_id": "simulator",
            "client_ip": _IP,
            "outbound_ip": events.IP,
            "outbound_ip_type": "dedicated",
            "events": [event for at, event in events.timeline(message) if at <= now],
        }
        if message.categories:
            body["category"] = message.categories
        if message.custom_args:
            body["custom_args"] = message.custom_args
        if message.group_id is not None:
            body["asm_group_id"] = message.group_id
        return said(200, body)

    async def scopes(request: Request) -> Answer:
        return said(200, {"scopes": world.account.keys[key_of(request.scope)]})

    async def public_key(request: Request) -> Answer:
        return said(
            200,
            {
                "id": request.path_params.get("id", ""),
                "public_key": world.webhook.public_key(),
            },
        )

    return {
        "POST /v3/logs": search,
        "GET /v3/logs/{sg_message_id}": one,
        "GET /v3/scopes": scopes,
        "GET /v3/user/webhooks/event/settings/signed": public_key,
        "GET /v3/user/webhooks/event/settings/signed/{id}": public_key,
    }


def _row(message: Message, now: float) -> dict[str, Any]:
    told = [event for at, event in events.timeline(message) if at <= now]
    reasons = [event.get("reason") or event.get("response") for event in told]
    return {
        "from_email": message.sender,
        "sg_message_id": message.sg_message_id,
        "subject": message.subject,
        "to_email": message.email,
        "reason": next((reason for reason in reversed(reasons) if reason), ""),
        "status": events.status(message, now),
        "categories": list(message.categories),
        "sg_message_id_created_at": message.created,
    }


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name != "categories" and value}
    at = datetime.fromtimestamp(row["sg_message_id_created_at"], UTC)
    return {
        **shown,
        "subject": row["subject"],
        "sg_message_id_created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }
