"""A project folder, read and checked: config/ as models, journeys compiled."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeVar

from flows.calendars import region_fault
from flows.deployments import Deployments, load_deployments
from flows.errors import ConfigError, Fault
from flows.glance import needs_config
from flows.intake.spec import Sources
from flows.mending import Mended, mended
from flows.settings import Owners, Senders, Settings
from flows.surveys import Survey, Surveys
from flows.yamlfaults import at
from flows.yamlfile import Document, build, read
from flows.yamlschema import Place
from segments.frames import PROFILE
from segments.journey.budgets import Budget, compile_budgets
from segments.journey.program import Program, ProgramError, compile_journey
from segments.names import JourneyStatus
from segments.policy import Policy
from segments.rules import Rule, RuleError, compile_rule, meant
from segments.spec import Choose, Else, Journey, Segments, Send, Spec, Split, Step

Model = TypeVar("Model", bound=Spec)

RUNNING = (JourneyStatus.LIVE, JourneyStatus.REVIEW, JourneyStatus.SHADOW)
"""Journeys of these statuses are decided; drafts and paused ones rest."""


@dataclass(frozen=True)
class Project:
    """Everything a run needs to know.

    `budgets` are those of policy.yaml, compiled; `broken` are faults of journeys left out, and of
    deployments.yaml.
    """

    folder: Path
    settings: Settings
    policy: Policy
    owners: Owners
    senders: Senders
    sources: Sources
    segments: Mapping[str, Rule]
    journeys: Mapping[str, Program]
    budgets: tuple[Budget, ...] = ()
    surveys: Mapping[str, Survey] = field(default_factory=dict)
    deployments: Deployments = field(default_factory=Deployments)
    broken: list[Fault] = field(default_factory=list)

    @property
    def templates(self) -> Path:
        """The folder of messages."""
        return self.folder / "templates"

    @property
    def running(self) -> tuple[Program, ...]:
        """Journeys that are decided today."""
        return tuple(p for p in self.journeys.values() if p.journey.status in RUNNING)

    @property
    def live(self) -> set[str]:
        """Journeys whose messages may leave."""
        return {p.name for p in self.running if p.journey.status == JourneyStatus.LIVE}


def load(folder: Path) -> Project:
    """Read a project. Raises `ConfigError` with every fault of every file if it cannot run.

    A journey with a fault does not stop the others: it is left out and named in `broken`.
    """
    needs_config(folder)
    faults: list[Fault] = []
    settings = _file(folder, Settings, "settings.yaml", faults)
    owners = _file(folder, Owners, "owners.yaml", faults)
    senders = _file(folder, Senders, "senders.yaml", faults)
    sources = _file(folder, Sources, "sources.yaml", faults)
    segments = _segments(folder, faults)
    policy, budgets = _policy(folder, segments, faults)
    surveys = _surveys(folder, faults)
    journeys, broken = _journeys(folder, segments)
    # A time that cannot be read stops nothing that is under way.
    deployments, wrong = load_deployments(folder)
    broken += wrong
    if faults or segments is None or not (settings and policy and owners and senders and sources):
        raise ConfigError([*faults, *broken])
    return Project(
        folder=folder,
        settings=settings,
        policy=policy,
        owners=owners,
        senders=senders,
        sources=sources,
        segments=segments,
        journeys=journeys,
        budgets=budgets,
        surveys=surveys,
        deployments=deployments,
        broken=sorted(set(broken)),
    )


def compile_earlier(spec: dict[str, Any], segments: Mapping[str, Rule]) -> Program | None:
    """The program of a version stored before; None if it no longer compiles."""
    try:
        return compile_journey(Journey.model_validate(spec), segments)
    except (ProgramError, ValueError):
        return None


def _file(folder: Path, model: type[Model], name: str, faults: list[Fault]) -> Model | None:
    document = _document(folder, f"config/{name}", faults)
    if document is None:
        return None
    built, wrong = build(model, document)
    faults += wrong
    return built


def _document(folder: Path, name: str, faults: list[Fault]) -> Document | None:
    document, wrong = read(folder / name, name)
    faults += wrong
    return document


def _policy(
    folder: Path, segments: Mapping[str, Rule] | None, faults: list[Fault]
) -> tuple[Policy | None, tuple[Budget, ...]]:
    """The rules of the house, with the budgets of attention compiled."""
    document = _document(folder, "config/policy.yaml", faults)
    if document is None:
        return None, ()
    policy, wrong = build(Policy, document)
    faults += wrong
    if policy is None:
        return None, ()
    if what := region_fault(policy.calendar.region):
        faults.append(document.fault(("calendar", "region"), what))
    try:
        return policy, compile_budgets(policy.attention, segments or {})
    except ProgramError as error:
        if segments is not None:
            faults += [document.fault(place, what) for place, what in error.faults]
        return policy, ()


def _surveys(folder: Path, faults: list[Fault]) -> Mapping[str, Survey]:
    """What surveys ask, by message; a project without the file asks for scores only."""
    if not (folder / "config" / "surveys.yaml").exists():
        return {}
    document = _document(folder, "config/surveys.yaml", faults)
    if document is None:
        return {}
    built, wrong = build(Surveys, document)
    faults += wrong
    if built is None:
        return {}
    for message in built.surveys:
        if not (folder / "templates" / message).is_dir():
            what = f'there is no message "{message}" under templates/ that could ask for a score'
            faults.append(document.fault(("surveys", message), what))
    return built.surveys


def _segments(folder: Path, faults: list[Fault]) -> dict[str, Rule] | None:
    """Named rules, compiled; a segment may use other segments. None where they do not read."""
    document = _document(folder, "config/segments.yaml", faults)
    if document is None:
        return None
    built, wrong = build(Segments, document)
    faults += wrong
    written = at(document.data, ("segments",))
    if built is None and not isinstance(written, dict):
        return None
    texts = built.segments if built else {n: t for n, t in written.items() if isinstance(t, str)}
    order, rings = _in_order(texts)
    for ring in rings:
        what = f"these segments go round in a circle: {' -> '.join(ring)}"
        faults.append(document.fault(("segments", ring[0]), what))
    # A stand-in for what is wrong, so that whatever uses this segment is not called wrong as well.
    compiled = dict.fromkeys(written or (), compile_rule("True", PROFILE))
    for name in order:
        place = ("segments", name)
        if name in PROFILE:
            what = f'"{name}" is a column already; name it otherwise'
            faults.append(document.fault(place, what))
        elif texts[name].strip():
            try:
                compiled[name] = compile_rule(texts[name], PROFILE, compiled)
            except RuleError as error:
                faults += [document.fault(place, what) for what in error.faults]
    return compiled


def _in_order(texts: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    """Segments, those behind that use others; and the rings of those that use one another."""
    uses = {
        name: {other for other in texts if other in _words(text)} - set(PROFILE)
        for name, text in texts.items()
    }
    rings: list[list[str]] = []
    while True:
        try:
            order = list(TopologicalSorter(uses).static_order())
        except CycleError as error:
            rings.append(error.args[1][::-1])
            for name in rings[-1]:
                uses[name] = set()
        else:
            ringed = {name for ring in rings for name in ring}
            return [name for name in order if name not in ringed], rings


def _words(text: str) -> set[str]:
    """Names in a rule; what stands in quotation marks is a value."""
    return set(re.findall(r"\w+", re.sub(r"""(["']).*?\1""", " ", text)))


