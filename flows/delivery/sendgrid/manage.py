"""Everything at SendGrid but sending: batches, Email Logs and suppressions, by its own package."""

import logging
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlsplit

import orjson
from python_http_client import Client
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from flows.delivery.sendgrid.answers import Answer, Broken, closed, unreachable
from flows.delivery.sendgrid.post import address_of, certificate_words, checked_key
from flows.errors import DeliveryError
from flows.outlet_settings import SendGridOutletSettings

SECONDS = 10.0
"""How long one of these calls may take; the package itself would wait for ever."""

PAGE, OVERLAP = 500, 50
_MOST_LOGS = 1000

# At DEBUG it writes the key and the whole payload, and Prefect collects all logs of a run.
logging.getLogger("python_http_client").setLevel(logging.WARNING)


def connect(settings: SendGridOutletSettings, key: str) -> Client:
    """A client for the calls below. Nothing is sent yet."""
    api = SendGridAPIClient(checked_key(settings, key), host=address_of(settings))
    api.client.timeout = SECONDS
    return api.client


def new_batch_id(client: Client) -> str:
    """A number under which a request that is sent later can be withdrawn; good for ten days."""
    told = _told(_call(client, client.mail.batch.post), 201)
    if not isinstance(told, dict) or not isinstance(told.get("batch_id"), str):
        raise DeliveryError("SendGrid gave no batch number")
    return str(told["batch_id"])


def cancel_batch(client: Client, batch_id: str) -> bool:
    """Withdraw what waits under this number; whether it certainly is withdrawn."""
    wanted = {"batch_id": batch_id, "status": "cancel"}
    sends = client.user.scheduled_sends
    answer = _call(client, lambda: sends.post(request_body=wanted))
    if answer.status == 201:
        return True
    if answer.status != 400:
        raise closed(answer)
    # Refused, because it is withdrawn already or because too many are.
    told = _told(_call(client, sends._(quote(batch_id, safe="")).get), 200)
    return isinstance(told, list) and wanted in [
        {name: each.get(name) for name in wanted} for each in told if isinstance(each, dict)
    ]


def logs_search(client: Client, email: str, since: datetime) -> list[dict[str, Any]]:
    """Messages to an address in the Email Logs. `ValueError` if they cannot be asked for it."""
    query = (
        f"to_email = {_quoted(email)} AND sg_message_id_created_at > "
        f'TIMESTAMP "{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'
    )
    wanted = {"query": query, "limit": _MOST_LOGS}
    answer = _call(client, lambda: client.logs.post(request_body=wanted))
    if answer.status == 400:
        raise ValueError("SendGrid's Email Logs do not understand what they are asked")
    told = _told(answer, 200)
    messages = told.get("messages") if isinstance(told, dict) else None
    return [each for each in messages or [] if isinstance(each, dict)]


def log_events(client: Client, message_id: str) -> dict[str, Any]:
    """What the Email Logs hold of one message, its custom arguments included; {} if nothing."""
    answer = _call(client, client.logs._(quote(message_id, safe="")).get)
    if answer.status == 404:
        return {}
    told = _told(answer, 200)
    return told if isinstance(told, dict) else {}


def suppressions(
    client: Client, kind: str, start: datetime, end: datetime
) -> Iterator[dict[str, Any]]:
    """Addresses SendGrid came to hold back in this time, each once.

    `kind` is bounces, blocks, spam_reports, invalid_emails or unsubscribes. Pages overlap, as an
    entry that is removed meanwhile moves all later ones forward.
    """
    span = {"start_time": int(start.timestamp()), "end_time": int(end.timestamp())}
    listed = client.suppression._(kind)
    seen: set[str] = set()
    offset = 0
    while True:
        page = {**span, "limit": PAGE, "offset": offset}
        told = _told(_call(client, partial(listed.get, query_params=page)), 200)
        entries = [each for each in told if isinstance(each, dict)] if told else []
        before = len(seen)
        for each in entries:
            if (email := str(each.get("email", ""))) not in seen:
                seen.add(email)
                yield each
        # A page without anybody new is the end as well, whatever makes it as long as it is.
        if len(entries) < PAGE or len(seen) == before:
            return
        offset += PAGE - OVERLAP


def group_suppressions(client: Client) -> list[dict[str, Any]]:
    """Addresses on the lists of all unsubscribe groups, with `group_id` and `created_at`.

    They come in one piece, and from the beginning of time.
    """
    told = _told(_call(client, client.asm.suppressions.get), 200)
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _quoted(email: str) -> str:
    """The address as a text of the query language, which no address can end early."""
    if "\\" in email or not email.isprintable() or ("'" in email and '"' in email):
        raise ValueError("SendGrid's Email Logs cannot be asked for such an address")
    mark = '"' if "'" in email else "'"
    return f"{mark}{email}{mark}"


def _call(client: Client, request: Callable[[], Any]) -> Answer:
    """The answer, whatever its status. `DeliveryError` if there is none."""
    try:
        response = request()
    except HTTPError as error:
        return Answer(error.status_code, body=error.body or b"")
    except (URLError, HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        host = urlsplit(client.host).hostname or client.host
        raise unreachable(Broken(False, _words(reason)), host) from None
    return Answer(response.status_code, body=response.body or b"")


def _words(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return certificate_words(reason)
    if isinstance(reason, TimeoutError):
        return f"no answer came within {SECONDS:g} seconds"
    if isinstance(reason, HTTPException):
        return "what came back was not a whole answer"
    return str(getattr(reason, "strerror", None) or reason)


def _told(answer: Answer, expected: int) -> Any:
    if answer.status != expected:
        raise closed(answer)
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise closed(answer) from None
