"""Many made-up companies measured as we measure, and held against what is true of them.

`STRONGEST` is the true effect of each shipped journey: the demo's own figures. All companies are
measured once at the end, for the intervals, and every day, for the verdicts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from flows.company.truth import true_effects
from flows.company.twins import Twins, live_twice
from segments.effect.estimate import estimate
from segments.effect.sums import FIGURES
from segments.names import Arm, Verdict, Yardstick

STRONGEST = {name: max(effect.messages.values()) for name, effect in true_effects().items()}
NOTHING = [name for name, lift in STRONGEST.items() if lift == 0]
MEASURED = (Yardstick.MARGIN, Yardstick.REVENUE, Yardstick.ORDERS, Yardstick.GOAL)
FIRST_DAY = date(2025, 9, 1)
WINDOW = 60
ENTERING = 120
HOLDOUT = 0.2
CUSTOMERS = 8_000

_DAY = np.timedelta64(1, "D")
_PLANNED = CUSTOMERS / len(STRONGEST)


@dataclass(frozen=True)
class Company:
    """One company by its seed, day by day: what is known, and what is true of those it is of.

    known: `SUMS` with day, as of the evening of each day. true: journey, outcome, day, truth.
    """

    seed: int
    known: pd.DataFrame
    true: pd.DataFrame


def company(seed: int, customers: int = CUSTOMERS, *, entering: int = ENTERING) -> Company:
    """A company of so many customers, made and looked at every day."""
    twins = live_twice(
        seed,
        customers,
        STRONGEST,
        FIRST_DAY,
        window=WINDOW,
        entering=entering,
        share=HOLDOUT,
    )
    parts = [_daily(twins, outcome) for outcome in MEASURED]
    known, true = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    return Company(seed, known, true)


def judged(companies: Iterable[Company]) -> pd.DataFrame:
    """Company, journey, outcome, day, truth, and what measuring says of it on that day."""
    found = list(companies)
    known = pd.concat([one.known.assign(company=one.seed) for one in found], ignore_index=True)
    # One call for all: a journey of one company as of one day goes by a name of its own.
    keys = ["company", "journey", "day"]
    code = known.groupby(keys, sort=True).ngroup()
    answer = estimate(known.assign(journey=code.astype("str")), planned=_PLANNED)
    names = known[keys].assign(code=code.astype("str")).drop_duplicates()
    answer = answer.rename(columns={"journey": "code"}).merge(names, on="code")
    true = pd.concat([one.true.assign(company=one.seed) for one in found], ignore_index=True)
    return answer.merge(true, on=[*keys, "outcome"])


def coverage(judgements: pd.DataFrame) -> pd.DataFrame:
    """outcome, plain, adjusted: how many of the intervals of the last day hold the truth."""
    last = judgements[judgements["day"] == judgements["day"].max()]
    truth = last["truth"]
    held = last[["outcome"]].assign(
        plain=(last["low"] <= truth) & (truth <= last["high"]),
        adjusted=(last["adjusted_low"] <= truth) & (truth <= last["adjusted_high"]),
        cases=1,
    )
    by = held.groupby("outcome")
    return pd.concat([by[["plain", "adjusted"]].mean(), by["cases"].sum()], axis=1)


def errors(judgements: pd.DataFrame) -> pd.DataFrame:
    """By outcome and per company and journey, whether daily looking ever misled.

    verdict: a journey that does nothing was said to help or hurt, or one that helps to hurt.
    sequence: a sequence a verdict may be drawn from left out the truth. peeking: what looking every
    day at the interval for one look would have said of a journey that does nothing. decided: a
    journey that helps was found out.
    """
    nothing = judgements["journey"].isin(NOTHING)
    verdict = judgements["verdict"]
    told = judgements["missing"] == 0
    truth = judgements["truth"]
    outside = (truth < judgements["sequence_low"]) | (truth > judgements["sequence_high"])
    apart = (judgements["adjusted_low"] > 0) | (judgements["adjusted_high"] < 0)
    wrong = verdict.eq(Verdict.HURTS) | (nothing & verdict.eq(Verdict.HELPS))
    looks = judgements[["outcome", "company", "journey"]].assign(
        verdict=wrong,
        sequence=told & outside,
        peeking=(apart & told).where(nothing),
        decided=verdict.eq(Verdict.HELPS).where(~nothing),
    )
    ever = looks.groupby(["outcome", "company", "journey"])[
        ["verdict", "sequence", "peeking", "decided"]
    ].max()
    ever = ever.assign(verdict_of_nothing=ever["verdict"].where(ever["peeking"].notna()))
    return ever.astype("float64").groupby("outcome").mean()


def _daily(twins: Twins, outcome: Yardstick) -> tuple[pd.DataFrame, pd.DataFrame]:
    units = twins.units(outcome).assign(brought=twins.brought(outcome))
    settled = units["settled_at"].to_numpy("datetime64[D]")
    touched = settled - np.timedelta64(twins.window + 3, "D")
    first = settled.min()
    days = int((settled.max() - first) / _DAY) + 1
    known, true = [], []
    for journey, own in units.groupby("journey", sort=True):
        place = own.index.to_numpy()
        came = ((settled[place] - first) / _DAY).astype(int)
        reached = np.clip(((touched[place] - first) / _DAY).astype(int), 0, None)
        for arm in Arm:
            of = own["arm"].eq(arm).to_numpy()
            y, x = own["y"].to_numpy()[of], own["x"].to_numpy()[of]
            ones = np.ones(int(of.sum()))
            each = {
                "complete": ones,
                "nonzero": (y != 0).astype(float),
                "total": y,
                "squares": y * y,
                "before": x,
                "before_squares": x * x,
                "product": x * y,
            }
            table = {name: _until(came[of], value, days) for name, value in each.items()}
            customers = _until(reached[of], ones, days)
            h = twins.share
            table |= {
                "customers": customers,
                "expected": h * customers,
                "expected_variance": h * (1 - h) * customers,
            }
            known.append(
                pd.DataFrame({name: table[name] for name in FIGURES}).assign(
                    journey=journey, part=None, arm=arm.value, outcome=outcome.value,
                    day=np.arange(days),
                )
            )  # fmt: skip
        brought = _until(came, own["brought"].to_numpy(), days)
        number = _until(came, np.ones(len(own)), days)
        with np.errstate(invalid="ignore"):
            truth = brought / number
        true.append(
            pd.DataFrame(
                {
                    "journey": journey,
                    "outcome": outcome.value,
                    "day": np.arange(days),
                    "truth": truth,
                }
            )
        )
    return pd.concat(known, ignore_index=True), pd.concat(true, ignore_index=True)


def _until(day: np.ndarray, value: np.ndarray, days: int) -> np.ndarray:
    """What there was by the end of each day."""
    return np.cumsum(np.bincount(day, value, days))
