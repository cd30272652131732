"""How fast, and how many at once."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.delivery.sendgrid.pace import Bucket, Window


class Clock:
    """A clock that goes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@settings(max_examples=80)
@given(
    per_second=st.floats(0.5, 5000),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=60),
    idle=st.lists(st.floats(0, 3), min_size=60, max_size=60),
)
def test_no_stretch_of_time_sees_more_than_the_pace_allows(
    per_second: float, sizes: list[int], idle: list[float]
):
    clock = Clock()
    bucket = Bucket(per_second, clock)
    left: list[tuple[float, int]] = []
    for size, pause in zip(sizes, idle, strict=False):
        clock.now += pause
        while (wait := bucket.wait()) > 0:
            clock.now = math.nextafter(clock.now + wait, math.inf)
        bucket.take(size)
        left.append((clock.now, size))
    for first in range(len(left)):
        messages = 0
        for at, size in left[first:]:
            # What leaves at the end of the stretch is paid for after it.
            assert messages <= per_second * (at - left[first][0] + 0.0201)
            messages += size


def test_a_pace_is_reached_and_not_only_kept():
    clock = Clock()
    bucket = Bucket(1000, clock)
    sent = 0
    while clock.now < 1002:
        while not bucket.wait():
            bucket.take(1)
            sent += 1
        clock.now += bucket.wait() + 0.001
    assert 1950 <= sent <= 2030


def test_a_large_request_is_paid_for_before_the_next_one():
    clock = Clock()
    bucket = Bucket(50, clock)
    bucket.take(1000)
    assert bucket.wait() == pytest.approx(20, abs=0.03)


@settings(max_examples=80)
@given(
    most=st.integers(1, 32),
    events=st.lists(
        st.tuples(st.sampled_from(["answered", "refused"]), st.floats(0, 2), st.floats(0, 5)),
        max_size=120,
    ),
)
def test_the_window_stays_between_one_and_what_is_allowed(
    most: int, events: list[tuple[str, float, float]]
):
    clock = Clock()
    window = Window(most, clock)
    for what, pause, took in events:
        clock.now += pause
        before = window.size
        if what == "answered":
            window.answered(clock.now - took, took)
        else:
            window.refused(clock.now - took)
        assert 1 <= window.size <= most
        assert window.size <= before + 1


def test_the_window_opens_quickly_the_first_time_and_slowly_after_a_refusal():
    clock = Clock()
    window = Window(32, clock)
    answers = 0
    while window.size < 32:
        window.answered(clock.now, 0.1)
        answers += 1
    assert answers == 31
    clock.now += 1
    window.refused(clock.now)
    assert window.size == 16
    for _ in range(16):
        window.answered(clock.now, 0.1)
    assert window.size == 16
    window.answered(clock.now, 0.1)
    assert window.size == 17


def test_refusals_of_one_round_halve_the_window_once():
    clock = Clock()
    window = Window(32, clock)
    for _ in range(31):
        window.answered(clock.now, 0.1)
    began = clock.now = clock.now + 1
    clock.now += 0.2
    for _ in range(32):
        window.refused(began)
    assert window.size == 16
    clock.now += 1
    window.refused(clock.now)
    assert window.size == 8


def test_answers_that_come_to_take_twice_as_long_narrow_the_window():
    clock = Clock()
    window = Window(32, clock)
    for _ in range(100):
        clock.now += 0.1
        window.answered(clock.now - 0.1, 0.1)
    assert window.size == 32
    for _ in range(20):
        clock.now += 0.4
        window.answered(clock.now - 0.4, 0.4)
    assert window.size <= 16


def test_an_answer_that_stays_slow_is_no_longer_held_against_it():
    clock = Clock()
    window = Window(32, clock)
    for took in [0.1] * 100 + [0.4] * 400:
        clock.now += took
        window.answered(clock.now - took, took)
    assert window.size >= 24


def test_small_differences_in_quick_answers_mean_nothing():
    clock = Clock()
    window = Window(32, clock)
    for took in [0.001] * 40 + [0.05] * 40:
        clock.now += took
        window.answered(clock.now - took, took)
    assert window.size == 32
