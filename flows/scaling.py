"""Planning as tasks: in this process, in several of this machine, or on a Dask cluster.

Where others help, ids are all that passes: each opens the project and the store by itself, and
writes down in the store what it has done. So it does not matter who does a part, nor who dies.
"""

import logging
import os
from asyncio import CancelledError
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import FailedRun
from prefect.futures import PrefectFuture
from prefect.states import Failed, raise_state_exception
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.errors import ConfigError, PipelineError
from flows.passing import patiently
from flows.stages import planning, sharing
from flows.stages.cluster import ANSWERS_WITHIN, SETTINGS, refuse_silence, some_workers
from flows.stages.planning import Planning
from flows.stages.shop import Progress, Shop, open_shop
from flows.states import PROJECT_VARIABLE, expected, refusing, settled
from flows.tasks import progress_bar, sealed
from flows.trying import AGAIN

_TRIES = 3
_log = logging.getLogger(__name__)


@task(name="prepare plan", task_run_name="prepare the plan", cache_policy=NO_CACHE)
@refusing
def prepare_plan(shop: Shop, now: datetime, run_id: int) -> quote:
    """What all shards share; wrapped, so that Prefect does not look inside."""
    return quote(planning.prepare(shop, now, run_id))


@task(
    name="plan customers",
    task_run_name="plan customers {first} to {last}",
    cache_policy=NO_CACHE,
    **AGAIN,
)
@refusing
def plan_customers(shop: Shop, prepared: Planning, first: int, last: int) -> Counter[str]:
    """Decide for one shard and write it, all or nothing."""
    return planning.plan_shard(shop, prepared, first, last)


@task(
    name="plan customers",
    task_run_name="plan customers {first} to {last}",
    cache_policy=NO_CACHE,
)
def plan_elsewhere(folder: str, run_id: int, token: str, first: int, last: int) -> None:
    """The same in a process that knows nothing yet; what it did stands in the store."""
    try:
        patiently(lambda: planning.plan_shard(*_part_of(folder, run_id, token), first, last))
    except Exception as error:
        # The error itself does not travel between processes; its words do.
        return cast(None, Failed(message=str(expected(error))))


def plan_everybody(shop: Shop, now: datetime, run_id: int) -> dict[str, Any]:
    """Plan all shards as tasks, side by side where they need not wait for one another."""
    refuse_impossible(shop)
    prepared: Planning = settled(prepare_plan(sealed(shop), now, run_id)).unquote()
    bar = progress_bar(shop, "plan")
    if planning.one_by_one(shop, prepared):
        for number, (first, last) in enumerate(prepared.shards, start=1):
            settled(plan_customers(sealed(shop), sealed(prepared), first, last))
            bar("plan", number, len(prepared.shards))
    elif shop.project.settings.scale.runner == "threads":
        _in_threads(shop, prepared, bar)
    else:
        _elsewhere(shop, prepared, bar)
    done = sharing.done_so_far(shop, prepared)
    prepared.left_out.update(done.left_out)
    return {**done.counts, **planning.finish(shop, prepared)}


def refuse_impossible(shop: Shop) -> None:
    """Raise `ConfigError` where nobody could do the parts as settings.yaml wants it."""
    scale = shop.project.settings.scale
    if scale.runner == "threads":
        return
    if shop.engine.dialect.name == "sqlite":
        raise ConfigError.at(
            SETTINGS,
            f'"runner: {scale.runner}" has several processes write at the same time, and the store '
            "is a SQLite file, which takes one. Put the store on PostgreSQL, or write runner: "
            "threads",
        )
    if scale.runner == "dask":
        refuse_silence(str(scale.dask))


def _in_threads(shop: Shop, prepared: Planning, bar: Progress) -> None:
    threads: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(
        max_workers=shop.project.settings.scale.at_once
    )
    with threads as runner:
        shared = {"shop": sealed(shop), "prepared": sealed(prepared)}
        futures = [
            runner.submit(plan_customers, {**shared, "first": first, "last": last})
            for first, last in prepared.shards
        ]
        for number, future in enumerate(futures, start=1):
            future.result()
            bar("plan", number, len(futures))


def _elsewhere(shop: Shop, prepared: Planning, bar: Progress) -> None:
    """Have others plan every shard; what a process that died left undone is done by another."""
    folder = str(shop.project.folder.resolve())
    left = prepared.shards
    for attempt in range(_TRIES):
        if attempt:
            _log.warning("%s shards were not finished by whoever had them; once more", len(left))
        with helpers(shop) as runner:
            futures = [
                runner.submit(
                    plan_elsewhere,
                    {
                        "folder": folder,
                        "run_id": prepared.run_id,
                        "token": prepared.token,
                        "first": first,
                        "last": last,
                    },
                )
                for first, last in left
            ]
            for number, future in enumerate(futures, start=len(prepared.shards) - len(left) + 1):
                heard_out(future)
                bar("plan", number, len(prepared.shards))
        left = sharing.undone(shop, prepared)
        if not left:
            return
    raise PipelineError(
        f"{len(left)} of {len(prepared.shards)} parts were not finished: whoever worked on them "
        f"ended before their time, {_TRIES} times. What is decided stays decided; see whether the "
        "workers have memory enough, then start again"
    )


@contextmanager
def helpers(shop: Shop) -> Iterator[TaskRunner[Any]]:
    """Whoever does the parts: processes of this machine, or the workers of the Dask cluster."""
    scale = shop.project.settings.scale
    if scale.runner == "processes":
        with ProcessPoolTaskRunner(max_workers=scale.at_once) as pool:
            yield pool
        return
    from prefect_dask.task_runners import DaskTaskRunner

    address = str(scale.dask)
    # It may have gone since the run began.
    refuse_silence(address)
    with DaskTaskRunner(address=address, client_kwargs={"timeout": ANSWERS_WITHIN}) as cluster:
        some_workers(cluster.client, address)
        yield cluster


def heard_out(future: PrefectFuture[Any]) -> Any:
    """What a task elsewhere answers; None if whoever worked on it died.

    A refusal is raised again as a `PipelineError`, anything else as what it was.
    """
    try:
        answer = future.result(raise_on_failure=False)
    except (Exception, CancelledError) as error:
        _log.warning("a process that helped has ended before its time (%s)", type(error).__name__)
        return None
    state = future.state
    if state.is_completed():
        return answer
    try:
        raise_state_exception(state)
    except FailedRun as error:
        raise PipelineError(str(state.message)) from error


_opened: dict[str, tuple[Shop, Planning]] = {}
_opening = Lock()


def _part_of(folder: str, run_id: int, token: str) -> tuple[Shop, Planning]:
    """The project and the run, opened once in a process that does several of its parts."""
    with _opening:
        if token not in _opened:
            for shop, _ in _opened.values():
                shop.engine.dispose()
            _opened.clear()
            shop = open_shop(Path(os.environ.get(PROJECT_VARIABLE) or folder))
            _opened[token] = shop, sharing.take_part(shop, run_id, token)
        return _opened[token]
