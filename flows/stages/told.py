"""What a delivery did, in the sentences somebody reads at its end."""

from collections.abc import Sequence

from flows.delivery.outlet import Receipt, RenderFailure
from flows.delivery.report import DeliveryReport
from flows.reporting.words import say
from segments.names import Locale, Outcome


def told(report: DeliveryReport, locale: Locale) -> list[str]:
    """What somebody should know, the counts first."""
    held_back = report.held_back.total()
    lines = [say("handed_over", locale, n=report.handed_over, held_back=held_back)]
    if report.in_doubt:
        lines.append(say("now_in_doubt", locale, n=report.in_doubt))
    for outcome, what, found in (
        (Outcome.RENDER_FAILED, "not_composed", report.failures),
        (Outcome.REJECTED, "refused_for_good", report.refusals),
    ):
        if number := report.outcomes[outcome]:
            lines.append(say(what, locale, n=number) + _first(found, locale))
    lines += report.halts
    if report.again:
        lines.append(say("not_taken", locale, n=report.again))
    if report.put_off:
        lines.append(say("put_off", locale, n=report.put_off))
    lines += [
        say("set_aside", locale, message=message, n=number)
        for message, number in sorted(report.left_in_queue.items())
    ]
    return lines


def _first(found: Sequence[RenderFailure | Receipt], locale: Locale) -> str:
    """Which the first one is, and why. What a provider says is left out where it names somebody."""
    if not found:
        return ""
    number, why = found[0].send_id, found[0].detail
    said = why if why and "@" not in why else say("shown_by", locale, n=number)
    return say("such_as", locale, n=number, why=said)
