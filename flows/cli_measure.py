"""Commands that say whether it helped."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import AsOf, Json, Plain, project_folder, run_stage

app = typer.Typer()


@app.command()
def measure(
    journey: Annotated[
        str | None,
        typer.Argument(metavar="JOURNEY", help="Only this one.", show_default="all journeys"),
    ] = None,
    as_of: AsOf = None,
    plain: Plain = False,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every figure into this file (-: the screen). With --arm: compare those "
            "of this file instead, one customer a line.",
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

    Compares customers who got the messages with those held back for comparison. As a run of
    Prefect's, or at once with --plain, --json, --csv or the name of one journey. The same is done
    for any file, which needs no project, with --csv and --arm.
    """
    named = {
        "--arm": arm,
        "--control": control,
        "--outcome": outcome,
        "--covariate": covariate,
        "--planned": planned,
        "--holdout": holdout,
        "--winsorise": winsorise,
    }
    alone = [name for name, value in named.items() if value is not None]
    if csv is None and alone:
        raise typer.BadParameter(f"{', '.join(alone)} goes with --csv FILE")
    if not alone:
        if journey is None and csv is None and not json:
            run_stage("measure", as_of, plain)
            return
        from flows.judging import tell

        tell(project_folder(), journey, as_of, as_json=json, csv=csv)
        return
    if csv is None or journey is not None or as_of is not None:
        raise typer.BadParameter("a file has no journeys and no past: leave out JOURNEY, --as-of")
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


@app.command()
def power(
    journey: Annotated[str, typer.Argument(metavar="JOURNEY", help="Which journey.")],
    entries: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="N", help="Customers a week that enter.", show_default="from history"
        ),
    ] = None,
    effect: Annotated[
        float | None,
        typer.Option(
            metavar="AMOUNT",
            help="Margin per customer to be found.",
            show_default="as in policy.yaml",
        ),
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Say before launch what a journey's holdout can show.

    How small an effect can be found, by share held out and weeks of entries, and how many weeks
    it takes to find one that matters. From history; it sends and changes nothing.
    """
    from flows.power import show_power

    show_power(project_folder(), journey, as_of, weekly=entries, effect=effect, as_json=json)
