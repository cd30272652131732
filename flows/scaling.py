"""Planning as tasks: in this process, in several of this machine, or on a Dask cluster.

Where others help, ids are all that passes: each opens the project and the store by itself, and
writes down in the store what it has done. So it does not matter who does a part, nor who dies.
"""

import logging
import os
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, cast
from urllib.parse import urlsplit

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Failed
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.errors import ConfigError, PipelineError
from flows.stages import planning, sharing
from flows.stages.planning import Planning
from flows.stages.shop import Shop, open_shop
from flows.tasks import PROJECT_VARIABLE, ProgressBar, progress_bar, refusing, sealed, settled

SETTINGS = "config/settings.yaml"
_TRIES = 3
_ANSWERS_WITHIN = 5.0
_log = logging.getLogger(__name__)

Range = tuple[int, int]


@task(name="prepare plan", task_run_name="prepare the plan", cache_policy=NO_CACHE)
@refusing
def prepare_plan(shop: Shop, now: datetime, run_id: int) -> quote:
    """What all shards share; wrapped, so that Prefect does not look inside."""
    return quote(planning.prepare(shop, now, run_id))


@task(
    name="plan customers",
    task_run_name="plan customers {first} to {last}",
    cache_policy=NO_CACHE,
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
def plan_elsewhere(folder: str, run_id: int, first: int, last: int) -> None:
    """The same in a process that knows nothing yet; what it did stands in the store."""
    try:
        planning.plan_shard(*_part_of(folder, run_id), first, last)
    except PipelineError as error:
        # The error itself does not travel between processes; its words do.
        return cast(None, Failed(message=str(error)))


def plan_everybody(shop: Shop, now: datetime, run_id: int) -> dict[str, Any]:
    """Plan all shards as tasks, side by side where they need not wait for one another."""
    refuse_impossible(shop)
    prepared: Planning = settled(prepare_plan(sealed(shop), now, run_id)).unquote()
    bar = ProgressBar("plan", "customers decided")
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
