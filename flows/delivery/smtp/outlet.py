"""Messages handed to a mail server: several at once, each answer read, nothing twice."""

import asyncio
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Self

from flows.delivery.background import Background
from flows.delivery.outlet import Asked, Evidence, Parcel, Receipt
from flows.delivery.sendgrid.pace import Bucket
from flows.delivery.smtp.answers import Meaning, Told
from flows.delivery.smtp.judge import Judge
from flows.delivery.smtp.opening import Way
from flows.delivery.smtp.pool import Pool
from flows.delivery.smtp.signing import Signer
from flows.outgoing import Outgoing
from flows.outlet_settings import SmtpOutletSettings
from segments.names import Outcome

PATIENCE = timedelta(minutes=15)
"""After so long a recipient is tried again who was not to be had: greylisting asks for a few."""

_NEW_TRIES, _TRIES = 2, 6
_NAP = 0.5
"""Seconds after which a worker who waits for its turn looks whether there is one to come."""

_UNKNOWN = (
    "a mail server keeps no record that could be asked: look for the message in its log, or wait "
    "for an answer from the recipient"
)


class SmtpOutlet:
    """A mail server. Its connections live in a thread of their own and stay open between blocks.

    The iterator of parcels is read in that thread.
    """

    def __init__(
        self, way: Way, signer: Signer | None, connections: int, per_second: float | None
    ) -> None:
        self._signer = signer
        self._pool = Pool(way, connections)
        self._judge = Judge(way)
        self._bucket = Bucket(per_second, monotonic)
        self._background: Background | None = Background(f"outlet {way.name}")

    @classmethod
    def open(
        cls,
        name: str,
        settings: SmtpOutletSettings,
        password: str | None,
        dkim_key: bytes | None,
        *,
        share: int = 1,
    ) -> Self:
        """The outlet called `name` in the settings, ready but not connected yet.

        `share` says how many processes send through it at once: each takes its part of the
        connections and of the pace. `ConfigError` says what is missing or of no use.
        """
        signer = None if settings.dkim is None else Signer(name, settings.dkim, dkim_key)
        return cls(
            Way.to(name, settings, password),
            signer,
            max(1, settings.connections // share),
            None if settings.per_second is None else settings.per_second / share,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take leave of the server."""
        background, self._background = self._background, None
        if background is not None and background.started:
            background.run(self._pool.close())
            background.close()

    def pack(self, messages: Sequence[Outgoing], now: datetime) -> list[Parcel]:
        """Each message leaves on its own: a server answers for all recipients of one at once."""
        return [Parcel(uuid.uuid4().hex, (message,)) for message in messages]

    def look_up(self, asked: Sequence[Asked], now: datetime) -> Iterator[Evidence]:
        """Nothing can be found out about messages in doubt here."""
        for each in asked:
            yield Evidence(each.send_id, Outcome.IN_DOUBT, _UNKNOWN)

    def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Receipt]:
        """Hand over messages, on as many connections at once as the settings allow."""
        background = self._background
        if background is None:
            raise ValueError("the outlet is closed")
        messages = (message for parcel in parcels for message in parcel.messages)
        delivery = _Delivery(self._pool, self._judge, self._bucket, messages, self._content)
        try:
            background.run(delivery.begin())
            while background.run(delivery.wait()):
                yield from delivery.take()
        except KeyboardInterrupt:
            background.run(delivery.finish())
            yield from delivery.take()
            raise
        finally:
            background.run(delivery.finish())

    def _content(self, mail: Outgoing) -> bytes:
        content = mail.as_bytes()
        if self._signer is None:
            return content
        return self._signer.signed(content, mail.from_email, mail.date)


class _Delivery:
    """Messages on their way: as many workers as connections, which take one after the other."""

    def __init__(
        self,
        pool: Pool,
        judge: Judge,
        bucket: Bucket,
        messages: Iterator[Outgoing],
        content: Callable[[Outgoing], bytes],
    ) -> None:
        self._pool = pool
        self._judge = judge
        self._bucket = bucket
        self._messages = messages
        self._content = content
        self._first: deque[Outgoing] = deque(maxlen=1)
        self._receipts: deque[Receipt] = deque()
        self._news = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []
        self._error: Exception | None = None
        self._over = False

    async def begin(self) -> None:
        """Open a connection if there is anything to send, and begin."""
        mail = next(self._messages, None)
        if mail is None:
            return
        await self._pool.begin()
        if self._over:
            return
        self._first.append(mail)
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._pool.most)]
        for worker in self._workers:
            worker.add_done_callback(self._ended)

    async def wait(self) -> bool:
        """Until there are receipts, or none will come any more. Then what went wrong is raised."""
        while not self._receipts and not all(worker.done() for worker in self._workers):
            self._news.clear()
            await self._news.wait()
        if not self._receipts and self._error is not None:
            raise self._error
        return bool(self._receipts)

    def take(self) -> Iterator[Receipt]:
        """The receipts there are."""
        while self._receipts:
            yield self._receipts.popleft()

    async def finish(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._over = True
        await asyncio.gather(*self._workers)

    def _ended(self, worker: "asyncio.Task[None]") -> None:
        self._news.set()

    async def _work(self) -> None:
        try:
            while (mail := await self._next()) is not None:
                told, error = self._judge.judge(await self._hand_over(mail))
                self._error = self._error or error
                if receipt := _receipt(mail, told):
                    self._receipts.append(receipt)
                    self._news.set()
        except Exception as error:
            self._error = self._error or error

    async def _next(self) -> Outgoing | None:
        """The next message, when its turn has come."""
        while not self._over and self._error is None:
            if wait := self._bucket.wait():
                await asyncio.sleep(min(wait, _NAP))
                continue
            mail = self._first.popleft() if self._first else next(self._messages, None)
            if mail is not None:
                self._bucket.take(1)
            return mail
        return None

    async def _hand_over(self, mail: Outgoing) -> Told:
        """Offer a message, on another connection where one ended before it was taken."""
        content = self._content(mail)
        new_ones = 0
        for _ in range(_TRIES):
            session = await self._pool.lend()
            try:
                told = await session.hand_over(mail.from_email, mail.to_email, content)
            except BaseException:
                await self._pool.abandon(session)
                raise
            await self._pool.give_back(session)
            new_ones += not session.proven
            if told.meaning is not Meaning.OVER or new_ones == _NEW_TRIES:
                break
        return told


def _receipt(mail: Outgoing, told: Told) -> Receipt | None:
    """What is noted about the message; nothing where the answer was about us."""
    match told.meaning:
        case Meaning.TAKEN:
            return Receipt(mail.send_id, Outcome.ACCEPTED, told.taken_as)
        case Meaning.DOUBT:
            return Receipt(mail.send_id, Outcome.IN_DOUBT, detail=told.sentence)
        case Meaning.UNKNOWN:
            return Receipt(mail.send_id, Outcome.REJECTED, detail=told.sentence, hard=True)
        case Meaning.REFUSED:
            return Receipt(mail.send_id, Outcome.REJECTED, detail=told.sentence)
        case Meaning.PATIENCE:
            return Receipt(mail.send_id, Outcome.QUEUED, detail=told.sentence, later=PATIENCE)
        case Meaning.BUSY | Meaning.OVER:
            return Receipt(mail.send_id, Outcome.QUEUED, detail=told.sentence)
        case _:
            return None
