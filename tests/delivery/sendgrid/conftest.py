"""Messages, outlets and certificates for what is said to SendGrid."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from flows.delivery.sendgrid.outlet import SendGridOutlet
from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings
from tests.certificates import Authority
from tests.simulator.fixtures import simulator, simulator_process

__all__ = ["simulator", "simulator_process"]

SPECS = Path(__file__).resolve().parents[4] / "shared" / "spec"
KEY = "SG.a-key-nobody-may-see"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HEADERS = {
    "List-Unsubscribe": "<https://mail.example.com/u/abc>, <mailto:stop@example.com>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Feedback-ID": "welcome:first:advertising:example",
    "List-ID": "<advertising.example.com>",
    "Auto-Submitted": "auto-generated",
}


def message(number: int = 1, **changes: Any) -> Outgoing:
    """A message to somebody."""
    values: dict[str, Any] = {
        "send_id": number,
        "to_name": "Ada Müller",
        "to_email": f"ada{number}@example.com",
        "from_name": "Example Ltd",
        "from_email": "post@example.org",
        "reply_to": "berta@example.org",
        "subject": "Gut entschieden",
        "html": f"<p>Guten Tag, Nummer {number}</p>",
        "text": f"Guten Tag, Nummer {number}\n",
        "headers": HEADERS,
        "message_id": f"<s{number}.abc@example.org>",
        "date": NOW,
        "journey": "welcome",
        "step": "first",
        "purpose": "advertising",
        "message": "thanks",
    }
    return Outgoing(**{**values, **changes})


def sendgrid(**changes: Any) -> SendGridOutletSettings:
    """Settings of an outlet."""
    return SendGridOutletSettings(kind="sendgrid", **changes)


@pytest.fixture
def open_outlet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SendGridOutlet]]:
    """Opens outlets, and closes them after the test."""
    monkeypatch.setenv("NO_PROXY", "*")
    opened = []

    def open_one(
        address: str, share: int = 1, most_failures: int = 5, **changes: Any
    ) -> SendGridOutlet:
        settings = sendgrid(address=address, **changes)
        outlet = SendGridOutlet.open(
            "post", settings, KEY, share=share, most_failures=most_failures
        )
        opened.append(outlet)
        return outlet

    yield open_one
    for outlet in opened:
        outlet.close()


@pytest.fixture(scope="session")
def mail_spec() -> dict[str, Any]:
    """SendGrid's own description of mail/send, with what is wrong in it put right."""
    spec = _spec("tsg_mail_v3.json")
    body = spec["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]
    schema: dict[str, Any] = body["schema"]
    own = schema["properties"]["personalizations"]["items"]
    # It says that custom_args of a message are a text. The real API: "Expected: object".
    schema["properties"]["custom_args"] = {
        "type": "object",
        "additionalProperties": {"type": "string"},
    }
    # It asks for no recipient, no content and no subject; the documented errors do.
    schema["properties"]["personalizations"]["minItems"] = 1
    own["properties"]["to"]["minItems"] = 1
    schema["properties"]["content"]["minItems"] = 1
    schema["required"] += ["content"]
    own["required"] += ["subject"]
    # Arguments and headers are texts, which it leaves open.
    for name in ("custom_args", "headers"):
        own["properties"][name]["additionalProperties"] = {"type": "string"}
    # It lets any other word pass, and so would not see a misspelt one.
    schema["additionalProperties"] = own["additionalProperties"] = False
    return {**schema, "components": spec["components"]}


@pytest.fixture(scope="session")
def specs() -> Callable[[str], dict[str, Any]]:
    """Reads one of SendGrid's descriptions."""
    return _spec


def _spec(name: str) -> dict[str, Any]:
    if not (SPECS / name).is_file():
        pytest.skip("SendGrid's OpenAPI files (../shared/spec) are not beside this checkout")
    spec: dict[str, Any] = orjson.loads((SPECS / name).read_bytes())
    return spec


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Somebody who signs certificates. Nobody trusts it yet."""
    return Authority.found(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The same, trusted by everything opened during the test."""
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    return authority
