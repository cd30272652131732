"""What waits for approval, as somebody who decides about it has to see it: no customer in it.

Samples are written to the invented customer of each message's sample.yaml, because the page is
kept in Prefect's database; customers' own messages are shown by commands it names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from flows.errors import ConfigError, MessageError
from flows.messages.compose import compose
from flows.messages.library import Library
from flows.messages.sample import AT, Sample, read_sample
from flows.reporting.figures import count
from flows.reporting.outline import outline
from flows.reporting.words import say, word
from flows.stages.delivering import letterhead
from flows.stages.shop import Shop
from flows.store import review
from flows.store.review import Decided
from flows.store.session import reading, writing
from segments.names import Locale, Phase, Quadrant, Review

MOST_SAMPLES = 3
_LEAST_TIME = timedelta(hours=1)
_NO_SECRET = b"links of samples lead nowhere"


@dataclass(frozen=True)
class Waiting:
    """What waits in one journey: messages, customers, and when the first becomes stale."""

    journey: str
    title: str
    messages: int
    customers: int
    valid_until: datetime


def waiting(shop: Shop) -> list[Waiting]:
    """What waits for approval, by journey."""
    with reading(shop.engine) as connection:
        rows = review.waiting(connection)
    titles = {name: each.journey.title for name, each in shop.project.journeys.items()}
    return [
        Waiting(
            str(name),
            titles.get(str(name), str(name)),
            int(own["messages"].sum()),
            int(own["customers"].sum()),
            own["valid_until"].min().to_pydatetime(),
        )
        for name, own in rows.groupby("journey", sort=True)
    ]


def decide(shop: Shop, said: Mapping[str, Review], who: Decided) -> dict[Review, int]:
    """Let messages of journeys go, or withdraw them. How many; what was decided before stays so."""
    done = dict.fromkeys((Review.APPROVED, Review.REJECTED), 0)
    with writing(shop.engine) as connection:
        for journey, decision in said.items():
            settle = review.approve if decision == Review.APPROVED else review.reject
            done[decision] += settle(connection, who, journey=journey)
    return done


def until(shop: Shop, now: datetime) -> datetime:
    """How long somebody is waited for: as deployments.yaml says, else while messages may arrive.

    An hour at least where nothing is said.
    """
    within = shop.project.deployments.approve_within
    if within is not None:
        return now + timedelta(days=within.days)
    here = now.astimezone(ZoneInfo(shop.project.policy.zone))
    hours = shop.project.policy.calendar.hours
    ends = [
        end
        for purpose in ("service", "advertising", "survey")
        for _, end in getattr(hours, purpose).windows[here.weekday()]
    ]
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    closing = midnight + timedelta(minutes=max(ends, default=0))
    return max(closing.astimezone(now.tzinfo), now + _LEAST_TIME)


def page(shop: Shop, found: list[Waiting], ends: datetime) -> str:
    """What waits, why these customers, and what the messages look like, in Markdown."""
    locale: Locale = shop.project.policy.locale
    with reading(shop.engine) as connection:
        why = review.reasons(connection)
    parts = [
        f"# {headline(found, locale)}",
        say("approval_intro", locale, until=_local(ends, shop)),
        _table(found, shop, locale),
    ]
    for each in found:
        parts += _journey(shop, each, why[why["journey"] == each.journey], locale)
    return "\n\n".join(parts) + "\n"


def headline(found: list[Waiting], locale: Locale) -> str:
    """How much waits, in a line."""
    number = sum(each.messages for each in found)
    names = ", ".join(f"{each.title} ({count(each.messages, locale)})" for each in found)
    return say("approval_headline", locale, n=count(number, locale), journeys=names)


def _table(found: list[Waiting], shop: Shop, locale: Locale) -> str:
    heads = ("journey", "messages", "column_customers", "first_stale")
    lines = [
        "| " + " | ".join(say(head, locale) for head in heads) + " |",
        "| --- | ---: | ---: | --- |",
    ]
    for each in found:
        lines.append(
            f"| {_cell(each.title)} (`{each.journey}`) | {count(each.messages, locale)} "
            f"| {count(each.customers, locale)} | {_local(each.valid_until, shop)} |"
        )
    return "\n".join(lines)


def _journey(shop: Shop, found: Waiting, why: pd.DataFrame, locale: Locale) -> list[str]:
    program = shop.project.journeys.get(found.journey)
    lines = []
    if program is not None:
        lines += [f"- `{line}`" for line in outline(program)[1:3] if line.startswith(("en", "ex"))]
    ways_to_say: list[tuple[str, str, Callable[[str], str]]] = [
        ("phase", "approval_phases", lambda value: word(Phase, value, locale)),
        ("quadrant", "approval_quadrants", lambda value: word(Quadrant, value, locale)),
        ("basis", "approval_bases", lambda value: say(f"approval_basis_{value}", locale)),
    ]
    for column, key, named in ways_to_say:
        sums = why.dropna(subset=[column]).groupby(column)["number"].sum()
        if not sums.empty:
            told = ", ".join(
                f"{named(str(value))} {count(int(number), locale)}"
                for value, number in sums.sort_values(ascending=False).items()
            )
            lines.append(f"- {say(key, locale)}: {told}")
    messages = why.groupby("message", sort=False)["number"].sum()
    lines += [
        "- " + say("approval_message", locale, message=name, n=count(int(number), locale))
        for name, number in messages.items()
    ]
    first = int(why["first"].min())
    commands = "\n".join(
        [
            "```sh",
            f"stammkunde show {first}",
            f"stammkunde approve {found.journey}",
            f"stammkunde reject {found.journey}",
            "```",
        ]
    )
    parts = [f"## {found.title}", f"**{say('approval_why', locale)}**", "\n".join(lines)]
    for name in list(messages.index)[:MOST_SAMPLES]:
        parts += _sample(shop, str(name), locale)
    return [*parts, say("approval_commands", locale), commands]


def _sample(shop: Shop, name: str, locale: Locale) -> list[str]:
    """The message as it would go to somebody invented, as text."""
    head = f"**{say('approval_sample', locale, message=name)}**"
    try:
        library = Library.open(shop.project.templates)
        written = library.locales(name)
        sample = read_sample(shop.project.templates / name / "sample.yaml")
        if not isinstance(sample, Sample):
            raise ConfigError(sample)
        language = str(locale) if str(locale) in written else written[0]
        facts = replace(sample.facts(name, language), send_id=0, contact_id=0, customer_id=0)
        paper = replace(letterhead(shop.project), secret=_NO_SECRET)
        mail = compose(library, facts, paper, AT).outgoing
    except (ConfigError, MessageError, IndexError) as error:
        return [head, say("approval_no_sample", locale, why=str(error).splitlines()[0])]
    text = mail.text.strip().replace("```", "'''")
    return [head, f"```text\n{mail.subject}\n\n{text}\n```"]


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def _local(at: datetime, shop: Shop) -> str:
    return f"{at.astimezone(ZoneInfo(shop.project.policy.zone)):%Y-%m-%d %H:%M}"
