"""The calls for batches and scheduled sends."""

from starlette.requests import Request

from tests.simulator import answers, sending
from tests.simulator.answers import Answer, refused, said
from tests.simulator.api import Handler, object_of
from tests.simulator.schedule import MOST_OPEN
from tests.simulator.world import World

_UNKNOWN = refused(400, {"message": "invalid batch id", "field": "batch_id"})


def calls(world: World) -> dict[str, Handler]:
    """What there is to call."""

    async def create(request: Request) -> Answer:
        return said(201, {"batch_id": world.schedule.new_batch(world.clock.now())})

    async def validate(request: Request) -> Answer:
        batch = request.path_params["batch_id"]
        if not world.schedule.knows(batch, world.clock.now()):
            return _UNKNOWN
        return said(200, {"batch_id": batch})

    async def stop(request: Request) -> Answer:
        now = world.clock.now()
        sending.leave(world)
        wanted = await object_of(request)
        batch, status = wanted.get("batch_id"), wanted.get("status")
        if not isinstance(batch, str) or not world.schedule.knows(batch, now):
            return _UNKNOWN
        if status not in ("cancel", "pause"):
            return _no_status()
        known = world.schedule.statuses(now)
        if batch in known:
            message = "a status update already exists for this batch_id, try PATCH"
            return refused(400, {"message": message, "field": "batch_id"})
        if len(known) >= MOST_OPEN:
            message = f"you may have no more than {MOST_OPEN} batches cancelled or paused"
            return refused(400, {"message": message, "field": "batch_id"})
        world.schedule.set_status(batch, status, now)
        return said(201, {"batch_id": batch, "status": status})

    async def everything(request: Request) -> Answer:
        known = world.schedule.statuses(world.clock.now())
        return said(200, [{"batch_id": b, "status": status} for b, status in known.items()])

    async def one(request: Request) -> Answer:
        batch = request.path_params["batch_id"]
        status = world.schedule.statuses(world.clock.now()).get(batch)
        return said(200, [] if status is None else [{"batch_id": batch, "status": status}])

    async def change(request: Request) -> Answer:
        now = world.clock.now()
        sending.leave(world)
        batch = request.path_params["batch_id"]
        status = (await object_of(request)).get("status")
        if status not in ("cancel", "pause"):
            return _no_status()
        if batch not in world.schedule.statuses(now):
            return answers.NOT_FOUND
        world.schedule.set_status(batch, status, now)
        return said(204)

    async def undo(request: Request) -> Answer:
        sending.leave(world)
        batch = request.path_params["batch_id"]
        if batch not in world.schedule.statuses(world.clock.now()):
            return answers.NOT_FOUND
        world.schedule.drop_status(batch, world.clock.now())
        sending.leave(world)
        return said(204)

    return {
        "POST /v3/mail/batch": create,
        "GET /v3/mail/batch/{batch_id}": validate,
        "POST /v3/user/scheduled_sends": stop,
        "GET /v3/user/scheduled_sends": everything,
        "GET /v3/user/scheduled_sends/{batch_id}": one,
        "PATCH /v3/user/scheduled_sends/{batch_id}": change,
        "DELETE /v3/user/scheduled_sends/{batch_id}": undo,
    }


def _no_status() -> Answer:
    return refused(400, {"message": "status must be either cancel or pause", "field": "status"})
