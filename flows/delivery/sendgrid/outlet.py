"""The outlet that sends through SendGrid."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from time import perf_counter
from types import TracebackType
from typing import Self

from flows.delivery.background import Background
from flows.delivery.outlet import Asked, Evidence, Parcel, Receipt
from flows.delivery.sendgrid import lookup, manage
from flows.delivery.sendgrid.batched import Packer, encode
from flows.delivery.sendgrid.pace import Bucket, Window
from flows.delivery.sendgrid.post import Line, checked_key
from flows.delivery.sendgrid.traffic import Traffic
from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings


class SendGridOutlet:
    """Posts each message in a request of its own, or many of one template in one (`mode: batched`).

    Its connections live in an event loop in a thread of its own and stay open between blocks. So
    it works wherever it is called from, also where a loop is running already, and an interrupt
    (Ctrl-C) does not tear a request under way in two. The iterator of parcels is read in that
    thread.
    """

    def __init__(
        self,
        name: str,
        settings: SendGridOutletSettings,
        key: str,
        *,
        share: int = 1,
        most_failures: int = 5,
    ) -> None:
        self.name = name
        self._settings = settings
        self._key = checked_key(settings, key)
        self._client = manage.connect(settings, key)
        self._packer = Packer(settings, partial(manage.new_batch_id, self._client))
        self._encode = partial(encode, settings=settings)
        self._connections = max(1, settings.connections // share)
        self._window = Window(self._connections, perf_counter)
        pace = settings.per_second and settings.per_second / share
        self._bucket = Bucket(pace, perf_counter)
        self._most_failures = most_failures
        self._line: Line | None = None
        self._background = Background(f"outlet {name}")

    @classmethod
    def open(
        cls,
        name: str,
        settings: SendGridOutletSettings,
        key: str,
        *,
        share: int = 1,
        most_failures: int = 5,
    ) -> Self:
        """The outlet, one of `share` processes that divide its pace and connections.

        It closes after `most_failures` requests in a row whose fate nobody knows. Nothing is
        connected yet; only a key that cannot be one is refused here.
        """
        return cls(name, settings, key, share=share, most_failures=most_failures)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def pack(self, messages: Sequence[Outgoing], now: datetime) -> list[Parcel]:
        """One message a parcel, or as many as one request may carry."""
        if self._settings.mode == "batched":
            return self._packer.pack(messages, now)
        return [Parcel(uuid.uuid4().hex, (mail,)) for mail in messages]

    def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Receipt]:
        """Hand over the parcels, some at once; receipts come as SendGrid answers."""
        traffic = self._background.run(self._begin(iter(parcels)))
        try:
            under_way = True
            while under_way:
                under_way = self._background.run(traffic.wait())
                while traffic.receipts:
                    yield traffic.receipts.popleft()
        except KeyboardInterrupt:
            self._background.run(traffic.stop())
            yield from traffic.receipts
            raise
        finally:
            self._background.run(traffic.stop())
        if traffic.failure is not None:
            raise traffic.failure

    def look_up(self, asked: Sequence[Asked], now: datetime) -> Iterator[Evidence]:
        """Withdraw what still can be, and look for the rest in SendGrid's Email Logs."""
        return lookup.look_up(self._client, asked, now)

    def close(self) -> None:
        """Finish what is under way and let go of the connections."""
        if self._line is not None:
            self._background.run(self._line.close())
            self._line = None
        self._background.close()

    async def _begin(self, parcels: Iterator[Parcel]) -> Traffic:
        if self._line is None:
            self._line = Line(self._settings, self._key, self._connections)
        return Traffic(
            self._line,
            self._encode,
            parcels,
            window=self._window,
            bucket=self._bucket,
            clock=perf_counter,
            sandbox=self._settings.sandbox,
            most_failures=self._most_failures,
        )
