"""One company for all tests that only look, written once and given a few days of life."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from flows.company.life import Company
from flows.company.project import THEIRS, WRITTEN
from segments.names import Locale

FIRST_DAY = date(2026, 5, 4)
NOBODY = pd.DataFrame(
    {name: [] for name in ("send_id", "customer", "contact", "message", "journey", "sent_at")}
)


def read(folder: Path, table: str, locale: str = "de") -> pd.DataFrame:
    """A file as written, all text, under our names."""
    ours = {theirs: name for name, theirs in THEIRS[Locale(locale)].get(table, {}).items()}
    cells = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
    return cells.rename(columns=ours)


def moments(cells: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    """Cells as local wall time; what is no moment of the export becomes NaT."""
    written = cells.str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00")
    parsed = pd.to_datetime(cells.where(written, None), utc=True, errors="coerce")
    return parsed.dt.tz_convert("Europe/Berlin").dt.tz_localize(None)


@dataclass(frozen=True)
class Tables:
    """The files of a company, read; `clean` leaves out the rows meant to be rejected."""

    raw: dict[str, pd.DataFrame]
    clean: dict[str, pd.DataFrame]


def cleaned(raw: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The rows of each file that hold together, the last one of each number."""
    customers = raw["customers"].query("customer != ''")
    known = customers["customer"]
    contacts = raw["contacts"].query("contact != ''")
    contacts = contacts[contacts["customer"].isin(known)]
    orders = raw["orders"]
    orders = orders[orders["customer"].isin(known) & moments(orders["ordered_at"]).notna()]
    orders = orders.drop_duplicates("order", keep="last")
    lines = raw["order_lines"]
    number = r"-?\d+"
    lines = lines[
        lines["order"].isin(orders["order"])
        & lines["quantity"].str.fullmatch(number)
        & lines["unit_price"].str.fullmatch(r"\d+\.\d\d")
    ]
    complaints = raw["complaints"]
    complaints = complaints[
        complaints["customer"].isin(known) & moments(complaints["opened_at"]).notna()
    ].drop_duplicates("complaint", keep="last")
    talks = raw["interactions"]
    talks = talks[
        talks["customer"].isin(known)
        & moments(talks["at"]).notna()
        & talks["channel"].isin(["call", "visit", "mail", "letter", "fair"])
    ]
    permissions = raw["permissions"]
    permissions = permissions[
        permissions["contact"].isin(contacts["contact"])
        & permissions["kind"].isin(["consent", "objection", "existing_customer"])
        & moments(permissions["at"]).notna()
    ].drop_duplicates(["contact", "kind", "purpose", "at"], keep="last")
    return {
        "customers": customers,
        "contacts": contacts,
        "products": raw["products"],
        "orders": orders,
        "order_lines": lines,
        "complaints": complaints,
        "interactions": talks,
        "permissions": permissions,
    }


def tables(folder: Path, locale: str = "de") -> Tables:
    """All files of a folder."""
    raw = {table: read(folder, table, locale) for table in WRITTEN}
    return Tables(raw, cleaned(raw))


def lived(company: Company, folder: Path, days: int) -> None:
    """Let some days pass in which we write to nobody."""
    for number in range(days):
        company.live(company.first_day + timedelta(days=number), folder, NOBODY)


@pytest.fixture(scope="package")
def young(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """2,000 customers and their two years, before the first day."""
    folder = tmp_path_factory.mktemp("young")
    Company.create(2000, 7, FIRST_DAY, "de").write(folder)
    return tables(folder)


@pytest.fixture(scope="package")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """800 customers, and thirty days more."""
    folder = tmp_path_factory.mktemp("grown")
    company = Company.create(800, 7, FIRST_DAY, "de")
    company.write(folder)
    lived(company, folder, 30)
    return tables(folder)
