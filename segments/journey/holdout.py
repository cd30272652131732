"""Who is kept out for comparison: by hash, not by dice."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from segments.names import Arm, Purpose
from segments.policy import Policy
from segments.spec import EXEMPT, Journey

_WHOLE = 2.0**64


def position(salt: str, keys: Iterable[str]) -> np.ndarray:
    """A number in [0, 1) for each customer key: the same on every machine, for ever.

    blake2b of "salt:key" as a 64-bit integer over 2^64. A customer below the share is held out,
    so raising the share only adds customers.
    """
    prefix = f"{salt}:".encode()
    # Hashing is the one thing numpy has no set operation for; it costs 0.7 s per million keys
    # and is done for those who enter, not for everybody.
    digests = b"".join(blake2b(prefix + key.encode(), digest_size=8).digest() for key in keys)
    return np.frombuffer(digests, dtype=">u8") / _WHOLE


def arms(keys: Iterable[str], journey: Journey, policy: Policy) -> np.ndarray:
    """The arm of each customer for this journey: its own holdout, and the global one on top.

    The global holdout concerns advertising only, and messages nobody is held out of never. Each
    journey has its own salt, so that the same customers are not kept out everywhere.
    """
    keys = list(keys)
    out = np.zeros(len(keys), dtype=bool)
    if journey.holdout and journey.attention_class not in EXEMPT:
        out |= position(journey.journey, keys) < journey.holdout
    kept = everywhere(keys, journey, policy)
    if kept is not None:
        out |= kept
    return np.where(out, Arm.HELD_OUT.value, Arm.TREATED.value).astype(object)


def everywhere(keys: Iterable[str], journey: Journey, policy: Policy) -> np.ndarray | None:
    """Whom the house keeps out of all advertising; None for a journey that goes to them too."""
    if not _reaches(journey):
        return None
    keys = list(keys)
    if not policy.holdout:
        return np.zeros(len(keys), dtype=bool)
    kept: np.ndarray = position("global holdout", keys) < policy.holdout
    return kept


def share_held_out(journey: Journey, policy: Policy) -> float:
    """The share that both draws together hold out: they are independent of one another."""
    own = 0.0 if journey.attention_class in EXEMPT else journey.holdout
    return 1 - (1 - own) * (1 - (policy.holdout if _reaches(journey) else 0.0))


def _reaches(journey: Journey) -> bool:
    return journey.purpose == Purpose.ADVERTISING and journey.attention_class not in EXEMPT
