"""`stammkunde check`: everything wrong in YAML and templates, and what the change would do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import typer
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DatabaseError

from flows import clock, consents, foresight
from flows.config import Project, load
from flows.errors import ConfigError, Fault
from flows.messages.lint import lint
from flows.messages.sample import Sample, read_sample
from flows.plain import print_tables
from flows.rehearsing import rehearse
from flows.reporting.words import say
from flows.settings import store_address
from flows.shipping import shipped
from flows.stages import alerting, delivering, digesting
from flows.store.revisions import newest
from flows.store.session import open_store
from flows.store.upgrade import revision
from segments.journey.program import Program
from segments.rules import Rule
from segments.spec import Choose
from segments.tautologies import always_true, never_true

_NAMED = 10


def check_project(folder: Path, *, quick: bool) -> None:
    """Everything wrong, all at once; then what is worth knowing before it takes effect.

    `quick` leaves the store alone. Raises `ConfigError` if anything is wrong.
    """
    project = _sound(folder)
    live = sorted(project.live)
    named = ", ".join(live[:_NAMED]) + (f" and {len(live) - _NAMED} more" * (len(live) > _NAMED))
    typer.echo(
        f"All fine: {len(project.journeys)} journeys "
        f"({named + ' live' if live else 'none live'}), {len(project.segments)} segments."
    )
    _tell("Worth a look", remarks(project))
    if quick:
        return
    with _store(project, folder) as engine:
        if engine is not None:
            with engine.connect() as connection:
                _look_ahead(connection, project, clock.now())


def remarks(project: Project) -> list[str]:
    """Rules that hold for everybody or for nobody, and ways nobody can take."""
    said = [
        f"config/segments.yaml  {name}: {what}"
        for name, rule in project.segments.items()
        for what in [*always_true(rule), *never_true(rule)]
    ]
    for program in project.journeys.values():
        said += [f"config/journeys/{program.name}.yaml  {what}" for what in _of_journey(program)]
    return said


def _sound(folder: Path) -> Project:
    templates = folder / "templates"
    try:
        project = load(folder)
    except ConfigError as error:
        # Templates are looked at all the same; for that, anybody's letterhead will do.
        lend = delivering.letterhead(load(shipped()))
        found = lint(templates, lend) if templates.is_dir() else []
        raise ConfigError([*error.faults, *found]) from error
    purposes = _purposes(project)
    unsound = {fault.place for fault in purposes}
    faults = [
        *project.broken,
        *lint(templates, delivering.letterhead(project)),
        *digesting.faults(project),
        *alerting.faults(project),
        *purposes,
        # What is wrong with a journey is not told again by its examples.
        *(fault for fault in rehearse(project) if fault.place not in unsound),
    ]
    if faults:
        raise ConfigError(faults)
    return project


def _purposes(project: Project) -> list[Fault]:
    """A message written as service, say, must not be sent by a journey that advertises."""
    faults = []
    for program in project.journeys.values():
        for message in sorted(program.messages):
            sample = read_sample(project.templates / message / "sample.yaml")
            if isinstance(sample, Sample) and sample.purpose != program.journey.purpose:
                what = (
                    f'"{message}" is written for {sample.purpose} (templates/{message}/sample.yaml)'
                    f", and this journey's purpose is {program.journey.purpose}"
                )
                faults.append(Fault(f"config/journeys/{program.name}.yaml", 0, what))
    return faults


def _of_journey(program: Program) -> Iterator[str]:
    for key, rule in (("enter: when", program.enter_when), ("exit_when", program.exit_when)):
        if rule is not None:
            yield from (f"{key}: {what}" for what in [*always_true(rule), *never_true(rule)])
    for node in program.nodes:
        if isinstance(node.step, Choose):
            yield from _of_choose(node.id, [rule for rule, _ in node.ways])


def _of_choose(node: str, rules: Sequence[Rule]) -> Iterator[str]:
    for place, rule in enumerate(rules, start=1):
        yield from (f"{node}: {what}" for what in never_true(rule))
        found = always_true(rule)
        yield from (f"{node}: {what}" for what in found)
        if any(rule.text in what for what in found):
            rest = len(rules) - place
            ways = "the else" if not rest else f"the {rest} ways after it and the else"
            yield f"{node}: nobody whose values are known gets to {ways}"
            return


@contextmanager
def _store(project: Project, folder: Path) -> Iterator[Engine | None]:
    """The store if there is one, as it is: looking makes none, and brings none up to date."""
    address = make_url(store_address(project.settings, folder))
    file = address.database if address.get_backend_name() == "sqlite" else None
    if file is not None and not Path(file).exists():
        yield None
        return
    engine = open_store(address.render_as_string(hide_password=False))
    try:
        yield engine if revision(engine) == newest() else None
    except DatabaseError:
        typer.echo("The store cannot be reached, so customers were not looked at.", err=True)
        yield None
    finally:
        engine.dispose()


def _look_ahead(connection: Connection, project: Project, now: datetime) -> None:
    locale = project.policy.locale
    found, customers = foresight.reach(connection, project, now)
    if customers:
        typer.echo(f"\n{say('reach', locale, n=customers)}")
        print_tables([foresight.reach_rows(found, locale)])
    rows = foresight.detectable(connection, project, now)
    if rows:
        typer.echo(f"\n{say('detectable_title', locale)}")
        print_tables([rows])
    notes = consents.unused_consents(connection, project.policy, now)
    notes += consents.unknown_categories(connection, project)
    _tell(say("permissions_noted", locale), notes)
    _tell(say("competing", locale), foresight.competing(connection, project))
    _tell(say("affected", locale), foresight.affected(connection, project))
    _tell(say("status_changes", locale), foresight.waiting(connection, project))


def _tell(title: str, notes: Sequence[str]) -> None:
    if notes:
        typer.echo("\n".join(["", f"{title}:", *(f"  {note}" for note in notes)]))
