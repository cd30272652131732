"""Where the config/ and templates/ lie that Stammkunde brings along."""

from pathlib import Path


def shipped() -> Path:
    """The folder that holds them: inside the installed package, or the checkout itself."""
    here = Path(__file__).resolve().parent
    packed = here / "shipped"
    return packed if packed.is_dir() else here.parent
