"""Companies that live twice, once without us and once with: what a journey does is then known.

Quicker than the daily life of `life.py` and made of the same parts: people, demand, trade, truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from flows.company import catalogue
from flows.company.chance import Array, generator
from flows.company.demand import chance
from flows.company.people import Register, customers
from flows.company.reactions import ARRIVES
from flows.company.season import at_work
from flows.company.trade import sell
from segments.effect.windows import SETTLING
from segments.names import Arm, Locale, OrderKind, Yardstick

_SEVEN = np.timedelta64(7, "h")
_FIRST_ORDER = 1
_HABITS = ["customer", "touched_at", "rate", "leaves", "prospect"]


@dataclass(frozen=True)
class Twins:
    """What became of each customer, in the window before the touch and the one after it.

    people: customer, journey, touched_at, arm, habits (`demand.chance`), and by outcome what
    happened before (x), what would have without us and with us (y), as `before_orders`,
    `without_orders`, `with_orders`. orders and lines: what did happen, each customer in the life
    of their arm.
    """

    window: int
    share: float
    people: pd.DataFrame
    orders: pd.DataFrame
    lines: pd.DataFrame

    def brought(self, outcome: Yardstick) -> pd.Series:
        """The true effect on each customer: both lives compared."""
        return self.people[f"with_{outcome}"] - self.people[f"without_{outcome}"]

    def truth(self, outcome: Yardstick) -> pd.Series:
        """The true effect of each journey per customer, by its name."""
        return self.brought(outcome).groupby(self.people["journey"]).mean()

    def units(self, outcome: Yardstick) -> pd.DataFrame:
        """`segments.effect.sums.UNITS` with journey, and settled_at, when each outcome is known."""
        people = self.people
        treated = people["arm"].eq(Arm.TREATED).to_numpy()
        return pd.DataFrame(
            {
                "journey": people["journey"],
                "arm": people["arm"],
                "y": people[f"with_{outcome}"].where(treated, people[f"without_{outcome}"]),
                "x": people[f"before_{outcome}"],
                "share": self.share,
                "settled_at": people["touched_at"] + np.timedelta64(self.window, "D") + SETTLING,
            }
        )


def live_twice(
    seed: int,
    number: int,
    journeys: Mapping[str, float],
    first_day: date,
    *,
    window: int,
    days: int = 30,
    entering: int = 120,
    share: float = 0.1,
    locale: Locale = Locale.EN,
) -> Twins:
    """So many customers, each touched by one of `journeys` on one of `entering` days.

    `journeys` says by how much more often each makes people order, as `true_effects` has it. The
    days begin with `first_day`; by lot `share` of the customers is held out. Both lives use the
    same dice: whoever orders without us orders the same with us, and some order once more.
    """
    people = _people(seed, number, first_day, entering, locale)
    touched = people["touched_at"].to_numpy("datetime64[D]")
    rng = generator(seed, "arms")
    arms = np.where(rng.random(number) < share, Arm.HELD_OUT.value, Arm.TREATED.value)
    names = np.array(list(journeys), dtype=object)
    of = rng.permutation(number) % len(names)
    lift = np.array([journeys[name] for name in names])[of]
    felt = np.where(rng.random(number) < ARRIVES, lift, 0.0)
    rng = generator(seed, "demand")
    found = []
    for day in range(-window, window):
        dice = rng.random(number)
        when = touched + day
        # A message is felt from the day after, as in the daily life.
        with_us = dice < chance(people, felt if 1 <= day <= 1 + days else 0.0, when)
        without = dice < chance(people, 0.0, when)
        who = np.flatnonzero(with_us)
        found.append((who, when[who], ~without[who]))
    who, when, extra = (np.concatenate(part) for part in zip(*found, strict=True))
    orders, lines = _sold(seed, locale, people, who, when, extra)
    figures = _figures(people, orders, lines, window)
    happened = _happened(orders, arms)
    return Twins(
        window,
        share,
        pd.concat(
            [people[_HABITS].assign(journey=names[of], arm=arms), figures],
            axis=1,
        ),
        orders[happened].drop(columns=["who", "extra"]),
        lines[lines["order"].isin(orders.loc[happened, "order"])],
    )


def _people(seed: int, number: int, first_day: date, entering: int, locale: Locale) -> pd.DataFrame:
    rng = generator(seed, "people")
    start = np.datetime64(first_day, "D")
    since = at_work(rng, np.sort(start - rng.integers(1, 1500, number)))
    market, register = catalogue.MARKETS[locale], Register(10_000, set())
    loyal_from = np.maximum(since, (start - 730).astype("datetime64[s]"))
    people = customers(rng, market, since, loyal_from, 0.02, register)
    touched = start + rng.integers(0, entering, number)
    return people.assign(touched_at=touched.astype("datetime64[s]") + _SEVEN)


def _sold(
    seed: int, locale: Locale, people: pd.DataFrame, who: Array, when: Array, extra: Array
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Orders with what came back of them, and their lines; `extra` marks those only we brought."""
    rng = generator(seed, "sales")
    order = np.argsort(when, kind="stable")
    who, extra = who[order], extra[order]
    products = catalogue.products(locale)
    books = sell(rng, locale, products, people.iloc[who], at_work(rng, when[order]), _FIRST_ORDER)
    orders = books["orders"]
    origin = orders["credit_of"].where(orders["kind"].eq(OrderKind.CREDIT), orders["order"])
    place = origin.str.slice(1).astype("int64").to_numpy() - _FIRST_ORDER
    return orders.assign(who=who[place], extra=extra[place]), books["order_lines"]


def _happened(orders: pd.DataFrame, arms: Array) -> Array:
    """What happened in the life that was lived: nothing more than usual to those held out."""
    return np.asarray(~orders["extra"].to_numpy() | (arms[orders["who"]] == Arm.TREATED.value))


def _figures(
    people: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame, window: int
) -> pd.DataFrame:
    cents = (lines["unit_price"] * 100).round() * lines["quantity"]
    cost = (lines["unit_cost"] * 100).round() * lines["quantity"]
    value = cents.groupby(lines["order"]).sum()
    margin = (cents - cost).groupby(lines["order"]).sum()
    touched = people["touched_at"].to_numpy("datetime64[s]")[orders["who"]]
    length = np.timedelta64(window, "D")
    at = orders["ordered_at"].to_numpy("datetime64[s]")
    gone = orders["cancelled_at"].to_numpy("datetime64[s]")
    counts = (at >= touched - length) & (at < touched + length)
    counts &= np.isnat(gone) | (gone > touched + length + SETTLING)
    sale = orders["kind"].eq(OrderKind.SALE).to_numpy().astype(float)
    each = {
        Yardstick.ORDERS: sale,
        Yardstick.REVENUE: value.reindex(orders["order"]).to_numpy(dtype=float),
        Yardstick.MARGIN: margin.reindex(orders["order"]).to_numpy(dtype=float),
    }
    extra = orders["extra"].to_numpy()
    parts = {
        "before": counts & (at < touched) & ~extra,
        "without": counts & (at >= touched) & ~extra,
        "with": counts & (at >= touched),
    }
    who = orders["who"].to_numpy()
    figures = {
        f"{name}_{outcome}": np.bincount(who[part], one[part], len(people))
        for name, part in parts.items()
        for outcome, one in each.items()
    }
    goals = {
        f"{name}_{Yardstick.GOAL}": (figures[f"{name}_{Yardstick.ORDERS}"] > 0).astype(float)
        for name in parts
    }
    return pd.DataFrame(figures | goals, index=people.index)
