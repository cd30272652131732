"""Orders and what follows from them: deliveries, cancellations, credit notes and complaints.

Every table is written as planned, with moments that may lie ahead; what is ahead is shown only
once its day has come.
"""

import numpy as np
import pandas as pd

from flows.company import wording
from flows.company.chance import Array, Moment, pick
from flows.company.people import NEVER
from flows.company.season import PEAK, at_work, briskness, business_days_after
from segments.names import Channel, Direction, Locale, Mood, OrderKind

Books = dict[str, pd.DataFrame]
DORMANT = 0.12
_DAY = np.timedelta64(1, "D")


def past_orders(
    rng: np.random.Generator, customers: pd.DataFrame, start: Moment, end: Moment
) -> tuple[Array, Array]:
    """Who ordered when from `start` to before `end`: first purchases, then repeats."""
    buying = ~customers["prospect"].to_numpy()
    since = customers["since"].to_numpy("datetime64[s]")
    leaves = np.minimum(customers["leaves"].to_numpy("datetime64[D]"), end)
    begins = np.maximum(since.astype("datetime64[D]") + _DAY, start)
    rate = np.where(buying, customers["rate"].to_numpy(), 0.0)
    first = np.flatnonzero(buying & (since >= start))
    who, days = _poisson_days(rng, rate, begins, leaves)
    late_who, late_days = _poisson_days(rng, rate * DORMANT, np.maximum(leaves, begins), end)
    who = np.concatenate([who, late_who])
    moments = at_work(rng, np.concatenate([days, late_days]))
    orders = pd.DataFrame(
        {
            "who": np.concatenate([first, who]),
            "at": np.concatenate([since[first], moments]),
        }
    )
    orders = orders[~orders.assign(at=orders["at"].dt.floor("D")).duplicated()]
    orders = orders.sort_values(["at", "who"], kind="stable")
    return orders["who"].to_numpy(), orders["at"].to_numpy("datetime64[s]")


def _poisson_days(
    rng: np.random.Generator, rate: Array, begins: Array, ends: Array | Moment
) -> tuple[Array, Array]:
    length = np.maximum((ends - begins).astype(float), 0.0)
    who = np.repeat(np.arange(len(rate)), rng.poisson(rate * length * PEAK))
    days = begins[who] + (rng.random(len(who)) * length[who]).astype("timedelta64[D]")
    kept = rng.random(len(who)) * PEAK < briskness(days)
    return who[kept], days[kept]


def sell(
    rng: np.random.Generator,
    locale: Locale,
    products: pd.DataFrame,
    buyers: pd.DataFrame,
    moments: Array,
    first_number: int,
) -> Books:
    """One order per row of `buyers`, with everything that will come of it."""
    count = len(buyers)
    number = np.arange(first_number, first_number + count).astype(str).astype(object)
    day = moments.astype("datetime64[D]")
    late = rng.random(count) < 0.07
    promised = business_days_after(day, 3 + rng.poisson(5, count))
    arrives = business_days_after(promised, np.where(late, 4 + rng.poisson(4, count), 0))
    cancelled = rng.random(count) < 0.02
    place = np.where(
        rng.random(count) < 0.15, rng.integers(0, 4, count) % buyers["people"].to_numpy(), 0
    )
    customer = buyers["customer"].to_numpy(object)
    orders = pd.DataFrame(
        {
            "order": "A" + number,
            "customer": customer,
            "ordered_at": moments,
            "contact": customer + "-" + (place + 1).astype(str).astype(object),
            "kind": OrderKind.SALE.value,
            "credit_of": "",
            "cancelled_at": np.where(
                cancelled, at_work(rng, business_days_after(day, 1 + rng.integers(0, 2, count))),
                NEVER,
            ),
            "delivered_at": np.where(cancelled, NEVER, at_work(rng, arrives)),
            "currency": "EUR",
        }
    )  # fmt: skip
    lines = _lines(rng, products, buyers, orders)
    trouble = _trouble(rng, locale, orders, promised, late & ~cancelled)
    books = {"orders": orders, "order_lines": lines, "complaints": trouble}
    if len(trouble):
        books["interactions"] = _talk_about(rng, locale, trouble)
    back = _given_back(rng, orders, trouble)
    if len(back):
        credits, credit_lines = _credits(rng, back, lines)
        books["orders"] = pd.concat([orders, credits], ignore_index=True)
        books["order_lines"] = pd.concat([lines, credit_lines], ignore_index=True)
    return books


