"""A journey drawn: as indented text for the terminal, as a Mermaid diagram for a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from segments.journey.program import Program
from segments.spec import (
    Choose,
    Else,
    End,
    Roles,
    Send,
    Set,
    Split,
    Step,
    Task,
    Wait,
    WaitUntil,
)

Counts = Mapping[str, Mapping[str, int]]
"""Node id -> what is counted there, such as {"standing": 12, "sent": 340}."""

_SHAPES = {
    Wait: ("([", "])"),
    WaitUntil: ("([", "])"),
    Send: ("[", "]"),
    Task: ("[/", "/]"),
    Set: ("[", "]"),
    Choose: ("{", "}"),
    Split: ("{", "}"),
    End: ("((", "))"),
}
_END = "end"


@dataclass(frozen=True)
class _Stop:
    """A step with the id of its node, and the ways that lead on from it."""

    node: str
    step: Step
    ways: list[tuple[str, list["_Stop"]]] = field(default_factory=list)


def outline(program: Program, counts: Counts | None = None) -> list[str]:
    """The program line by line, indented as in its YAML, each step with its node's id."""
    head = [f"{program.name}  {program.journey.title}", f"enter: {_entering(program)}"]
    if program.journey.exit_when:
        head.append(f"exit_when: {program.journey.exit_when}")
    if program.journey.goal:
        goal = program.journey.goal
        head.append(f"goal: {goal.event} within {goal.within}")
    return [*head, *_lines(_stops(program), counts or {}, depth=0), *_last(counts or {})]


def mermaid(program: Program, counts: Counts | None = None) -> str:
    """The program as a Mermaid flowchart; counts stand under the steps."""
    stops = _stops(program)
    drawn = ["flowchart TD", f'    enter(["{_label(f"enter: {_entering(program)}")}"])']
    loose: list[tuple[str, str]] = []
    drawn += _drawn(stops, counts or {}, [("enter", "")], loose)
    drawn.append(f'    {_name(_END)}(("{_END}{_counted(counts or {}, _END, "<br/>")}"))')
    drawn += [_arrow(start, _END, label) for start, label in loose]
    return "\n".join(drawn) + "\n"


def said(step: Step) -> str:
    """A step in one line, as marketing wrote it."""
    match step:
        case Wait():
            return f"wait: {step.wait}"
        case WaitUntil():
            waited = step.wait_until
            what = waited.event or waited.date
            return f"wait_until: {what}, at most {waited.timeout}, then {waited.on_timeout}"
        case Send():
            return _sending(step)
        case Task():
            return f"task: {step.task.kind} {step.task.assignee}, due in {step.task.due}"
        case Set():
            return f"set: {step.set}"
        case Choose():
            return "choose"
        case Split():
            return "split"
        case End():
            return f"end: {step.end}" if step.end else "end"


def _sending(step: Send) -> str:
    to = (
        f"{', '.join(step.to.roles)} (at most {step.to.max})"
        if isinstance(step.to, Roles)
        else step.to
    )
    which = " or ".join(step.messages)
    return f"send: {which} to {to}"


def _entering(program: Program) -> str:
    enter = program.journey.enter
    said = enter.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    first = f"on {said.pop('on')}"
    return ", ".join([first, *(f"{key} {_plain(value)}" for key, value in said.items())])


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _stops(program: Program) -> list[_Stop]:
    """Steps with their nodes: both are laid one behind the other in the order of the file."""
    ids = iter(node.id for node in program.nodes)
    return _paired(program.journey.steps, ids)


def _paired(steps: Sequence[Step], ids: Iterator[str]) -> list[_Stop]:
    stops = []
    for step in steps:
        stop = _Stop(next(ids), step)
        if isinstance(step, Choose):
            for way in step.choose:
                rule = "else" if isinstance(way, Else) else f"when {way.when}"
                stop.ways.append((rule, _paired(way.steps, ids)))
        elif isinstance(step, Split):
            total = sum(way.weight for way in step.split)
            for variant in step.split:
                share = f"{variant.variant} ({variant.weight / total:.0%})"
                stop.ways.append((share, _paired(variant.steps, ids)))
        stops.append(stop)
    return stops


def _lines(stops: Sequence[_Stop], counts: Counts, depth: int) -> Iterator[str]:
    margin = "  " * depth
    for stop in stops:
        text = f"{margin}- {said(stop.step)}"
        yield f"{text}  [{stop.node}]{_counted(counts, stop.node, '  ')}"
        for rule, way in stop.ways:
            yield f"{margin}    {rule}:" + ("" if way else " go on")
            yield from _lines(way, counts, depth + 3)


def _last(counts: Counts) -> list[str]:
    return [f"- end{_counted(counts, _END, '  ')}"]


def _counted(counts: Counts, node: str, gap: str) -> str:
    found = [
        f"{name.replace('_', ' ')} {number}"
        for name, number in counts.get(node, {}).items()
        if number
    ]
    return gap + ", ".join(found) if found else ""


def _drawn(
    stops: Sequence[_Stop],
    counts: Counts,
    arriving: list[tuple[str, str]],
    leaving: list[tuple[str, str]],
) -> list[str]:
    """Nodes and arrows; `arriving` come from before, `leaving` are left for what follows."""
    drawn = []
    for stop in stops:
        opens, closes = _SHAPES[type(stop.step)]
        label = _label(said(stop.step)) + _counted(counts, stop.node, "<br/>")
        drawn.append(f'    {_name(stop.node)}{opens}"{label}"{closes}')
        drawn += [_arrow(start, stop.node, rule) for start, rule in arriving]
        arriving = [] if stop.ways or isinstance(stop.step, End) else [(stop.node, "")]
        for rule, way in stop.ways:
            drawn += _drawn(way, counts, [(stop.node, rule)], arriving)
    leaving += arriving
    return drawn


def _arrow(start: str, end: str, label: str) -> str:
    line = f'-- "{_label(label)}" -->' if label else "-->"
    return f"    {_name(start)} {line} {_name(end)}"


def _name(node: str) -> str:
    """Mermaid takes "end" and its like for words of its own."""
    return node if node == "enter" else f"n_{node}"


def _label(text: str) -> str:
    """Text that may stand between quotation marks in Mermaid."""
    for sign, entity in (
        ("#", "#35;"),
        ("&", "#amp;"),
        ('"', "#quot;"),
        ("<", "#lt;"),
        (">", "#gt;"),
    ):
        text = text.replace(sign, entity)
    return text
