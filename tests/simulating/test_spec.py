"""The simulator against SendGrid's own OpenAPI files: what it takes, answers and tells."""

from typing import Any

import pytest

from tests.simulating import spec
from tests.simulating.broken import BROKEN, FINE, Broken
from tests.simulating.posting import call, mail, person, post
from tests.simulator.process import Simulator

NOON = 1_790_000_000


@pytest.fixture(autouse=True)
def _files() -> None:
    spec.needed()


@pytest.mark.parametrize("body", FINE.values(), ids=FINE)
def test_what_the_simulator_takes_is_as_the_schema_says(body: Any) -> None:
    assert spec.request_faults(body) == []


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.rule for broken in BROKEN])
def test_what_the_schema_refuses_the_simulator_refuses_too(broken: Broken) -> None:
    assert bool(spec.request_faults(broken.body)) == broken.in_spec


def test_the_fault_is_where_the_simulator_says(simulator_process: Simulator) -> None:
    for broken in BROKEN:
        if not broken.in_spec:
            continue
        places = [fault.split(": ")[0] for fault in spec.request_faults(broken.body)]
        for error in post(simulator_process, broken.body).errors:
            # A missing or doubled thing is found one step further up, a wrong item further down.
            near = [p for p in places if error["field"].startswith(p) or p in error["field"]]
            assert near or any(place.startswith(error["field"]) for place in places), broken.rule


CALLS = [
    ("mail", "POST", "/v3/mail/batch", None, 201),
    ("mail", "GET", "/v3/mail/batch/{batch_id}", None, 200),
    ("scheduled_sends", "POST", "/v3/user/scheduled_sends", "pause", 201),
    ("scheduled_sends", "POST", "/v3/user/scheduled_sends", "pause", 400),
    ("scheduled_sends", "GET", "/v3/user/scheduled_sends", None, 200),
    ("scheduled_sends", "GET", "/v3/user/scheduled_sends/{batch_id}", None, 200),
    ("scheduled_sends", "PATCH", "/v3/user/scheduled_sends/{batch_id}", "cancel", 204),
    ("scheduled_sends", "DELETE", "/v3/user/scheduled_sends/{batch_id}", None, 204),
    ("scheduled_sends", "DELETE", "/v3/user/scheduled_sends/{batch_id}", None, 404),
    *(
        ("suppressions", "GET", f"/v3/suppression/{name}", None, 200)
        for name in ("bounces", "blocks", "spam_reports", "invalid_emails", "unsubscribes")
    ),
    ("suppressions", "GET", "/v3/suppression/bounces/{email}", None, 200),
    ("suppressions", "GET", "/v3/suppression/blocks/{email}", None, 200),
    ("suppressions", "GET", "/v3/suppression/invalid_emails/{email}", None, 200),
    ("suppressions", "GET", "/v3/suppression/spam_reports/{email}", None, 200),
    ("suppressions", "DELETE", "/v3/suppression/bounces/{email}", None, 204),
    ("suppressions", "DELETE", "/v3/suppression/blocks", {"delete_all": True}, 204),
    ("suppressions", "GET", "/v3/asm/groups", None, 200),
    ("suppressions", "GET", "/v3/asm/suppressions", None, 200),
    ("suppressions", "GET", "/v3/asm/groups/{group_id}/suppressions", None, 200),
    ("suppressions", "POST", "/v3/asm/groups/{group_id}/suppressions", "emails", 201),
    ("suppressions", "POST", "/v3/asm/groups/{group_id}/suppressions/search", "emails", 200),
    ("suppressions", "DELETE", "/v3/asm/groups/{group_id}/suppressions/{email}", None, 204),
    ("suppressions", "POST", "/v3/asm/suppressions/global", "emails", 201),
    ("suppressions", "GET", "/v3/asm/suppressions/global/{email}", None, 200),
    ("suppressions", "DELETE", "/v3/asm/suppressions/global/{email}", None, 204),
    ("suppressions", "GET", "/v3/asm/suppressions/global/{email}", None, 200),
    ("logs", "POST", "/v3/logs", {"query": "", "limit": 1000}, 200),
    ("logs", "POST", "/v3/logs", {"query": "nonsense"}, 400),
    ("logs", "GET", "/v3/logs/{sg_message_id}", None, 200),
    ("webhooks", "GET", "/v3/user/webhooks/event/settings/signed/{id}", None, 200),
]


