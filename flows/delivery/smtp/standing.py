"""How a mail server has treated us so far, and when to stop asking it."""

from dataclasses import replace

from flows.delivery.smtp.answers import Meaning, Told
from flows.delivery.smtp.opening import Way
from flows.errors import DeliveryError
from segments.names import HaltCause

TROUBLES, REFUSALS = 3, 10
"""So many in a row, with none accepted in between, are the server's or ours, not one message's."""

_OUR_FAULT = {
    Meaning.SENDER: 'look at "email" in config/senders.yaml, or have whoever runs it allow that '
    "address",
    Meaning.STRANGER: 'write "user" and "password" of the outlet into config/settings.yaml, or '
    "have whoever runs it let this machine in",
    Meaning.LOGIN: 'write "user" and "password" of the outlet into config/settings.yaml',
}


class Standing:
    """What is known of the server from its answers.

    A relay that refuses one recipient as a stranger's, after it took others, means that recipient;
    one that begins so means us, and would refuse them all.
    """

    def __init__(self, way: Way) -> None:
        self._way = way
        self._accepted = False
        self._troubles = self._refusals = 0

    def judge(self, told: Told) -> tuple[Told, DeliveryError | None]:
        """What this means in the light of all before, and why nothing more should be sent."""
        if told.meaning is Meaning.STRANGER and self._accepted:
            told = replace(told, meaning=Meaning.REFUSED)
        if advice := _OUR_FAULT.get(told.meaning):
            why = f'outlet "{self._way.name}": {told.sentence}: {advice}'
            return told, DeliveryError(why, HaltCause.KEY)
        match told.meaning:
            case Meaning.TAKEN:
                self._accepted = True
                self._troubles = self._refusals = 0
            case Meaning.REFUSED:
                self._refusals += 1
            case Meaning.BUSY | Meaning.OVER | Meaning.DOUBT:
                self._troubles += 1
        if self._troubles < TROUBLES and self._refusals < REFUSALS:
            return told, None
        count = max(self._troubles, self._refusals)
        self._troubles = self._refusals = 0
        return told, self._way.closed(
            f"failed {count} messages in a row, the last: {told.sentence}"
        )
