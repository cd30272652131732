"""How long does it take to plan a day on real orders, the complete Online Retail data?"""

import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from flows.initial import init
from flows.stages import planning, pulling
from flows.stages.shop import open_shop
from tests.bench.bench_pull import DATA, NOW, SOURCES
from tests.bench.report import figure

SECONDS = 5


def main() -> None:
    """Plan two days running with every shipped journey live: the first sees everybody anew."""
    if not DATA.is_dir():
        print("the real orders (../shared/data) are not beside this checkout", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "shop"
        init(folder)
        lines = SOURCES["tables"]["order_lines"]
        tables = {"order_lines": {**lines, "csv": str(DATA / lines["csv"])}}
        sources = json.dumps({"tables": tables, "max_age": "30 days"})
        (folder / "config" / "sources.yaml").write_text(sources, encoding="utf-8")
        for file in (folder / "config" / "journeys").glob("*.yaml"):
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace("status: draft", "status: live"), encoding="utf-8")
        shop = open_shop(folder)
        pulling.pull(shop, NOW)
        for day, now in (("first day", NOW - timedelta(days=1)), ("second day", NOW)):
            began = perf_counter()
            planning.plan(shop, now)
            figure("real_plan", f"online retail, {day}", perf_counter() - began, "s", SECONDS)
        shop.engine.dispose()


if __name__ == "__main__":
    main()
