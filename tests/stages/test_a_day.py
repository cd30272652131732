"""A day from the company's files to the effect, by the functions the flows call."""

import pytest

from flows.errors import ConfigError
from flows.stages.delivering import StaleSourceError, as_delivered, deliver
from flows.stages.measuring import day, measure
from flows.stages.measuring import preview as preview_facts
from flows.stages.planning import plan, preview
from flows.stages.pulling import counted, pull
from flows.stages.responding import respond
from flows.store.models import Base
from tests.stages.tiny import NOW, TABLES, Tiny, after

QUICK = """\
journey: quick
title: Quick
status: live
purpose: advertising
enter: {on: schedule, every: day, again: after 2 days}
steps:
  - wait: 1 day
  - send: newsletter
"""


@pytest.mark.briefly("sqlite", "postgresql")
def test_a_day_leads_from_files_to_messages_and_back(tiny: Tiny):
    with tiny.open() as shop:
        pulled = pull(shop, NOW)
        assert [row["rejected"] for row in counted(pulled).values() if row["rejected"]] == []
        counts = plan(shop, NOW)
        assert counts.pop("base")["a_from"] == 80_000
        assert counts == {
            "entered": 3,
            "finished": 3,
            "candidates": 3,
            "tasks": 1,
            "queued": 2,
            "skipped": 1,
        }
        assert deliver(shop, NOW).handed_over == 2
    sends = tiny.rows("send", "id", "message", "outcome", "reason", "locale")
    assert {row[1:] for row in sends} == {
        ("reassurance", "accepted", None, "de"),
        ("reassurance_personal", "accepted", None, "en"),
        ("reassurance", "skipped", "no_contact", None),
    }
    number = {row[1]: row[0] for row in sends if row[2] == "accepted"}
    at = after(0.1).isoformat()
    tiny.answer(
        {"key": "e1", "send": number["reassurance"], "kind": "delivered", "at": at},
        {"key": "e2", "send": number["reassurance_personal"], "kind": "bounce", "at": at},
    )
    tiny.table("orders", TABLES["orders"] + "A4,K1,2026-06-20 10:00,P1,\n")
    tiny.table("order_lines", TABLES["order_lines"] + "A4,S1,1,300.00\n")
    with tiny.open() as shop:
        pull(shop, after(6))
        report = respond(shop, after(6))
        assert sum(report.new.values()) == 2
        assert report.orders == 1
        assert sum(respond(shop, after(6)).new.values()) == 0
        plan(shop, after(6))
        facts = measure(shop, after(6))
        assert set(facts.effects["journey"]) == {"reassurance"}
        assert day(shop, NOW).sends["number"].sum() == 3
    goals = tiny.rows("enrollment", "entry_key", "status", "reason", "goal_at")
    assert [row[:3] for row in goals] == [
        ("A1", "finished", "completed"),
        ("A2", "finished", "completed"),
        ("A3", "finished", "completed"),
    ]
    assert [row[3] is not None for row in goals] == [True, False, False]
    kinds = [row[0] for row in tiny.rows("run", "kind")]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "pull": 2,
        "plan": 3,
        "deliver": 1,
        "respond": 2,
        "measure": 1,
    }
    assert {row[0] for row in tiny.rows("run", "failed")} == {None}


@pytest.mark.briefly("postgresql")
def test_the_same_day_again_sends_nothing_and_changes_no_send(tiny: Tiny):
    (tiny.folder / "config" / "journeys" / "quick.yaml").write_text(QUICK, encoding="utf-8")
    for now in (NOW, after(1), after(2), after(2.1)):
        tiny.live_a_day(now)
        before, mails = tiny.contents(), {file: file.read_bytes() for file in tiny.mails()}
        tiny.live_a_day(now)
        again = tiny.contents()
        assert {file: file.read_bytes() for file in tiny.mails()} == mails
        # What waits is decided again, with the same result, and that is noted.
        for table in set(before) - {"run", "source_state", "ledger", "part", "send"}:
            assert again[table] == before[table], table
        sends = Base.metadata.tables["send"].c.keys()
        run_id = sends.index("run_id")
        assert [row[:run_id] + row[run_id + 1 :] for row in again["send"]] == [
            row[:run_id] + row[run_id + 1 :] for row in before["send"]
        ]
    assert len(tiny.mails()) == 3


@pytest.mark.briefly("sqlite")
def test_a_preview_writes_nothing_at_all(tiny: Tiny):
    with tiny.open() as shop:
        pull(shop, NOW)
    before = tiny.contents()
    with tiny.open() as shop:
        plans = preview(shop, NOW)
        facts = preview_facts(shop, NOW, plans)
    assert tiny.contents() == before
    assert facts.dry_run
    assert facts.sends["number"].sum() == 3
    assert list(facts.entered["number"]) == [3]
    assert list(facts.tasks["journey"]) == ["reassurance"]
    assert not tiny.mails()


@pytest.mark.briefly("sqlite")
def test_what_a_preview_shows_is_what_a_run_does(tiny: Tiny):
    with tiny.open() as shop:
        pull(shop, NOW)
        shown = preview_facts(shop, NOW, preview(shop, NOW))
        plan(shop, NOW)
        done = day(shop, NOW)
    for name, columns in [
        ("entered", ["journey", "arm", "number"]),
        ("sends", ["journey", "message", "outcome", "reason", "number"]),
        ("tasks", ["journey", "kind", "number"]),
    ]:
        tables = [
            sorted(getattr(facts, name)[columns].astype(str).itertuples(index=False, name=None))
            for facts in (shown, done)
        ]
        assert tables[0] == tables[1], name


