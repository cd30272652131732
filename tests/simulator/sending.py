"""Takes a request to /v3/mail/send in: all of it or nothing, and to each mailbox its message."""

from typing import Any

from tests.simulator import answers, rules
from tests.simulator.answers import Answer
from tests.simulator.behaviour import REASONS, delay
from tests.simulator.messages import Message, enabled, message_id, new_request_id
from tests.simulator.substitution import Filler
from tests.simulator.suppressions import Entry
from tests.simulator.world import World

_NO_VALUES: dict[str, str] = {}


def take(world: World, mail: Any) -> Answer:
    """Check a request and, if nothing is wrong with it, queue its messages."""
    now = world.clock.now()
    account = world.account
    found = rules.check(mail, account, lambda batch: world.schedule.knows(batch, now), now)
    if found:
        world.counts["bad_requests"] += 1
        return answers.refused(400, *found)
    if account.senders is not None:
        for field, sender in _senders(mail):
            if not account.may_send_as(sender):
                return answers.unknown_sender(field)
    if enabled(mail, "mail_settings", "sandbox_mode", False):
        world.counts["sandboxed"] += 1
        return Answer(200)
    if account.quota is not None:
        if account.quota < len(mail["personalizations"]):
            return answers.OUT_OF_QUOTA
        account.quota -= len(mail["personalizations"])
    request = Request(world, mail, now)
    for person in mail["personalizations"]:
        request.take(person)
    world.log.add(request.request_id, request.messages)
    world.counts["requests"] += 1
    if world.mailboxes.keep == "full":
        world.requests.append(mail)
    return Answer(202, headers=((b"x-message-id", request.request_id.encode()),))


def leave(world: World) -> None:
    """Let scheduled messages go whose moment has come."""
    now = world.clock.now()
    for (request, person, messages), at, withdrawn in world.schedule.due(now):
        if withdrawn:
            for message in messages:
                message.left = at
                message.fate = ("cancel_drop",)
                message.reason = "Cancelled"
            if messages[0].send is not None:
                world.withdrawn.add(messages[0].send)
        else:
            request.deliver(person, messages, at)


def _senders(mail: dict[str, Any]) -> list[tuple[str, str]]:
    own = [
        (f"personalizations.{place}.from", person["from"]["email"])
        for place, person in enumerate(mail["personalizations"])
        if "from" in person
    ]
    return [("from", mail["from"]["email"]), *own]


