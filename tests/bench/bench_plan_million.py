"""Does planning a million customers cost ten times as much as planning a tenth of them?

A million customers, ten million orders, ten journeys and three months of history on PostgreSQL.
"""

from tests.bench.bench_plan import case, database
from tests.bench.report import figure

BUDGET_S = 90.0
MEMORY_MB = 4096.0
RATIO = 1.2


def main() -> None:
    """A tenth first, then all of it, in one run: the machine is the same for both."""
    with database() as address:
        if address is None:
            return
        tenth = case(address, "PostgreSQL", 100_000)
    with database() as address:
        if address is None:
            return
        whole = case(address, "PostgreSQL", 1_000_000, BUDGET_S, MEMORY_MB)
    figure("plan", "cost per customer, a million to a tenth of it", whole / tenth / 10, "x", RATIO)


if __name__ == "__main__":
    main()
