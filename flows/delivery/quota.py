"""How many messages a new sender may hand over on a day."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from flows.outlet_settings import WarmUp
from flows.store import outbox, quotas

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Limits:
    """What each outlet takes on a day, and in which time zone days are counted."""

    warm_ups: Mapping[str, WarmUp]
    zone: str

    def allow(
        self, connection: Connection, sends: Mapping[int, str], at: datetime
    ) -> dict[int, str]:
        """Those of these sends (each with its outlet) that may still go today. They are booked."""
        going = dict(sends)
        for outlet, theirs in self._limited(sends, at).items():
            limits = self.warm_ups[outlet].limits(self._day(at))
            allowed = quotas.allotted(
                connection, _domains(connection, theirs), outlet, self._day(at), *limits
            )
            for send_id in set(theirs) - set(allowed):
                del going[send_id]
        return going

    def give_back(self, connection: Connection, sends: Mapping[int, str], at: datetime) -> None:
        """These sends did not go after all: others may, in their place."""
        for outlet, theirs in self._limited(sends, at).items():
            counts = Counter(_domains(connection, theirs).values())
            quotas.give_back(connection, outlet, self._day(at), counts)

    def next_day(self, at: datetime) -> datetime:
        """When the next day begins."""
        begins = datetime.combine(self._day(at) + _DAY, time(), ZoneInfo(self.zone))
        return begins.astimezone(UTC)

    def _day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.zone)).date()

    def _limited(self, sends: Mapping[int, str], at: datetime) -> dict[str, list[int]]:
        """Sends by outlet, of outlets with a limit today; in order, as the store wants them."""
        limited = [
            outlet
            for outlet in sorted(self.warm_ups.keys() & set(sends.values()))
            if self.warm_ups[outlet].limits(self._day(at))[0] is not None
        ]
        return {
            outlet: [send_id for send_id, way in sends.items() if way == outlet]
            for outlet in limited
        }


def _domains(connection: Connection, send_ids: list[int]) -> dict[int, str]:
    known = outbox.domains(connection, send_ids)
    return {send_id: known.get(send_id, "") for send_id in send_ids}
