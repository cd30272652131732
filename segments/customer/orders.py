"""From purchases to figures of each customer, for many customers at once.

- An order is a sale above zero that is neither cancelled nor given back in full by credit notes
  that refer to it. Its value is net of those.
- Net revenue is every sale that is not cancelled and every credit note, each by its own date: a
  credit note of today reduces the revenue of today, however old its order. A credit note on a
  cancelled sale does not count, since the cancellation has already taken the value out.
- A day is a day in UTC; twelve months are the 365 days before `now`.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

UNKNOWN = np.iinfo(np.int64).min
"""Stands for an amount or a reference that is missing."""

_YEAR = np.timedelta64(365, "D")
_SMALL = 1 << 16
_GAP_BITS = 24

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Purchases:
    """Orders and credit notes as plain arrays, as of `now` and in any order.

    `credit_of_id`, `list_total` and `cost` are `UNKNOWN` where missing; `category` is a place in
    `words`, -1 where missing.
    """

    customer_id: Ints
    purchase_id: Ints
    ordered_at: npt.NDArray[np.datetime64]
    is_credit: Flags
    is_cancelled: Flags
    credit_of_id: Ints
    total: Ints
    list_total: Ints
    cost: Ints
    category: npt.NDArray[np.integer]
    words: list[str]


def order_figures(purchases: Purchases, now: datetime) -> pd.DataFrame:
    """One row a customer with at least one purchase, by customer_id.

    orders, order_value_total, first_order_at, last_order_at, discounted_orders, priced_orders
    (those whose list price is known), gap_days (median gap between order days), gaps,
    net_revenue_12m, net_revenue_total, margin_12m (missing unless every cost is known),
    last_order_value, last_category, first_in_category, last_order_returned (of the latest sale,
    whatever became of it).
    """
    rows = _Rows.of(purchases)
    since = np.datetime64(pd.Timestamp(now).tz_convert(None), "us") - _YEAR
    recent = rows.stands & (rows.moment > since)
    priced = rows.is_order & (rows.list_total != UNKNOWN)
    sums = {
        "orders": rows.sums(rows.is_order),
        "order_value_total": rows.sums(np.where(rows.is_order, rows.net, 0)),
        "discounted_orders": rows.sums(priced & (rows.list_total > rows.total)),
        "priced_orders": rows.sums(priced),
        "net_revenue_12m": rows.sums(np.where(recent, rows.total, 0)),
        "net_revenue_total": rows.sums(np.where(rows.stands, rows.total, 0)),
    }
    no_cost = recent & (rows.cost == UNKNOWN)
    margin = rows.sums(np.where(recent & ~no_cost, rows.total - rows.cost, 0))
    return pd.DataFrame(
        {
            **{name: _whole(values) for name, values in sums.items()},
            "margin_12m": _whole(margin, rows.sums(no_cost) > 0),
            **_ends(rows),
            **_gaps(rows),
            "last_order_returned": _returned(rows),
        },
        index=pd.Index(rows.ids, name="customer_id"),
        copy=False,
    )


def _ends(rows: "_Rows") -> dict[str, object]:
    """The first and the latest order of whoever has one."""
    order = np.flatnonzero(rows.is_order)
    group, code = rows.group[order], rows.category[order]
    who, first, last = _edges(group)
    many = len(rows.ids)
    latest = order[last]
    kind = np.full(many, -1, dtype=np.int64)
    kind[who] = rows.category[latest]
    alike = np.bincount(group[code == kind[group]], minlength=many)
    words = np.array([*rows.words, None], dtype=object)
    begun, ended = (np.full(many, np.datetime64("NaT"), "datetime64[us]") for _ in range(2))
    begun[who], ended[who] = rows.moment[order[first]], rows.moment[latest]
    value = np.zeros(many, dtype=np.int64)
    value[who] = rows.net[latest]
    never = np.ones(many, dtype=bool)
    never[who] = False
    return {
        "first_order_at": pd.DatetimeIndex(begun).tz_localize("UTC"),
        "last_order_at": pd.DatetimeIndex(ended).tz_localize("UTC"),
        "last_order_value": _whole(value, never),
        "last_category": pd.array(words[kind], dtype="string"),
        "first_in_category": pd.arrays.BooleanArray(alike == 1, kind < 0),
    }


def _gaps(rows: "_Rows") -> dict[str, object]:
    days = rows.moment[rows.is_order].astype("datetime64[D]").astype(np.int64)
    who, median, count = median_gaps(rows.group[rows.is_order], days)
    medians, gaps = np.zeros(len(rows.ids)), np.zeros(len(rows.ids), dtype=np.int64)
    medians[who], gaps[who] = median, count
    return {"gap_days": pd.arrays.FloatingArray(medians, gaps == 0), "gaps": _whole(gaps)}


def _returned(rows: "_Rows") -> pd.arrays.BooleanArray:
    sale = np.flatnonzero(rows.is_sale)
    who, _, last = _edges(rows.group[sale])
    latest = sale[last]
    returned, never = np.zeros(len(rows.ids), dtype=bool), np.ones(len(rows.ids), dtype=bool)
    returned[who] = rows.is_cancelled[latest] | (rows.net[latest] <= 0)
    never[who] = False
    return pd.arrays.BooleanArray(returned, never)


def median_gaps(groups: Ints, days: Ints) -> tuple[Ints, npt.NDArray[np.float64], Ints]:
    """Groups with at least two different order days, their median gap, and how many gaps.

    One entry of `groups` and `days` an order, by group and day; days are numbered in a row.
    """
    gap = np.diff(days)
    between = (np.diff(groups) == 0) & (gap > 0)
    # One number for both, because numbers are sorted in place many times as fast as pairs.
    both = np.sort((groups[1:][between] << _GAP_BITS) | gap[between])
    who, gap = both >> _GAP_BITS, both & ((1 << _GAP_BITS) - 1)
    who, first, last = _edges(who)
    count = last - first + 1
    middle = (gap[first + (count - 1) // 2] + gap[first + count // 2]) / 2
    return who, middle, count


@dataclass(frozen=True)
class _Rows:
    """Purchases by customer and time; `group` numbers customers from zero."""

    ids: Ints
    group: Ints
    starts: Ints
    moment: npt.NDArray[np.datetime64]
    total: Ints
    net: Ints
    list_total: Ints
    cost: Ints
    category: npt.NDArray[np.integer]
    words: list[str]
    is_cancelled: Flags
    is_sale: Flags
    is_order: Flags
    stands: Flags

    @classmethod
    def of(cls, given: Purchases) -> "_Rows":
        order = _by_customer_and_time(given)
        customer, moment = given.customer_id[order], given.ordered_at[order]
        total, category = given.total[order], given.category[order]
        is_credit, is_cancelled = given.is_credit[order], given.is_cancelled[order]
        known, starts, ends = _edges(customer)
        group = np.repeat(np.arange(len(known)), ends - starts + 1)
        credit, sale = _references(given, order, customer, is_credit)
        net = total.copy()
        np.add.at(net, sale, np.where(is_cancelled[credit], 0, total[credit]))
        stands = ~is_cancelled
        stands[credit[is_cancelled[sale]]] = False
        is_sale = ~is_credit & (total > 0)
        return cls(
            ids=known,
            group=group,
            starts=starts,
            moment=moment,
            total=total,
            net=net,
            list_total=given.list_total[order],
            cost=given.cost[order],
            category=category,
            words=given.words,
            is_cancelled=is_cancelled,
            is_sale=is_sale,
            is_order=is_sale & ~is_cancelled & (net > 0),
            stands=stands,
        )

    def sums(self, values: npt.NDArray[np.generic]) -> Ints:
        """Exact sum of whole numbers, or count of flags, for each customer."""
        if not len(self.starts):
            return np.zeros(0, dtype=np.int64)
        return np.add.reduceat(values, self.starts, dtype=np.int64)


def _by_customer_and_time(given: Purchases) -> Ints:
    """Where to find the rows, customer by customer, as they happened.

    Rows mostly arrive as they happened, and then the customers of one shard are few enough for
    sixteen bits, by which numpy sorts without comparing.
    """
    customer, moment, ids = given.customer_id, given.ordered_at, given.purchase_id
    if len(customer) and customer.max() - customer.min() < _SMALL:
        customer = (customer - customer.min()).astype(np.uint16)
    later, same = moment[1:] > moment[:-1], moment[1:] == moment[:-1]
    if np.all(later | (same & (ids[1:] > ids[:-1]))):
        return np.argsort(customer, kind="stable")
    by_time = np.lexsort((ids, moment))
    return by_time[np.argsort(customer[by_time], kind="stable")]


def _references(
    given: Purchases, order: Ints, customer: Ints, is_credit: Flags
) -> tuple[Ints, Ints]:
    """Where credit notes stand that refer to a sale of the same customer, and where that stands."""
    credit_of = given.credit_of_id[order]
    credit = np.flatnonzero(is_credit & (credit_of > 0))
    if not len(credit):
        return credit, credit
    ids = given.purchase_id
    by_id = np.arange(len(ids)) if np.all(ids[1:] > ids[:-1]) else np.argsort(ids)
    place = np.minimum(np.searchsorted(ids, credit_of[credit], sorter=by_id), len(ids) - 1)
    given_at = by_id[place]
    sorted_at = np.empty(len(order), dtype=np.int64)
    sorted_at[order] = np.arange(len(order))
    sale = sorted_at[given_at]
    found = (ids[given_at] == credit_of[credit]) & (customer[sale] == customer[credit])
    found &= ~is_credit[sale]
    return credit[found], sale[found]


def _edges(groups: Ints) -> tuple[Ints, Ints, Ints]:
    """The groups in a sorted column, and the places of the first and last row of each."""
    last = np.append(np.flatnonzero(np.diff(groups)), len(groups) - 1)[: len(groups)]
    first = np.append(0, last[:-1] + 1)[: len(groups)]
    return groups[first], first, last


def _whole(values: Ints, missing: Flags | None = None) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(
        values, np.zeros(len(values), dtype=bool) if missing is None else missing
    )
