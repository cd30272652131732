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
    if journey.attention_class in EXEMPT:
        return np.full(len(keys), Arm.TREATED.value, dtype=object)
    out = np.zeros(len(keys), dtype=bool)
    if journey.holdout:
        out |= position(journey.journey, keys) < journey.holdout
    if policy.holdout and journey.purpose == Purpose.ADVERTISING:
        out |= position("global holdout", keys) < policy.holdout
    return np.where(out, Arm.HELD_OUT.value, Arm.TREATED.value).astype(object)
