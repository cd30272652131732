"""Mail of somebody nobody knows: read at a terminal, and given to the customer whose it is."""

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from flows.cli import app
from flows.errors import ConfigError
from flows.stages.shop import open_shop
from flows.store.batches import keep_batches
from flows.store.models import Contact, Customer, Interaction, Response, Send, Task
from segments.names import Locale
from tests.responses.mails import mail, posted
from tests.small import LAST, copied
from tests.store.rows import rows_of

AT = f"{LAST.isoformat()}T12:00"
CAME = datetime.combine(LAST, time(9), UTC)


@pytest.fixture(scope="module", params=list(Locale))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company in either language, with two mails of strangers worked through."""
    folder = copied(tmp_path_factory.mktemp("mail"), request.param)
    engine = open_shop(folder).engine
    forms = [
        posted(mail(sender="new@colleague.example", Message_ID=f"<{name}@colleague.example>"))
        for name in ("one", "two")
    ]
    with engine.begin() as connection:
        keep_batches(connection, [("inbound", form) for form in forms], CAME)
    engine.dispose()
    said(folder, "respond", "--plain", "--as-of", AT)
    return folder


def said(folder: Path, *words: object) -> str:
    done = CliRunner().invoke(app, ["--project", str(folder), *map(str, words)])
    assert done.exit_code == 0, done.exception
    return str(done.output)


def refused(folder: Path, *words: object) -> str:
    done = CliRunner().invoke(app, ["--project", str(folder), "task", *map(str, words)])
    assert isinstance(done.exception, ConfigError)
    return str(done.exception)


def rows(folder: Path, model: type, *names: str) -> list:
    engine = open_shop(folder).engine
    found = rows_of(engine, model, *names)
    engine.dispose()
    return found


def of_strangers(folder: Path) -> list[int]:
    listed = json.loads(said(folder, "tasks", "--json", "--as-of", AT))
    return [each["task"] for each in listed if "new@colleague.example" in each["about"]]


def test_a_strangers_mail_is_printed_whole_and_becomes_the_customers(project: Path):
    first, second = of_strangers(project)
    told = said(project, "task", "show", first)
    assert "new@colleague.example" in told
    assert "Vielen Dank!" in told
    assert f"stammkunde task assign {first}" in told
    key = rows(project, Customer, "id", "key")[0][1]
    said(project, "task", "assign", first, "--customer", key, "--as-of", AT)
    ((number, customer),) = [
        (row[0], row[1]) for row in rows(project, Task, "id", "customer_id") if row[0] == first
    ]
    assert (number, customer) == (first, 1)
    (talk,) = [row for row in rows(project, Interaction, "key", "customer_id", "note", "channel")
               if "Vielen Dank!" in (row[2] or "")]  # fmt: skip
    assert (talk[1], talk[3]) == (1, "mail")
    assert "Vielen Dank!" in said(project, "customer", key, "--as-of", AT)
    told = said(project, "task", "show", first)
    assert key in told
    assert "task assign" not in told
    assert of_strangers(project) == [first, second]


def test_what_cannot_be_assigned_is_said(project: Path):
    *_, second = of_strangers(project)
    key = rows(project, Customer, "id", "key")[0][1]
    by_hand = next(
        row[0] for row in rows(project, Task, "id", "step", "customer_id") if row[0] != second
    )

    for task, words, why in (
        (second, ("nobody",), "no customer"),
        (second, (key, "--contact", "nobody"), "has no contact"),
        (by_hand, (key,), "about no mail"),
        (99999, (key,), "no task 99999"),
    ):
        assert why in refused(project, "assign", task, "--customer", *words, "--as-of", AT)
    assert "no task 99999" in refused(project, "show", 99999)


def test_the_answer_counts_for_the_message_they_got(project: Path):
    """With whoever wrote it named; a report of a day before does not know of it."""
    *_, second = of_strangers(project)
    engine = open_shop(project).engine
    with engine.connect() as connection:
        got = (
            select(Customer.key, Contact.key, Send.id)
            .join(Send, Send.customer_id == Customer.id)
            .join(Contact, Contact.id == Send.contact_id)
            .where(
                Send.outcome.in_(["accepted", "delivered"]),
                Send.handed_over_at.between(CAME - timedelta(days=30), CAME),
            )
            .order_by(Send.id.desc())
            .limit(1)
        )
        key, contact, number = connection.execute(got).one()
    engine.dispose()
    said(project, "task", "assign", second, "--customer", key, "--contact", contact, "--as-of", AT)
    mine = [row for row in rows(project, Response, "send_id", "kind", "at", "seen_at")
            if row[1] == "reply" and row[2] == CAME and row[0] is not None]  # fmt: skip
    assert number in {row[0] for row in mine}
    assert all(row[3] >= row[2] for row in mine)
    again = refused(project, "assign", second, "--customer", key, "--as-of", AT)
    assert f"belongs to {key}" in again
