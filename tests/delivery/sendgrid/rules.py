"""SendGrid's rules for POST /v3/mail/send, each a check of its own, and what its mailboxes get.

Written from what SendGrid documents and people report, without a look at the code that is held
against it. Where sources contradict one another the strictest counts.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

Body = dict[str, Any]
Check = Callable[[Body], Iterator[str]]

MESSAGE_LEVEL = {
    "asm", "attachments", "batch_id", "categories", "content", "ip_pool_name", "mail_settings",
    "reply_to", "reply_to_list", "template_id", "tracking_settings",
}  # fmt: skip
EITHER_LEVEL = {"custom_args", "from", "headers", "send_at", "subject"}
PERSONAL = {"to", "cc", "bcc", "substitutions", "dynamic_template_data"}
FORBIDDEN_HEADERS = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip


def broken(data: bytes, now: datetime) -> set[str]:
    """The names of the rules this request breaks."""
    try:
        body = orjson.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        return {"utf-8"}
    except orjson.JSONDecodeError:
        return {"json"}
    found = {name for name, check in CHECKS.items() if any(True for _ in check(body))}
    if len(data) >= 30_000_000 - 10_000:
        found.add("size")
    if any(_moment(each) > now + timedelta(hours=72) for each in _all(body, "send_at")):
        found.add("send_at")
    return found


def mailboxes(
    data: bytes, order: Callable[[list[str]], Sequence[str]] = list, passes: int = 1
) -> list[dict[str, str]]:
    """What everybody gets of a request: tags are replaced one by one, and in values again."""
    body = orjson.loads(data)
    got = []
    for each in body["personalizations"]:
        values = each.get("substitutions", {})
        mail = {part["type"]: part["value"] for part in body["content"]}
        mail["subject"] = each.get("subject", body.get("subject"))
        for tag in [tag for _ in range(passes) for tag in order(list(values))]:
            mail = {part: text.replace(tag, values[tag]) for part, text in mail.items()}
        mail |= {"to": each["to"][0]["email"], "name": each["to"][0].get("name", "")}
        mail |= body.get("custom_args", {}) | each["custom_args"]
        got.append(mail)
    return got


def _moment(unix: int) -> datetime:
    return datetime.fromtimestamp(unix).astimezone()


def _personal(body: Body) -> list[Body]:
    listed = body.get("personalizations")
    return listed if isinstance(listed, list) else []


def _all(body: Body, name: str) -> list[Any]:
    """This field wherever it is set."""
    return [place[name] for place in (body, *_personal(body)) if name in place]


def _recipients(body: Body) -> list[list[Body]]:
    return [
        [one for field in ("to", "cc", "bcc") for one in each.get(field, [])]
        for each in _personal(body)
    ]


def _count(body: Body) -> Iterator[str]:
    if not 1 <= len(_personal(body)) <= 1000:
        yield "from 1 to 1,000 personalizations"
    if sum(map(len, _recipients(body))) > 1000:
        yield "at most 1,000 recipients in all"


def _to(body: Body) -> Iterator[str]:
    for each in _personal(body):
        if not each.get("to"):
            yield "nobody in to"


def _unique(body: Body) -> Iterator[str]:
    times = Counter(one["email"].casefold() for each in _recipients(body) for one in each)
    yield from (address for address, count in times.items() if count > 1)


def _addresses(body: Body) -> Iterator[str]:
    senders = [*_all(body, "from"), *_all(body, "reply_to")]
    for mailbox in [*senders, *(one for each in _recipients(body) for one in each)]:
        address = mailbox.get("email")
        if not isinstance(address, str) or len(address) > 320:
            yield "an address has at most 320 characters"
        elif not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", address):
            yield "not an address"
    for mailbox in senders:
        if not mailbox.get("email", "").isascii():
            yield "no Unicode in the sender's address"


def _from(body: Body) -> Iterator[str]:
    if not body.get("from") and not all(each.get("from") for each in _personal(body)):
        yield "there is a sender"


def _names(body: Body) -> Iterator[str]:
    mailboxes = [one for each in _recipients(body) for one in each]
    for mailbox in [*mailboxes, *_all(body, "from"), *_all(body, "reply_to")]:
        name = mailbox.get("name", "Anna")
        if not isinstance(name, str) or not name or re.search(r"[;,\x00-\x1f\x7f]", name):
            yield "a name is text without ; and , in one line"


def _subject(body: Body) -> Iterator[str]:
    for each in _personal(body):
        subject = each.get("subject", body.get("subject"))
        if not isinstance(subject, str) or not subject.strip() or re.search(r"[\r\n\0]", subject):
            yield "every message has a subject, in one line"


def _content(body: Body) -> Iterator[str]:
    parts = body.get("content") or []
    if [part.get("type") for part in parts] != ["text/plain", "text/html"]:
        yield "plain text first, then HTML"
    if not all(isinstance(part.get("value"), str) and part["value"] for part in parts):
        yield "no body is empty"


def _substitutions(body: Body) -> Iterator[str]:
    for each in _personal(body):
        values = each.get("substitutions", {"-a-": ""})
        if not isinstance(values, dict) or not 1 <= len(values) < 100:
            yield "fewer than 100 substitutions, and none at all rather than {}"
        elif not all(isinstance(value, str) for value in values.values()):
            yield "substitutions are text"
        elif sum(len(f"{tag}{value}".encode()) for tag, value in values.items()) >= 8_000:
            yield "substitutions have less than 8,000 bytes"


def _tags(body: Body) -> Iterator[str]:
    texts = [part["value"] for part in body.get("content") or [] if "value" in part]
    for each in _personal(body):
        values = each.get("substitutions", {})
        for tag in values:
            if not re.fullmatch(r"[^\s<>&]+", tag):
                yield "tags hold no spaces and no < > &"
            if any(tag in str(value) for value in values.values()):
                yield "no value holds a tag"
            if tag in each.get("subject", ""):
                yield "no subject holds a tag by chance"
            if not any(tag in text for text in texts):
                yield "a tag has its place"
        if values and "template_id" in body:
            yield "no substitutions in dynamic templates"


def _custom_args(body: Body) -> Iterator[str]:
    for args in _all(body, "custom_args"):
        if not isinstance(args, dict) or not args:
            yield "custom_args are not {}"
        elif not all(isinstance(value, str) for value in args.values()):
            yield "custom_args are text"
    shared = body.get("custom_args") or {}
    for each in _personal(body):
        merged = {**shared, **(each.get("custom_args") or {})}
        if len(orjson.dumps(merged)) > 10_000:
            yield "custom_args have at most 10,000 bytes"


def _opaque(body: Body) -> Iterator[str]:
    for args in _all(body, "custom_args"):
        for name, value in args.items():
            if not name.startswith("stammkunde_") or not re.fullmatch(r"[0-9a-f-]+", str(value)):
                yield "SendGrid's staff sees custom_args: numbers only, under a name of ours"


def _categories(body: Body) -> Iterator[str]:
    categories = body.get("categories", ["one"])
    if not 1 <= len(categories) <= 10 or len(set(categories)) < len(categories):
        yield "at most ten categories, each once"
    for name in categories:
        if not isinstance(name, str) or not name or not name.isascii() or len(name) > 255:
            yield "a category has at most 255 ASCII characters"


def _headers(body: Body) -> Iterator[str]:
    for headers in _all(body, "headers"):
        if not isinstance(headers, dict):
            yield "headers are an object"
            continue
        for name, value in headers.items():
            if not name or not re.fullmatch(r"[!-9;-~]+", name):
                yield "header names are ASCII"
            if name.lower() in FORBIDDEN_HEADERS:
                yield "SendGrid sets this header itself"
            if not isinstance(value, str) or re.search(r"[\r\n\0]", value):
                yield "header values are text in one line"


def _level(body: Body) -> Iterator[str]:
    for each in _personal(body):
        yield from each.keys() - PERSONAL - EITHER_LEVEL
    yield from body.keys() - MESSAGE_LEVEL - EITHER_LEVEL - {"personalizations"}


def _reply_to(body: Body) -> Iterator[str]:
    if "reply_to" in body and "reply_to_list" in body:
        yield "either reply_to or reply_to_list"


def _pool(body: Body) -> Iterator[str]:
    if not 2 <= len(body.get("ip_pool_name", "pool")) <= 64:
        yield "the name of a pool has from 2 to 64 characters"


def _asm(body: Body) -> Iterator[str]:
    asm = body.get("asm", {"group_id": 1})
    if type(asm.get("group_id")) is not int or len(asm.get("groups_to_display", [])) > 25:
        yield "one group, and at most 25 to choose from"


def _schedule(body: Body) -> Iterator[str]:
    if any(type(each) is not int for each in _all(body, "send_at")):
        yield "send_at is a whole number"
    if not isinstance(body.get("batch_id", "id"), str):
        yield "batch_id is text"


CHECKS: dict[str, Check] = {
    "personalizations": _count,
    "to": _to,
    "duplicates": _unique,
    "addresses": _addresses,
    "from": _from,
    "names": _names,
    "subject": _subject,
    "content": _content,
    "substitutions": _substitutions,
    "tags": _tags,
    "custom_args": _custom_args,
    "opaque": _opaque,
    "categories": _categories,
    "headers": _headers,
    "level": _level,
    "reply_to": _reply_to,
    "ip_pool_name": _pool,
    "asm": _asm,
    "schedule": _schedule,
}
