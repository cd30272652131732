"""Posts events in signed batches, with everything that goes wrong on the way, or writes files."""

import asyncio
import base64
import heapq
import random
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.simulator import events
from tests.simulator.clock import wall
from tests.simulator.messages import Message

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
LARGEST = 768 * 1024
PATIENCE = 24 * 3600
_FIRST_WAIT = 60
_ANSWER_WITHIN = 30.0
_MISCHIEF = ("duplicates", "reordered", "delayed", "forged", "lost_message_ids")


class Webhook:
    """What is still to be told, and whom."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._forger = ec.generate_private_key(ec.SECP256R1())

    def reset(self, url: str | None, folder: Path | None, every: float, seed: int) -> None:
        """Forget everything but the key."""
        self.url = url
        self.folder = folder
        self.every = every
        self.batch = 1000
        self.shares: dict[str, float] = {}
        self.counts = dict.fromkeys(("events", "posts", "refused", "given_up", "forged"), 0)
        self._dice = random.Random(seed)  # noqa: S311
        self._fresh: list[Message] = []
        self._later: list[tuple[float, int, dict[str, Any]]] = []
        self._again: list[tuple[float, float, float, bytes]] = []
        self._number = count(1)
        self._busy = asyncio.Lock()

    def change(self, wanted: dict[str, Any]) -> None:
        """Take over settings: url, every, batch, and shares of mischief."""
        known = {"url", "every", "batch", *_MISCHIEF}
        if strange := set(wanted) - known:
            raise ValueError(f"no settings of the webhook: {sorted(strange)}; {sorted(known)}")
        self.url = wanted.get("url", self.url)
        self.every = wanted.get("every", self.every)
        self.batch = wanted.get("batch", self.batch)
        self.shares |= {name: wanted[name] for name in _MISCHIEF if name in wanted}

    def public_key(self) -> str:
        """The key as SendGrid's settings show it."""
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(der).decode()

    def expect(self, message: Message) -> None:
        """From now on there is something to tell of this message."""
        if self.url is not None or self.folder is not None:
            self._fresh.append(message)

    def stats(self) -> dict[str, int]:
        """Counts so far."""
        waiting = len(self._fresh) + len(self._later) + len(self._again)
        return {**self.counts, "waiting": waiting}

    async def flush(self, now: float, everything: bool = False) -> dict[str, int]:
        """Tell what there is to tell by now, or all there ever will be. Counts of this flush."""
        async with self._busy:
            before = dict(self.counts)
            bodies = self._due_again(now, everything)
            told = self._due(now, everything)
            bodies += [(now, _FIRST_WAIT, body) for body in self._bodies(told)]
            async with aiohttp.ClientSession() as session:
                for since, wait, body in bodies:
                    await self._tell(session, now, since, wait, body)
                if told and self._thrown("forged"):
                    await self._forge(session, told)
            return {name: self.counts[name] - before[name] for name in before}

    def _due(self, now: float, everything: bool) -> list[dict[str, Any]]:
        fresh, self._fresh = self._fresh, []
        for message in fresh:
            for at, event in events.timeline(message):
                late = 0.0
                if not everything and self._thrown("delayed"):
                    late = 300 * self._dice.random()
                heapq.heappush(self._later, (at + late, next(self._number), event))
        told = []
        while self._later and (everything or self._later[0][0] <= now):
            event = events.merged(heapq.heappop(self._later)[2])
            event["timestamp"] = min(event["timestamp"], int(now))
            if events.is_late_bounce(event) and self._thrown("lost_message_ids"):
                event.pop("sg_message_id")
            told.append(event)
            if self._thrown("duplicates"):
                told.append(dict(event))
        if self._thrown("reordered"):
            self._dice.shuffle(told)
        self.counts["events"] += len(told)
        return told

    def _due_again(self, now: float, everything: bool) -> list[tuple[float, float, bytes]]:
        due = [one for one in self._again if everything or one[0] <= now]
        self._again = [one for one in self._again if not (everything or one[0] <= now)]
        return [(since, wait, body) for _, since, wait, body in due]

    def _bodies(self, told: list[dict[str, Any]]) -> list[bytes]:
        bodies, lines, size = [], [], 0
        for event in told:
            line = orjson.dumps(event)
            if lines and (len(lines) >= self.batch or size + len(line) > LARGEST):
                bodies.append(_body(lines))
                lines, size = [], 0
            lines.append(line)
            size += len(line) + 3
        if lines:
            bodies.append(_body(lines))
        return bodies

    async def _tell(
        self, session: aiohttp.ClientSession, now: float, since: float, wait: float, body: bytes
    ) -> None:
        headers = self._signed(body, self._key)
        if self.url is None:
            self._write(headers, body)
            return
        if await self._post(session, headers, body):
            return
        self.counts["refused"] += 1
        if now + wait - since > PATIENCE:
            self.counts["given_up"] += 1
        else:
            self._again.append((now + wait, since, wait * 2, body))

    async def _post(
        self, session: aiohttp.ClientSession, headers: dict[str, str], body: bytes
    ) -> bool:
        self.counts["posts"] += 1
        try:
            async with session.post(
                self.url or "",
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_ANSWER_WITHIN),
            ) as answer:
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _forge(self, session: aiohttp.ClientSession, told: list[dict[str, Any]]) -> None:
        lies = [
            {**event, "event": "spamreport", "sg_event_id": f"forged-{next(self._number)}"}
            for event in told[:10]
        ]
        body = _body([orjson.dumps(lie) for lie in lies])
        headers = self._signed(body, self._forger)
        self.counts["forged"] += 1
        if self.url is None:
            self._write(headers, body)
        elif await self._post(session, headers, body):
            self.counts["forged_and_believed"] = self.counts.get("forged_and_believed", 0) + 1

    def _signed(self, body: bytes, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
        timestamp = str(int(wall()))
        signature = key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "Content-Type": "application/json",
            "User-Agent": "SendGrid Event API",
            SIGNATURE: base64.b64encode(signature).decode(),
            TIMESTAMP: timestamp,
        }

    def _write(self, headers: dict[str, str], body: bytes) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{next(self._number):08d}.json"
        written = file.with_suffix(".part")
        written.write_bytes(orjson.dumps({"headers": headers, "body": body.decode()}))
        written.rename(file)

    def _thrown(self, name: str) -> bool:
        share = self.shares.get(name, 0)
        return share > 0 and self._dice.random() < share


def _body(lines: list[bytes]) -> bytes:
    return b"[" + b",\r\n".join(lines) + b"]\r\n"
