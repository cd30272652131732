"""Prism's opinion: of our payloads, and of the requests the simulator refuses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.delivery.sendgrid import batched, payload
from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings
from tests.long import LONG
from tests.simulating import prism, spec
from tests.simulating.broken import BROKEN, FINE
from tests.simulating.posting import post
from tests.simulator.process import Simulator

pytestmark = pytest.mark.slow

NOW = datetime(2026, 4, 14, 7, 30, tzinfo=UTC)
SETTINGS = SendGridOutletSettings(
    kind="sendgrid", asm_group={"advertising": 7}, ip_pool={"advertising": "newsletter"}
)


@pytest.fixture(scope="module")
def prism_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Prism in the place of the simulator; it is fetched anew each time, so not every time."""
    if not LONG:
        pytest.skip("Prism's opinion is part of make test-long")
    spec.needed()
    try:
        with prism.serving(tmp_path_factory.mktemp("prism")) as address:
            yield Simulator(address, address, "SG.any", "", 0)
    except prism.MissingError as reason:
        pytest.skip(str(reason))


def letter(send_id: int, **different: Any) -> Outgoing:
    """A message to send."""
    usual = Outgoing(
        send_id=send_id,
        to_name="Müller, Änne",
        to_email=f"a{send_id}@example.com",
        from_name="Nordholz Büromöbel",
        from_email="post@example.com",
        reply_to="katrin@example.com",
        subject=f"Guten Tag {send_id} 🎁",
        html=f"<html><body><p>Guten Tag Änne {send_id}</p><p>Wir sind da.</p></body></html>",
        text=f"Guten Tag Änne {send_id}\n\nWir sind da.\n",
        headers={
            "List-Unsubscribe": f"<https://example.com/u/{send_id}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        message_id=f"<s{send_id}.x@example.com>",
        date=NOW,
        journey="newsletter",
        step="april",
        purpose="advertising",
        message="newsletter",
    )
    return replace(usual, **different)


def test_prism_and_the_simulator_take_our_single_messages(
    prism_simulator: Simulator, simulator: Simulator
) -> None:
    for different in ({}, {"purpose": "service", "tracking": True}, {"to_name": "x;" * 300}):
        body = payload.single(letter(1, **different), "r1", SETTINGS)
        assert post(prism_simulator, body).status == 202
        assert post(simulator, body).status == 202


def test_prism_and_the_simulator_take_our_batches(
    prism_simulator: Simulator, simulator: Simulator
) -> None:
    packer = batched.Packer(SETTINGS, lambda: "never asked for")
    (parcel,) = packer.pack([letter(n) for n in range(1, 301)], NOW)
    body = batched.encode(parcel, parcel.messages, SETTINGS)
    assert post(prism_simulator, body).status == 202
    assert post(simulator, body).status == 202
    for n in (1, 300):
        (got,) = simulator.mailbox(f"a{n}@example.com")
        sent = letter(n)
        assert (got["subject"], got["text"], got["html"], got["headers"]) == (
            sent.subject,
            sent.text,
            sent.html,
            sent.headers,
        )


def test_what_the_simulator_takes_prism_takes(prism_simulator: Simulator) -> None:
    statuses = {name: post(prism_simulator, body).status for name, body in FINE.items()}
    assert set(statuses.values()) == {202}, statuses


def test_what_the_file_shows_prism_refuses_too(prism_simulator: Simulator) -> None:
    """What it does not show Prism takes, which is why the simulator has rules of its own.

    Only of addresses Prism thinks as strictly as the simulator, and more so than its file's checker
    in Python.
    """
    for broken in BROKEN:
        refused = post(prism_simulator, broken.body).status != 202
        strict = refused and broken.field.endswith(".email")
        assert refused == (broken.in_spec or strict), broken.rule


def test_without_a_key_both_say_401(prism_simulator: Simulator, simulator: Simulator) -> None:
    for peer in (prism_simulator, simulator):
        assert post(peer, FINE["as plain as can be"], authorization=None).status == 401
