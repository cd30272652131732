"""The gates every candidate passes, in this order; the first that holds decides."""

from collections.abc import Callable
from datetime import datetime

import numpy as np

from segments.journey.attention import attention
from segments.journey.gate import Gate, in_days, none_of, texts
from segments.journey.gathering import Candidates
from segments.journey.history import NOBODY, at_once
from segments.journey.holds import Holds
from segments.journey.rhythm import rhythm
from segments.journey.upcoming import Ahead
from segments.journey.zones import local
from segments.names import Outcome, SkipReason
from segments.spec import Roles
from segments.state import Specs, State


def gates(
    found: Candidates,
    state: State,
    specs: Specs,
    now: datetime,
    ahead: Ahead,
    *,
    everybody: bool = False,
) -> tuple[list[Gate], np.ndarray]:
    """All gates in order, and when each candidate may go at the earliest.

    Whoever an earlier gate holds back is not held against the later and costlier ones, unless
    `everybody` is to be.
    """
    first = _first_gates(found, state, specs, now)
    free = ~np.logical_or.reduce([gate.holds for gate in first])
    quiet, not_before = _quiet(found, specs, now, np.flatnonzero(free | everybody))
    free &= ~quiet.holds
    asked = rhythm(found, not_before, specs.policy.zone)
    for gate in asked:
        free &= ~gate.holds
    rows = np.flatnonzero(free | everybody)
    last = []
    if len(rows):
        last = attention(found, rows, free, not_before, state, specs, now, ahead)
    held_out = Gate(
        "held_out", found.held_out, Outcome.GHOST, None, _yes_no(found.held_out, "held out")
    )
    return [*first, quiet, *asked, *last, held_out], not_before


def _first_gates(found: Candidates, state: State, specs: Specs, now: datetime) -> list[Gate]:
    """Those that look at one candidate alone and take no account of the hour."""
    holds = Holds(found.customers, specs.policy)
    who, purpose = found.who, found.each(lambda stand: stand.journey.purpose.value)
    stale = found.valid_until <= at_once(now)[0]
    shadow = found.each(lambda stand: stand.shadow, bool)
    # What waits for better times and is stale by now is dropped for the reason it waited.
    waits = np.where(stale, Outcome.SKIPPED.value, Outcome.DEFERRED.value).astype(object)

    def until(rows: np.ndarray) -> np.ndarray:
        minutes = local(found.valid_until[rows], specs.policy.zone).astype("datetime64[m]")
        return texts(
            lambda minute, by: (
                f"valid until {_minute(minute)}" + (f", outranked by {by}" if by else "")
            ),
            minutes,
            found.outranked_by[rows],
        )

    return [
        Gate("contact", found.refusal != "", Outcome.SKIPPED, found.refusal, _permission(found)),
        _already_sent(found, state),
        Gate(
            SkipReason.COMPLAINT_OPEN.value,
            holds.from_complaining(who, purpose),
            waits,
            SkipReason.COMPLAINT_OPEN,
            lambda rows: texts(
                lambda open: f"open complaints: {open}", holds.complaints[who[rows]]
            ),
        ),
        Gate(
            SkipReason.COMPLAINT_HOLD.value,
            holds.from_healing(who, purpose),
            waits,
            SkipReason.COMPLAINT_HOLD,
            lambda rows: texts(
                lambda days: (
                    f"settled {in_days(days)} ago, hold {holds.hold}"
                    if np.isfinite(days)
                    else "no complaint settled"
                ),
                holds.settled[who[rows]],
            ),
        ),
        Gate(
            SkipReason.SALES_LOCK.value,
            holds.from_dealing(who, purpose),
            waits,
            SkipReason.SALES_LOCK,
            _yes_no(holds.locked[who], "negotiation under way", "no negotiation under way"),
        ),
        Gate(
            SkipReason.EXPIRED.value,
            stale,
            Outcome.SKIPPED,
            SkipReason.EXPIRED,
            until,
            lambda rows: found.outranked_by[rows],
        ),
        Gate(
            SkipReason.SHADOW.value,
            shadow,
            Outcome.SKIPPED,
            SkipReason.SHADOW,
            lambda rows: texts(
                lambda status: f"journey is {status}",
                found.each(lambda stand: stand.journey.status.value)[rows],
            ),
        ),
    ]


def _permission(found: Candidates) -> Callable[[np.ndarray], np.ndarray]:
    def why(rows: np.ndarray) -> np.ndarray:
        return texts(
            lambda nobody, purpose, basis: (
                "nobody to write to" if nobody else f"{purpose}: {basis or 'no basis'}"
            ),
            found.contact[rows] == NOBODY,
            found.each(lambda stand: stand.journey.purpose.value)[rows],
            found.basis[rows],
        )

    return why


def _already_sent(found: Candidates, state: State) -> Gate:
    """What an enrollment that begins anew got before: for several roles each person's own."""
    holds = none_of(len(found))
    again = np.flatnonzero(np.isin(found.enrollment_id, state.sent["enrollment_id"].to_numpy()))
    if len(again):
        node = found.each(lambda stand: stand.node.id)[again]
        several = found.each(lambda stand: isinstance(stand.step.to, Roles), bool)[again]
        person = np.where(several, found.contact_id[again], NOBODY)
        sent = (state.sent[name].tolist() for name in ("enrollment_id", "node", "contact_id"))
        got = set(zip(*sent, strict=True))
        got |= {(enrollment, step, NOBODY) for enrollment, step, _ in got}
        asked = zip(found.enrollment_id[again].tolist(), node, person.tolist(), strict=True)
        holds[again] = [each in got for each in asked]
    return Gate(
        SkipReason.ALREADY_SENT.value,
        holds,
        Outcome.SKIPPED,
        SkipReason.ALREADY_SENT,
        _yes_no(holds, "sent before the journey began anew"),
    )


def _quiet(
    found: Candidates, specs: Specs, now: datetime, rows: np.ndarray
) -> tuple[Gate, np.ndarray]:
    """Nobody is written to outside the hours of their place: today's hours are waited for."""
    moment = at_once(now)
    not_before = np.maximum(found.due_at, moment[0])
    purpose = found.each(lambda stand: stand.journey.purpose.value)
    contact = found.contact[rows]
    not_before[rows] = specs.calendar.next_allowed(
        not_before[rows],
        purpose[rows],
        found.addressees.text("zone", contact),
        found.addressees.text("region", contact),
    )
    stale = not_before >= found.valid_until
    another_day = none_of(len(found))
    ends = specs.calendar.begins(specs.calendar.days(moment) + np.timedelta64(1, "D"))[0]
    another_day[rows] = not_before[rows] >= ends
    asked = none_of(len(found))
    asked[rows] = True

    def why(of: np.ndarray) -> np.ndarray:
        minutes = local(not_before[of], specs.policy.zone).astype("datetime64[m]")
        return texts(lambda minute: f"allowed from {_minute(minute)}", minutes)

    outcome = np.where(stale, Outcome.SKIPPED.value, Outcome.DEFERRED.value).astype(object)
    holds = asked & (stale | another_day)
    return Gate(SkipReason.QUIET.value, holds, outcome, SkipReason.QUIET, why), not_before


def _yes_no(
    values: np.ndarray, what: str, otherwise: str = ""
) -> Callable[[np.ndarray], np.ndarray]:
    no = otherwise or f"not {what}"
    return lambda rows: np.where(values[rows], what, no).astype(object)


def _minute(minute: np.datetime64) -> str:
    return str(minute).replace("T", " ")