def _lines(
    rng: np.random.Generator, products: pd.DataFrame, buyers: pd.DataFrame, orders: pd.DataFrame
) -> pd.DataFrame:
    count = len(orders)
    owner = np.repeat(np.arange(count), 1 + np.minimum(rng.poisson(1.3, count), 7))
    share = products["popularity"].to_numpy()
    article = rng.choice(len(products), len(owner), p=share / share.sum())
    twice = pd.DataFrame({"owner": owner, "article": article}).duplicated().to_numpy()
    owner, article = owner[~twice], article[~twice]
    need = buyers["size"].to_numpy()[owner] * rng.lognormal(0, 0.5, len(owner))
    usual = buyers["discount"].to_numpy()
    granted = np.where(rng.random(count) < 0.8, usual, 0.0)
    granted = np.where((usual == 0) & (rng.random(count) < 0.06), 0.05, granted)
    price = products["list_price"].to_numpy()[article]
    return pd.DataFrame(
        {
            "order": orders["order"].to_numpy()[owner],
            "ordered_at": orders["ordered_at"].to_numpy()[owner],
            "product": products["product"].to_numpy()[article],
            "quantity": np.clip(
                np.rint(need ** products["bulk"].to_numpy()[article]), 1, 150
            ).astype(int),
            "unit_price": np.round(price * (1 - granted[owner]), 2),
            "list_price": price,
            "unit_cost": products["unit_cost"].to_numpy()[article],
        }
    )


def _trouble(
    rng: np.random.Generator, locale: Locale, orders: pd.DataFrame, promised: Array, late: Array
) -> pd.DataFrame:
    count = len(orders)
    delivered = orders["delivered_at"].to_numpy("datetime64[s]")
    happens = (rng.random(count) < np.where(late, 0.35, 0.03)) & ~np.isnat(delivered)
    waited = late & (rng.random(count) < 0.75)
    broken = rng.random(count) < 0.55
    about = np.where(
        waited,
        wording.LATE[locale],
        np.where(broken, wording.DAMAGED[locale], pick(rng, wording.OTHER_TROUBLE[locale], count)),
    )
    noticed = np.where(waited, promised, delivered.astype("datetime64[D]"))[happens]
    opened = business_days_after(noticed, 1 + rng.integers(0, 3, len(noticed)))
    closed = business_days_after(opened, 1 + rng.geometric(0.2, len(opened)))
    order = orders["order"].to_numpy(object)[happens]
    return pd.DataFrame(
        {
            "complaint": np.array(["R" + one[1:] for one in order], dtype=object),
            "customer": orders["customer"].to_numpy(object)[happens],
            "opened_at": at_work(rng, opened),
            "closed_at": at_work(rng, closed),
            "order": order,
            "about": about[happens],
        }
    )


def _given_back(
    rng: np.random.Generator, orders: pd.DataFrame, trouble: pd.DataFrame
) -> pd.DataFrame:
    cross = orders["order"].isin(trouble["order"]).to_numpy()
    given = rng.random(len(orders)) < np.where(cross, 0.3, 0.035)
    return orders[given & orders["delivered_at"].notna().to_numpy()]