class Request:
    """A request that was taken; its texts are cut at their tags once for all recipients."""

    def __init__(self, world: World, mail: dict[str, Any], now: float) -> None:
        self.world = world
        self.request_id = new_request_id()
        self.messages: list[Message] = []
        self._mail = mail
        self._now = now
        self._filler = Filler()
        self._seen: set[str] = set()
        bodies: dict[str, str] = {}
        for part in mail.get("content", ()):
            bodies.setdefault(part["type"], part["value"])
        self._text = bodies.pop("text/plain", "")
        self._html = bodies.pop("text/html", "")
        self._other = bodies
        account = world.account
        self._opens = enabled(mail, "tracking_settings", "open_tracking", account.open_tracking)
        self._clicks = enabled(mail, "tracking_settings", "click_tracking", account.click_tracking)
        self._unsubscribes = enabled(
            mail, "tracking_settings", "subscription_tracking", account.subscription_tracking
        )

    def take(self, person: dict[str, Any]) -> None:
        """Queue the messages of one personalization."""
        mail, world = self._mail, self.world
        send_at = person.get("send_at", mail.get("send_at"))
        args = person.get("custom_args", _NO_VALUES)
        if "custom_args" in mail:
            args = {**mail["custom_args"], **args}
        sender = person.get("from", mail["from"])["email"]
        subject = person.get("subject", mail.get("subject", ""))
        values = person.get("substitutions", _NO_VALUES)
        if values:
            subject = self._filler.fill(subject, values)
        people = person["to"]
        if "cc" in person or "bcc" in person:
            people = [*people, *person.get("cc", ()), *person.get("bcc", ())]
        messages = [
            Message(
                self.request_id,
                number,
                one["email"],
                sender,
                subject,
                self._now,
                mail.get("categories", []),
                args,
                send_at,
                mail.get("batch_id"),
                mail["asm"]["group_id"] if "asm" in mail else None,
                mail.get("ip_pool_name"),
            )
            for number, one in enumerate(people, len(self.messages))
        ]
        self.messages += messages
        send = messages[0].send
        if send is not None:
            world.accepted.add(send)
        if send_at is not None and send_at > self._now:
            world.schedule.add(send_at, mail.get("batch_id"), (self, person, messages))
        else:
            self.deliver(person, messages, self._now)

    def deliver(self, person: dict[str, Any], messages: list[Message], now: float) -> None:
        """Let the messages of one personalization go, and put them where they arrive."""
        world = self.world
        settings = self._mail.get("mail_settings", {})
        content: dict[str, Any] | None = None
        for message in messages:
            message.left = now
            why_not = world.suppressions.why_not(message.email, message.group_id, settings, now)
            if why_not is not None:
                message.fate, message.reason = ("dropped",), why_not
            else:
                message.fate = world.behaviour.fate(
                    message.email,
                    message.custom_args,
                    self._opens,
                    self._clicks,
                    self._unsubscribes,
                    message.group_id is not None,
                )
            if message.fate != ("delivered",):
                _remember_reactions(world, message, now)
            if "delivered" in message.fate or "async_bounce" in message.fate:
                if content is None and world.mailboxes.keep != "counts":
                    content = self._content(person, message, now)
                if content is not None and world.mailboxes.keep == "full":
                    content = {**content, "sg_message_id": message.sg_message_id}
                address = message.email.casefold()
                world.mailboxes.receive(
                    message.email, message.send, content or {}, address not in self._seen
                )
                self._seen.add(address)
            world.webhook.expect(message)

    def _content(self, person: dict[str, Any], message: Message, now: float) -> dict[str, Any]:
        mail = self._mail
        values = person.get("substitutions", _NO_VALUES)
        fill = self._filler.fill
        headers = person.get("headers", _NO_VALUES)
        if "headers" in mail:
            headers = {**mail["headers"], **headers}
        text, html = fill(self._text, values), fill(self._html, values)
        if "click" in message.fate:
            message.link = _first_link(html)
        content = {"subject": message.subject, "text": text, "html": html, "headers": headers}
        if self.world.mailboxes.keep == "digest":
            return content
        replies = mail.get("reply_to_list") or ([mail["reply_to"]] if "reply_to" in mail else [])
        return {
            "from": person.get("from", mail["from"]),
            "to": person["to"],
            "cc": person.get("cc", []),
            "reply_to": [{name: fill(word, values) for name, word in r.items()} for r in replies],
            **content,
            "other": {kind: fill(value, values) for kind, value in self._other.items()},
            "attachments": [one["filename"] for one in mail.get("attachments", ())],
            "message_id": message_id(self.request_id),
            "request_id": self.request_id,
            "custom_args": message.custom_args,
            "categories": message.categories,
            "received_at": now,
            "added_by_sendgrid": [
                name
                for name, on in (
                    ("open_tracking", self._opens),
                    ("click_tracking", self._clicks),
                    ("subscription_tracking", self._unsubscribes),
                )
                if on
            ],
        }


def _first_link(html: str) -> str | None:
    start = html.find('href="http')
    return None if start < 0 else html[start + 6 : html.find('"', start + 6)]


def _remember_reactions(world: World, message: Message, now: float) -> None:
    """Put onto the lists of suppressions whom this message will have put there."""
    lists = {
        "bounce": "bounces",
        "async_bounce": "bounces",
        "blocked": "blocks",
        "spamreport": "spam_reports",
        "unsubscribe": "unsubscribes",
    }
    for kind in message.fate:
        at = now + delay(kind, message.fate)
        if kind in lists:
            reason, status = REASONS.get(kind, ("", ""))
            world.suppressions.add(lists[kind], Entry(message.email, at, reason, status))
        elif kind == "group_unsubscribe" and message.group_id is not None:
            world.suppressions.add_to_group(message.group_id, Entry(message.email, at))
