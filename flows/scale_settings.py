"""How the work of a run is shared out, as config/settings.yaml writes it: scale."""

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from segments.spec import Spec

MOST_SHARDS = 200
"""So many tasks in one run are what Prefect's pages and its database stand well."""

Runner = Literal["threads", "processes", "dask"]
_ADDRESS = re.compile(r"(tcp|tls)://[^\s/:]+:\d{1,5}")


class Scale(Spec):
    """Into how many pieces the customers are divided, and who works on them at the same time."""

    shards: int | None = Field(
        None,
        description="into how many pieces the customers are divided, at most 200; by `shard_size` "
        "if empty",
    )
    runner: Runner = Field(
        "threads",
        description="who decides the pieces: threads of one process, processes of one machine, or "
        "the workers of a Dask cluster, which then also send; the last two need PostgreSQL",
    )
    at_once: int = Field(
        2, ge=1, le=64, description="how many threads or processes work at the same time"
    )
    dask: str | None = Field(
        None, description="where the scheduler of the Dask cluster is: tcp://name:8786"
    )

    @field_validator("shards")
    @classmethod
    def _as_many_as_prefect_stands(cls, value: int | None) -> int | None:
        if value is not None and not 1 <= value <= MOST_SHARDS:
            raise ValueError(
                f"{value} does not go: write a number from 1 to {MOST_SHARDS}. Each is a task in "
                "Prefect, and however many customers it has, it decides them in pieces of "
                "shard_size"
            )
        return value

    @field_validator("dask")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is not None and not _ADDRESS.fullmatch(value):
            raise ValueError(
                f'"{value}" is not the address of a scheduler. Write one like tcp://name:8786'
            )
        return value

    @model_validator(mode="after")
    def _somewhere_to_go(self) -> "Scale":
        if self.runner == "dask" and self.dask is None:
            raise ValueError(
                '"runner: dask" needs the address of a scheduler that runs already: write '
                '"dask: tcp://name:8786" below it'
            )
        return self
