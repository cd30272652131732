"""A customer whom chance treats as an example says: the arms of the comparison, and variants."""

from collections.abc import Iterator, Sequence

import numpy as np

from segments.examples import Example
from segments.journey.holdout import arms, position
from segments.journey.nodes import Program
from segments.names import Arm, Purpose
from segments.policy import Policy
from segments.spec import EXEMPT, Send

_AT_ONCE, _MOST = 500, 20_000


class NoSuchCustomer(ValueError):
    """Chance treats nobody that way."""


def customer_key(example: Example, programs: Sequence[Program], policy: Policy) -> str:
    """The first of many customer numbers that is in the arms and variants of the example."""
    wanted = [(program, _arm(example, program, policy)) for program in programs]
    if example.arm == Arm.HELD_OUT and all(arm == Arm.TREATED for _, arm in wanted):
        raise NoSuchCustomer("no journey here holds anybody out, so nobody is held_out")
    if unknown := sorted(set(example.takes).difference(*map(_variants, programs))):
        raise NoSuchCustomer(f'no journey here draws "{unknown[0]}"')
    for first in range(1, _MOST, _AT_ONCE):
        keys = [f"K{number}" for number in range(first, first + _AT_ONCE)]
        fits = np.ones(len(keys), dtype=bool)
        for program, arm in wanted:
            fits &= np.asarray(arms(keys, program.journey, policy) == arm.value, dtype=bool)
            for salt, names, weights in _draws(program):
                if asked := [name in example.takes for name in names]:
                    drawn = np.searchsorted(_bounds(weights), position(salt, keys), side="right")
                    fits &= np.array(asked)[drawn] if any(asked) else True
        if fits.any():
            return keys[int(fits.argmax())]
    raise NoSuchCustomer("chance treats no customer that way: a share or a weight is too small")


def _arm(example: Example, program: Program, policy: Policy) -> Arm:
    if isinstance(example.arm, dict):
        return example.arm.get(program.name, Arm.TREATED)
    journey = program.journey
    share = max(journey.holdout, policy.holdout * (journey.purpose == Purpose.ADVERTISING))
    return example.arm if share and journey.attention_class not in EXEMPT else Arm.TREATED


def _draws(program: Program) -> Iterator[tuple[str, list[str], list[float]]]:
    """Salt, variants and weights of every step at which chance decides."""
    for node in program.nodes:
        salt = f"{program.name}/{node.id}"
        if node.shares:
            bounds = [0.0, *(bound for _, bound, _ in node.shares)]
            yield salt, [name for name, _, _ in node.shares], np.diff(bounds).tolist()
        elif isinstance(node.step, Send) and node.step.variants is not None:
            yield salt, list(node.step.variants), [float(w) for w in node.step.variants.values()]


def _variants(program: Program) -> set[str]:
    return {name for _, names, _ in _draws(program) for name in names}


def _bounds(weights: list[float]) -> np.ndarray:
    bounds: np.ndarray = np.cumsum(weights) / sum(weights)
    return bounds
