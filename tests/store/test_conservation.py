"""Whatever happens to sends in whatever order: none is lost, and none that has left goes again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, select

from flows.store import doubts, outbox
from flows.store.machine import may_become, move
from flows.store.models import Doubt, Send
from flows.store.outbox import Result
from segments.names import Outcome
from tests.delivery.rows import NOW, column, furnish, send
from tests.store.claiming import LEASE, claim, line

SENDS = range(1, 6)
SOME = st.sets(st.sampled_from(SENDS), min_size=1)
CLAIMS = st.sampled_from(["c1", "c2", "c3"])
LEFT = {Outcome.ACCEPTED, Outcome.DELIVERED, Outcome.BOUNCED, Outcome.DROPPED}
TOLD = st.sampled_from([Outcome.ACCEPTED, Outcome.REJECTED, Outcome.IN_DOUBT])
EVENTS = st.sampled_from([Outcome.DELIVERED, Outcome.BOUNCED, Outcome.DROPPED])
ENDS = st.sampled_from([Outcome.ACCEPTED, Outcome.QUEUED, Outcome.IN_DOUBT])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), CLAIMS, st.integers(1, 5)),
        st.tuples(st.just("record"), CLAIMS, st.dictionaries(st.sampled_from(SENDS), TOLD)),
        st.tuples(st.just("put back"), CLAIMS, SOME),
        st.tuples(st.just("render failed"), st.none(), SOME),
        st.tuples(st.just("wait"), st.none(), st.sampled_from([LEASE / 3, LEASE * 2])),
        st.tuples(st.just("event"), EVENTS, SOME),
        st.tuples(st.just("settle"), st.none(), st.dictionaries(st.sampled_from(SENDS), ENDS)),
        st.tuples(st.just("close"), st.none(), st.none()),
    ),
    max_size=20,
)


@dataclass
class Story:
    """A few sends, and a process or two at work on them."""

    connection: Connection
    now: datetime = NOW
    left: set[int] = field(default_factory=set)

    def play(self, what: str, who: object, with_: object) -> None:
        """One thing that may happen at any time."""
        match what, who, with_:
            case "claim", str(claim_id), int(limit):
                sends = line(self.connection, limit).sends
                assert not sends.keys() & self.left
                claim(self.connection, sends, claim_id, self.now)
            case "record", str(claim_id), dict(told):
                results = [Result(number, outcome) for number, outcome in told.items()]
                outbox.record(self.connection, results, self.now, claim_id=claim_id)
            case "put back", str(claim_id), set(numbers):
                outbox.put_back(self.connection, numbers, claim_id)
            case "render failed", _, set(numbers):
                outbox.fail(self.connection, dict.fromkeys(numbers, "no name"))
            case "wait", _, timedelta():
                self.now += with_
                outbox.stale_claims(self.connection, self.now)
            case "event", Outcome(), set(numbers):
                self.connection.execute(move(who).where(Send.id.in_(numbers)))
            case "settle", _, dict(ends):
                doubts.settle(self.connection, ends, self.now, {})
            case "close", _, _:
                doubts.close_answered(self.connection, self.now)
            case _:
                raise AssertionError(what)

    def check(self, before: dict[int, str]) -> dict[int, str]:
        """Nobody is lost, and every move was one of the table's; where they stand now."""
        stand = column(self.connection, "outcome")
        assert stand.keys() == set(SENDS)
        for number, word in stand.items():
            assert may_become(Outcome(before[number]), Outcome(word))
        self.left |= {number for number, word in stand.items() if word in LEFT}
        open_, given_up = self.doubts()
        in_doubt = {number for number, word in stand.items() if word == Outcome.IN_DOUBT}
        assert in_doubt <= open_ | given_up
        assert not {number for number, word in stand.items() if word == "queued"} & open_
        for name in ("claim_id", "lease_until", "request_id", "handed_over_at"):
            values = column(self.connection, name)
            assert all(values[number] is None for number in stand if stand[number] == "queued")
        return stand

    def doubts(self) -> tuple[set[int], set[int]]:
        """Sends that are asked about, and sends that were given up."""
        rows = self.connection.execute(select(Doubt.send_id, Doubt.settled_as)).all()
        return (
            {row.send_id for row in rows if row.settled_as is None},
            {row.send_id for row in rows if row.settled_as == Outcome.IN_DOUBT},
        )


def test_no_send_is_lost_and_none_that_was_accepted_is_taken_again(engine: Engine) -> None:
    furnish(engine)
    examples = 60 if engine.dialect.name == "sqlite" else 25

    @settings(max_examples=examples, deadline=None)
    @given(STEPS)
    def law(steps: list[tuple[str, object, object]]) -> None:
        with engine.connect() as connection:
            for number in SENDS:
                connection.execute(insert(Send).values(send(number)))
            story = Story(connection)
            stand: dict[int, str] = column(connection, "outcome")
            for step in steps:
                story.play(*step)
                stand = story.check(stand)
            connection.rollback()

    law()
