"""How long does the demo take, as somebody who tries Stammkunde sees it?"""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.bench.report import figure

BUDGET_S = 90.0
CUSTOMERS, DAYS = 500, 60


def main() -> None:
    """Run the real command in a process of its own, its three Prefect runs included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "flows.cli", "demo", "--dir", str(Path(folder) / "demo")]
        options = ["--customers", str(CUSTOMERS), "--days", str(DAYS), "--seed", "7"]
        began = perf_counter()
        done = subprocess.run([*command, *options], check=False, capture_output=True, text=True)
        seconds = perf_counter() - began
    case = f"{CUSTOMERS} customers, {DAYS} days"
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return
    figure("demo", case, seconds, "s", BUDGET_S)


if __name__ == "__main__":
    main()
