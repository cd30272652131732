"""config/sources.yaml as a frozen model: which tables the company brings and how to read them."""

import difflib
import zoneinfo
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from segments.frames import SOURCES
from segments.spans import Duration, Share, Span
from segments.spec import Spec

_PROBE = datetime(2003, 11, 25, 13, 14, 15)  # noqa: DTZ001 - only formatted and read back

Text = Annotated[str, Field(min_length=1, max_length=2000)]


class TableSource(Spec):
    """Where one table comes from and how its cells are written."""

    csv: Text | None = Field(None, description="a text file, .gz as well, from the project folder")
    parquet: Text | None = Field(None, description="a Parquet file, from the project folder")
    url: Text | None = Field(
        None,
        description="SQLAlchemy address of a database, or the name of an environment variable "
        "that holds it",
    )
    sql: Text | None = Field(
        None, description="with url: file under config/ with the SELECT", examples=["sources/x.sql"]
    )
    columns: dict[str, Text] = Field(
        default_factory=dict,
        description="our column: their column; columns of the same name need no line",
    )
    defaults: dict[str, str | int | float] = Field(
        default_factory=dict, description="our column: what to write where theirs is empty"
    )
    dates: Text = Field(
        "iso", description='iso, german (31.12.2026), us (12/31/2026) or a pattern like "%Y%m%d"'
    )
    zone: str | None = Field(
        None, description="time zone of moments that name none; the policy's if empty"
    )
    separator: Literal[",", ";", "tab", "|", "whitespace"] = Field(
        ",", description="what stands between two cells of a text file"
    )
    encoding: Literal["utf-8", "cp1252"] = Field(
        "utf-8", description="utf-8, or cp1252 as older Windows programs write"
    )
    decimal: Literal[".", ","] = Field(".", description="the sign before the cents")
    without_customer: Literal["reject", "leave_out"] = Field(
        "reject",
        description="rows without a customer: reject counts them against max_reject_share, "
        "leave_out only keeps them in the list of rejects",
    )
    watermark: Text | None = Field(
        None, description="their column with the moment of the last change; only newer rows come in"
    )

    @field_validator("dates")
    @classmethod
    def _dates_read(cls, value: str) -> str:
        if value in ("iso", "german", "us"):
            return value
        try:
            readable = "%" in value and datetime.strptime(_PROBE.strftime(value), value)  # noqa: DTZ007
        except ValueError:
            readable = False
        if not readable or readable.date() != _PROBE.date():
            raise ValueError(
                f'"{value}" does not describe a date. Write iso, german, us, '
                'or a pattern with year, month and day like "%Y%m%d"'
            )
        return value

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None and value not in zoneinfo.available_timezones():
            raise ValueError(f'"{value}" is not a time zone. Write one like "Europe/Berlin"')
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> "TableSource":
        if sum(origin is not None for origin in (self.csv, self.parquet, self.url)) != 1:
            raise ValueError(
                'a table comes from exactly one place: "csv: FILE", "parquet: FILE" or '
                '"url: DATABASE" together with "sql: sources/FILE.sql"'
            )
        if (self.url is None) != (self.sql is None):
            raise ValueError('"url" and "sql" go together: the database, and what to ask it')
        for key in ("separator", "encoding"):
            if self.csv is None and key in self.model_fields_set:
                raise ValueError(f'"{key}" goes with "csv"')
        return self

    @property
    def place(self) -> str:
        """The file people look into when a row is rejected."""
        return self.csv or self.parquet or f"config/{self.sql}"


class Tables(Spec):
    """The company's tables; whatever is not given is derived from order lines or stays empty."""

    customers: TableSource | None = None
    contacts: TableSource | None = None
    products: TableSource | None = None
    orders: TableSource | None = None
    order_lines: TableSource
    complaints: TableSource | None = None
    interactions: TableSource | None = None
    permissions: TableSource | None = None
    suppressions: TableSource | None = None
    task_results: TableSource | None = None

    @field_validator("*", mode="after")
    @classmethod
    def _columns_exist(cls, source: TableSource | None, info: ValidationInfo) -> TableSource | None:
        ours = SOURCES[str(info.field_name)]
        faults = []
        for part in ("columns", "defaults"):
            for name in getattr(source, part, ()):
                if name not in ours:
                    near = difflib.get_close_matches(name, ours, n=1)
                    hint = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(ours)}"
                    faults.append(f'{part}: there is no column "{name}" of ours. {hint}')
        if faults:
            raise ValueError("; ".join(faults))
        return source


class Sources(Spec):
    """config/sources.yaml: the company's own data, and when it is too bad or too old to send on."""

    max_reject_share: Share = Field(
        0.02, description="stop, and take nothing in, above this share of rejected rows of a table"
    )
    max_age: Duration = Field(
        Span(4, "days"), description="stop sending when the newest order is older than this"
    )
    longest: Duration = Field(
        Span(2, "hours"),
        description="stop bringing data in when it takes longer than this: a database or a file "
        "share hangs",
    )
    tables: Tables

    @property
    def given(self) -> dict[str, TableSource]:
        """The tables the company brings, in the order in which they depend on one another."""
        return {
            name: source for name in SOURCES if (source := getattr(self.tables, name)) is not None
        }
