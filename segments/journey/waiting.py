"""Whether what people wait for has happened."""

import numpy as np

from segments.journey.happenings import Happenings
from segments.journey.moments import plain
from segments.journey.standing import Standing
from segments.names import Event
from segments.spec import Awaited
from segments.state import Specs

_OF_THE_ENROLLMENT = (Event.REPLY, Event.CLICK, Event.TASK_DONE)
_SINCE_THE_ANCHOR = (Event.DELIVERED, Event.COMPLAINT_CLOSED)
_EVER = np.datetime64("0001-01-01", "us")


def happened(
    standing: Standing, at: np.ndarray, awaited: Awaited, events: Happenings, specs: Specs
) -> np.ndarray:
    """When what is awaited came to pass for the rows at these places, or never.

    An order, a reply, a click, a score and a task that is done count after the latest message,
    task or awaited event of the enrollment; goods delivered and complaints closed count from the
    moment that started it.
    """
    if awaited.date is not None:
        dates = plain(standing.facts.frame([awaited.date], at)[awaited.date])
        return specs.calendar.begins(specs.calendar.days(dates))
    kind = Event(str(awaited.event))
    if kind in _OF_THE_ENROLLMENT:
        owners = _numbers(standing, "enrollment_id", at)
        return events.first_after(kind, "enrollment_id", owners, marked(standing, at))
    after = standing.anchor[at] if kind in _SINCE_THE_ANCHOR else marked(standing, at)
    found = events.first_after(kind, "customer_id", standing.customer[at], after)
    if kind == Event.DELIVERED:
        orders = _numbers(standing, "purchase_id", at)
        own = events.first_after(kind, "purchase_id", orders, np.full(len(at), _EVER))
        found = np.where(orders >= 0, own, found)
    return found


def marked(standing: Standing, at: np.ndarray) -> np.ndarray:
    """The latest message, task or awaited event of these, or what started them."""
    latest = standing.marked[at]
    since: np.ndarray = np.where(np.isnat(latest), standing.anchor[at], latest)
    return since


def _numbers(standing: Standing, name: str, at: np.ndarray) -> np.ndarray:
    numbers: np.ndarray = standing.rows[name].array.take(at).to_numpy(dtype="int64", na_value=-1)
    return numbers
