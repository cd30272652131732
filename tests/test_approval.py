"""Runs that wait for approval, on a real Prefect server: asked, answered, decided elsewhere."""

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from flows import clock, showing, steering
from flows.demo import prepare
from flows.moments import moment
from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.stages.shop import Shop, opened
from flows.store.models import Approval, Contact, Customer, Pause, Send
from segments.names import Locale
from tests.approving import DAILY, Server, project
from tests.prefects import harness
from tests.store.rows import rows_of
from tests.waiting import plain

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

DAY = "2024-11-05T11:00"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with harness() as api:
        yield Server(api)


@pytest.fixture(scope="module")
def deployment(server: Server) -> UUID:
    return server.deploy(DAILY)[DAILY.name]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Iterator[Path]:
    """A company on the morning of its newsletter, whose newsletter is in review."""
    made = tmp_path / "shop"
    prepare(made, 40, 7, Locale.EN, date(2024, 11, 5)).write(made / "data")
    journey = made / "config" / "journeys" / "newsletter.yaml"
    text = journey.read_text("utf-8")
    journey.write_text(re.sub(r"(?m)^status: live", "status: review", text), "utf-8")
    within(made, "30 minutes")
    monkeypatch.setenv("PREFECT_API_URL", server.api)
    with project(made):
        yield made


def within(folder: Path, span: str) -> None:
    file = folder / "config" / "deployments.yaml"
    lines = file.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("approve_within")]
    file.write_text("\n".join([*kept, f"approve_within: {span}", ""]), "utf-8")


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    with opened(folder) as shop:
        yield shop


def mails(folder: Path) -> int:
    return len(list((folder / "var" / "mails").rglob("*.eml")))


def waits(shop: Shop) -> int:
    return [row[1:] for row in rows_of(shop.engine, Send, "id", "outcome", "review")].count(
        ("queued", "pending")
    )


@pytest.fixture
def asked(server: Server, deployment: UUID, shop: Shop) -> str:
    """A run that waits."""
    run = server.ask_for_run(deployment, as_of=DAY, dry_run=False)
    state = server.run(run)
    assert (state["type"], state["name"]) == ("PAUSED", "Suspended"), state
    return run


def test_the_day_is_done_before_the_run_asks_and_nobody_is_named(
    asked: str, server: Server, deployment: UUID, shop: Shop, folder: Path
):
    found = server.artifacts(asked)
    number = waits(shop)
    assert number
    assert "day" in found
    page = found["approval"]
    assert page["description"].startswith(f"{number} messages wait for approval: Monthly letter")
    assert "enter: on schedule" in page["data"]
    assert "Sample of `newsletter`, to an invented customer" in page["data"]
    assert "stammkunde approve newsletter" in page["data"]
    with shop.engine.connect() as connection:
        names = [
            *connection.scalars(select(Contact.email)),
            *connection.scalars(select(Contact.last_name)),
            *connection.scalars(select(Customer.name)),
        ]
    told = str([page, server.get(f"flow_runs/{asked}")])
    assert [name for name in names if name and re.search(rf"\b{re.escape(name)}\b", told)] == []
    # Nobody's place is taken while it waits: tomorrow's run need not wait for it.
    assert server.get(f"deployments/{deployment}")["global_concurrency_limit"]["active_slots"] == 0
    keyset = server.state(asked)["state_details"]["run_input_keyset"]
    form = server.get(f"flow_runs/{asked}/input/{keyset['schema']}")
    fields = form["properties"]
    assert fields["journey_newsletter"]["title"] == f"Monthly letter: {number} messages"
    assert fields["journey_newsletter"]["enum"] == ["decide later", "approve", "reject"]
    assert [fields[name]["title"] for name in ("by", "note")] == ["Your initials", "Remark"]


def test_what_the_form_approves_goes_out_with_the_same_run(
    asked: str, server: Server, shop: Shop, folder: Path
):
    number, before = waits(shop), mails(folder)
    key = server.state(asked)["state_details"]["run_input_keyset"]["response"]
    said = {"journey_newsletter": "approve", "by": "AB", "note": "for Mrs Example"}
    server.post(f"flow_runs/{asked}/resume", run_input=said)
    state = server.run(asked)
    assert state["type"] == "COMPLETED"
    assert f"approved by AB: {number}" in state["message"]
    assert mails(folder) == before + number
    assert rows_of(shop.engine, Approval, "journey", "decision", "messages", "decided_by") == [
        ("newsletter", "approved", number, "AB")
    ]
    # What somebody wrote is in our store, and no longer at Prefect.
    assert plain.get(f"{server.api}/flow_runs/{asked}/input/{key}").status_code == 404


