"""Quotas of a day: what a new sender may send, shared by all who send."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from flows.outlet_settings import WarmUp
from flows.store import outbox, quotas
from flows.store.models import Quota

DAY = date(2026, 3, 2)
A, B = "a.example", "b.example"


def booked(connection: Connection, day: date = DAY, outlet: str = "mail") -> dict[str, int]:
    """What is booked on a day, by domain; that of the whole day under the empty one."""
    rows = select(Quota.domain, Quota.taken).where(Quota.day == day, Quota.outlet == outlet)
    return {row.domain: row.taken for row in connection.execute(rows)}


def test_the_first_in_line_go_until_the_day_is_full(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        sends = {7: A, 3: A, 5: B, 1: B}
        assert quotas.allotted(connection, sends, "mail", DAY, 3, None) == [7, 3, 5]
        assert quotas.allotted(connection, {1: B}, "mail", DAY, 3, None) == []
        assert booked(connection) == {"": 3, A: 2, B: 1}


def test_a_full_domain_does_not_keep_the_others_from_going(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        sends = {1: A, 2: A, 3: B, 4: A, 5: B, 6: B}
        assert quotas.allotted(connection, sends, "mail", DAY, 9, 2) == [1, 2, 3, 5]
        assert quotas.allotted(connection, {4: A, 7: "c.example"}, "mail", DAY, 9, 2) == [7]


def test_days_and_outlets_have_quotas_of_their_own(engine: Engine) -> None:
    tomorrow = DAY + timedelta(days=1)
    with outbox.side_by_side(engine) as connection:
        assert quotas.allotted(connection, {1: A}, "mail", DAY, 1, 1) == [1]
        assert quotas.allotted(connection, {2: A}, "other", DAY, 1, 1) == [2]
        assert quotas.allotted(connection, {3: A}, "mail", tomorrow, 1, 1) == [3]


def test_without_a_limit_all_go_and_nothing_is_booked(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        assert quotas.allotted(connection, {2: A, 1: B}, "mail", DAY, None, None) == [2, 1]
        assert booked(connection) == {}


def test_what_did_not_go_is_free_again(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        quotas.allotted(connection, {1: A, 2: A, 3: B}, "mail", DAY, 3, 2)
        quotas.give_back(connection, "mail", DAY, {A: 1})
        assert booked(connection) == {"": 2, A: 1, B: 1}
        assert quotas.allotted(connection, {4: A, 5: A}, "mail", DAY, 3, 2) == [4]
        quotas.give_back(connection, "mail", DAY, {A: 99})
        quotas.give_back(connection, "mail", DAY, {})
        assert booked(connection) == {"": 0, A: 0, B: 1}


def test_addresses_without_a_domain_are_not_taken_for_the_whole_day(engine: Engine) -> None:
    with outbox.side_by_side(engine) as connection:
        assert quotas.allotted(connection, {1: "", 2: "", 3: A}, "mail", DAY, 9, 1) == [1, 3]
        quotas.give_back(connection, "mail", DAY, {"": 1})
        assert booked(connection) == {"": 1, A: 1, "?": 0}


def test_many_senders_at_once_never_exceed_the_day(engine: Engine) -> None:
    def send(worker: int) -> list[str]:
        went = []
        for number in range(5):
            sends = {worker * 100 + number * 10 + n: (A if n % 2 else B) for n in range(4)}
            with outbox.side_by_side(engine) as connection:
                going = quotas.allotted(connection, sends, "mail", DAY, 25, 14)
                went += [sends[each] for each in going]
        return went

    with ThreadPoolExecutor(4) as senders:
        went = Counter(domain for worker in senders.map(send, range(4)) for domain in worker)
    assert went.total() == 25
    assert max(went.values()) <= 14
    with engine.connect() as connection:
        assert booked(connection) == {"": 25, **went}


LIMITS = st.integers(0, 9)
BLOCKS = st.lists(st.lists(st.sampled_from([A, B, ""]), max_size=8), max_size=5)


def test_quotas_are_kept_and_never_hold_back_more_than_they_must(engine: Engine) -> None:
    @settings(max_examples=40, deadline=None)
    @given(BLOCKS, LIMITS, st.none() | LIMITS)
    def law(blocks: list[list[str]], limit: int, per_domain: int | None) -> None:
        with engine.connect() as connection:
            went: Counter[str] = Counter()
            for block in blocks:
                sends = dict(enumerate(block))
                going = quotas.allotted(connection, sends, "mail", DAY, limit, per_domain)
                assert going == sorted(going)
                went.update(sends[each] for each in going)
                for each in sends.keys() - set(going):
                    domain_is_full = per_domain is not None and went[sends[each]] == per_domain
                    assert went.total() == limit or domain_is_full
            assert went.total() <= limit
            assert per_domain is None or max(went.values(), default=0) <= per_domain
            connection.rollback()

    law()


def plan(**changes: object) -> WarmUp:
    """Begins with 100 messages a day, 20 of them to one domain."""
    return WarmUp.model_validate(
        {"begin": DAY, "per_day": 100, "per_domain": 20, "growth": 1.15, "days": 30} | changes
    )


@pytest.mark.parametrize(
    ("after", "limits"),
    [
        (-1, (0, 0)),
        (0, (100, 20)),
        (1, (115, 23)),
        (2, (132, 26)),
        (29, (5_757, 1_151)),
        (30, (None, None)),
        (999, (None, None)),
    ],
)
def test_a_warm_up_grows_from_day_to_day_and_ends(
    after: int, limits: tuple[int | None, int | None]
) -> None:
    assert plan().limits(DAY + timedelta(days=after)) == limits


def test_a_warm_up_need_not_limit_domains() -> None:
    assert plan(per_domain=None).limits(DAY) == (100, None)


def test_a_warm_up_may_grow_without_measure() -> None:
    steep = plan(growth=10, days=365).limits(DAY + timedelta(days=364))
    assert steep[0] == 10**366
