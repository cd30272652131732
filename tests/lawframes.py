"""What the store would hand out to a run in a world that is lived through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from segments.journey.standing import DTYPES
from segments.state import FRAMES, Specs, State
from tests import builders
from tests.reference.drawn import DAYS

if TYPE_CHECKING:
    from tests.lawbook import Book, World

GONE = ("queued", "ghost")
"""Outcomes of messages that went, or would have gone."""

_ANSWERS = {"reply": "reply", "click": "click", "done": "task_done"}

Row = dict[str, Any]


def state_of(
    world: World, book: Book, spec: Specs, now: datetime, *, future: bool = False
) -> State:
    """What the store would hand out as of `now`, with `future` what is yet to happen as well."""
    day = (now - world.start).days
    journeys = [program.name for program in spec.programs]
    held = book.enrollments[book.enrollments["journey"].isin(journeys)]
    open_goal = held["status"].eq("finished") & held["goal_at"].isna()
    under_way = held[(held["status"].eq("active") | open_goal).to_numpy(dtype=bool)]
    past = held[["customer_id", "journey", "entry_key", "entered_at", "left_at"]]
    return State(
        profiles=_profiles(world, book, day),
        contacts=_contacts(world, day),
        orders=_orders(world, now, future),
        enrollments=_refreshed(world, under_way, now, future),
        past=past.reset_index(drop=True),
        deferred=_deferred(book),
        touches=_touches(world, book, now),
        sent=_sent(book, spec),
        events=_events(world, book, now, future),
        grounds=builders.frame("grounds", *world.grounds),
        members=_members(book),
        filled=book.filled,
        previous_run=book.previous_run,
    )


def _profiles(world: World, book: Book, day: int) -> pd.DataFrame:
    rows = []
    for number, person in enumerate(world.customers, start=1):
        before = book.phases.get(number, (None, None))
        today = {name: values[min(day, DAYS - 1)] for name, values in person.items()}
        own = {"customer_id": number, "customer_key": f"K{number}"}
        rows.append(own | today | {"phase_before": before[0], "quadrant_before": before[1]})
    return _frame(rows, _PROFILE)


def _contacts(world: World, day: int) -> pd.DataFrame:
    rows = []
    for person in world.contacts:
        objected = person["objected"] or person["objects_on"] <= day
        suppressed = person["suppressed"] or person["bounces_on"] <= day
        rows.append(person | {"objected": objected, "suppressed": suppressed})
    asked = {name: kind for name, kind in _ASKED.items() if any(name in row for row in rows)}
    return _frame(rows, _CONTACT | asked)


def _orders(world: World, now: datetime, future: bool) -> pd.DataFrame:
    rows = [
        order
        | {
            "ordered_at": order["at"],
            "purchase_id": number,
            "order_key": f"A{number}",
            "order_returned": order["returned_at"] <= now,
        }
        for number, order in enumerate(world.orders, start=1)
        if _seen(order, now, future)
    ]
    return _frame(rows, _ORDER)


def _seen(row: Row, now: datetime, future: bool) -> bool:
    return row["known_at"] <= now or (future and row["at"] > now)


def _frame(rows: list[Row], dtypes: Mapping[str, str]) -> pd.DataFrame:
    columns = {
        name: pd.array([row.get(name) for row in rows], dtype=dtype)
        for name, dtype in dtypes.items()
    }
    return pd.DataFrame(columns, copy=False)


_PROFILE = dict(builders.profiles({"region": "DE"}).dtypes.astype(str)) | {"region": "str"}
_CONTACT = dict(builders.contacts({}).dtypes.astype(str)) | {"zone": "str", "region": "str"}
_ASKED = {
    "rests_until": "datetime64[us, UTC]",
    "suppressed_service": "bool",
    "suppressed_legal": "bool",
}
_ORDER = dict(builders.orders({}).dtypes.astype(str)) | {"categories": "str", "products": "str"}


def _events(world: World, book: Book, now: datetime, future: bool) -> pd.DataFrame:
    """Everything that happened, those who travel included; answers follow what was sent."""
    rows = [
        {name: value for name, value in event.items() if name != "known_at"} | {"key": f"E{number}"}
        for number, event in enumerate(world.events)
        if _seen(event, now, future)
    ]
    for number, order in enumerate(world.orders, start=1):
        for kind, at in (("order", order["at"]), ("delivered", order["delivered_at"])):
            if _seen({"at": at, "known_at": max(at, order["known_at"])}, now, future):
                rows.append(
                    {
                        "kind": kind,
                        "customer_id": order["customer_id"],
                        "key": f"A{number}",
                        "at": at,
                        "purchase_id": number,
                    }
                )
    for kinds, made, table in (
        (("reply", "click"), "decided_at", book.sends),
        (("done",), "made_at", book.tasks),
    ):
        for number, row in enumerate(table.to_dict("records")):
            kind, hours = world.answers[number % len(world.answers)]
            at = row[made] + timedelta(hours=hours)
            if kind in kinds and row.get("outcome", "queued") == "queued" and (future or at <= now):
                told = {"kind": _ANSWERS[kind], "key": f"R{number}", "at": at}
                names = ("customer_id", "enrollment_id")
                rows.append(told | {name: int(row[name]) for name in names})
    texts = {"key": "", "journey": ""}
    return _frame([texts | row for row in rows], FRAMES["events"])


def _refreshed(world: World, under_way: pd.DataFrame, now: datetime, future: bool) -> pd.DataFrame:
    """Enrollments with what has happened since: orders that followed, orders given back."""
    rows = under_way.reset_index(drop=True)
    follow, returned = [], []
    for row in rows.to_dict("records"):
        after = [
            order["at"]
            for order in world.orders
            if order["customer_id"] == row["customer_id"]
            and row["anchor_at"] < order["at"]
            and _seen(order, now, future)
        ]
        follow.append(min(after, default=None))
        bought = row["purchase_id"]
        returned.append(
            None if pd.isna(bought) else world.orders[int(bought) - 1]["returned_at"] <= now
        )
    return rows.assign(
        next_order_at=pd.Series(follow, dtype=DTYPES["next_order_at"]),
        order_returned=pd.Series(returned, dtype="boolean"),
    )


def _deferred(book: Book) -> pd.DataFrame:
    columns = {
        "send_id": "Int64",
        "enrollment_id": "Int64",
        "node": "str",
        "contact_id": "Int64",
        "outranked_by": "str",
    }
    waiting = pd.DataFrame(columns=[*columns, "outcome"]) if book.sends.empty else book.sends
    return waiting.loc[waiting["outcome"] == "deferred", list(columns)].astype(columns)


def _touches(world: World, book: Book, now: datetime) -> pd.DataFrame:
    columns = FRAMES["touches"]
    talks = builders.frame("touches", *(talk for talk in world.talks if talk["at"] <= now))
    if book.sends.empty:
        return talks
    got = book.sends[book.sends["outcome"].isin(GONE)]
    got = got.assign(at=got[["not_before", "decided_at"]].max(axis=1))
    return pd.concat([got[list(columns)].astype(columns), talks], ignore_index=True)


def _sent(book: Book, spec: Specs) -> pd.DataFrame:
    columns = FRAMES["sent"]
    if book.sends.empty:
        return builders.frame("sent")
    anew = [each.name for each in spec.programs if each.journey.migrate == "restart"]
    got = book.sends[book.sends["outcome"].isin(GONE) & book.sends["journey"].isin(anew)]
    return got[list(columns)].astype(columns).reset_index(drop=True)


def _members(book: Book) -> pd.DataFrame:
    rows = sorted(book.members)
    return pd.DataFrame(rows, columns=["segment", "customer_id"]).astype(
        {"segment": "str", "customer_id": "int64"}
    )
