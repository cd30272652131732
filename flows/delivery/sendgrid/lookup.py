"""What became of messages in doubt: withdrawn before they left, or found in the Email Logs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from python_http_client import Client

from flows.delivery.outlet import Asked, Evidence
from flows.delivery.sendgrid import manage
from flows.delivery.sendgrid.payload import REQUEST, SEND
from flows.errors import DeliveryError
from segments.names import HaltCause, Outcome

CERTAIN_BEFORE = timedelta(minutes=10)
"""SendGrid promises to withdraw a batch this long before it is sent, and no later."""

_CLOCKS_DIFFER = timedelta(minutes=5)
_CALL = timedelta(seconds=manage.SECONDS)


def look_up(
    client: Client,
    asked: Sequence[Asked],
    now: datetime,
    clock: Callable[[], float] = monotonic,
) -> Iterator[Evidence]:
    """Evidence for each message: QUEUED if it was withdrawn, ACCEPTED if SendGrid has it.

    Where SendGrid cannot be asked, all messages not asked for yet stay in doubt at once: one
    failure is enough to know.
    """
    started = clock()
    withdrawn: dict[str, bool] = {}
    failed: DeliveryError | None = None
    for each in asked:
        if failed is None:
            try:
                elapsed = timedelta(seconds=clock() - started)
                if _withdraw(client, each, now + elapsed, withdrawn):
                    yield Evidence(
                        each.send_id,
                        Outcome.QUEUED,
                        f"withdrawn before SendGrid sent it (batch {each.batch_id})",
                    )
                else:
                    yield _in_logs(client, each)
                continue
            except DeliveryError as error:
                failed = error
        yield Evidence(
            each.send_id,
            Outcome.IN_DOUBT,
            f"SendGrid could not be asked about it: {failed}",
            # A key that is not allowed to read the logs will not be a minute later.
            asked=failed.cause == HaltCause.KEY,
        )


def _withdraw(client: Client, each: Asked, now: datetime, withdrawn: dict[str, bool]) -> bool:
    """Whether its batch certainly never leaves; asked once a batch."""
    if each.batch_id is None or each.send_at is None:
        return False
    if each.batch_id not in withdrawn:
        in_time = each.send_at - now >= CERTAIN_BEFORE + _CALL
        withdrawn[each.batch_id] = in_time and manage.cancel_batch(client, each.batch_id)
    return withdrawn[each.batch_id]


def _in_logs(client: Client, each: Asked) -> Evidence:
    since = each.handed_over_at - _CLOCKS_DIFFER
    try:
        messages = manage.logs_search(client, each.email, since)
    except ValueError as error:
        return Evidence(each.send_id, Outcome.IN_DOUBT, str(error))
    for message in messages:
        message_id = message.get("sg_message_id")
        if not isinstance(message_id, str) or not message_id:
            continue
        found = manage.log_events(client, message_id)
        if not _is_it(found.get("custom_args"), each):
            continue
        if any(_is_cancelled(event) for event in found.get("events") or []):
            return Evidence(
                each.send_id, Outcome.QUEUED, "SendGrid discarded it, as its batch was withdrawn"
            )
        return Evidence(
            each.send_id,
            Outcome.ACCEPTED,
            f"in SendGrid's Email Logs ({found.get('status', 'without a status')})",
            message_id.split(".", 1)[0],
        )
    return Evidence(
        each.send_id,
        Outcome.IN_DOUBT,
        f"not in SendGrid's Email Logs: of {len(messages)} messages to this address since "
        f"{since:%Y-%m-%d %H:%M} UTC none has its number",
    )


def _is_it(arguments: Any, each: Asked) -> bool:
    """Whether it is this message, and of this request: an earlier one may have been withdrawn."""
    return (
        isinstance(arguments, dict)
        and arguments.get(SEND) == str(each.send_id)
        and each.request_id in {None, arguments.get(REQUEST)}
    )


def _is_cancelled(event: Any) -> bool:
    return isinstance(event, dict) and event.get("event") == "cancel_drop"