@pytest.mark.briefly("sqlite")
def test_old_data_stops_sending_with_a_clear_message(tiny: Tiny):
    late = after(9)
    with tiny.open() as shop:
        pull(shop, NOW)
        plan(shop, NOW)
        with pytest.raises(StaleSourceError) as told_off:
            deliver(shop, late)
    assert str(told_off.value) == (
        "nichts wird verschickt: die neueste Bestellung ist vom 2026-06-13, und "
        "config/sources.yaml sagt max_age: 10 days. Neuere Daten bringen, oder max_age erhöhen"
    )
    assert not tiny.mails()
    assert sorted(row[0] for row in tiny.rows("send", "outcome")) == ["queued", "queued", "skipped"]


@pytest.mark.briefly("sqlite")
def test_a_broken_journey_is_left_out_and_the_rest_runs(tiny: Tiny):
    tiny.edit("journeys/newsletter.yaml", "status: draft", "status: live")
    tiny.edit("journeys/newsletter.yaml", "- send: newsletter", "- send: newsleter")
    with tiny.open() as shop:
        pull(shop, NOW)
        assert plan(shop, NOW)["queued"] == 2
        notes = day(shop, NOW).notes
    assert len(notes) == 1
    assert notes[0].startswith("config/journeys/newsletter.yaml:")
    assert 'Did you mean "newsletter"?' in notes[0]


def test_enrollments_of_a_paused_journey_stand_still(tiny: Tiny):
    with tiny.open() as shop:
        pull(shop, after(-1))
        plan(shop, after(-1))
    before = tiny.rows("enrollment", "entry_key", "status", "node", "due_at")
    assert {row[1] for row in before} == {"active"}
    tiny.edit("journeys/reassurance.yaml", "status: live", "status: paused")
    tiny.live_a_day(NOW)
    assert tiny.rows("enrollment", "entry_key", "status", "node", "due_at") == before
    assert not tiny.rows("send", "id")
    tiny.edit("journeys/reassurance.yaml", "status: paused", "status: live")
    tiny.live_a_day(after(1))
    assert len(tiny.mails()) == 2


@pytest.mark.briefly("sqlite")
def test_what_was_queued_does_not_leave_once_its_journey_is_paused(tiny: Tiny):
    with tiny.open() as shop:
        pull(shop, NOW)
        plan(shop, NOW)
    tiny.edit("journeys/reassurance.yaml", "status: live", "status: paused")
    with tiny.open() as shop:
        assert deliver(shop, NOW).handed_over == 0
    assert not tiny.mails()
    held = [row for row in tiny.rows("send", "outcome", "reason") if row[0] == "cancelled"]
    assert held == [("cancelled", "journey_not_live")] * 2


def test_whoever_is_under_way_keeps_the_version_they_entered(tiny: Tiny):
    with tiny.open() as shop:
        pull(shop, after(-1))
        plan(shop, after(-1))
    versions = set(tiny.rows("enrollment", "version"))
    tiny.edit("journeys/reassurance.yaml", "- wait: 2 days", "- wait: 9 days")
    tiny.live_a_day(NOW)
    assert set(tiny.rows("enrollment", "version")) == versions
    assert len(tiny.mails()) == 2
    assert len(tiny.rows("journey_version", "version")) == 2


@pytest.mark.briefly("sqlite")
def test_a_version_first_seen_in_shadow_sends_once_its_journey_is_live(tiny: Tiny):
    tiny.edit("journeys/reassurance.yaml", "status: live", "status: shadow")
    tiny.edit("journeys/reassurance.yaml", "- wait: 2 days", "- wait: 40 hours")
    with tiny.open() as shop:
        pull(shop, after(-1))
        plan(shop, after(-1))
    tiny.edit("journeys/reassurance.yaml", "status: shadow", "status: live")
    tiny.edit("journeys/reassurance.yaml", "- wait: 40 hours", "- wait: 9 days")
    tiny.live_a_day(NOW)
    assert len(tiny.mails()) == 2


@pytest.mark.briefly("sqlite")
def test_a_send_is_shown_exactly_as_it_was_delivered(tiny: Tiny):
    tiny.live_a_day()
    assert len(tiny.mails()) == 2
    templates = tiny.folder / "templates"
    for body in templates.glob("*/*/body.html"):
        body.write_text("changed since", encoding="utf-8")
    with tiny.open() as shop:
        for mail in tiny.mails():
            record, shown = as_delivered(shop, int(mail.stem))
            assert record is not None
            assert shown is not None
            assert shown.as_bytes() == mail.read_bytes()
        skipped = next(row[0] for row in tiny.rows("send", "id", "outcome") if row[1] == "skipped")
        record, shown = as_delivered(shop, skipped)
        assert record is not None
        assert shown is None
        assert as_delivered(shop, 10**6) == (None, None)


@pytest.mark.briefly("sqlite")
def test_a_run_that_fails_is_noted_with_its_reason(tiny: Tiny):
    tiny.table("order_lines", "order,product,quantity,unit_price\nA1,S1,viele,800.00\n")
    with tiny.open() as shop, pytest.raises(Exception, match="order_lines"):
        pull(shop, NOW)
    (failed,) = (row[1] for row in tiny.rows("run", "kind", "failed") if row[0] == "pull")
    assert "order_lines" in failed


def test_the_past_is_not_planned_again(tiny: Tiny):
    tiny.live_a_day()
    before = tiny.rows("send", "id", "decided_at")
    with tiny.open() as shop, pytest.raises(ConfigError, match="2026-06-15"):
        plan(shop, after(-1))
    assert tiny.rows("send", "id", "decided_at") == before
