"""What our messages really do to the demo company's customers: what measuring has to find out."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TrueEffect:
    """What a journey does: whoever got one of its messages orders more often for a while.

    `messages` says by how much, 0.35 being 35 %, from the day after the message on for `days` days
    more; of two messages under way the stronger one counts. What is ordered, and what becomes of
    it, stays as it is. A journey whose figures are all nought does nothing at all.
    """

    messages: Mapping[str, float] = field(default_factory=dict)
    days: int = 30


OTHER_MESSAGE = 0.1
"""What a message does that no journey below names, such as one that a user of the demo wrote."""

_TRUTH = {
    "reassurance": TrueEffect({"reassurance": 0.15, "reassurance_personal": 0.2}),
    "second_order": TrueEffect({"second_order": 0.35}),
    "revitalization": TrueEffect({"win_back": 0.35}),
    "newsletter": TrueEffect({"newsletter": 0.0}),
}


def true_effects() -> Mapping[str, TrueEffect]:
    """The true effect of each shipped journey by its name; the newsletter's is none."""
    return dict(_TRUTH)


def lifts() -> Mapping[str, float]:
    """The same by message."""
    return {
        message: lift for effect in _TRUTH.values() for message, lift in effect.messages.items()
    }
