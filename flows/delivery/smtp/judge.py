"""What an answer means in the light of those before it, and when to stop asking a mail server."""

from dataclasses import replace

from flows.delivery.smtp.answers import Meaning, Told
from flows.delivery.smtp.opening import Way
from flows.errors import DeliveryError
from segments.names import HaltCause

REFUSALS = 10
"""So many messages refused in a row, none taken in between, were not refused for themselves."""

_OUR_FAULT = {
    Meaning.SENDER: 'look at "email" in config/senders.yaml, or have whoever runs it allow that '
    "address",
    Meaning.STRANGER: 'write "user" and "password" of the outlet into config/settings.yaml, or '
    "have whoever runs it let this machine in",
    Meaning.LOGIN: 'write "user" and "password" of the outlet into config/settings.yaml',
}


class Judge:
    """Remembers how a server has treated us.

    A relay that refuses one recipient as a stranger's, after it took others, means that recipient;
    one that begins so means us, and would refuse them all. One that knows nobody any more has lost
    its list of mailboxes, and must not have all of ours suppressed.
    """

    def __init__(self, way: Way) -> None:
        self._way = way
        self._taken = False
        self._refusals = 0

    def judge(self, told: Told) -> tuple[Told, DeliveryError | None]:
        """What this answer means, and why nothing more should be sent after it."""
        if told.meaning is Meaning.STRANGER and self._taken:
            told = replace(told, meaning=Meaning.REFUSED)
        if advice := _OUR_FAULT.get(told.meaning):
            why = f'outlet "{self._way.name}": {told.sentence}: {advice}'
            return told, DeliveryError(why, HaltCause.KEY)
        if told.meaning is Meaning.TAKEN:
            self._taken = True
            self._refusals = 0
        elif told.meaning in (Meaning.REFUSED, Meaning.UNKNOWN):
            self._refusals += 1
        if self._refusals < REFUSALS:
            return told, None
        self._refusals = 0
        return told, self._way.closed(
            f"refused {REFUSALS} messages in a row, the last: {told.sentence}"
        )
