"""Commands for colleagues: tasks, task, digest, customer."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import AsOf, Json, project_folder
from segments.names import Mood, TaskOutcome

app = typer.Typer()
task = typer.Typer(
    no_args_is_help=True,
    help="Look at a task; say what became of it.\n\n"
    "Numbers stand in the list that `stammkunde tasks` shows.",
)
app.add_typer(task, name="task")

Task = Annotated[int, typer.Argument(metavar="TASK", help="Its number.")]
Owner = Annotated[
    str | None, typer.Option("--owner", metavar="KEY", help="Only hers or his, as in owners.yaml.")
]


@app.command()
def tasks(
    owner: Owner = None,
    due: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="Only what is due: overdue, today, week, or by a day (2026-11-18)."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is done or was cancelled.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="Whatever was made or changed since this day or moment, open or not.",
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them there, for another program.")
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """List what colleagues are to do, the most overdue first.

    Calls, visits and letters that journeys ask for, answers that wait for somebody, and what is to
    be looked after in sending itself. What is left too long goes to the lead of whoever has it.
    """
    from flows.todo import Asked, list_tasks

    asked = Asked(owner, due, everything, since)
    list_tasks(project_folder(), asked, as_of, file=csv, as_json=json)


@task.command()
def done(
    number: Task,
    outcome: Annotated[
        TaskOutcome,
        typer.Option(metavar="OUTCOME", help="reached, not_reached, message_left or not_needed."),
    ] = TaskOutcome.REACHED,
    mood: Annotated[
        Mood | None,
        typer.Option(
            metavar="MOOD",
            help="How they sounded: delighted, content, neutral, annoyed or angry.",
        ),
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="What was said.")] = None,
    contact: Annotated[
        str | None, typer.Option(metavar="CONTACT", help="With whom: the person's number.")
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Say that a task is done.

    Whoever was reached has that in their history, with mood and note, and a journey that waits for
    the task goes on with the next run. Saying it again changes nothing.
    """
    from flows.todo import Said, close_task

    close_task(project_folder(), number, Said(outcome, mood, note, contact), as_of)


@task.command()
def cancel(
    number: Task,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why it need not be done.")],
    as_of: AsOf = None,
) -> None:
    """Strike a task out.

    Nobody was spoken with, so nothing is written into the customer's history of contacts. A
    journey that waits for it waits until its timeout.
    """
    from flows.todo import cancel_task

    cancel_task(project_folder(), number, why, as_of)


@task.command()
def take(
    number: Task,
    owner: Annotated[
        str, typer.Option(metavar="KEY", help="Who takes it, by the key in owners.yaml.")
    ],
    as_of: AsOf = None,
) -> None:
    """Give a task to somebody, or take it oneself."""
    from flows.todo import take_task

    take_task(project_folder(), number, owner, as_of)


@task.command()
def show(number: Task) -> None:
    """Print a task with the mail it is about, word for word."""
    from flows.mail_tasks import show_task

    show_task(project_folder(), number)


@task.command()
def assign(
    number: Task,
    customer: Annotated[
        str, typer.Option(metavar="CUSTOMER", help="Whose mail it is: the customer's number.")
    ],
    contact: Annotated[
        str | None, typer.Option(metavar="CONTACT", help="Who wrote: the person's number.")
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Say whose mail it is that came from an address nobody knows.

    It goes into the customer's history, the task goes to the customer's owner, and it counts as
    the answer to the latest message they got in the 30 days before.
    """
    from flows.mail_tasks import assign_task

    assign_task(project_folder(), number, customer, contact, as_of)


@app.command()
def digest(
    owner: Owner = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what it would say; send nothing.")
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Mail each colleague what the day is about.

    Tasks that are overdue, due today and soon, answers, scores and complaints since the last one,
    and what stands still. Once a day at most, and only where there is something to say. It counts
    in no figure.
    """
    from flows.digests import send_digests

    send_digests(project_folder(), owner, as_of, dry_run=dry_run)


@app.command()
def customer(
    key: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Its number.")],
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Only what happened since then.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="Only so many lines.")
    ] = None,
    oldest_first: Annotated[
        bool, typer.Option("--oldest-first", help="In the order in which it happened.")
    ] = False,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Show who a customer is, and all that happened.

    The newest first: orders, messages and what became of them, answers, scores, calls and visits
    with their moods, complaints, tasks, journeys, phases, permissions and blocks. Why, tells
    `stammkunde explain`.
    """
    from flows.customer import Wanted, show_customer

    wanted = Wanted(since, limit, oldest_first)
    show_customer(project_folder(), key, wanted, as_of, as_json=json)