def _journeys(
    folder: Path, segments: Mapping[str, Rule] | None
) -> tuple[dict[str, Program], list[Fault]]:
    programs: dict[str, Program] = {}
    broken: list[Fault] = []
    messages = {p.name for p in (folder / "templates").glob("[a-z]*") if p.is_dir()}
    for file in sorted((folder / "config" / "journeys").glob("*.y*ml")):
        wrong: list[Fault] = []
        written = _document(folder, f"config/journeys/{file.name}", wrong)
        if written is not None:
            built, more = build(Journey, written)
            wrong += more
            journey, document, more = Mended(built, written, []) if built else mended(written)
            wrong += more
            if journey is not None:
                if journey.journey == at(written.data, ("journey",)):
                    wrong += _named_as_file(journey, file, document, programs)
                wrong += _messages_exist(journey, messages, document)
                program = _compiled(journey, segments, document, wrong)
                if program is not None and not wrong:
                    programs[journey.journey] = program
        broken += wrong
    return programs, broken


def _compiled(
    journey: Journey, segments: Mapping[str, Rule] | None, document: Document, wrong: list[Fault]
) -> Program | None:
    """Nothing can be said about a journey's rules while segments.yaml does not read."""
    if segments is None:
        return None
    try:
        return compile_journey(journey, segments)
    except ProgramError as error:
        wrong += [document.fault(place, what) for place, what in error.faults]
        return None


def _named_as_file(
    journey: Journey, file: Path, document: Document, programs: Mapping[str, Program]
) -> list[Fault]:
    if journey.journey in programs:
        return [document.fault(("journey",), f'there is a journey "{journey.journey}" already')]
    if journey.journey != file.stem:
        what = f'the journey is called "{journey.journey}" and the file "{file.name}": use one name'
        return [document.fault(("journey",), what)]
    return []


def _messages_exist(journey: Journey, messages: set[str], document: Document) -> list[Fault]:
    return [
        document.fault(
            (*place, "send") if step.variants is None else (*place, "variants", message),
            f'there is no message "{message}" under templates/{meant(message, messages)}',
        )
        for step, place in _walk(journey.steps, ("steps",))
        if isinstance(step, Send)
        for message in step.messages
        if message not in messages
    ]


def _walk(steps: Sequence[Step], around: Place) -> Iterator[tuple[Step, Place]]:
    """Every step and its place, those inside others included."""
    for index, step in enumerate(steps):
        place = (*around, index)
        yield step, place
        if isinstance(step, Choose):
            for number, way in enumerate(step.choose):
                key = "else" if isinstance(way, Else) else "steps"
                yield from _walk(way.steps, (*place, "choose", number, key))
        elif isinstance(step, Split):
            for number, variant in enumerate(step.split):
                yield from _walk(variant.steps, (*place, "split", number, "steps"))
