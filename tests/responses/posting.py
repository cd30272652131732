"""Posts as SendGrid makes them, signed, and the endpoint they go to."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Engine, select
from starlette.applications import Starlette

from flows.responses.event_routes import NOTHING_IN, Inbound, event_routes
from flows.responses.signature import SIGNATURE, TIMESTAMP
from flows.store.models import EventBatch
from tests.delivery.rows import NOW
from tests.serving import served

OLD, NEW = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def public(key: ec.EllipticCurvePrivateKey) -> str:
    """The key as SendGrid shows it."""
    shown = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(shown).decode()


def signed(
    body: bytes, key: ec.EllipticCurvePrivateKey = NEW, at: str = "1772438400"
) -> dict[str, str]:
    """The headers that make a body SendGrid's."""
    mark = key.sign(at.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(mark).decode(), TIMESTAMP: at}


def told(number: int, word: str = "delivered", hours: float = 1, **more: Any) -> dict[str, Any]:
    """An event of a send."""
    return {
        "email": "ada@example.com",
        "event": word,
        "timestamp": int((NOW - timedelta(hours=hours)).timestamp()),
        "sg_event_id": f"{word}{number}",
        "stammkunde_send": str(number),
        **more,
    }


def written(*events: dict[str, Any]) -> bytes:
    """A batch as SendGrid writes it, line ends included."""
    return b"[" + b",\r\n".join(orjson.dumps(event) for event in events) + b"]\r\n"


@contextmanager
def endpoint(
    engine: Engine, mail: Inbound = NOTHING_IN, patience: float = 30.0
) -> Iterator[httpx.Client]:
    """A client of the endpoint, which knows both keys."""
    keys = [public(OLD), public(NEW)]
    app = Starlette(routes=event_routes(engine, keys, lambda: NOW, mail, patience))
    with served(app) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def bodies(engine: Engine) -> list[bytes]:
    """What was stored, oldest first."""
    with engine.connect() as connection:
        return list(connection.scalars(select(EventBatch.body).order_by(EventBatch.id)))
