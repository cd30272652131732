"""Does sending a million messages take more memory than sending ten thousand?

The shipped stage delivers 10,000 newsletters and then 1,000,000, many in a request, with two
processes that send and one that watches over them. What counts is the most memory each has held.
"""

import os
import resource
import tempfile
from pathlib import Path

from tests.bench.bench_deliver import measured, shop_for
from tests.bench.bench_plan import database
from tests.bench.report import figure, peak_memory_mb
from tests.simulator.process import running

FEW, MANY = 10_000, int(os.environ.get("MESSAGES", "1000000"))
BUDGET = 200.0


def main() -> None:
    """First few, then many; memory that was held once counts from then on."""
    with database() as address, running(keep="counts", remember=1000) as simulator:
        if not address:
            return
        os.environ["BENCH_STORE"] = address
        os.environ["BENCH_KEY"] = simulator.key
        with tempfile.TemporaryDirectory() as folder:
            shop = shop_for(Path(folder) / "project", simulator, "batched")
            held = []
            for count in (FEW, MANY):
                seconds = measured(shop, simulator, count)
                held.append((peak_memory_mb(), _of_senders()))
                case = f"{count:,} messages batched"
                figure("deliver_memory", case, count / seconds, "messages/s")
                figure("deliver_memory", f"{case}: the process that watches", held[-1][0], "MB")
                figure("deliver_memory", f"{case}: a process that sends", held[-1][1], "MB")
            for who, few, many in zip(("watches", "sends"), *held, strict=True):
                case = f"growth of the process that {who}"
                figure("deliver_memory", case, many - few, "MB", BUDGET)
            shop.engine.dispose()


def _of_senders() -> float:
    """The most memory any process held that we started and that has ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


if __name__ == "__main__":
    main()
