"""One message at SendGrid: what it keeps of it after the content has gone."""

import base64
import secrets
from dataclasses import dataclass
from typing import Any

SEND = "stammkunde_send"


def new_request_id() -> str:
    """What stands in X-Message-Id."""
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()


@dataclass(slots=True)
class Message:
    """A message to one address.

    `fate` is what happens once it left; until then it waits, and neither events nor Email Logs
    know of it.
    """

    request_id: str
    number: int
    email: str
    sender: str
    subject: str
    created: float
    categories: list[str]
    custom_args: dict[str, str]
    send_at: float | None = None
    batch_id: str | None = None
    group_id: int | None = None
    pool: str | None = None
    link: str | None = None
    fate: tuple[str, ...] = ("delivered",)
    reason: str | None = None
    left: float | None = None

    @property
    def sg_message_id(self) -> str:
        """X-Message-Id, the part of the server that took it, and the number in its request."""
        return f"{self.request_id}.recvd-sim-{int(self.created):X}-1.{self.number}"

    @property
    def smtp_id(self) -> str:
        """The Message-ID, one for the whole request."""
        return message_id(self.request_id)

    @property
    def send(self) -> str | None:
        """The number of our send, if it carries one."""
        return self.custom_args.get(SEND)


def message_id(request_id: str) -> str:
    """The Message-ID header all messages of a request share."""
    return f"<{request_id}@geopod-ismtpd-sim>"


def enabled(mail: dict[str, Any], block: str, name: str, default: bool) -> bool:
    """Whether a setting of the request is on."""
    return bool(mail.get(block, {}).get(name, {}).get("enable", default))
