"""Commands that say whether it helped."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import AsOf, Json, Plain, project_folder, run_stage

app = typer.Typer()


@app.command()
def measure(
    as_of: AsOf = None,
    plain: Plain = False,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Compare those of this file instead, one customer a line."
        ),
    ] = None,
    arm: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="With --csv: what was done with them.")
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="With --csv: of the arm, those left alone."),
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="With --csv: what they did, in numbers.")
    ] = None,
    covariate: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="With --csv: what they did before, in numbers."),
    ] = None,
    planned: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="With --csv: how many customers it was laid out for.",
            show_default="5000",
        ),
    ] = None,
    holdout: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="With --csv: the share of those left alone, such as 10%.",
            show_default="all arms alike",
        ),
    ] = None,
    winsorise: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE", help="With --csv: cut what is above this quantile, such as 99%."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show where journeys stand and what they brought.

    Compares customers who got the messages with those held back for comparison. With --csv the
    same is done for any file, which needs no project.
    """
    named = {
        "--arm": arm,
        "--control": control,
        "--outcome": outcome,
        "--covariate": covariate,
        "--planned": planned,
        "--holdout": holdout,
        "--winsorise": winsorise,
        "--json": json or None,
    }
    if csv is None:
        alone = [name for name, value in named.items() if value is not None]
        if alone:
            raise typer.BadParameter(f"{', '.join(alone)} goes with --csv FILE")
        run_stage("measure", as_of, plain)
        return
    from flows.measuring_csv import print_csv

    print_csv(
        project_folder(),
        csv,
        arm=arm,
        control=control,
        outcome=outcome,
        covariate=covariate,
        planned=planned,
        share=holdout,
        winsorise=winsorise,
        as_json=json,
    )
