"""A folder of one's own: the shipped config/ and templates/, for a team to keep and change."""

import shutil
from pathlib import Path

from flows.errors import ConfigError
from flows.shipping import shipped

_IGNORED = "var/\ndata/\n"


def init(folder: Path) -> list[str]:
    """Copy what is shipped to `folder`; returns the names of what was made there.

    Refuses a folder that has a config/ or templates/ already: nobody's YAML is overwritten.
    """
    for name in ("config", "templates"):
        if (folder / name).exists():
            raise ConfigError.at(
                folder / name, "this is there already; init makes new folders and changes none"
            )
    folder.mkdir(parents=True, exist_ok=True)
    source = shipped()
    for name in ("config", "templates"):
        # How it is put into a container is the program's matter, not the company's.
        shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("docker"))
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text(_IGNORED, encoding="utf-8")
    return ["config/", "templates/", ".gitignore"]
