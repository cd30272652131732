"""What stands between a decision and its message: approval, second thoughts, hours, locks."""

import pytest
from sqlalchemy import update

from flows.stages.delivering import deliver
from flows.stages.measuring import day
from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.store import review
from flows.store.models import JourneyVersion
from tests.stages.test_a_day import QUICK
from tests.stages.tiny import NOW, TABLES, Tiny, after

HOUR = 1 / 24
WHO = review.Decided("brandt", NOW)


def planned(tiny: Tiny, now: float = 0) -> None:
    with tiny.open() as shop:
        pull(shop, after(now))
        plan(shop, after(now))


def delivered(tiny: Tiny, now: float = 0) -> int:
    with tiny.open() as shop:
        return deliver(shop, after(now)).handed_over


def reasons(tiny: Tiny) -> dict[str, list[str]]:
    """Reasons of what was cancelled, by message."""
    found: dict[str, list[str]] = {}
    for message, outcome, reason in tiny.rows("send", "message", "outcome", "reason"):
        if outcome == "cancelled":
            found.setdefault(message, []).append(reason)
    return found


def buys_again(tiny: Tiny) -> None:
    """Customer K1 orders an hour after the plan."""
    tiny.table("orders", TABLES["orders"] + "A4,K1,2026-06-15 08:00,P1,\n")
    tiny.table("order_lines", TABLES["order_lines"] + "A4,S1,1,300.00\n")


def test_messages_of_a_journey_in_review_go_once_they_are_approved(tiny: Tiny):
    tiny.edit("journeys/reassurance.yaml", "status: live", "status: review")
    planned(tiny)
    assert delivered(tiny) == 0
    with tiny.open() as shop, shop.engine.begin() as connection:
        assert review.waiting(connection)["messages"].tolist() == [2]
        assert review.approve(connection, WHO, journey="reassurance") == 2
    assert delivered(tiny) == 2


def test_what_was_rejected_never_goes(tiny: Tiny):
    tiny.edit("journeys/reassurance.yaml", "status: live", "status: review")
    planned(tiny)
    with tiny.open() as shop, shop.engine.begin() as connection:
        review.reject(connection, WHO, journey="reassurance")
    tiny.live_a_day(after(1))
    assert not tiny.mails()


@pytest.mark.briefly("sqlite")
def test_a_journey_gone_live_waits_for_no_approval(tiny: Tiny):
    tiny.edit("journeys/reassurance.yaml", "status: live", "status: review")
    planned(tiny)
    tiny.edit("journeys/reassurance.yaml", "status: review", "status: live")
    assert delivered(tiny) == 2


def test_whoever_reached_the_goal_since_the_plan_gets_no_message(tiny: Tiny):
    planned(tiny)
    buys_again(tiny)
    with tiny.open() as shop:
        pull(shop, after(3 * HOUR))
    assert delivered(tiny, 3 * HOUR) == 1
    assert reasons(tiny) == {"reassurance": ["goal_reached"]}
    goals = tiny.rows("enrollment", "entry_key", "status", "goal_at")
    assert [(key, status, at is not None) for key, status, at in goals] == [
        ("A1", "finished", True),
        ("A2", "finished", False),
        ("A3", "finished", False),
    ]


@pytest.mark.briefly("sqlite")
def test_nothing_is_asked_twice_while_no_news_came_in(tiny: Tiny):
    planned(tiny)
    before = tiny.contents()["enrollment"]
    assert delivered(tiny, 3 * HOUR) == 2
    assert tiny.contents()["enrollment"] == before


def test_a_message_that_missed_its_hours_waits_for_the_next(tiny: Tiny):
    (tiny.folder / "config" / "journeys" / "quick.yaml").write_text(QUICK, encoding="utf-8")
    tiny.edit("journeys/reassurance.yaml", "status: live", "status: draft")
    planned(tiny)
    planned(tiny, 1)
    assert delivered(tiny, 1 + 15 * HOUR) == 0
    moments = [row[1] for row in tiny.rows("send", "outcome", "not_before") if row[0] == "queued"]
    assert moments == [after(2 + HOUR)]
    assert delivered(tiny, 2 + HOUR) == 1


def test_a_lock_the_company_tells_of_holds_advertising_back_and_ends_with_it(tiny: Tiny):
    (tiny.folder / "config" / "journeys" / "quick.yaml").write_text(QUICK, encoding="utf-8")
    tiny.edit("journeys/reassurance.yaml", "status: live", "status: draft")
    header, *rows = TABLES["customers"].splitlines()
    more = ["2026-07-30 12:00,NW", ",", ","]
    lines = [f"{header},sales_lock_until,state", *map(",".join, zip(rows, more, strict=True))]
    tiny.table("customers", "\n".join(lines) + "\n")
    planned(tiny)
    planned(tiny, 1)
    assert [row[0] for row in tiny.rows("customer", "state")] == ["NW", None, None]
    assert ("deferred", "sales_lock") in tiny.rows("send", "outcome", "reason")
    tiny.table("customers", TABLES["customers"])
    planned(tiny, 2)
    assert ("queued", None) in tiny.rows("send", "outcome", "reason")
    assert tiny.rows("sales_lock", "source", "until") == [("intake", after(2))]


@pytest.mark.briefly("sqlite")
def test_a_version_that_cannot_be_read_any_more_is_told(tiny: Tiny):
    planned(tiny, -1)
    with tiny.open() as shop, shop.engine.begin() as connection:
        spec = dict(connection.execute(JourneyVersion.__table__.select()).mappings().one()["spec"])
        spec["exit_when"] = "gone > 1"
        connection.execute(update(JourneyVersion).values(spec=spec))
    tiny.edit("journeys/reassurance.yaml", "- wait: 2 days", "- wait: 9 days")
    with tiny.open() as shop:
        notes = plan(shop, NOW)["notes"]
        assert day(shop, NOW).notes == tuple(notes)
    assert len(notes) == 1
    assert notes[0].startswith("reassurance: its earlier version ")
    assert notes[0].endswith("so 3 enrollments stay where they are")
