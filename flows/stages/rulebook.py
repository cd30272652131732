"""By which rules a machine works, so that no two of them do one run differently."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

from flows.config import Project
from flows.errors import ConfigError
from flows.messages.library import read_sources
from flows.settings import SECRET_VARIABLE, secret

_OWN = {"settings.yaml", "deployments.yaml", "compose.yaml"}
"""What decides nothing, and each machine may have its own of."""

_SENDING = {"outlet", "outlet_for", "outlets", "web", "unsubscribe", "max_render_errors", "lease"}
_SHORT = 8


def rules(folder: Path) -> dict[str, str]:
    """Each file of config/ that decides, with a short hash of what it says."""
    return {
        file.relative_to(folder).as_posix(): _hash(file.read_bytes().replace(b"\r\n", b"\n"))
        for file in _files(folder / "config")
    }


def sending_rules(project: Project) -> dict[str, str]:
    """The same, and all else that makes a message what it is: templates, ways out, the secret."""
    ways = project.settings.model_dump_json(include=_SENDING)
    return {
        **rules(project.folder),
        **{
            f"templates/{path}": _hash(text.encode())
            for path, text in read_sources(project.templates).items()
        },
        "config/settings.yaml (outlets, web, unsubscribe)": _hash(ways.encode()),
        SECRET_VARIABLE: _hash(secret(project.folder)),
    }


def same_rules(folder: Path, begun_with: Mapping[str, str]) -> None:
    """Raise `ConfigError` unless this folder says what the run began with."""
    refuse_other(folder, rules(folder), begun_with)


def refuse_other(folder: Path, ours: Mapping[str, str], begun_with: Mapping[str, str]) -> None:
    """Raise `ConfigError`, with the names of what differs, unless these rules are those."""
    other = sorted(
        name for name in ours.keys() | begun_with.keys() if ours.get(name) != begun_with.get(name)
    )
    if other:
        raise ConfigError.at(
            folder,
            "one run goes by one set of rules, and here are others than where it began: "
            f"{', '.join(other)}. Bring the same config/ and templates/ to every machine",
        )


def _hash(said: bytes) -> str:
    return blake2b(said, digest_size=_SHORT).hexdigest()


def _files(config: Path) -> Iterator[Path]:
    for file in sorted(config.rglob("*.yaml")):
        if file.name not in _OWN:
            yield file
