"""A project folder of one's own to pull from, for tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine, insert, select

from flows.intake.load import pull
from flows.intake.report import PullReport, TableReport
from flows.intake.spec import Sources
from flows.store.models import Base, Run

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Project:
    """Files, what sources.yaml says about them, and a store to pull into."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.tables: dict[str, dict[str, Any]] = {}
        self.most = "100%"

    def csv(self, table: str, text: str, **source: Any) -> None:
        """Write a table as a text file."""
        encoding = source.get("encoding", "utf-8")
        (self.folder / f"{table}.csv").write_text(text, encoding=encoding, newline="")
        self.tables[table] = {"csv": f"{table}.csv", **source}

    def pull(
        self,
        now: datetime = NOW,
        *,
        currency: str = "EUR",
        zone: str = "Europe/Berlin",
        **changed: Any,
    ) -> PullReport:
        """Pull everything as of a moment."""
        sources = Sources.model_validate(
            {"max_reject_share": self.most, "tables": self.tables, **changed}
        )
        with self.engine.begin() as connection:
            run_id = connection.execute(
                insert(Run)
                .values(kind="pull", as_of=now, started_at=now, counts={})
                .returning(Run.id)
            ).scalar_one()
        return pull(
            self.engine,
            sources,
            self.folder,
            now=now,
            run_id=run_id,
            currency=currency,
            zone=zone,
        )

    def rows(self, model: type[Base], *names: str) -> list[tuple[Any, ...]]:
        """Some columns of a table of the store, in the order of the first."""
        columns = [getattr(model, name) for name in names]
        with self.engine.connect() as connection:
            rows = connection.execute(select(*columns).order_by(*columns)).all()
        return [tuple(row) for row in rows]

    def everything(self) -> dict[str, pd.DataFrame]:
        """All rows of all tables but the log of runs, in the order of their keys."""
        with self.engine.connect() as connection:
            return {
                name: pd.DataFrame(
                    connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
                )
                for name, table in Base.metadata.tables.items()
                if name != "run"
            }


def table(report: PullReport, name: str) -> TableReport:
    """What the report says of one table."""
    return next(part for part in report.tables if part.table == name)


def counts(report: PullReport) -> Mapping[str, tuple[int, int]]:
    """New and changed rows of each table."""
    return {part.table: (part.new, part.changed) for part in report.tables}
