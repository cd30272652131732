"""SendGrid's own package against the simulator: it finds what it expects."""

import pytest
from python_http_client.exceptions import BadRequestsError, UnauthorizedError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import (
    CustomArg,
    Header,
    Mail,
    Personalization,
    Substitution,
    To,
)

from tests.simulator.process import Simulator


@pytest.fixture
def client(simulator: Simulator) -> SendGridAPIClient:
    """The package's client, with the simulator in SendGrid's place."""
    api = SendGridAPIClient(simulator.key, host=simulator.address)
    api.client.timeout = 5
    return api


def test_the_package_sends_what_it_built(client: SendGridAPIClient, simulator: Simulator) -> None:
    message = Mail(
        from_email=("shop@example.com", "The shop"),
        subject="For -name-",
        plain_text_content="Dear -name-",
        html_content="<p>Dear -name-</p>",
    )
    for number, name in enumerate(("Anna", "Berta")):
        person = Personalization()
        person.add_to(To(f"{name.lower()}@example.com", name))
        person.add_substitution(Substitution("-name-", name))
        person.add_custom_arg(CustomArg("stammkunde_send", str(number)))
        person.add_header(Header("X-Number", str(number)))
        message.add_personalization(person)
    answer = client.send(message)
    assert answer.status_code == 202
    assert answer.headers["X-Message-Id"]
    (got,) = simulator.mailbox("berta@example.com")
    assert (got["subject"], got["text"], got["html"]) == (
        "For Berta",
        "Dear Berta",
        "<p>Dear Berta</p>",
    )
    assert (got["send"], got["headers"]) == ("1", {"X-Number": "1"})


def test_the_package_raises_what_it_raises_at_sendgrid(
    client: SendGridAPIClient, simulator: Simulator
) -> None:
    with pytest.raises(BadRequestsError) as refused:
        client.send({"personalizations": []})
    assert refused.value.to_dict["errors"][0]["field"] == "personalizations"
    stranger = SendGridAPIClient("SG.other", host=simulator.address)
    with pytest.raises(UnauthorizedError):
        stranger.send({})


def test_the_package_manages_batches_and_lists(
    client: SendGridAPIClient, simulator: Simulator
) -> None:
    batch = client.client.mail.batch.post()
    assert batch.status_code == 201
    wanted = {"batch_id": batch.to_dict["batch_id"], "status": "cancel"}
    assert client.client.user.scheduled_sends.post(request_body=wanted).status_code == 201
    assert client.client.user.scheduled_sends.get().to_dict == [wanted]
    simulator.suppress("anna@example.com", "bounces")
    bounces = client.client.suppression.bounces.get(query_params={"limit": 1}).to_dict
    assert [entry["email"] for entry in bounces] == ["anna@example.com"]
    assert client.client.suppression.bounces._("anna@example.com").delete().status_code == 204
    assert "mail.send" in client.client.scopes.get().to_dict["scopes"]
    key = client.client.user.webhooks.event.settings.signed.get().to_dict["public_key"]
    assert key == simulator.public_key
