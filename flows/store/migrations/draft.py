"""Writes the next migration: what the models want and the migrations so far do not make.

    python -m flows.store.migrations.draft "Orders know their channel"    (or: make migration)

What comes out is a draft to read and correct. Until the first release there is only 0001: remove
it, then draft "First tables" anew.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from flows.store.session import open_store, writing
from flows.store.upgrade import upgrade

_HERE = Path(__file__).parent


def draft(title: str) -> Path:
    """Write `versions/NNNN_title.py` and say where it is."""
    versions = _HERE / "versions"
    number = f"{len(list(versions.glob('[0-9]*.py'))) + 1:04}"
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(f"sqlite:///{folder}/store.db")
        if number > "0001":
            upgrade(engine)
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.revision(config, title, autogenerate=True, rev_id=number)
        engine.dispose()
    (written,) = versions.glob(f"{number}_*.py")
    for tidy in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *tidy, str(written)], check=True)  # noqa: S603
    return written


if __name__ == "__main__":
    sys.stdout.write(f"{draft(sys.argv[1])}\n")
