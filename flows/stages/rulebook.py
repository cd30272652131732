"""By which rules a machine decides, so that no two of them decide one run differently."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

from flows.errors import ConfigError

_OWN = {"settings.yaml", "deployments.yaml", "compose.yaml"}
"""What decides nothing, and each machine may have its own of."""

_SHORT = 8


def rules(folder: Path) -> dict[str, str]:
    """Each file of config/ that decides, with a short hash of what it says."""
    return {
        file.relative_to(folder).as_posix(): blake2b(
            file.read_bytes().replace(b"\r\n", b"\n"), digest_size=_SHORT
        ).hexdigest()
        for file in _files(folder / "config")
    }


def same_rules(folder: Path, begun_with: Mapping[str, str]) -> None:
    """Raise `ConfigError` unless this folder says what the run began with."""
    ours = rules(folder)
    other = sorted(
        name for name in ours.keys() | begun_with.keys() if ours.get(name) != begun_with.get(name)
    )
    if other:
        raise ConfigError.at(
            folder,
            "one run is decided by one set of rules, and here are others than where it began: "
            f"{', '.join(other)}. Bring the same config/ and templates/ to every machine",
        )


def _files(config: Path) -> Iterator[Path]:
    for file in sorted(config.rglob("*.yaml")):
        if file.name not in _OWN:
            yield file
