"""Whether a Prefect server answers where somebody says it is, asked before Prefect is loaded."""

from collections.abc import Mapping
from importlib.metadata import version as installed
from urllib.parse import urlsplit

from flows.errors import ConfigError, PipelineError
from flows.health.asking import NoAnswerError
from flows.health.server import RefusedError, Server

VARIABLE = "PREFECT_API_URL"

_ANSWERS_WITHIN = 10.0
_NOT_FOUND = 404


def is_address(text: str) -> bool:
    """Whether this can be the address of a server at all."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def needs_server(address: str, environment: Mapping[str, str], otherwise: str) -> None:
    """Say in a sentence what is wrong with the server somebody named; `otherwise`: what else to do.

    Raises `ConfigError` for what is no address, `PipelineError` where no server of ours answers.
    """
    if not is_address(address):
        raise ConfigError.at(
            VARIABLE, f'"{address}" is no address. Write one like http://127.0.0.1:4200/api'
        )
    try:
        theirs = Server(address, environment, _ANSWERS_WITHIN).version()
    except NoAnswerError as error:
        raise PipelineError(
            f"no Prefect server answers at {address} ({VARIABLE}): {error}. {otherwise}"
        ) from error
    except RefusedError as error:
        if error.status == _NOT_FOUND and environment.get("PREFECT_API_KEY"):
            # Prefect Cloud does not tell its version, and goes with any.
            return
        raise PipelineError(refused(error.status, address)) from error
    ours = installed("prefect")
    if theirs.partition(".")[0] != ours.partition(".")[0]:
        raise PipelineError(
            f"the Prefect server at {address} is of version {theirs}, and here is {ours}: they do "
            "not understand one another. Install the same on both"
        )


def refused(status: int, address: str, text: str = "") -> str:
    """Why a server that answers does not do what it is asked to."""
    if status in (401, 403):
        return (
            f"the Prefect server at {address} does not let us in. Set PREFECT_API_AUTH_STRING "
            "(user:password), or PREFECT_API_KEY for Prefect Cloud"
        )
    if not text or status == 404:
        return (
            f"what answers at {address} is no Prefect server, or it is not well (it says "
            f"{status}). Does {VARIABLE} end in /api?"
        )
    return f"the Prefect server at {address} refuses: {status} {text[:300]}"