def _credits(
    rng: np.random.Generator, back: pd.DataFrame, lines: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    day = back["delivered_at"].to_numpy("datetime64[D]")
    credit = np.array(["G" + one[1:] for one in back["order"]], dtype=object)
    credits = back.assign(
        order=credit,
        ordered_at=at_work(rng, business_days_after(day, 6 + rng.integers(0, 12, len(back)))),
        kind=OrderKind.CREDIT.value,
        credit_of=back["order"],
        cancelled_at=NEVER,
        delivered_at=NEVER,
    )
    whole = pd.Series(rng.random(len(back)) < 0.45, index=back["order"])
    moment = pd.Series(credits["ordered_at"].to_numpy(), index=back["order"])
    returned = lines[lines["order"].isin(back["order"])]
    full = whole.reindex(returned["order"]).to_numpy(bool)
    first = ~returned["order"].duplicated().to_numpy()
    kept = full | first | (rng.random(len(returned)) < 0.4)
    part = np.ceil(returned["quantity"].to_numpy() * rng.uniform(0.2, 0.7, len(returned)))
    quantity = np.where(full, returned["quantity"], part).astype(int)
    credit_lines = returned.assign(
        order=np.array(["G" + one[1:] for one in returned["order"]], dtype=object),
        ordered_at=moment.reindex(returned["order"]).to_numpy(),
        quantity=-quantity,
    )
    return credits, credit_lines[kept]


def _talk_about(rng: np.random.Generator, locale: Locale, trouble: pd.DataFrame) -> pd.DataFrame:
    count = len(trouble)
    said = [wording.CALLED_ABOUT[locale].format(about=about) for about in trouble["about"]]
    common = {
        "customer": trouble["customer"],
        "contact": trouble["customer"] + "-1",
        "channel": Channel.CALL.value,
    }
    cross = common | {
        "interaction": "B" + trouble["complaint"],
        "at": trouble["opened_at"],
        "direction": Direction.IN.value,
        "mood": pick(rng, {Mood.ANNOYED: 70, Mood.ANGRY: 20, Mood.NEUTRAL: 10}, count),
        "note": np.array(said, dtype=object),
    }
    calm = common | {
        "interaction": "K" + trouble["complaint"],
        "at": trouble["closed_at"],
        "direction": Direction.OUT.value,
        "mood": pick(
            rng, {Mood.CONTENT: 50, Mood.NEUTRAL: 35, Mood.DELIGHTED: 5, Mood.ANNOYED: 10}, count
        ),
        "note": wording.SETTLED[locale],
    }
    return pd.concat([pd.DataFrame(cross), pd.DataFrame(calm)], ignore_index=True)


def small_talk(
    rng: np.random.Generator,
    locale: Locale,
    customers: pd.DataFrame,
    who: Array,
    days: Array,
    prefix: str,
) -> pd.DataFrame:
    """Calls and visits without a reason of their own."""
    count = len(who)
    mood = pick(
        rng,
        {Mood.DELIGHTED: 8, Mood.CONTENT: 45, Mood.NEUTRAL: 37, Mood.ANNOYED: 8, Mood.ANGRY: 2},
        count,
    )
    notes = wording.NOTES[locale]
    turn = rng.integers(0, 60, count)
    said = [
        notes[Mood(one)][number % len(notes[Mood(one)])]
        for one, number in zip(mood, turn, strict=True)
    ]
    customer = customers["customer"].to_numpy(object)[who]
    return pd.DataFrame(
        {
            "interaction": prefix + pd.Series(np.arange(1, count + 1).astype(str), dtype=object),
            "customer": customer,
            "at": at_work(rng, days),
            "contact": customer + "-1",
            "channel": pick(
                rng, {Channel.CALL: 72, Channel.VISIT: 15, Channel.MAIL: 8, Channel.FAIR: 5}, count
            ),
            "direction": pick(rng, {Direction.OUT: 60, Direction.IN: 40}, count),
            "mood": mood,
            "note": np.array(said, dtype=object),
        }
    )
