"""A project folder of one's own, small enough to know everybody in it."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from flows.initial import init
from flows.stages.delivering import deliver
from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.stages.shop import Shop, open_shop
from flows.store.models import Base

NOW = datetime(2026, 6, 15, 5, 0, tzinfo=UTC)
"""A Monday, 7 o'clock in Berlin: two days after the orders below."""

TABLES = {
    "customers": """\
customer,name,owner,locale
K1,Alpha GmbH,brandt,de
K2,Beta Ltd,,en
K3,Gamma AG,,de
""",
    "contacts": """\
contact,customer,email,salutation,first_name,last_name,role,locale
P1,K1,ada@alpha.example,ms,Ada,Albers,buyer,de
P2,K2,bob@beta.example,mr,Bob,Brown,buyer,en
""",
    "products": """\
product,name,category,list_price,unit_cost
S1,Stuhl Eins,chairs,800.00,400.00
T1,Tisch Eins,tables,2600.00,1200.00
""",
    "orders": """\
order,customer,ordered_at,contact,cancelled_at
A1,K1,2026-06-13 10:00,P1,
A2,K2,2026-06-13 11:00,P2,
A3,K3,2026-06-13 12:00,,
""",
    "order_lines": """\
order,product,quantity,unit_price
A1,S1,1,800.00
A2,T1,1,2600.00
A3,S1,1,800.00
""",
    "permissions": """\
contact,kind,purpose,at,proof
P1,consent,advertising,2026-01-01,form
""",
}


@dataclass
class Tiny:
    """The folder, and what one does with it."""

    folder: Path

    def make(self, store_url: str) -> None:
        """Everything a team would write by hand."""
        init(self.folder)
        self.edit("settings.yaml", "sqlite:///var/stammkunde.db", store_url)
        tables = "".join(f"  {name}:\n    csv: data/{name}.csv\n" for name in TABLES)
        sources = f"max_age: 10 days\nmax_reject_share: 0%\ntables:\n{tables}"
        (self.folder / "config" / "sources.yaml").write_text(sources, encoding="utf-8")
        (self.folder / "data").mkdir()
        for name, text in TABLES.items():
            self.table(name, text)
        self.edit("policy.yaml", "raise_first_in_category: true", "raise_first_in_category: false")
        self.edit("journeys/reassurance.yaml", "status: draft ", "status: live ")
        self.edit("journeys/reassurance.yaml", "holdout: 10%", "holdout: 0%")

    def copied(self, to: Path, store_url: str) -> "Tiny":
        """The same company in another folder, with a store that was copied there."""
        shutil.copytree(self.folder, to)
        made = Tiny(to)
        settings = (self.folder / "config" / "settings.yaml").read_text(encoding="utf-8")
        (own,) = re.findall(r"(?m)^store: (\S+)", settings)
        made.edit("settings.yaml", own, store_url)
        return made

    def table(self, name: str, text: str) -> None:
        """What the company exports."""
        (self.folder / "data" / f"{name}.csv").write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace some text of a YAML file that is there."""
        file = self.folder / "config" / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    @contextmanager
    def open(self) -> Iterator[Shop]:
        """The project as it is written now."""
        shop = open_shop(self.folder)
        try:
            yield shop
        finally:
            shop.engine.dispose()

    def live_a_day(self, now: datetime = NOW) -> None:
        """Pull, plan and deliver."""
        with self.open() as shop:
            pull(shop, now)
            plan(shop, now)
            deliver(shop, now)

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        with self.open() as shop, shop.engine.connect() as connection:
            return {
                name: sorted(map(tuple, connection.execute(select(table))), key=str)
                for name, table in Base.metadata.tables.items()
            }

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of a table, in order."""
        columns_of = Base.metadata.tables[table].c
        wanted = select(*(columns_of[name] for name in columns))
        with self.open() as shop, shop.engine.connect() as connection:
            return sorted((tuple(row) for row in connection.execute(wanted)), key=str)

    def mails(self) -> list[Path]:
        """What the folder outlet has written."""
        return sorted((self.folder / "var" / "mails").glob("*/*.eml"))

    def answer(self, *events: dict[str, Any]) -> None:
        """Drop a file of responses."""
        inbox = self.folder / "var" / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(event) + "\n" for event in events)
        (inbox / "events.jsonl").write_text(text, encoding="utf-8")


def after(days: float) -> datetime:
    """So many days after now."""
    return NOW + timedelta(days=days)
