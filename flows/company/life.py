"""The company's past, and one more day of its life at a time."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flows.company import catalogue
from flows.company.chance import Array, Moment, generator
from flows.company.demand import chance
from flows.company.export import MOMENTS, ahead, append, visible
from flows.company.people import Register, existing_customers, recruit
from flows.company.project import WRITTEN
from flows.company.reactions import LIFT_DAYS, lift, reactions
from flows.company.season import at_work, briskness
from flows.company.trade import Books, past_orders, sell, small_talk
from segments.names import Locale, OrderKind

HISTORY_DAYS = 730
_JOINED_LATELY = 0.65
_FIRST_CUSTOMER = 10_000
_FIRST_ORDER = 100_001
_TALKS_A_DAY = 1.2 / 365
_EVER = np.datetime64("1900-01-01", "s")


class Company:
    """A company that trades whether or not we write to its customers, a little more if we do."""

    def __init__(self, seed: int, first_day: date, locale: Locale) -> None:
        self.seed = seed
        self.locale = locale
        self.first_day = first_day
        self._market = catalogue.MARKETS[locale]
        self._products = catalogue.products(locale)
        self._register = Register(_FIRST_CUSTOMER, set())
        self._next_order = _FIRST_ORDER
        self._until = np.datetime64(first_day, "s")
        self._past: Books = {}
        self._open: Books = {table: _blank(table) for table in MOMENTS}
        self._customers = pd.DataFrame()
        self._joining_a_day = 0.0
        self._reachable = pd.Index([], dtype=object)
        self._lift = np.zeros(0)
        self._lifted_until = np.zeros(0, dtype="datetime64[D]")

    @classmethod
    def create(cls, customers: int, seed: int, first_day: date, locale: str) -> "Company":
        """A company with so many customers and two years of trade before `first_day`."""
        if customers < 1:
            raise ValueError("a company needs at least one customer")
        company = cls(seed, first_day, Locale(locale))
        end = np.datetime64(first_day, "D")
        start = end - HISTORY_DAYS
        since = company._joining(customers, start)
        company._joining_a_day = customers * _JOINED_LATELY / HISTORY_DAYS
        loyal_from = np.maximum(since, start.astype("datetime64[s]"))
        company._recruit(generator(seed, "people"), since, loyal_from, prospects=0.02)
        who, moments = past_orders(generator(seed, "orders"), company._customers, start, end)
        company._sell(generator(seed, "sales"), who, moments)
        company._talk(generator(seed, "talk"), start, HISTORY_DAYS, "I")
        company._past = company._due(_EVER)
        company._forget()
        return company

    def write(self, folder: Path) -> None:
        """Write all files as they stood on the morning of the first day, replacing older ones."""
        folder.mkdir(parents=True, exist_ok=True)
        for table in WRITTEN:
            file = folder / f"{table}.csv"
            file.unlink(missing_ok=True)
            rng = generator(self.seed, f"dirt in {table}")
            rows = self._products if table == "products" else self._past[table]
            append(rng, table, rows, file, self.locale, np.datetime64(self.first_day, "s"))

    def live(
        self, day: date, folder: Path, touched: pd.DataFrame, *, only_replies: bool = False
    ) -> list[dict[str, Any]]:
        """Live through one day, append what happened to the files, and return what people did
        with the messages of the day before.

        `touched` has send_id, customer, contact, message, journey and sent_at. With `only_replies`
        these have all arrived, and a provider tells of everything but replies.
        """
        morning = np.datetime64(day, "s")
        if morning < self._until:
            raise ValueError(f"{day} has been lived already")
        came_from, self._until = self._until, np.datetime64(day + timedelta(days=1), "s")
        folder.mkdir(parents=True, exist_ok=True)
        events = self._feel(day, touched, only_replies)
        self._trade(day)
        self._talk(generator(self.seed, "talk", day), np.datetime64(day, "D"), 1, f"I{day:%y%m%d}-")
        for table, rows in self._due(came_from).items():
            rng = generator(self.seed, f"dirt in {table}", day)
            append(rng, table, rows, folder / f"{table}.csv", self.locale, self._until)
        self._forget()
        return events

    def _joining(self, count: int, start: Moment) -> Array:
        rng = generator(self.seed, "joining")
        days = start + np.arange(HISTORY_DAYS)
        weight = briskness(days)
        lately = rng.choice(days, count, p=weight / weight.sum())
        long_ago = start - 1 - rng.integers(0, 1500, count)
        joined = np.where(rng.random(count) < _JOINED_LATELY, lately, long_ago)
        return np.sort(at_work(rng, joined))

    def _feel(self, day: date, touched: pd.DataFrame, only_replies: bool) -> list[dict[str, Any]]:
        if touched.empty:
            return []
        touched = touched.sort_values("send_id").assign(
            sent_at=lambda sends: pd.to_datetime(sends["sent_at"], utc=True)
        )
        rng = generator(self.seed, "reactions", day)
        events, arrived = reactions(rng, self.locale, touched, only_replies=only_replies)
        who = pd.Index(self._customers["customer"]).get_indexer(touched["customer"])
        felt = arrived & (who >= 0)
        today = np.datetime64(day, "D")
        faded = self._lifted_until < today
        self._lift[faded] = 0.0
        np.maximum.at(self._lift, who[felt], lift(touched["message"])[felt])
        self._lifted_until[who[felt]] = today + LIFT_DAYS
        return events

    def _trade(self, day: date) -> None:
        today = np.array([day], dtype="datetime64[D]")
        who = self._ordering(generator(self.seed, "demand", day), today)
        rng = generator(self.seed, "welcome", day)
        new = rng.poisson(self._joining_a_day * briskness(today)[0])
        moments = np.sort(at_work(rng, today.repeat(new + len(who))))
        # Newcomers are registered with their first order, so they come somewhere in the day.
        is_new = rng.permutation(len(moments)) < new
        if new:
            joined = self._recruit(rng, moments[is_new], moments[is_new], prospects=0.0)
            who = _interleaved(is_new, joined, who)
        self._sell(generator(self.seed, "sales", day), who, moments)

    def _ordering(self, rng: np.random.Generator, today: Array) -> Array:
        lift = np.where(self._lifted_until >= today, self._lift, 0.0)
        likely = chance(self._customers, lift, today)
        return np.flatnonzero(rng.random(len(likely)) < likely)

    def _recruit(
        self, rng: np.random.Generator, since: Array, loyal_from: Array, prospects: float
    ) -> Array:
        people = recruit(rng, self._market, since, loyal_from, prospects, self._register)
        before, count = len(self._customers), len(since)
        self._customers = _joined(self._customers, people.customers)
        reachable = people.contacts["email"] != ""
        self._reachable = self._reachable.append(pd.Index(people.contacts["contact"][reachable]))
        self._lift = np.append(self._lift, np.zeros(count))
        self._lifted_until = np.append(
            self._lifted_until, np.full(count, _EVER.astype("datetime64[D]"))
        )
        self._plan(
            {
                "customers": people.customers,
                "contacts": people.contacts,
                "permissions": people.permissions,
            }
        )
        return np.arange(before, before + count)

    def _sell(self, rng: np.random.Generator, who: Array, moments: Array) -> None:
        if len(who):
            buyers = self._customers.iloc[who]
            books = sell(rng, self.locale, self._products, buyers, moments, self._next_order)
            orders = books["orders"]
            told = orders["kind"].eq(OrderKind.SALE) & orders["contact"].isin(self._reachable)
            books["permissions"] = existing_customers(self.locale, orders[told])
            self._plan(books)
            self._next_order += len(who)

    def _talk(self, rng: np.random.Generator, start: Moment, days: int, prefix: str) -> None:
        count = rng.poisson(len(self._customers) * _TALKS_A_DAY * days)
        who = rng.integers(0, len(self._customers), count)
        when = start + rng.integers(0, days, count)
        known = self._customers["since"].to_numpy("datetime64[D]")[who] <= when
        open_for_business = rng.random(count) < briskness(when)
        kept = known & open_for_business
        self._plan(
            {
                "interactions": small_talk(
                    rng, self.locale, self._customers, who[kept], when[kept], prefix
                )
            }
        )

    def _plan(self, books: Books) -> None:
        for table, rows in books.items():
            self._open[table] = _joined(self._open[table], rows)

    def _due(self, start: Moment) -> Books:
        return {table: visible(table, self._open[table], start, self._until) for table in MOMENTS}

    def _forget(self) -> None:
        self._open = {table: ahead(table, self._open[table], self._until) for table in MOMENTS}


def _interleaved(first: Array, ones: Array, others: Array) -> Array:
    mixed = np.empty(len(first), dtype=int)
    mixed[first], mixed[~first] = ones, others
    return mixed


def _blank(table: str) -> pd.DataFrame:
    plain = pd.DataFrame(columns=list(WRITTEN[table]))
    return plain.assign(**{name: pd.Series(dtype="datetime64[s]") for name in MOMENTS[table]})


def _joined(before: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    if before.empty:
        return more.reset_index(drop=True)
    return before if more.empty else pd.concat([before, more], ignore_index=True)
