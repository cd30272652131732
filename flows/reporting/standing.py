"""What stands still, why, and what waits for it: sentences for whoever runs a command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flows.reporting.figures import count
from flows.reporting.words import say, word
from flows.store.halts import HaltFacts, Halts
from flows.store.rates import Waiting
from segments.names import HaltCause, Locale


@dataclass(frozen=True)
class Standing:
    """What stands still, and what is in the queue.

    `own` is the way out messages of each purpose have, `ways` the one they take now; those of a
    purpose that is not in it wait.
    """

    still: Halts
    queue: Sequence[Waiting]
    own: Mapping[str, str]
    ways: Mapping[str, str]

    @property
    def listed(self) -> list[HaltFacts]:
        """All that stands still, the widest first."""
        everything = self.still.everything
        first = [] if everything is None else [everything]
        return [*first, *self.still.journeys.values(), *self.still.outlets.values()]

    def behind(self, journey: str | None, outlet: str | None) -> tuple[int, int]:
        """How many messages wait for it to go on, and how many of them are due."""
        held = [
            each
            for each in self.queue
            if journey in (None, each.journey)
            and (
                outlet is None
                or (self.own.get(each.purpose) == outlet and each.purpose not in self.ways)
            )
        ]
        return sum(each.queued for each in held), sum(each.due for each in held)

    def instead(self, outlet: str) -> list[str]:
        """Other ways that messages of this one take meanwhile."""
        return sorted(
            {way for purpose, way in self.ways.items() if self.own[purpose] == outlet != way}
        )


def told(standing: Standing, locale: Locale, zone: str) -> list[str]:
    """A sentence for everything that stands still, with what is due and waits."""
    lines = []
    for each in standing.listed:
        line = say(
            "stands_still" if each.until is None else "stands_still_until",
            locale,
            what=named(each.journey, each.outlet, locale),
            since=local(each.since, zone),
            until="" if each.until is None else local(each.until, zone),
            why=reason(each, locale),
            n=count(standing.behind(each.journey, each.outlet)[1], locale),
        )
        lines.append(sentence(line))
        if each.outlet is not None:
            lines += [say("goes_by", locale, name=way) for way in standing.instead(each.outlet)]
    return lines


def named(journey: str | None, outlet: str | None, locale: Locale) -> str:
    """What stands still, in the middle of a sentence."""
    if journey is not None:
        return say("the_journey", locale, name=journey)
    if outlet is not None:
        return say("the_outlet", locale, name=outlet)
    return say("everything", locale)


def reason(halt: HaltFacts, locale: Locale) -> str:
    """Why it stands still: the cause, and what was said or counted."""
    cause = word(HaltCause, halt.cause, locale)
    return f"{cause} ({halt.why})" if halt.why else cause


def sentence(line: str) -> str:
    """With a capital letter in front."""
    return line[:1].upper() + line[1:]


def local(moment: datetime, zone: str) -> str:
    """Day and time by the clocks of a zone."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
