"""How a benchmark says what it measured: one JSON line a figure."""

import json
import resource
import sys


def figure(
    bench: str,
    case: str,
    value: float,
    unit: str,
    budget: float | None = None,
    ratio: float | None = None,
) -> None:
    """Print one figure. A rate ("/s", "x faster") holds from its budget upwards, all else to it."""
    holds = None
    if budget is not None:
        holds = value >= budget if unit.endswith(("/s", "faster")) else value <= budget
    line = {
        "bench": bench,
        "case": case,
        "value": round(value, 3),
        "unit": unit,
        "ratio": None if ratio is None else round(ratio, 3),
        "budget": budget,
        "holds": holds,
    }
    print(json.dumps(line), flush=True)


def peak_memory_mb() -> float:
    """The most memory this process has held so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024 / (1024 if sys.platform == "darwin" else 1)
