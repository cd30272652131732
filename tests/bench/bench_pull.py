"""How long, and in how much memory, the complete Online Retail data comes into a store."""

import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from sqlalchemy import create_engine, insert, text

from flows.intake.load import pull
from flows.intake.spec import Sources
from flows.store.models import Base, Run
from flows.store.session import open_store
from tests import postgres
from tests.bench.report import figure, peak_memory_mb

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NOW = datetime(2011, 12, 10, tzinfo=UTC)
SECONDS = 30
MEGABYTES = 1024
SOURCES = {
    "tables": {
        "order_lines": {
            "csv": "online_retail.csv.gz",
            "without_customer": "leave_out",
            "zone": "Europe/London",
            "defaults": {"currency": "GBP"},
            "columns": {
                "order": "InvoiceNo",
                "customer": "CustomerID",
                "ordered_at": "InvoiceDate",
                "product": "StockCode",
                "product_name": "Description",
                "quantity": "Quantity",
                "unit_price": "UnitPrice",
                "country": "Country",
            },
        }
    }
}


def main() -> None:
    """Measure each database in a process of its own, so that memory is its own."""
    if not DATA.is_dir():
        print("the real orders (../shared/data) are not beside this checkout", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        _alone("sqlite", f"sqlite:///{folder}/store.db")
    if postgres.programs() is None:
        print("PostgreSQL's programs are not installed", file=sys.stderr)
        return
    with postgres.server() as address:
        admin = create_engine(
            f"{address}/postgres".replace("postgresql://", "postgresql+psycopg://"),
            isolation_level="AUTOCOMMIT",
        )
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE bench"))
        admin.dispose()
        _alone("postgresql", f"{address}/bench")


def measure(case: str, url: str) -> None:
    """Pull twice into an empty store and print what it took."""
    engine = open_store(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        run = insert(Run).values(kind="pull", as_of=NOW, started_at=NOW, counts={})
        run_id = connection.execute(run.returning(Run.id)).scalar_one()
    sources = Sources.model_validate(SOURCES)
    for pulled in ("first pull", "second pull"):
        started = perf_counter()
        pull(engine, sources, DATA, now=NOW, run_id=run_id, currency="GBP", zone="Europe/London")
        took = perf_counter() - started
        figure("pull", f"online retail, {case}, {pulled}", took, "s", budget=SECONDS)
    figure("pull", f"online retail, {case}, peak", peak_memory_mb(), "MB", budget=MEGABYTES)
    engine.dispose()


def _alone(case: str, url: str) -> None:
    subprocess.run([sys.executable, "-m", "tests.bench.bench_pull", case, url], check=False)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(*sys.argv[1:])
    else:
        main()
