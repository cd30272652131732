"""Complaints, tasks and colleagues over several days, by the functions the flows call."""

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from flows.errors import DeliveryError
from flows.stages.digesting import digest, digests, faults
from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.stages.responding import respond
from flows.stages.shop import Shop
from flows.store import tasks
from flows.store.models import Task
from flows.store.session import writing
from flows.store.tasks import TaskResult
from segments.names import Mood
from tests.stages.tiny import NOW, TABLES, Tiny, after
from tests.store.rows import put

PROMOTION = """\
journey: promotion
title: Promotion
status: live
purpose: advertising
enter: {on: schedule, every: day, again: after 2 days}
valid_for: 1 day
steps:
  - send: newsletter
"""
CALL_FIRST = """\
journey: call_first
title: Call first
status: live
purpose: service
enter: {on: order, again: per_order}
steps:
  - task: {call: owner, about: All well?, due: 1 day, escalate_after: 1 day}
  - wait_until: {event: task_done, timeout: 4 days}
  - choose:
      - when: timed_out
        steps: [{send: reassurance}]
      - else: [{send: reassurance_personal}]
"""
COMPLAINTS = "complaint,customer,opened_at,closed_at,order,about\n"


def promoted(tiny: Tiny) -> None:
    """Alpha has two people who agreed to advertising, and complaints are a table."""
    tiny.table("contacts", TABLES["contacts"] + "P3,K1,eve@alpha.example,ms,Eve,Ernst,user,de\n")
    tiny.table("permissions", TABLES["permissions"] + "P3,consent,advertising,2026-01-01,form\n")
    file = tiny.folder / "config" / "sources.yaml"
    text = file.read_text("utf-8") + "  complaints:\n    csv: data/complaints.csv\n"
    file.write_text(text, encoding="utf-8")
    tiny.table("complaints", COMPLAINTS)
    journeys = tiny.folder / "config" / "journeys"
    (journeys / "promotion.yaml").write_text(PROMOTION, encoding="utf-8")
    to_both = PROMOTION.replace("promotion", "promotion_too").replace(
        "send: newsletter", "send: newsletter\n    to: user"
    )
    (journeys / "promotion_too.yaml").write_text(to_both, encoding="utf-8")
    file = tiny.folder / "config" / "policy.yaml"
    text = re.sub(r"(?ms)^attention:.*?^$", "", file.read_text("utf-8"), count=1)
    file.write_text(text, encoding="utf-8")
    tiny.edit("journeys/complaint_recovery.yaml", "status: draft", "status: live")
    tiny.edit("sources.yaml", "max_age: 10 days", "max_age: 60 days")
    tiny.edit("journeys/reassurance.yaml", "status: live ", "status: paused ")


@pytest.mark.briefly("sqlite")
def test_a_complaint_is_answered_and_silences_promotion_until_the_hold_is_over(tiny: Tiny):
    promoted(tiny)
    for number in range(2):
        tiny.live_a_day(after(number + 0.2))
    tiny.table("complaints", COMPLAINTS + "R1,K1,2026-06-17 06:00,,A1,broken\n")
    for number in range(2, 20):
        if number == 4:
            closed = COMPLAINTS + "R1,K1,2026-06-17 06:00,2026-06-19 06:00,A1,broken\n"
            tiny.table("complaints", closed)
        tiny.live_a_day(after(number + 0.2))
    went = [
        (f"{day:%m-%d}", message, journey)
        for day, message, journey, outcome in tiny.rows(
            "send", "decided_at", "message", "journey", "outcome"
        )
        if outcome == "accepted"
    ]
    recovery = [each[:2] for each in went if each[2] == "complaint_recovery"]
    assert recovery == [("06-17", "complaint_received"), ("06-23", "complaint_closed")]
    held = {
        reason
        for reason, journey in tiny.rows("send", "reason", "journey")
        if journey.startswith("promotion")
    }
    assert {"complaint_open", "complaint_hold"} <= held
    sold = sorted({day for day, _, journey in went if journey.startswith("promotion")})
    # Settled on the 19th, and fourteen days of rest: the first one goes on the 3rd of July.
    assert [day for day in sold if "06-17" <= day < "07-03"] == []
    assert [day for day in sold if day < "06-17"]
    assert [day for day in sold if day >= "07-03"]
    assert tiny.rows("task", "kind", "owner", "status", "escalated_at")[0][:3] == (
        "call",
        "lindner",
        "open",
    )


