"""Circuit breakers: what opens them, what they stop, what is told, and what a person undoes."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.stages.breaking import Opened, look, told, warnings
from flows.stages.responding import respond
from flows.stages.shop import Shop
from flows.store import halts
from flows.store.models import Run, Task
from segments.names import HaltCause
from tests.stages.house import Sends
from tests.stages.tiny import NOW, Tiny, after
from tests.store.rows import rows_of

BOUNCED = (
    "10 von 30 Nachrichten, die seit 2026-06-08 gingen, kamen zurück (33,33\xa0%, Zufall abgezogen "
    "mindestens 21,08\xa0%); die Grenze ist 10\xa0%"
)


def stopped(opened: Iterable[Opened]) -> list[tuple[str | None, str | None, HaltCause]]:
    return [(each.journey, each.outlet, each.cause) for each in opened]


def standing(shop: Shop) -> tuple[set[str], set[str]]:
    with shop.engine.connect() as connection:
        still = halts.open_halts(connection, NOW)
    return set(still.journeys), set(still.outlets)


def test_a_journey_with_too_many_bounces_stands_still_and_somebody_is_asked_to_look(
    house: Shop, sends: Sends
):
    sends.went(20)
    sends.went(10, "bounced")
    assert look(house, NOW) == [Opened("newsletter", None, HaltCause.BOUNCES, BOUNCED)]
    assert standing(house) == ({"newsletter"}, set())
    ((about, owner, kind, status, due_at),) = rows_of(
        house.engine, Task, "about", "owner", "kind", "status", "due_at"
    )
    assert about == f"Der Versand hielt von selbst an: Journey newsletter. {BOUNCED}"
    assert (owner, kind, status) == (house.project.owners.default, "check", "open")
    # The midnight in Berlin that begins the Tuesday after that Monday.
    assert due_at == NOW + timedelta(hours=17)
    assert told(house, NOW) == [
        "Journey newsletter steht still seit 2026-06-15 07:00: zu viele Nachrichten kamen zurück "
        f"({BOUNCED}). Nachrichten, die warten: 0"
    ]


def test_what_stands_still_already_is_told_once_and_gives_one_task(house: Shop, sends: Sends):
    sends.went(20, "bounced")
    assert look(house, NOW)
    assert look(house, NOW + timedelta(minutes=1)) == []
    assert len(rows_of(house.engine, Task, "id")) == 1


@pytest.mark.briefly("sqlite")
@pytest.mark.parametrize(("went", "bounced"), [(0, 0), (0, 9), (8, 2), (90, 10), (86, 14)], ids=str)
def test_few_messages_and_shares_chance_explains_prove_nothing(
    house: Shop, sends: Sends, went: int, bounced: int
):
    sends.went(went)
    sends.went(bounced, "bounced")
    assert look(house, NOW) == []
    assert told(house, NOW) == []


def test_a_way_out_stands_still_where_what_several_journeys_sent_by_it_came_back(
    house: Shop, sends: Sends
):
    sends.went(9, "bounced")
    sends.went(9, "bounced", journey="second_order")
    assert stopped(look(house, NOW)) == [(None, "folder", HaltCause.BOUNCES)]


@pytest.mark.briefly("sqlite")
def test_a_journey_that_stands_still_does_not_stop_its_way_out(house: Shop, sends: Sends):
    sends.went(40, "bounced")
    sends.went(40, journey="second_order")
    assert stopped(look(house, NOW)) == [("newsletter", None, HaltCause.BOUNCES)]
    assert look(house, NOW) == []
    sends.went(30, "bounced", journey="revitalization")
    assert stopped(look(house, NOW)) == [("revitalization", None, HaltCause.BOUNCES)]


@pytest.mark.briefly("sqlite")
def test_complaints_stop_a_journey_once_chance_does_not_explain_them(house: Shop, sends: Sends):
    numbers = sends.went(40)
    sends.complain(*numbers[:5])
    assert look(house, NOW) == []
    (warning,) = (each for each in warnings(house, NOW) if each.startswith("Journey"))
    assert warning in told(house, NOW)
    assert warning == (
        "Journey newsletter: 5 von 40 Nachrichten, die seit 2026-06-08 gingen, wurden als Spam "
        "gemeldet (12,5\xa0%). Der Versand hält bei 9\xa0% von selbst an, wenn es kein Zufall ist"
    )
    sends.complain(*numbers[5:9])
    assert stopped(look(house, NOW)) == [("newsletter", None, HaltCause.COMPLAINTS)]
    assert warnings(house, NOW) == []


def test_complaints_far_from_the_limit_are_no_warning(house: Shop, sends: Sends):
    numbers = sends.went(40)
    sends.complain(numbers[0])
    assert warnings(house, NOW) == []
    sends.complain(numbers[1])
    assert len(warnings(house, NOW)) == 2


def test_after_a_resume_only_what_went_since_counts(house: Shop, sends: Sends):
    sends.went(20, "bounced")
    assert look(house, NOW)
    later = after(0.1)
    with house.engine.begin() as connection:
        assert halts.resume(connection, journey="newsletter", now=later) == 1
    assert look(house, later) == [], "neither the journey nor its way out"
    sends.went(9, "bounced", handed_over_at=after(0.2))
    assert look(house, after(0.3)) == []
    sends.went(3, "bounced", handed_over_at=after(0.2))
    (again,) = look(house, after(0.3))
    assert again.why.startswith("12 von 12 Nachrichten, die seit 2026-06-15 gingen")
    with house.engine.connect() as connection:
        assert len(connection.scalars(select(Task.id)).all()) == 2


@pytest.mark.briefly("sqlite")
def test_a_journey_stopped_by_hand_is_judged_again_when_it_goes_on(house: Shop, sends: Sends):
    sends.went(20, "bounced")
    with house.engine.begin() as connection:
        halts.halt(connection, journey="newsletter", cause=HaltCause.HAND, why="", now=NOW)
    assert look(house, NOW) == []
    with house.engine.begin() as connection:
        halts.resume(connection, journey="newsletter", now=NOW)
    assert stopped(look(house, NOW)) == [("newsletter", None, HaltCause.BOUNCES)]


@pytest.mark.briefly("sqlite")
def test_all_that_stands_still_is_told_with_what_is_due_behind_it(house: Shop, sends: Sends):
    sends.went(3, "queued", handed_over_at=None)
    sends.went(1, "queued", handed_over_at=None, not_before=after(1))
    sends.went(2, "queued", handed_over_at=None, journey="reassurance", purpose="service")
    with house.engine.begin() as connection:
        halts.halt(connection, journey="newsletter", cause=HaltCause.HAND, why="Preise", now=NOW)
        halts.halt(
            connection,
            outlet="spare",
            cause=HaltCause.PROVIDER,
            why="5 in a row",
            now=NOW,
            until=NOW + timedelta(minutes=15),
        )
        halts.halt(connection, cause=HaltCause.HAND, why="", now=NOW)
    assert told(house, NOW) == [
        "Alles steht still seit 2026-06-15 07:00: von Hand angehalten. Nachrichten, die warten: 5",
        "Journey newsletter steht still seit 2026-06-15 07:00: von Hand angehalten (Preise). "
        "Nachrichten, die warten: 3",
        "Versandweg spare ruht bis 2026-06-15 07:15: der Versandweg antwortet nicht, wie er soll "
        "(5 in a row). Nachrichten, die warten: 2",
    ]


def test_bounces_taken_in_stop_a_journey_at_once(house: Shop, sends: Sends):
    sent = sends.went(12, "accepted")
    Tiny(house.project.folder).answer(
        *(
            {"key": f"e{each}", "send": each, "kind": "bounce", "at": after(-0.5).isoformat()}
            for each in sent
        )
    )
    respond(house, NOW)
    assert standing(house) == ({"newsletter"}, set())
    _, (_, counts) = rows_of(house.engine, Run, "id", "counts")
    assert counts["stopped"][0].startswith("12 von 12 Nachrichten")
