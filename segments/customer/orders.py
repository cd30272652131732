"""From purchases to figures of each customer, for all customers of a frame at once.

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

_YEAR = np.timedelta64(365, "D")

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def order_figures(purchases: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """One row a customer with at least one purchase, by customer_id.

    Needs of each purchase, as of `now` and in any order: customer_id, purchase_id, ordered_at,
    is_credit, is_cancelled, credit_of_id (missing: of none), total, list_total, cost, category.

    orders, order_value_total, first_order_at, last_order_at, discounted_orders, priced_orders
    (those whose list price is known), gap_days (median gap between order days), gaps,
    net_revenue_12m, net_revenue_total, margin_12m (missing unless every cost is known),
    last_order_value, last_category, first_in_category, last_order_returned (of the latest sale,
    whatever became of it).
    """
    rows = _Rows.of(purchases)
    since = np.datetime64(pd.Timestamp(now).tz_convert(None), "us") - _YEAR
    recent = rows.stands & (rows.moment > since)
    priced = rows.is_order & ~rows.no_list_total
    sums = pd.DataFrame(
        {
            "orders": rows.sums(rows.is_order),
            "order_value_total": rows.sums(np.where(rows.is_order, rows.net, 0)),
            "discounted_orders": rows.sums(priced & (rows.list_total > rows.total)),
            "priced_orders": rows.sums(priced),
            "net_revenue_12m": rows.sums(np.where(recent, rows.total, 0)),
            "net_revenue_total": rows.sums(np.where(rows.stands, rows.total, 0)),
            "margin_12m": rows.sums(np.where(recent, rows.total - rows.cost, 0)),
        },
        index=pd.Index(rows.ids, name="customer_id"),
    ).astype("Int64")
    unknown = rows.sums(recent & rows.no_cost) > 0
    sums["margin_12m"] = sums["margin_12m"].mask(pd.Series(unknown, index=sums.index))
    joined = sums.join([_ends(rows), _gaps(rows), _returned(rows)])
    return joined.assign(gaps=joined["gaps"].fillna(0))


def _ends(rows: "_Rows") -> pd.DataFrame:
    """The first and the latest order of whoever has one."""
    order = np.flatnonzero(rows.is_order)
    group, code = rows.group[order], rows.category[order]
    who, first, last = _edges(group)
    of_its_kind = np.unique(group * (len(rows.words) + 1) + code + 1, return_index=True)[1]
    in_category = pd.Series(np.isin(last, of_its_kind)).astype("boolean").mask(code[last] < 0)
    latest = order[last]
    words = np.array(
        [*rows.words, None], dtype=object
    )  # the code of a missing category is -1: the last word
    return pd.DataFrame(
        {
            "first_order_at": _moments(rows.moment[order[first]]),
            "last_order_at": _moments(rows.moment[latest]),
            "last_order_value": pd.array(rows.net[latest], dtype="Int64"),
            "last_category": pd.array(words[rows.category[latest]], dtype="string"),
            "first_in_category": in_category.array,
        },
        index=rows.ids[who],
    )


def _gaps(rows: "_Rows") -> pd.DataFrame:
    days = rows.moment[rows.is_order].astype("datetime64[D]").astype(np.int64)
    who, median, count = median_gaps(rows.group[rows.is_order], days)
    gaps = pd.DataFrame({"gap_days": median, "gaps": count}, index=rows.ids[who])
    return gaps.astype({"gap_days": "Float64", "gaps": "Int64"})


def _returned(rows: "_Rows") -> pd.DataFrame:
    sale = np.flatnonzero(rows.is_sale)
    who, _, last = _edges(rows.group[sale])
    latest = sale[last]
    returned = rows.is_cancelled[latest] | (rows.net[latest] <= 0)
    return pd.DataFrame(
        {"last_order_returned": pd.array(returned, dtype="boolean")}, index=rows.ids[who]
    )


def median_gaps(customers: Ints, days: Ints) -> tuple[Ints, npt.NDArray[np.float64], Ints]:
    """Customers with at least two different order days, their median gap, and how many gaps.

    One entry of `customers` and `days` an order, in any order; days are numbered in a row.
    """
    by_day = np.lexsort((days, customers))
    who, gap = customers[by_day][1:], np.diff(days[by_day])
    between = (np.diff(customers[by_day]) == 0) & (gap > 0)
    who, gap = who[between], gap[between]
    by_gap = np.lexsort((gap, who))
    who, gap = who[by_gap], gap[by_gap]
    ids, first, count = np.unique(who, return_index=True, return_counts=True)
    middle = (gap[first + (count - 1) // 2] + gap[first + count // 2]) / 2
    return ids, middle, count.astype(np.int64)


@dataclass(frozen=True)
class _Rows:
    """Purchases by customer and time as plain arrays; `group` numbers customers from zero."""

    ids: Ints
    group: Ints
    starts: Ints
    moment: npt.NDArray[np.datetime64]
    total: Ints
    net: Ints
    list_total: Ints
    no_list_total: Flags
    cost: Ints
    no_cost: Flags
    category: Ints
    words: npt.NDArray[np.object_]
    is_cancelled: Flags
    is_sale: Flags
    is_order: Flags
    stands: Flags

    @classmethod
    def of(cls, purchases: pd.DataFrame) -> "_Rows":
        customer = purchases["customer_id"].to_numpy(dtype="int64")
        ids = purchases["purchase_id"].to_numpy(dtype="int64")
        moments = purchases["ordered_at"].dt.tz_convert(None).to_numpy(dtype="datetime64[us]")
        order = np.lexsort((ids, moments, customer))
        customer, ids, moments = customer[order], ids[order], moments[order]
        known, starts, ends = _edges(customer)
        codes, words = pd.factorize(purchases["category"].to_numpy(dtype=object))
        group = np.repeat(np.arange(len(known)), ends - starts + 1)
        ints = {
            name: _plain(purchases[name])[order]
            for name in ("total", "list_total", "cost", "credit_of_id")
        }
        is_credit, is_cancelled = (
            purchases[name].to_numpy(dtype=bool)[order] for name in ("is_credit", "is_cancelled")
        )
        credit, sale = _references(ids, group, is_credit, ints["credit_of_id"])
        given_back = np.zeros(len(ids), dtype=np.int64)
        np.add.at(given_back, sale, np.where(is_cancelled[credit], 0, ints["total"][credit]))
        stands = ~is_cancelled
        stands[credit[is_cancelled[sale]]] = False
        net = ints["total"] + given_back
        is_sale = ~is_credit & (ints["total"] > 0)
        return cls(
            ids=known,
            group=group,
            starts=starts,
            moment=moments,
            total=ints["total"],
            net=net,
            list_total=ints["list_total"],
            no_list_total=purchases["list_total"].isna().to_numpy()[order],
            cost=ints["cost"],
            no_cost=purchases["cost"].isna().to_numpy()[order],
            category=codes.astype(np.int64)[order],
            words=np.asarray(words, dtype=object),
            is_cancelled=is_cancelled,
            is_sale=is_sale,
            is_order=is_sale & ~is_cancelled & (net > 0),
            stands=stands,
        )

    def sums(self, values: npt.NDArray[np.generic]) -> Ints:
        """Exact sum of whole numbers, or count of flags, for each customer."""
        if not len(self.starts):
            return np.zeros(0, dtype=np.int64)
        return np.add.reduceat(values.astype(np.int64), self.starts)


def _references(ids: Ints, group: Ints, is_credit: Flags, credit_of: Ints) -> tuple[Ints, Ints]:
    """Where credit notes stand that refer to a sale of the same customer, and where that stands."""
    credit = np.flatnonzero(is_credit & (credit_of > 0))
    if not len(credit):
        return credit, credit
    by_id = np.argsort(ids)
    place = np.minimum(np.searchsorted(ids, credit_of[credit], sorter=by_id), len(ids) - 1)
    sale = by_id[place]
    found = (ids[sale] == credit_of[credit]) & (group[sale] == group[credit]) & ~is_credit[sale]
    return credit[found], sale[found]


def _edges(groups: Ints) -> tuple[Ints, Ints, Ints]:
    """The groups in a sorted column, and the places of the first and last row of each."""
    last = np.append(np.flatnonzero(np.diff(groups)), len(groups) - 1)[: len(groups)]
    first = np.append(0, last[:-1] + 1)[: len(groups)]
    return groups[first], first, last


def _plain(values: pd.Series) -> Ints:
    whole: Ints = values.astype("Int64").to_numpy(dtype="int64", na_value=0).astype(np.int64)
    return whole


def _moments(values: npt.NDArray[np.datetime64]) -> pd.Index:
    return pd.DatetimeIndex(values).tz_localize("UTC")