def test_every_answer_is_as_its_schema_says(simulator: Simulator) -> None:
    """One after another, as each leaves something for the next to find."""
    anna = "anna@example.com"
    simulator.set_clock(NOON)
    for name in ("bounces", "blocks", "spam_reports", "invalid_emails", "unsubscribes"):
        simulator.suppress(anna, name, reason="unknown", status="5.1.1")
    post(simulator, mail(personalizations=[person("b@example.com")], asm={"group_id": 7}))
    simulator.advance(60)
    found = call(simulator, "POST", "/v3/logs", {"query": ""}).said["messages"]
    known = {
        "{batch_id}": str(call(simulator, "POST", "/v3/mail/batch").said["batch_id"]),
        "{email}": anna,
        "{group_id}": "7",
        "{sg_message_id}": found[0]["sg_message_id"],
        "{id}": "1",
    }
    for file, method, path, body, status in CALLS:
        where = path
        for name, value in known.items():
            where = where.replace(name, value)
        if body in ("pause", "cancel"):
            body = {"status": body, "batch_id": known["{batch_id}"]}
        elif body == "emails":
            body = {"recipient_emails": [anna]}
        reply = call(simulator, method, where, body)
        assert reply.status == status, f"{method} {path}"
        said = reply.said if reply.body else None
        assert spec.answer_faults(file, path, method, status, said) == [], f"{method} {path}"


@pytest.mark.parametrize(
    ("body", "status"), [("{", 400), (mail(subject=""), 400), (mail(), 401), (mail(), 413)]
)
def test_refusals_are_as_their_schema_says(simulator: Simulator, body: Any, status: int) -> None:
    simulator.account(body_bytes=100 if status == 413 else 10_000)
    key = None if status == 401 else f"Bearer {simulator.key}"
    reply = post(simulator, body, authorization=key)
    assert reply.status == status
    faults = spec.answer_faults("mail", "/v3/mail/send", "POST", status, reply.said)
    assert faults == []


def test_every_event_is_as_its_schema_says(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    fates = [
        ["deferred", "delivered", "open", "click", "spamreport"],
        ["delivered", "unsubscribe", "group_unsubscribe"],
        ["async_bounce"],
        ["bounce"],
        ["blocked"],
        ["dropped"],
    ]
    for n, fate in enumerate(fates):
        simulator.fate(f"a{n}@example.com", *fate)
    people = [person(f"a{n}@example.com", n) for n in range(len(fates))]
    whole = mail(
        personalizations=people,
        asm={"group_id": 7},
        categories=["reassurance"],
        ip_pool_name="service",
        send_at=NOON + 1,
    )
    post(simulator, whole)
    simulator.advance(86400)
    kinds = set()
    for found in call(simulator, "POST", "/v3/logs", {"query": ""}).said["messages"]:
        shown = call(simulator, "GET", f"/v3/logs/{found['sg_message_id']}").said
        for event in shown["events"]:
            assert spec.event_faults(event) == [], event["event"]
            kinds.add(event["event"])
    assert len(kinds) == 10


def test_the_oracle_itself_sees_faults() -> None:
    event = {"event": "delivered", "email": "a@example.com", "timestamp": "now"}
    faults = spec.event_faults(event)
    assert any(fault.startswith("timestamp") for fault in faults)
    assert any("sg_event_id" in fault for fault in faults)
    assert spec.request_faults(mail(custom_args="a")) != []
