"""The demo: a company of ours, lived through day by day, with real runs at the end."""

import json
import re
import shutil
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flows.company import colleagues
from flows.company.chance import generator
from flows.company.life import Company
from flows.company.project import sources_yaml
from flows.company.translated import translated
from flows.errors import ConfigError, PipelineError
from flows.initial import init
from flows.stages import delivering, measuring, planning, pulling, responding
from flows.stages.shop import Progress, Shop, open_shop, quiet
from flows.store import tasks
from flows.store.runs import handed_over, totals
from segments.names import Locale

if TYPE_CHECKING:
    # A demo without the simulator does not wait for a web server to be loaded.
    from flows.rehearsal_stage import Balance, Stage

MARKER = ".stammkunde-demo"
_RUN_AT = time(10)
_DAY_ENDS = time(23, 59, 59)


@dataclass(frozen=True)
class Told:
    """What a demo did, for the lines at its end; `balance` if it sent through a simulator."""

    folder: Path
    first: date
    last: date
    counts: Counter[str]
    customers: int
    orders: int
    balance: "Balance | None" = None


def prepare(folder: Path, customers: int, seed: int, locale: Locale, first: date) -> Company:
    """Make the demo's folder anew: shipped configuration, journeys live, the company's files.

    A demo of before is removed; any other folder that is not empty is refused.
    """
    if folder.is_file():
        raise ConfigError.at(folder, "this is a file; say another --dir")
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise ConfigError.at(folder, "this folder is not empty and no demo; say another --dir")
        shutil.rmtree(folder)
    init(folder)
    (folder / MARKER).write_text("made by stammkunde demo; removed by the next\n", encoding="utf-8")
    (folder / "config" / "sources.yaml").write_text(sources_yaml(locale), encoding="utf-8")
    for file in sorted((folder / "config").glob("**/*.yaml")):
        if file.name != "sources.yaml":
            text = translated(file.read_text(encoding="utf-8"), locale)
            if file.parent.name == "journeys":
                text = re.sub(r"(?m)^status: draft( ?)", r"status: live\1\1", text)
                text = text.replace("holdout: 10%", "holdout: 20%")
            file.write_text(text, encoding="utf-8")
    company = Company.create(customers, seed, first, locale.value)
    company.write(folder / "data")
    return company


def live_through(
    company: Company,
    folder: Path,
    days: list[date],
    with_prefect: int,
    progress: Progress = quiet,
    stage: "Stage | None" = None,
) -> Told:
    """Run every day at ten in the morning; the last `with_prefect` days as real flow runs.

    On a `stage`, messages go through its simulator, which tells what became of them.
    """
    waking = _wake_prefect() if with_prefect else None
    shop = open_shop(folder)
    counts: Counter[str] = Counter()
    zone = ZoneInfo(shop.project.policy.zone)
    with stage.listening(shop) if stage else nullcontext():
        for number, day in enumerate(days, start=1):
            now = _moment(day, _RUN_AT, zone)
            if stage:
                stage.live_until(now)
            if number > 1:
                _trade(company, shop, days[number - 2], zone, stage)
            if number > len(days) - with_prefect:
                if waking is not None:
                    waking.join()
                _as_flow(day)
            else:
                _plainly(shop, now)
            progress(str(day), number, len(days))
        if stage:
            now = _moment(days[-1], _DAY_ENDS, zone)
            stage.live_until(now)
            responding.respond(shop, now)
    facts = measuring.effects(shop, now)
    for row in facts.journeys.to_dict("records"):
        counts[f"{row['what']} {row['word']}"] += int(row["number"])
    with shop.engine.connect() as connection:
        customers, orders = totals(connection)
    balance = stage.balance(shop) if stage else None
    return Told(folder, days[0], days[-1], counts, customers, orders, balance)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _wake_prefect() -> Thread:
    """Prefect's server takes a while to get up; it may do so while the first days go by."""

    def wake() -> None:
        from prefect.client.orchestration import get_client

        # If it does not get up, the first flow run says so better than a thread could.
        with suppress(Exception), get_client(sync_client=True) as client:
            client.hello()

    waking = Thread(target=wake, name="wake Prefect", daemon=True)
    waking.start()
    return waking


def _plainly(shop: Shop, now: datetime) -> None:
    pulling.pull(shop, now)
    responding.respond(shop, now)
    planning.plan(shop, now)
    delivering.deliver(shop, now)


def _as_flow(day: date) -> None:
    from prefect import tags

    from flows.with_prefect import final_state

    with tags("demo"):
        state = final_state("daily", as_of=f"{day}T{_RUN_AT:%H:%M}")
    if not state.is_completed():
        raise PipelineError(f"the run of {day} did not go well: {state.message}")


def _trade(company: Company, shop: Shop, day: date, zone: ZoneInfo, stage: "Stage | None") -> None:
    """The company lives on for a day, and its customers react to what they were sent."""
    folder = shop.project.folder
    begins = datetime.combine(day, time(), zone)
    with shop.engine.connect() as connection:
        touched = handed_over(connection, begins, begins + timedelta(days=1))
        asked = tasks.listed(connection, begins + timedelta(days=1))
    if stage:
        touched = touched[touched["send_id"].isin(stage.reached())]
    events = company.live(day, folder / "data", touched, only_replies=stage is not None)
    events += colleagues.scores(generator(company.seed, "scores", day), touched)
    events += colleagues.work(generator(company.seed, "tasks", day), company.locale, asked, day)
    inbox = folder / shop.project.settings.inbox
    inbox.mkdir(parents=True, exist_ok=True)
    half = inbox / f"{day}.part"
    half.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    half.rename(inbox / f"{day}.jsonl")