@pytest.mark.briefly("sqlite")
def test_a_journey_goes_on_with_a_task_that_is_done_or_without_it_in_time(tiny: Tiny):
    file = tiny.folder / "config" / "journeys" / "call_first.yaml"
    file.write_text(CALL_FIRST, encoding="utf-8")
    tiny.edit("journeys/reassurance.yaml", "status: live ", "status: paused ")
    with tiny.open() as shop:
        plan(shop, after(-2))
    tiny.live_a_day(NOW)
    found = dict(tiny.rows("task", "customer_id", "id"))
    customers = dict(tiny.rows("customer", "key", "id"))
    with tiny.open() as shop, writing(shop.engine) as connection:
        said = TaskResult(found[customers["K1"]], after(0.5), mood=Mood.CONTENT, note="fine")
        assert tasks.finish(connection, [said], after(0.5)) == 1
    for number in range(1, 6):
        tiny.live_a_day(after(number))
    sends = tiny.rows("send", "customer_id", "message", "outcome", "decided_at")
    went = {row[0]: (row[1], f"{row[3]:%m-%d}") for row in sends if row[2] == "accepted"}
    # The call takes attention as well, so what follows it keeps two days away from it. Whom nobody
    # called has the other message four days after the order.
    assert went == {
        customers["K1"]: ("reassurance_personal", "06-17"),
        customers["K2"]: ("reassurance", "06-17"),
    }
    assert tiny.rows("interaction", "key", "channel", "mood", "note") == [
        (f"task:{found[customers['K1']]}", "call", "content", "fine")
    ]


@pytest.mark.briefly("postgresql")
def test_what_is_left_too_long_goes_to_the_lead_once(tiny: Tiny):
    tiny.edit("owners.yaml", "  brandt:\n", "  brandt:\n    lead: yilmaz\n")
    tiny.edit("sources.yaml", "max_age: 10 days", "max_age: 60 days")
    file = tiny.folder / "config" / "journeys" / "call_first.yaml"
    file.write_text(CALL_FIRST, encoding="utf-8")
    with tiny.open() as shop:
        plan(shop, after(-2))
    tiny.live_a_day(NOW)
    ours = [row for row in tiny.rows("task", "about", "owner", "id") if row[0] == "All well?"]
    assert [owner for _, owner, _ in ours].count("brandt") == 1
    (number,) = (number for _, owner, number in ours if owner == "brandt")
    tiny.live_a_day(after(4))
    owners = dict(tiny.rows("task", "id", "owner"))
    assert owners[number] == "yilmaz"
    with tiny.open() as shop, writing(shop.engine) as connection:
        assert tasks.take(connection, number, "brandt", after(4))
    tiny.live_a_day(after(9))
    assert dict(tiny.rows("task", "id", "owner"))[number] == "brandt"


def letters(tiny: Tiny) -> dict[str, str]:
    """Digests that went, by address."""
    found = {}
    for file in sorted((tiny.folder / "var" / "mails").glob("*/test-*.eml")):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert mail["X-Stammkunde-Notice"] == "digest"
        body = mail.get_body(("plain",))
        found[mail["to"].addresses[0].addr_spec] = f"{mail['subject']}\n{body.get_content()}"
    return found


def asked(shop: Shop) -> None:
    """Tasks of each kind of urgency for two colleagues, and one of sending itself."""
    (customer,) = (
        number
        for number, key in Tiny(shop.project.folder).rows("customer", "id", "key")
        if key == "K1"
    )
    common = {"customer_id": customer, "kind": "call", "status": "open", "step": "s"}
    put(
        shop.engine,
        Task,
        {**common, "owner": "brandt", "about": "Late", "due_at": after(-3)},
        {**common, "owner": "brandt", "about": "Today", "due_at": after(0.2)},
        {**common, "owner": "brandt", "about": "Soon", "due_at": after(3)},
        {**common, "owner": "brandt", "about": "Far", "due_at": after(30)},
        {**common, "owner": "yilmaz", "about": "Later", "due_at": after(4)},
        {**common, "owner": "gone", "about": "Orphan", "due_at": after(-1)},
    )


