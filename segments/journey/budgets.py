"""Which budget of attention applies to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segments.attention import AttentionPolicy, Cap, days_of
from segments.frames import PROFILE
from segments.journey.program import ProgramError
from segments.rules import Rule, RuleError, compile_rule


@dataclass(frozen=True)
class Budget:
    """Caps and the gap in days for whom the rule applies to; no rule: for everybody else."""

    caps: tuple[Cap, ...]
    gap: int
    rule: Rule | None = None


def general(policy: AttentionPolicy) -> Budget:
    """What applies where no other budget does."""
    return Budget(tuple(policy.caps), days_of(policy.min_gap))


def compile_budgets(policy: AttentionPolicy, segments: Mapping[str, Rule]) -> tuple[Budget, ...]:
    """The budgets of some customers, in order. Raises `ProgramError` with every fault."""
    faults: list[tuple[tuple[str | int, ...], str]] = []
    budgets = []
    for number, written in enumerate(policy.budgets):
        try:
            rule = compile_rule(written.when, PROFILE, segments)
        except RuleError as error:
            place = ("attention", "budgets", number, "when")
            faults += [(place, fault) for fault in error.faults]
            continue
        caps = policy.caps if written.caps is None else written.caps
        budgets.append(Budget(tuple(caps), days_of(written.min_gap or policy.min_gap), rule))
    if faults:
        raise ProgramError(faults)
    return tuple(budgets)


def budget_of(budgets: Sequence[Budget], profiles: pd.DataFrame) -> np.ndarray:
    """For each profile the place of the first budget whose rule applies; the last is for the rest.

    The last of `budgets` has no rule.
    """
    rest = len(budgets) - 1
    place = np.full(len(profiles), rest)
    for number in range(rest - 1, -1, -1):
        rule = budgets[number].rule
        if rule is not None:
            place[rule.applies(profiles)] = number
    return place
