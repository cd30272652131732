"""What asks for a customer's attention, and who of several goes first."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pandas as pd

from segments.journey.gathering import Candidates
from segments.journey.upcoming import Upcoming
from segments.names import AttentionClass
from segments.policy import Policy

_CLASSES = list(AttentionClass)
_LEGAL = _CLASSES.index(AttentionClass.LEGAL)


@dataclass(frozen=True)
class Bids:
    """One row for each step of an enrollment, be it for one person or for several.

    rank: place of the attention class, 0 the most important; at: when it may go, or is due.
    """

    who: np.ndarray
    enrollment_id: np.ndarray
    entry_key: pd.api.extensions.ExtensionArray
    journey: np.ndarray
    node: np.ndarray
    purpose: np.ndarray
    rank: np.ndarray
    priority: np.ndarray
    value: np.ndarray
    at: np.ndarray

    @classmethod
    def of(cls, found: Candidates | Upcoming, rows: np.ndarray, at: np.ndarray) -> "Bids":
        """From these rows, which may go at these moments."""
        stand, journeys = found.stand[rows], [each.journey for each in found.stands]
        return cls(
            who=found.who[rows],
            enrollment_id=found.enrollment_id[rows],
            entry_key=found.entry_key[rows],
            journey=_words([journey.journey for journey in journeys])[stand],
            node=_words([each.node.id for each in found.stands])[stand],
            purpose=_words([journey.purpose.value for journey in journeys])[stand],
            rank=np.array([each.rank for each in found.stands], dtype="int64")[stand],
            priority=np.array([journey.priority for journey in journeys], dtype="int64")[stand],
            value=np.array([journey.value for journey in journeys], dtype="float64")[stand],
            at=at,
        )

    def __len__(self) -> int:
        return len(self.who)

    @property
    def legal(self) -> np.ndarray:
        """What nothing holds back."""
        legal: np.ndarray = self.rank == _LEGAL
        return legal

    def exempt(self, policy: Policy) -> np.ndarray:
        """What no cap, gap or look-ahead holds back."""
        places = [_CLASSES.index(each) for each in policy.attention.exempt]
        return np.isin(self.rank, [_LEGAL, *places])


def first_of_each(
    bids: Bids, rows: np.ndarray, until: np.ndarray, customer_key: np.ndarray
) -> np.ndarray:
    """For each customer the row among these that goes first, or -1.

    The class decides, then priority, expected value, the earlier deadline, and last the lot: a
    hash of journey, entry and customer. `customer_key` are those of the customers by place.
    """
    first = np.full(len(customer_key), -1)
    first[bids.who[rows]] = rows
    several = rows[np.bincount(bids.who[rows], minlength=len(first))[bids.who[rows]] > 1]
    if len(several):
        keys = [
            until[several].astype("int64"),
            -bids.value[several],
            -bids.priority[several],
            bids.rank[several],
            bids.who[several],
        ]
        order = np.lexsort(keys)
        same = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
        tied = order[np.append(False, same) | np.append(same, False)]
        if len(tied):
            lot = np.zeros(len(several), dtype="u8")
            lot[tied] = _lots(bids, several[tied], customer_key)
            order = np.lexsort([lot, *keys])
        best = several[order][::-1]
        first[bids.who[best]] = best
    return first


def _lots(bids: Bids, rows: np.ndarray, customer_key: np.ndarray) -> np.ndarray:
    texts = zip(bids.journey[rows], bids.entry_key[rows], customer_key[bids.who[rows]], strict=True)
    digests = (blake2b("\n".join(text).encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), dtype=">u8")


def _words(words: list[str]) -> np.ndarray:
    return np.array(words, dtype=object)
