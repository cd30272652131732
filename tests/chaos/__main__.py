"""The long form: python -m tests.chaos (make chaos). 1,000 kills while 20,000 letters leave."""

import argparse
import logging
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import create_engine, text

from tests.chaos.company import Plan, sendgrid
from tests.chaos.houses import house
from tests.chaos.lives import cradle
from tests.chaos.storm import TOO_LARGE, Storm, rest, told
from tests.chaos.test_real_processes import CUSTOMERS, keeping, live_through
from tests.chaos.world import world
from tests.simulator.process import Simulator, running

_MISCHIEF = {"duplicates": 0.2, "reordered": 1, "delayed": 0.1, "forged": 1}
_LOOKED_AT = 100


@dataclass(frozen=True)
class Part:
    """How letters leave, and which share of kills and letters that is."""

    name: str
    share: float
    settings: dict[str, Any]
    faults: tuple[dict[str, Any], ...] = ()
    ask_every: int = 8
    latency: float = 0.0


PARTS = (
    Part("a request each", 0.6, {"mode": "single"}),
    Part("many in one request", 0.25, {"mode": "batched"}, (TOO_LARGE,), latency=0.1),
    Part(
        "many in one request, which can be withdrawn for 20 minutes",
        0.15,
        {"mode": "batched", "undo": "20 minutes"},
        (TOO_LARGE,),
        2,
        0.1,
    ),
)


def main() -> None:
    """Go through all parts; the first violation ends it."""
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--letters", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=5, help="days in the real processes")
    wanted = parser.parse_args()
    # Forged events are refused as they should be, and there are many of them.
    logging.getLogger("flows").setLevel(logging.ERROR)
    began = perf_counter()
    killed = accepted = 0
    with keeping() as server, running(keep="digest", every=0) as simulator:
        for number, part in enumerate(PARTS):
            name = f"chaos_{number}"
            admin(server, f"CREATE DATABASE {name}")
            kills, letters = round(wanted.kills * part.share), round(wanted.letters * part.share)
            with tempfile.TemporaryDirectory() as folder:
                store = f"{server}/{name}"
                storm = through(
                    part, store, Path(folder), simulator, kills, letters, wanted.seed + number
                )
            killed += storm.killed
            accepted += letters
        real_days(server, simulator, wanted.days)
    say(f"{killed} kills, {accepted} letters, one copy each; {perf_counter() - began:.0f} s")


def real_days(database: str, simulator: Simulator, days: int) -> None:
    """Days in the real processes, each killed in turn, at another moment each time."""
    for number in range(1, days + 1):
        began = perf_counter()
        name = f"day_{number}"
        admin(database, f"CREATE DATABASE {name}")
        with tempfile.TemporaryDirectory() as folder:
            place, store = Path(folder), f"{database}/{name}"
            with house(place, store, simulator, CUSTOMERS, seed=number) as here:
                letters = live_through(here, database, each=5 * number)
        say(
            f"day {number} in the real processes: {letters} letters, {perf_counter() - began:.0f} s"
        )


def admin(server: str, statement: str) -> None:
    """One statement to the database server itself."""
    engine = create_engine(
        f"{server}/postgres".replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def through(
    part: Part,
    store: str,
    folder: Path,
    simulator: Simulator,
    kills: int,
    letters: int,
    seed: int,
) -> Storm:
    """One storm and the calm after it, told."""
    say(f"{part.name}: {kills} kills, {letters} letters")
    began = perf_counter()
    plan = Plan(store, letters, {"sendgrid": sendgrid(simulator, connections=8, **part.settings)})
    with (
        world(folder / "project", plan, simulator, **_MISCHIEF) as here,
        cradle(here.folder, simulator.key) as senders,
    ):
        storm = Storm(
            here,
            senders,
            kills,
            seed,
            part.latency,
            ask_every=part.ask_every,
            hear_every=8,
            progress=say,
        )
        storm.rage(*part.faults)
        say(f"  the storm took {perf_counter() - began:.0f} s: {dict(storm.ends)}")
        for fault in storm.hits:
            say(f"  {fault['hits']:6} x {fault['what']} ({fault['when']})")
        done = rest(here, rejected=bool(part.faults), every=max(1, letters // _LOOKED_AT))
        counts = simulator.stats()
        for name in ("posts", "requests", "accepted", "withdrawn", "in_mailboxes", "webhook"):
            say(f"  {name}: {counts[name]}")
        for name, value in done.items():
            say(f"  {name}: {value}")
        for what, said in told(here.shop).items():
            for line, number in said.most_common():
                say(f"  {what} {number:6} x {line}")
        say(f"  {perf_counter() - began:.0f} s")
    return storm


def say(line: str) -> None:
    """Tell at once how it goes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
