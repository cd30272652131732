"""What runs today, and the earlier versions of journeys somebody still travels."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from flows.calendars import holidays_around
from flows.config import compile_earlier
from flows.stages.shop import Shop
from flows.store import runs
from segments.journey.program import NOT_CONTENT, Program
from segments.state import Specs


def specs_of(
    shop: Shop, connection: Connection, now: datetime, backfill: Mapping[str, int] | None = None
) -> tuple[Specs, list[str]]:
    """What runs today with all versions somebody still travels, and what to note about those."""
    project, running = shop.project, shop.project.running
    earlier, notes = _earlier(shop, connection)
    specs = Specs(
        project.policy,
        running,
        project.segments,
        earlier,
        runs.running_since(connection, running, now),
        backfill=backfill or {},
        regions=holidays_around(now, project.policy),
        budgets=project.budgets,
    )
    return specs, notes


def _earlier(
    shop: Shop, connection: Connection
) -> tuple[Mapping[tuple[str, str], Program], list[str]]:
    """Versions somebody still travels, and a note on each that cannot be read any more."""
    project = shop.project
    programs, notes = {}, []
    for (journey, version), spec in sorted(
        runs.earlier_versions(connection, project.running).items()
    ):
        program = compile_earlier(spec, project.segments)
        if program is not None:
            programs[journey, version] = as_of_today(program, project.journeys[journey])
        elif number := runs.under_way(connection, journey, version):
            whose = "1 enrollment stays" if number == 1 else f"{number} enrollments stay"
            notes.append(
                f"{journey}: its earlier version {version} cannot be read any more (a segment or "
                f"column it uses is gone), so {whose} where they are"
            )
    return programs, notes


def as_of_today(earlier: Program, current: Program) -> Program:
    """An earlier version under what its journey says today without becoming a new version.

    A journey gone live would else go on in shadow for whoever entered before.
    """
    today = {name: getattr(current.journey, name) for name in NOT_CONTENT}
    return replace(earlier, journey=earlier.journey.model_copy(update=today))
