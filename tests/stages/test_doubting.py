"""Doubts: what is asked, what follows from the answers, and when a message goes again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import insert

from flows.delivery.folder import FolderOutlet
from flows.delivery.outlet import Asked, Evidence, Outlet
from flows.errors import DeliveryError
from flows.stages.doubting import DoubtReport, policies, resolve
from flows.stages.shop import Shop
from flows.store.models import Doubt, JourneyVersion, Send
from segments.names import Doubt as Policy
from segments.names import Outcome
from tests.delivery.outlets import mail
from tests.stages.house import Sends
from tests.stages.tiny import NOW, Tiny
from tests.store.rows import put, rows_of

MINUTE = timedelta(minutes=1)
LEASE = 10 * MINUTE


class Knowing:
    """A way out that knows what the test says, and notes what it was asked."""

    def __init__(self, known: Mapping[int, Outcome] | Exception | None = None) -> None:
        self.known = known if known is not None else {}
        self.asked: list[Asked] = []

    def look_up(self, asked: Sequence[Asked], now: datetime) -> Iterator[Evidence]:
        self.asked += asked
        for each in asked:
            if isinstance(self.known, Exception):
                raise self.known
            outcome = self.known.get(each.send_id, Outcome.IN_DOUBT)
            number = "M1" if outcome == Outcome.ACCEPTED else None
            yield Evidence(each.send_id, outcome, f"looked: {outcome}", number)


def ways(**outlets: Any) -> dict[str, Outlet]:
    return cast(dict[str, Outlet], outlets)


@pytest.fixture
def doubt(house: Shop, sends: Sends) -> Any:
    """Puts a message in doubt, taken two minutes ago for ten; its number."""

    def make(since: datetime = NOW - 2 * MINUTE, **changes: Any) -> int:
        taken = {
            "handed_over_at": since,
            "claimed_at": since,
            "lease_until": since + LEASE,
            "request_id": "R1",
        }
        (number,) = sends.went(1, "in_doubt", **(taken | changes))
        put(house.engine, Doubt, {"send_id": number, "since": since, "why": "no answer"})
        return number

    return make


def standing(shop: Shop) -> list[Any]:
    return rows_of(shop.engine, Send, "id", "outcome")


def settled(shop: Shop) -> list[Any]:
    return rows_of(shop.engine, Doubt, "send_id", "settled_as", "known", "settled_at")


def always_again(shop: Shop) -> None:
    """From now on, newsletters rather go twice than not at all."""
    program = shop.project.journeys["newsletter"]
    row = {
        "journey": "newsletter",
        "version": "v1",
        "spec": program.journey.model_dump(mode="json", by_alias=True, exclude_unset=True)
        | {"doubt": "at_least_once"},
        "started_at": NOW,
    }
    with shop.engine.begin() as connection:
        connection.execute(insert(JourneyVersion).values(row))


def test_a_message_that_went_counts_as_accepted(house: Shop, doubt: Any):
    number = doubt(batch_id="B1", send_at=NOW + 30 * MINUTE)
    outlet = Knowing({number: Outcome.ACCEPTED})
    assert resolve(house, NOW, ways(folder=outlet)) == DoubtReport(asked=1, accepted=1)
    assert standing(house) == [(number, "accepted")]
    assert rows_of(house.engine, Send, "provider_id") == ["M1"]
    assert settled(house) == [(number, "accepted", "looked: accepted", NOW)]
    (asked,) = outlet.asked
    assert asked == Asked(
        number, "R1", "ada@example.com", NOW - 2 * MINUTE, "B1", NOW + 30 * MINUTE
    )


@pytest.mark.briefly("sqlite")
def test_nobody_is_asked_before_an_answer_may_have_come_by_itself(house: Shop, doubt: Any):
    doubt(since=NOW - MINUTE / 2)
    outlet = Knowing()
    assert resolve(house, NOW, ways(folder=outlet)) == DoubtReport(open=1)
    assert not outlet.asked


@pytest.mark.briefly("sqlite")
def test_what_events_told_is_not_asked(house: Shop, doubt: Any, sends: Sends):
    number = doubt()
    with house.engine.begin() as connection:
        connection.execute(Send.__table__.update().values(outcome="delivered"))
    outlet = Knowing({number: Outcome.QUEUED})
    assert resolve(house, NOW, ways(folder=outlet)) == DoubtReport(answered=1)
    assert standing(house) == [(number, "delivered")]
    assert not outlet.asked


@pytest.mark.briefly("sqlite")
def test_what_certainly_did_not_go_waits_until_its_lease_is_over_and_is_asked_once(
    house: Shop, doubt: Any
):
    number = doubt()
    outlet = Knowing({number: Outcome.QUEUED})
    assert resolve(house, NOW, ways(folder=outlet)) == DoubtReport(asked=1, open=1)
    assert settled(house) == [(number, "queued", "looked: queued", None)]
    assert resolve(house, NOW + 8 * MINUTE, ways(folder=outlet)) == DoubtReport(open=1)
    assert standing(house) == [(number, "in_doubt")]
    end = NOW + 9 * MINUTE
    assert resolve(house, end, ways(folder=outlet)) == DoubtReport(queued=1)
    assert standing(house) == [(number, "queued")]
    assert settled(house) == [(number, "queued", "looked: queued", end)]
    assert len(outlet.asked) == 1


def test_an_event_that_comes_before_the_lease_is_over_is_the_last_word(house: Shop, doubt: Any):
    number = doubt()
    resolve(house, NOW, ways(folder=Knowing({number: Outcome.QUEUED})))
    with house.engine.begin() as connection:
        connection.execute(Send.__table__.update().values(outcome="delivered"))
    assert resolve(house, NOW + 20 * MINUTE, {}) == DoubtReport(answered=1)
    assert standing(house) == [(number, "delivered")]


@pytest.mark.parametrize(
    ("minutes", "report", "outcome"),
    [
        (14, DoubtReport(asked=1, open=1), "in_doubt"),
        (15, DoubtReport(asked=1, left=1), "in_doubt"),
    ],
)
def test_word_is_awaited_for_a_while_and_then_nothing_is_sent_twice(
    house: Shop, doubt: Any, minutes: int, report: DoubtReport, outcome: str
):
    number = doubt(since=NOW - minutes * MINUTE)
    assert resolve(house, NOW, ways(folder=Knowing())) == report
    assert standing(house) == [(number, outcome)]
    ((_, settled_as, known, settled_at),) = settled(house)
    if report.open:
        assert (settled_as, known, settled_at) == (None, "looked: in_doubt", None)
    else:
        assert (settled_as, settled_at) == ("in_doubt", NOW)
        assert known == (
            "looked: in_doubt; bis 2026-06-15 07:00 wusste niemand etwas, und die Journey sagt: "
            "nicht noch einmal: lieber gar nicht als doppelt"
        )
        assert resolve(house, NOW + 60 * MINUTE, ways(folder=Knowing())) == DoubtReport()


@pytest.mark.briefly("sqlite")
def test_a_journey_that_rather_sends_twice_does_so_when_the_lease_is_over(house: Shop, doubt: Any):
    always_again(house)
    early = doubt(since=NOW - 20 * MINUTE)
    late = doubt(since=NOW - 20 * MINUTE, lease_until=NOW)
    assert resolve(house, NOW, ways(folder=Knowing())) == DoubtReport(asked=2, queued=1, open=1)
    assert standing(house) == [(early, "queued"), (late, "in_doubt")]
    after = resolve(house, NOW + MINUTE, ways(folder=Knowing()))
    assert after == DoubtReport(queued=1)
    assert standing(house) == [(early, "queued"), (late, "queued")]


def test_what_goes_again_goes_as_if_it_had_never_been_taken(house: Shop, doubt: Any):
    doubt(since=NOW - 20 * MINUTE)
    always_again(house)
    resolve(house, NOW, ways(folder=Knowing()))
    taken = "request_id", "claimed_at", "lease_until", "handed_over_at", "outlet"
    assert rows_of(house.engine, Send, *taken) == [(None, None, None, None, None)]


@pytest.mark.briefly("sqlite")
@pytest.mark.parametrize(
    "error", [DeliveryError("the door is shut"), RuntimeError("ada@example.com")], ids=str
)
def test_a_way_out_that_is_down_is_asked_again_and_decides_nothing(
    house: Shop, doubt: Any, error: Exception, sends: Sends
):
    first = doubt(since=NOW - 60 * MINUTE)
    other = doubt(since=NOW - 60 * MINUTE, outlet="spare")
    outlets = ways(folder=Knowing(error), spare=Knowing({other: Outcome.ACCEPTED}))
    assert resolve(house, NOW, outlets) == DoubtReport(asked=2, accepted=1, open=1)
    ((_, settled_as, known, settled_at), _) = settled(house)
    told = str(error) if isinstance(error, DeliveryError) else "RuntimeError"
    assert (settled_as, settled_at) == (None, None)
    assert known == f"folder konnte nicht gefragt werden: {told}"
    outlets = ways(folder=Knowing({first: Outcome.ACCEPTED}))
    assert resolve(house, NOW + MINUTE, outlets) == DoubtReport(asked=1, accepted=1)


@pytest.mark.briefly("sqlite")
def test_a_way_out_that_stays_down_is_not_waited_for_for_ever(house: Shop, doubt: Any):
    number = doubt(since=NOW - timedelta(days=1, minutes=15))
    down = Knowing(DeliveryError("the door is shut"))
    assert resolve(house, NOW, ways(folder=down)) == DoubtReport(asked=1, left=1)
    assert standing(house) == [(number, "in_doubt")]


@pytest.mark.briefly("sqlite")
def test_a_way_out_that_is_no_more_cannot_be_waited_for(house: Shop, doubt: Any):
    number = doubt(since=NOW - 15 * MINUTE, outlet="gone")
    assert resolve(house, NOW, ways(folder=Knowing())) == DoubtReport(left=1)
    ((_, _, known, _),) = settled(house)
    assert known.startswith("den Versandweg gone, den man fragen könnte, gibt es nicht mehr; bis")
    assert standing(house) == [(number, "in_doubt")]


@pytest.mark.briefly("sqlite")
def test_one_run_asks_so_many_the_oldest_first(house: Shop, doubt: Any):
    numbers = [doubt(since=NOW - 5 * MINUTE) for _ in range(5)]
    outlet = Knowing(dict.fromkeys(numbers, Outcome.ACCEPTED))
    seen: list[tuple[int, int]] = []
    report = resolve(
        house,
        NOW,
        ways(folder=outlet),
        most=3,
        progress=lambda _, done, of: seen.append((done, of)),
    )
    assert report == DoubtReport(asked=3, accepted=3, open=2)
    assert [each.send_id for each in outlet.asked] == numbers[:3]
    assert seen == [(3, 3)]


def test_a_message_in_doubt_anew_is_not_settled_by_what_was_known_of_the_time_before(
    house: Shop, doubt: Any
):
    number = doubt(since=NOW - 12 * MINUTE)

    class Slow(Knowing):
        def look_up(self, asked: Sequence[Asked], now: datetime) -> Iterator[Evidence]:
            # Another process settles the doubt meanwhile; the message goes again, into doubt.
            assert resolve(house, NOW, ways(folder=Knowing(self.known))) == DoubtReport(
                asked=1, queued=1
            )
            with house.engine.begin() as connection:
                connection.execute(Send.__table__.update().values(outcome="claimed"))
                connection.execute(
                    Send.__table__.update().values(outcome="in_doubt", lease_until=NOW + LEASE)
                )
                again = {"send_id": number, "since": NOW, "why": "again"}
                connection.execute(insert(Doubt).values(again))
            yield from super().look_up(asked, now)

    slow = Slow({number: Outcome.QUEUED})
    assert resolve(house, NOW, ways(folder=slow)) == DoubtReport(asked=1, open=1)
    assert standing(house) == [(number, "in_doubt")]


@pytest.mark.briefly("sqlite")
def test_a_folder_looks_whether_the_file_is_there(house: Shop, doubt: Any):
    written, missing = (doubt(since=NOW - 12 * MINUTE) for _ in range(2))
    file = house.project.folder / "var" / "mails" / "2026-06-15" / f"{written}.eml"
    file.parent.mkdir(parents=True)
    file.write_bytes(mail(written).as_bytes())
    with FolderOutlet(house.project.folder / "var" / "mails") as folder:
        assert resolve(house, NOW, ways(folder=folder)) == DoubtReport(
            asked=2, accepted=1, queued=1
        )
    assert standing(house) == [(written, "accepted"), (missing, "queued")]


@pytest.mark.briefly("sqlite")
def test_the_version_somebody_travels_says_what_to_do_else_the_journey_as_it_is(tiny: Tiny):
    tiny.edit(
        "journeys/newsletter.yaml",
        "purpose: advertising",
        "doubt: at_least_once\npurpose: advertising",
    )
    with tiny.open() as shop:
        current = shop.project.journeys["newsletter"].version
        row = {"journey": "newsletter", "version": "old", "spec": {}, "started_at": NOW}
        with shop.engine.begin() as connection:
            connection.execute(insert(JourneyVersion).values(row))
            asked = [
                ("newsletter", current),
                ("newsletter", "old"),
                ("newsletter", "lost"),
                ("no", "x"),
            ]
            assert policies(connection, shop, asked) == {
                ("newsletter", current): Policy.AT_LEAST_ONCE,
                ("newsletter", "old"): Policy.AT_MOST_ONCE,
                ("newsletter", "lost"): Policy.AT_LEAST_ONCE,
                ("no", "x"): Policy.AT_MOST_ONCE,
            }