def test_what_is_rejected_stays_in_the_log_with_its_reason(
    asked: str, server: Server, shop: Shop, folder: Path
):
    number, before = waits(shop), mails(folder)
    server.post(f"flow_runs/{asked}/resume", run_input={"journey_newsletter": "reject"})
    state = server.run(asked)
    assert f"rejected by the form of the run: {number}" in state["message"]
    assert mails(folder) == before
    rows = rows_of(shop.engine, Send, "id", "outcome", "reason", "review")
    assert [row[1:] for row in rows].count(("cancelled", "not_approved", "rejected")) == number


def test_who_decides_later_has_nothing_sent_and_the_messages_wait_on(
    asked: str, server: Server, shop: Shop, folder: Path
):
    number, before = waits(shop), mails(folder)
    server.post(f"flow_runs/{asked}/resume", run_input={"journey_newsletter": "decide later"})
    state = server.run(asked)
    assert state["type"] == "COMPLETED"
    assert f"{number} messages wait for approval: stammkunde approve" in state["message"]
    assert mails(folder) == before
    assert waits(shop) == number


def test_a_message_that_waits_is_shown_as_it_would_go(
    shop: Shop, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
):
    now = moment(DAY, "Europe/Berlin", clock.now())
    pull(shop, now)
    plan(shop, now)
    rows = rows_of(shop.engine, Send, "id", "outcome", "review")
    number = next(row[0] for row in rows if row[1:] == ("queued", "pending"))
    showing.show_send(folder, number, None, "subject")
    out, err = capfdbinary.readouterr()
    assert out.strip()
    assert err.decode() == f"send {number} has not gone yet; it would read so now\n"


def test_a_decision_in_the_terminal_has_the_run_go_on(
    asked: str, server: Server, shop: Shop, folder: Path, capsys: pytest.CaptureFixture[str]
):
    number, before = waits(shop), mails(folder)
    steering.approve_sends(folder, "newsletter", reject=False, by="brandt", note="fine")
    assert capsys.readouterr().out.endswith("1 run goes on\n")
    assert server.state(asked)["name"] == "Resuming"
    state = server.run(asked)
    assert f"approved by brandt: {number}" in state["message"]
    assert mails(folder) == before + number
    steering.list_decisions(folder)
    assert "brandt" in capsys.readouterr().out


def test_without_an_answer_the_run_ends_in_words_and_the_messages_wait_on(
    asked: str, server: Server, shop: Shop, folder: Path
):
    from flows.resuming import go_on

    number = waits(shop)
    assert go_on(shop.engine, clock.now()) == 0
    with shop.engine.begin() as connection:
        connection.execute(update(Pause).values(until=clock.now() - timedelta(minutes=1)))
    assert go_on(shop.engine, clock.now()) == 1
    assert go_on(shop.engine, clock.now()) == 0
    state = server.run(asked)
    assert state["type"] == "COMPLETED"
    assert f"nobody decided in time about {number} messages" in state["message"]
    assert waits(shop) == number


def test_the_next_run_asks_anew_and_the_older_question_ends(
    asked: str, server: Server, deployment: UUID, shop: Shop
):
    later = server.ask_for_run(deployment, as_of=DAY, dry_run=False)
    assert server.run(later)["name"] == "Suspended"
    assert server.state(asked)["name"] == "Resuming"
    assert server.run(asked)["type"] == "COMPLETED"
    # When all is switched off and on again, a run that waits is no run under way.
    assert server.state(later)["type"] == "PAUSED"


def test_a_run_of_a_terminal_says_what_waits_and_ends(folder: Path, shop: Shop):
    from flows.with_prefect import final_state

    state = final_state("daily", as_of=DAY)
    assert state.is_completed()
    assert f"{waits(shop)} messages wait for approval: stammkunde approve" in state.message


def test_no_time_to_wait_means_not_to_ask(
    server: Server, deployment: UUID, folder: Path, shop: Shop
):
    within(folder, "0 minutes")
    run = server.ask_for_run(deployment, as_of=DAY, dry_run=False)
    assert server.run(run)["type"] == "COMPLETED"
    assert "PREFECT_API_URL" in os.environ


def test_a_run_somebody_cancelled_is_waited_for_no_more(asked: str, server: Server, shop: Shop):
    from flows.resuming import go_on

    server.post(f"flow_runs/{asked}/set_state", state={"type": "CANCELLED"}, force=True)
    assert go_on(shop.engine, clock.now(), everybody=True) == 1
    assert server.state(asked)["type"] == "CANCELLED"
