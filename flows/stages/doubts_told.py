"""Messages in doubt, one by one: what is known of each, and what becomes of it by itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.reporting.figures import UNKNOWN
from flows.reporting.standing import local
from flows.reporting.words import say
from flows.stages import doubting
from flows.stages.shop import Shop
from flows.store.doubts_listed import DoubtGroup, DoubtRow, overview
from segments.names import Doubt, Outcome


@dataclass(frozen=True)
class DoubtTold:
    """A message in doubt, and what becomes of it."""

    shop: Shop
    row: DoubtRow
    policy: Doubt
    now: datetime

    @property
    def next(self) -> tuple[str, str, datetime | None]:
        """What happens by itself: the word for it, the sentence, and when."""
        row = self.row
        if row.settled_at is not None:
            return "nothing", "doubt_given_up", None
        if row.settled_as == Outcome.QUEUED:
            return "again", "doubt_back", doubting.free_at(row)
        decided_at = doubting.decided_at(self.shop, row)
        if self.policy == Doubt.AT_LEAST_ONCE:
            at = max(decided_at, doubting.free_at(row))
            return "again", "doubt_at_least_once", at
        return "leave", "doubt_at_most_once", decided_at

    def as_json(self) -> dict[str, Any]:
        """For other programs: moments in UTC, and no address of anybody."""
        row = self.row
        what, _, at = self.next
        return {
            "send": row.send_id,
            "journey": row.journey,
            "message": row.message,
            "customer": row.customer,
            "outlet": row.outlet,
            "since": row.since.isoformat(),
            "why": row.why,
            "asked_at": None if row.asked_at is None else row.asked_at.isoformat(),
            "known": row.known,
            "next": what,
            "next_at": None if at is None else at.isoformat(),
        }

    def told(self) -> dict[str, str | int]:
        """For people: moments by our clocks."""
        row, policy = self.row, self.shop.project.policy
        locale = policy.locale
        _, key, at = self.next
        when = "" if at is None else local(at, policy.zone)
        if at is not None and at <= self.now and key != "doubt_back":
            when = say("next_look", locale)
        return {
            say("send", locale): row.send_id,
            say("journey", locale): row.journey,
            say("message", locale): row.message,
            say("customer", locale): row.customer,
            say("outlet", locale): row.outlet or UNKNOWN,
            say("since", locale): local(row.since, policy.zone),
            say("why", locale): row.why,
            say("known", locale): row.known or say("nothing_known", locale),
            say("next", locale): say(key, locale, at=when),
        }


def in_doubt(
    shop: Shop, now: datetime, *, limit: int, journey: str | None = None
) -> tuple[list[DoubtTold], list[DoubtGroup]]:
    """Messages in doubt, the oldest first, and the numbers of all there are."""
    with shop.engine.connect() as connection:
        found = overview(connection, limit=limit, journey=journey)
        versions = {(each.journey, each.version) for each in found.rows}
        wanted = doubting.policies(connection, shop, versions)
    rows = [DoubtTold(shop, each, wanted[each.journey, each.version], now) for each in found.rows]
    return rows, found.groups
