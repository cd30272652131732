"""Has runs go on that wait for approval, once all is decided or their time is over."""

import logging
from datetime import datetime
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import TERMINAL_STATES, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound
from sqlalchemy import Engine

from flows.store import pauses, review
from flows.store.session import reading, writing

_GOES_ON = {StateType.SCHEDULED, *TERMINAL_STATES}
_log = logging.getLogger(__name__)


def go_on(engine: Engine, now: datetime, *, everybody: bool = False) -> int:
    """Have runs go on that nobody needs to wait for any more, or every one. How many those are.

    Without a word from Prefect they are asked once more the next time.
    """
    with reading(engine) as connection:
        standing = pauses.standing(connection)
        open_now = set(review.waiting(connection)["journey"]) if standing else set()
    done = 0
    for each in standing:
        if not everybody and each.until > now and open_now & each.asked.keys():
            continue
        if _resume(each.flow_run):
            with writing(engine) as connection:
                pauses.release(connection, each.id, now)
            done += 1
    return done


def _resume(flow_run: str) -> bool:
    """Whether it goes on, or cannot any more because it was cancelled or removed."""
    try:
        with get_client(sync_client=True) as client:
            told = client.resume_flow_run(UUID(flow_run), run_input={})
            if told.status == SetStateStatus.ACCEPT:
                return True
            # Asked in the very moment it is being suspended, it will be asked once more.
            state = client.read_flow_run(UUID(flow_run)).state
            return state is not None and state.type in _GOES_ON
    except ObjectNotFound:
        return True
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.NOT_FOUND:
            return True
        _log.warning("run %s cannot be resumed now: %s", flow_run, error.response.status_code)
        return False
    except httpx.HTTPError as error:
        _log.warning("run %s cannot be resumed now: %s", flow_run, type(error).__name__)
        return False
