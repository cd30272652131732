"""All that planning has written into a store, so that two stores can be compared."""

import json
from typing import Any

import pandas as pd
from sqlalchemy import Engine, select

from flows.store.ledger import unpack
from flows.store.models import Base
from flows.store.session import frame

TABLES = (
    "enrollment",
    "send",
    "task",
    "phase_change",
    "quadrant_change",
    "segment_member",
    "segment_fill",
    "customer",
)
_NUMBERS = ["id", "run_id", "enrollment_id"]
Rows = list[tuple[Any, ...]]


def decided(engine: Engine) -> dict[str, Rows]:
    """The contact log, enrollments, tasks, the ledger and the rest, without running numbers.

    An enrollment is named by whose it is: numbers follow the order in which processes wrote.
    """
    found = {}
    with engine.connect() as connection:
        tables = {name: frame(connection, select(Base.metadata.tables[name])) for name in TABLES}
        blocks = connection.scalars(select(Base.metadata.tables["ledger"].c.block)).all()
        runs = frame(connection, select(Base.metadata.tables["run"]).where(_went_well()))
    tables["ledger"] = pd.concat([unpack(block) for block in blocks])
    whose = tables["enrollment"].set_index("id")[["customer_id", "journey", "entry_key"]]
    names = pd.Series(whose.astype("str").agg("/".join, axis=1), index=whose.index)
    for name, rows in tables.items():
        if "enrollment_id" in rows:
            rows = rows.assign(whose=rows["enrollment_id"].map(names))
        plain = rows.drop(columns=[column for column in _NUMBERS if column in rows])
        found[name] = sorted(map(tuple, plain.astype("str").to_numpy().tolist()))
    found["run"] = sorted((str(row.as_of), _as_json(row.counts)) for row in runs.itertuples())
    return found


def _as_json(counts: Any) -> str:
    known = json.loads(counts) if isinstance(counts, str) else counts
    return json.dumps(known, sort_keys=True)


def _went_well() -> Any:
    run = Base.metadata.tables["run"]
    return (run.c.kind == "plan") & run.c.failed.is_(None) & run.c.ended_at.is_not(None)
