"""Does measuring find what is true? Companies whose true effects are known, measured as we do.

Two hundred companies of 8,000 customers and the four shipped journeys, every customer touched by
one of them: how many 95 % intervals hold the truth, and how often a verdict errs that is looked at
every day for four months. Two of them also live in a real store, whose sums must be the same.
"""

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np

from flows.company.twins import live_twice
from flows.store.session import open_store
from flows.store.upgrade import upgrade
from segments.effect.sums import FIGURES
from tests.bench import rehearsed, rehearsed_store
from tests.bench.report import figure

NOW = datetime(2026, 6, 30, 6, tzinfo=UTC)
LEAST, MOST = 93.0, 97.0
MOST_ERRORS = 5.0
IN_A_STORE = 2


def main() -> None:
    """Print one figure a question; `--companies` for a quicker look."""
    options = argparse.ArgumentParser()
    options.add_argument("--companies", type=int, default=200)
    companies = options.parse_args().companies
    began = perf_counter()
    judgements = rehearsed.judged(rehearsed.company(seed) for seed in range(1, companies + 1))
    for outcome, row in rehearsed.coverage(judgements).iterrows():
        case = f"{companies} companies, {outcome}"
        for kind in ("plain", "adjusted"):
            # Between the two, so what is told is how far the share lies from the nearer end.
            share = 100 * float(row[kind])
            figure("intervals", f"{case}, {kind}: hold the truth", share, "%")
            figure("intervals", f"{case}, {kind}: beyond 93 to 97", _beyond(share), "points", 0.0)
    for outcome, row in rehearsed.errors(judgements).iterrows():
        case = f"{companies} companies, {outcome}, daily looks"
        for name, budget in _ASKED.items():
            figure("verdicts", f"{case}: {_WORDS[name]}", 100 * float(row[name]), "%", budget)
    figure("rehearsal", f"{companies} companies", perf_counter() - began, "s")
    for seed in range(1, IN_A_STORE + 1):
        figure("store", f"company {seed}: sums unlike", _unlike(seed), "figures", 0)


_ASKED = {
    "verdict_of_nothing": MOST_ERRORS,
    "verdict": MOST_ERRORS,
    "sequence": MOST_ERRORS,
    "peeking": None,
    "decided": None,
}
_WORDS = {
    "verdict_of_nothing": "a verdict about a journey that does nothing",
    "verdict": "a wrong verdict about any",
    "sequence": "a sequence that once left out the truth",
    "peeking": "what the interval for one look would have said of nothing",
    "decided": "journeys that help, found out",
}


def _beyond(share: float) -> float:
    return max(LEAST - share, share - MOST, 0.0)


def _unlike(seed: int) -> int:
    twins = live_twice(
        seed,
        rehearsed.CUSTOMERS,
        rehearsed.STRONGEST,
        rehearsed.FIRST_DAY,
        window=rehearsed.WINDOW,
        entering=rehearsed.ENTERING,
        share=rehearsed.HOLDOUT,
    )
    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(f"sqlite:///{Path(folder) / 'store.db'}")
        upgrade(engine)
        rehearsed_store.kept(engine, twins)
        ours, theirs = rehearsed_store.summed(engine, twins, NOW)
        engine.dispose()
    words = [name for name in ours if name not in FIGURES]
    unlike = int((ours[words] != theirs[words]).to_numpy().sum())
    figures = list(FIGURES)
    return unlike + int((~np.isclose(ours[figures], theirs[figures], rtol=1e-9)).sum())


if __name__ == "__main__":
    main()