def test_a_digest_goes_once_a_day_to_whoever_it_says_something(tiny: Tiny):
    with tiny.open() as shop:
        pull(shop, NOW)
        asked(shop)
        report = digest(shop, NOW)
        assert (report.sent, report.quiet) == (["lindner", "brandt"], ["yilmaz"])
        again = digest(shop, after(0.1))
        assert (again.sent, again.before) == ([], ["lindner", "brandt"])
        assert digest(shop, after(1), "brandt").sent == ["brandt"]
    mails = letters(tiny)
    assert set(mails) == {"katrin.lindner@nordholz.example", "jonas.brandt@nordholz.example"}
    text = mails["jonas.brandt@nordholz.example"]
    assert "Late · fällig" in text
    assert "Far" not in text
    assert "Orphan · fällig" in mails["katrin.lindner@nordholz.example"]
    assert tiny.rows("send", "id") == []
    assert {row[:3] for row in tiny.rows("notice", "kind", "owner", "outcome")} == {
        ("digest", "lindner", "accepted"),
        ("digest", "brandt", "accepted"),
    }


def test_a_digest_tells_complaints_answers_scores_and_what_stands_still(tiny: Tiny):
    promoted(tiny)
    tiny.edit("journeys/reassurance.yaml", "status: paused ", "status: live ")
    rows = "R1,K1,2026-06-01 08:00,,A1,old one\nR2,K1,2026-06-14 20:00,,,new one\n"
    tiny.table("complaints", COMPLAINTS + rows)
    tiny.live_a_day(NOW)
    sends = tiny.rows("send", "id", "outcome")
    gone = next(number for number, word in sends if word == "accepted")
    at = after(0.1).isoformat()
    tiny.answer(
        {"key": "e1", "send": gone, "kind": "reply", "at": at, "detail": {"text": "Call me"}},
        {"key": "e2", "send": gone, "kind": "nps", "score": 3, "at": at},
    )
    with tiny.open() as shop:
        respond(shop, after(0.2))
        found = {each.owner: each for each in digests(shop, after(0.3))}
    told = [*found["brandt"].replies, *found["lindner"].replies]
    assert [line.text for line in told] == ["Call me"]
    scores = [*found["brandt"].scores, *found["lindner"].scores]
    assert [line.title[:2] for line in scores] == ["3:"]
    assert [line.text for line in found["brandt"].complaints] == ["new one"]
    assert [line.text for line in found["brandt"].standing] == ["old one"]


def test_a_digest_that_could_not_leave_is_tried_again(tiny: Tiny):
    with tiny.open() as shop:
        pull(shop, NOW)
        asked(shop)
        mails = tiny.folder / "var" / "mails"
        mails.parent.mkdir(exist_ok=True)
        if mails.exists():
            mails.rename(mails.with_name("before"))
        Path(mails).write_text("a file where the folder should be")
        with pytest.raises(DeliveryError, match="not every digest went through folder"):
            digest(shop, NOW)
        assert tiny.rows("notice", "id") == []
        mails.unlink()
        assert digest(shop, NOW).sent == ["lindner", "brandt"]


@pytest.mark.briefly("sqlite")
def test_a_digest_that_cannot_be_written_is_told_by_check(tiny: Tiny):
    with tiny.open() as shop:
        assert faults(shop.project) == []
    file = tiny.folder / "templates" / "_digest" / "de" / "body.txt"
    file.write_text(file.read_text("utf-8").replace("digest.today %}", "digest.tody %}"), "utf-8")
    with tiny.open() as shop:
        (fault,) = faults(shop.project)
    assert fault.place == "templates/_digest/de/body.txt"
    assert 'Did you mean "today"?' in fault.what
