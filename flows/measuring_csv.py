"""The comparison of `measure` on a plain CSV: anybody's experiment, to check it by."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer

from flows.config import load
from flows.errors import ConfigError, Fault
from flows.intake.experiment import read
from flows.reporting import experiment
from flows.reporting.experiment import CsvEffect, Cut
from segments.effect.arms import against_control
from segments.effect.sequence import PLANNED
from segments.effect.student import Numbers
from segments.effect.winsorise import winsorised
from segments.names import Locale
from segments.spans import parse_share


def measure_csv(
    path: Path,
    *,
    arm: str,
    control: str,
    outcome: str,
    covariate: str | None = None,
    planned: float | None = None,
    share: float | None = None,
    winsorise: float | None = None,
    level: float = 0.95,
) -> CsvEffect:
    """Compare every value of the column `arm` with `control` by the column `outcome`.

    `covariate` is a figure from before the experiment; `planned` how many customers it was laid
    out for; `share` the control's share of them; `winsorise` cuts outcomes and covariates above
    this quantile of theirs. Rows without an outcome count for the sizes of the arms only, rows
    without an arm not at all. What cannot be read is a `ConfigError` that names the lines.
    """
    _refuse_options(path, arm, outcome, covariate, share, winsorise, planned)
    columns = [outcome, *([covariate] if covariate is not None else [])]
    found = read(path, arm, control, columns)
    placed = np.concatenate(found.arms)
    told = placed >= 0
    names = list(found.names)
    figures = [np.concatenate(parts)[told] for parts in found.figures]
    unknown = [int(np.isnan(values).sum()) for values in figures]
    figures, cuts = _cut(path, columns, figures, winsorise)
    results = against_control(
        placed[told],
        names,
        names.index(control),
        *figures,
        share=share,
        planned=planned or PLANNED,
        level=level,
    )
    return CsvEffect(
        file=str(path),
        arm=arm,
        control=control,
        outcome=outcome,
        covariate=covariate,
        results=results.sort_values("arm", ignore_index=True),
        rows=len(placed),
        without_arm=int((~told).sum()),
        without_outcome=unknown[0],
        without_covariate=sum(unknown[1:]),
        planned=planned or PLANNED,
        level=level,
        share=share,
        winsorise=winsorise,
        cuts=cuts,
    )


def print_csv(
    folder: Path,
    path: Path,
    *,
    arm: str | None,
    control: str | None,
    outcome: str | None,
    covariate: str | None = None,
    planned: float | None = None,
    share: str | None = None,
    winsorise: str | None = None,
    as_json: bool = False,
) -> None:
    """The same on the screen, in the language of the project where there is one; or as JSON."""
    if arm is None or control is None or outcome is None:
        what = (
            "say which column holds the arm, which of its values is the control, and which column "
            "holds the outcome: --arm COLUMN --control VALUE --outcome COLUMN"
        )
        raise ConfigError.at(path, what)
    effect = measure_csv(
        path,
        arm=arm,
        control=control,
        outcome=outcome,
        covariate=covariate,
        planned=planned,
        share=_share(path, "--holdout", share),
        winsorise=_share(path, "--winsorise", winsorise),
    )
    if as_json:
        typer.echo(json.dumps(experiment.as_json(effect), ensure_ascii=False, indent=2))
    else:
        width = shutil.get_terminal_size((100, 24)).columns
        typer.echo(experiment.told(effect, _locale(folder), width))


def _locale(folder: Path) -> Locale:
    """Of the project; English where there is none, since a file needs no project."""
    try:
        return load(folder).policy.locale
    except ConfigError:
        return Locale.EN


def _share(path: Path, option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_share(text if "%" in text else float(text.replace(",", ".")))
    except ValueError as error:
        what = f'{option}: "{text}" is no share. Write it like 10% or 0.1'
        raise ConfigError.at(path, what) from error


def _refuse_options(
    path: Path,
    arm: str,
    outcome: str,
    covariate: str | None,
    share: float | None,
    winsorise: float | None,
    planned: float | None,
) -> None:
    faults = []
    if not path.is_file():
        faults.append("there is no such file")
    if arm in (outcome, covariate) or outcome == covariate:
        faults.append(
            "arm, outcome and covariate are three columns; the covariate is a figure from before"
        )
    if share is not None and not 0 < share < 1:
        faults.append("the control's share lies between 0 and 1, like 10% or 0.5")
    if winsorise is not None and not 0.5 <= winsorise < 1:
        faults.append("outliers are cut at a quantile from 50% to below 100%, like 99%")
    if planned is not None and not planned > 0:
        faults.append("the number of customers planned is above 0")
    if faults:
        raise ConfigError([Fault(str(path), 0, what) for what in faults])


def _cut(
    path: Path, columns: Sequence[str], figures: list[Numbers], share: float | None
) -> tuple[list[Numbers], dict[str, Cut]]:
    if share is None:
        return figures, {}
    found = {name: winsorised(values, share) for name, values in zip(columns, figures, strict=True)}
    whats = [
        f'cut at {share:.4%}, nothing would be left of the column "{name}": fewer customers have '
        "any. Choose a higher quantile, or none"
        for name, cut in found.items()
        if cut is None
    ]
    if whats:
        raise ConfigError([Fault(str(path), 0, what) for what in whats])
    kept = {name: cut for name, cut in found.items() if cut is not None}
    return (
        [cut.values for cut in kept.values()],
        {name: Cut(cut.threshold, cut.number) for name, cut in kept.items()},
    )
