"""A loop in a thread of its own: answers, errors, and an end that leaves nothing running."""

import asyncio
import threading

import pytest

from flows.delivery.background import Background


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


def test_it_answers_and_raises_like_a_call() -> None:
    async def fail() -> None:
        raise LookupError("not here")

    background = Background("test")
    assert not background.started
    assert background.run(double(2)) == 4
    with pytest.raises(LookupError, match="not here"):
        background.run(fail())
    background.close()
    assert not background.started


def test_it_works_where_a_loop_is_running_already() -> None:
    background = Background("test")

    async def inside() -> int:
        return background.run(double(3))

    assert asyncio.run(inside()) == 6
    background.close()


def test_what_still_goes_on_is_cancelled_at_the_end_and_it_can_begin_again() -> None:
    ended: list[str] = []

    async def last() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("ended")

    async def begin() -> None:
        tasks.append(asyncio.create_task(last()))
        await asyncio.sleep(0)

    tasks: list[asyncio.Task[None]] = []
    background = Background("a name to find")
    background.run(begin())
    background.close()
    background.close()
    assert ended == ["ended"]
    assert "a name to find" not in {thread.name for thread in threading.enumerate()}
    assert background.run(double(1)) == 2
    background.close()
