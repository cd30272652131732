"""Mails that are no send: a test to ourselves, a colleague's digest. They count in no figure."""

from datetime import datetime

from flows.delivery.outlet import Receipt
from flows.errors import PipelineError
from flows.outgoing import Outgoing
from flows.stages.ways import Ways
from segments.names import Outcome


def hand_over(ways: Ways, name: str, letter: Outgoing, now: datetime) -> Receipt:
    """Hand one mail over, and say what became of it; whoever asks keeps a note of it.

    Queued means that it did not leave and may be tried again; in doubt, that nobody knows. Raises
    `PipelineError` where the way out cannot work at all.
    """
    outlet = ways[name]
    parcels = outlet.pack([letter], now)
    try:
        receipts = list(outlet.deliver(parcels))
    except PipelineError:
        raise
    except Exception as error:
        return Receipt(letter.send_id, Outcome.IN_DOUBT, detail=type(error).__name__)
    return receipts[0] if receipts else Receipt(letter.send_id, Outcome.QUEUED)
