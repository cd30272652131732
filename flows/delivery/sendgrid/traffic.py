"""Parcels on their way: many requests at once, each judged, split or tried again as it needs."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from secrets import SystemRandom

from flows.delivery.outlet import Parcel, Receipt
from flows.delivery.sendgrid.answers import Broken, Meaning, Verdict, judge, unreachable
from flows.delivery.sendgrid.pace import Bucket, Clock, Window
from flows.delivery.sendgrid.post import Line
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from segments.names import Outcome

Messages = Sequence[Outgoing]
Encode = Callable[[Parcel, Messages], bytes]
"""A request for these messages of the parcel. `ValueError` if SendGrid would never take it."""

SECONDS, SECONDS_BATCHED = 30.0, 60.0
"""How long one request may take in all."""

IN_HAND = 10.0
"""A parcel that was taken begins its last request within so many seconds, or goes back."""

_TRIES = 3
_FIRST_PAUSE = 0.2
_MOST_PATIENCE = 60.0
_AFTER_DOUBT, _MOST_AFTER_DOUBT = 0.005, 5.0
_RECEIPTS_AT_ONCE = 64
_SOON = 0.5
_GLANCE = 0.25
_jitter = SystemRandom().uniform


class Traffic:
    """What is under way of one delivery. Made and used inside the event loop of its line.

    `receipts` may be emptied from outside, from the left, at any time. When everything under way
    has come to its end, `failure` says why no more parcels were taken, if anything was wrong.
    """

    def __init__(
        self,
        line: Line,
        encode: Encode,
        parcels: Iterator[Parcel],
        *,
        window: Window,
        bucket: Bucket,
        clock: Clock,
        sandbox: bool,
        most_failures: int,
    ) -> None:
        self.receipts: deque[Receipt] = deque()
        self.failure: Exception | None = None
        self._line = line
        self._encode = encode
        self._parcels = parcels
        self._window = window
        self._bucket = bucket
        self._clock = clock
        self._sandbox = sandbox
        self._most_failures = most_failures
        self._over = False
        self._stopped = False
        self._doubts = 0
        self._answered_at = float("-inf")
        self._refused_since: float | None = None
        self._posting = 0
        self._workers: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._ready = asyncio.Event()
        self._hire()

    async def wait(self) -> bool:
        """Wait for receipts, and not long once there are some; False when there come no more."""
        until = self._clock() + _SOON
        while self._workers and not self._ready.is_set():
            if self.receipts and self._clock() >= until:
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ready.wait(), _SOON)
        self._ready.clear()
        return bool(self._workers)

    async def stop(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._over = self._stopped = True
        while self._workers:
            await asyncio.wait(self._workers)

    def _hire(self) -> None:
        while not self._over and len(self._workers) < self._window.size:
            self._workers.add(asyncio.create_task(self._work()))

    async def _work(self) -> None:
        """Take parcel after parcel, as long as there is room for so many requests."""
        try:
            while len(self._workers) <= self._window.size:
                parcel = await self._next()
                if parcel is None:
                    break
                await self._leave(parcel)
                self._hire()
        except Exception as error:
            self._over = self._stopped = True
            self.failure = self.failure or error
        finally:
            task = asyncio.current_task()
            if task is not None:
                self._workers.discard(task)
            if not self._workers:
                self._ready.set()

    async def _next(self) -> Parcel | None:
        """The next parcel, once it may leave: it is taken no earlier, as its time may be over."""
        async with self._turn:
            while not self._over and (wait := self._bucket.wait()) > 0:
                await asyncio.sleep(min(wait, _GLANCE))
            parcel = None if self._over else next(self._parcels, None)
            if parcel is None:
                self._over = True
            else:
                self._bucket.take(len(parcel.messages))
            return parcel

    async def _leave(self, parcel: Parcel) -> None:
        """Send one parcel, in parts where SendGrid refuses it as a whole."""
        latest = self._clock() + IN_HAND
        parts: list[Messages] = [parcel.messages]
        # One batch number is withdrawn as a whole. So what has left under it shares one fate:
        # parts still here after one has left go back, and leave under a number of their own.
        closed = False
        while parts:
            messages = parts.pop()
            if self._stopped or closed or self._clock() > latest:
                why = "its request was split, and this part has not left"
                self._tell(messages, Outcome.QUEUED, why, later=timedelta(0))
                continue
            try:
                data = self._encode(parcel, messages)
            except ValueError as error:
                parts += self._divided(messages, str(error))
                continue
            verdict = await self._attempts(data, messages, latest)
            match verdict.meaning:
                case Meaning.TAKEN:
                    closed = parcel.batch_id is not None
                    self._tell(messages, Outcome.ACCEPTED, None, verdict.provider_id)
                case Meaning.DOUBT:
                    closed = parcel.batch_id is not None
                    self._tell(messages, Outcome.IN_DOUBT, verdict.detail)
                    self._slow_down(verdict)
                case Meaning.REFUSED | Meaning.TOO_LARGE:
                    parts += self._remaining(messages, verdict)
                case _:
                    later = None if verdict.wait is None else timedelta(seconds=verdict.wait)
                    self._tell(messages, Outcome.QUEUED, verdict.detail, later=later)

    def _remaining(self, messages: Messages, verdict: Verdict) -> list[Messages]:
        """What of a refused request is to be sent again, without those that were at fault."""
        refused = verdict.refused
        if not refused or max(refused) >= len(messages):
            detail = verdict.detail or next(iter(refused.values()), None)
            return self._divided(messages, detail)
        for index, detail in refused.items():
            self._tell([messages[index]], Outcome.REJECTED, detail)
        rest = [mail for index, mail in enumerate(messages) if index not in refused]
        return [rest] if rest else []

    def _divided(self, messages: Messages, detail: str | None) -> list[Messages]:
        """Two halves of a request nobody in particular is at fault for; one message is itself."""
        if len(messages) == 1:
            self._tell(messages, Outcome.REJECTED, detail)
            return []
        middle = len(messages) // 2
        return [messages[middle:], messages[:middle]]

    async def _attempts(self, data: bytes, messages: Messages, latest: float) -> Verdict:
        """Post until something came of it, or it is too late for this parcel.

        Only what certainly was not taken is posted again.
        """
        first = self._clock()
        failed = 0
        while True:
            began = self._clock()
            self._posting += 1
            answer = await self._line.post(data, SECONDS if len(messages) == 1 else SECONDS_BATCHED)
            self._posting -= 1
            verdict = judge(answer, sandbox=self._sandbox)
            meaning = verdict.meaning
            if meaning is Meaning.DOUBT:
                self._window.refused(began)
                return verdict
            if meaning is not Meaning.NOT_NOW and meaning is not Meaning.NOT_TAKEN:
                self._note_answer(began, len(messages))
                return verdict
            self._window.refused(began)
            failed += 1
            if isinstance(answer, Broken):
                if answer.hopeless or (failed == _TRIES and self._answered_at < first):
                    raise unreachable(answer, self._line.host)
                if failed == _TRIES:
                    return verdict
                wait = _FIRST_PAUSE * 3.0 ** (failed - 1) * _jitter(1, 1.5)
            else:
                wait = self._pause(verdict, failed)
                verdict = verdict._replace(wait=wait)
            if not await self._rest(wait, latest):
                return verdict

    def _note_answer(self, began: float, messages: int) -> None:
        """SendGrid works. How long it took says something of requests of one message only."""
        self._answered_at = self._clock()
        self._refused_since = None
        self._doubts = 0
        self._window.answered(began, self._answered_at - began if messages == 1 else None)

    def _pause(self, verdict: Verdict, failed: int) -> float:
        """Hold everything until SendGrid counts anew, and a little longer: not all at once."""
        now = self._clock()
        if self._refused_since is None:
            self._refused_since = now
        wait = max(_FIRST_PAUSE * 2.0**failed, verdict.wait or 0.0)
        if max(wait, now - self._refused_since) > _MOST_PATIENCE:
            raise DeliveryError(
                "SendGrid takes no more messages at present (429, too many requests): what this "
                "account may send in a stretch of time is used up"
            )
        wait += _jitter(0.05, 0.25 + wait / 10)
        self._bucket.hold(wait)
        return wait

    async def _rest(self, seconds: float, latest: float) -> bool:
        """Wait until there is room for the request again; False if there is no time for it."""
        until = self._clock() + seconds
        while until <= latest and not self._stopped:
            left = until - self._clock()
            if left <= 0 and self._posting < self._window.size:
                return True
            if self._clock() > latest:
                break
            await asyncio.sleep(min(max(left, 0.01), _GLANCE))
        return False

    def _slow_down(self, doubt: Verdict) -> None:
        """Leave a provider that fails alone for a moment, longer each time, and soon altogether.

        Otherwise it would put one message after the other in doubt.
        """
        self._doubts += 1
        if self._doubts >= self._most_failures:
            number = "a request" if self._doubts == 1 else f"{self._doubts} requests in a row"
            raise DeliveryError(f"{number} went wrong at SendGrid, the last one: {doubt.detail}")
        self._bucket.hold(min(_AFTER_DOUBT * 4.0 ** (self._doubts - 1), _MOST_AFTER_DOUBT))

    def _tell(
        self,
        messages: Messages,
        outcome: Outcome,
        detail: str | None,
        provider_id: str | None = None,
        later: timedelta | None = None,
    ) -> None:
        self.receipts.extend(
            Receipt(mail.send_id, outcome, provider_id, detail, later) for mail in messages
        )
        if outcome is not Outcome.ACCEPTED or len(self.receipts) >= _RECEIPTS_AT_ONCE:
            self._ready.set()
