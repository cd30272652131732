"""Planning shared by several processes: what each of them works with, taken from the store."""

from collections import Counter
from dataclasses import replace

from flows.errors import PipelineError
from flows.stages.planning import Planning, gather
from flows.stages.rulebook import same_rules
from flows.stages.shop import Shop
from flows.store import parts
from segments.customer.profile import Base


def take_part(shop: Shop, run_id: int, token: str) -> Planning:
    """What `planning.prepare` left, in a process that did not prepare the run.

    Raises `ConfigError` if this machine's rules are others than those the run began with, and
    `PipelineError` if its store is another one or the run has ended.
    """
    with shop.engine.connect() as connection:
        found = parts.shared(connection, run_id)
        if found is None:
            raise PipelineError("the run that decides has ended; this part of it is left alone")
        if found.figures.get("token") != token:
            raise PipelineError(
                "this machine works with another store than the one where the run began: give it "
                "the same STAMMKUNDE_STORE and the same config/settings.yaml"
            )
        same_rules(shop.project.folder, found.figures["rules"])
        planning = gather(shop, connection, found.now, run_id, Base(**found.figures["base"]))
    # Pieces are known by where they begin: all cut them alike, whatever their settings say.
    return replace(planning, size=found.figures["size"])


def undone(shop: Shop, planning: Planning) -> list[tuple[int, int]]:
    """Shards not all of whose pieces are done."""
    with shop.engine.connect() as connection:
        done = parts.all_done(connection, planning.run_id)
    return [
        (first, last)
        for first, last in planning.shards
        if any(begin not in done for begin in range(first, last + 1, planning.size))
    ]


def done_so_far(shop: Shop, planning: Planning) -> parts.Done:
    """What all pieces of the run together did, whoever did them."""
    total = parts.Done(Counter(), {})
    with shop.engine.connect() as connection:
        for done in parts.all_done(connection, planning.run_id).values():
            total = parts.Done(total.counts + done.counts, {**total.left_out, **done.left_out})
    return total
