"""What sources.yaml may say."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from flows.intake.spec import Sources


def sources(**order_lines: Any) -> Sources:
    return Sources.model_validate({"tables": {"order_lines": order_lines}})


def test_the_shipped_example_reads() -> None:
    path = Path(__file__).resolve().parents[2] / "config" / "sources.yaml"
    shipped = Sources.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert shipped.max_reject_share == 0.02
    assert str(shipped.max_age) == "4 days"
    assert list(shipped.given)[:2] == ["customers", "contacts"]


def test_only_order_lines_are_needed() -> None:
    assert list(sources(csv="x.csv").given) == ["order_lines"]
    with pytest.raises(ValidationError, match="order_lines"):
        Sources.model_validate({"tables": {"customers": {"csv": "x.csv"}}})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "exactly one place"),
        ({"csv": "a", "parquet": "b"}, "exactly one place"),
        ({"url": "sqlite:///x.db"}, "go together"),
        ({"csv": "a", "sql": "b.sql"}, "go together"),
        ({"parquet": "a", "separator": ";"}, '"separator" goes with "csv"'),
        ({"csv": "a", "columns": {"ordr": "x"}}, 'Did you mean "order"'),
        ({"csv": "a", "defaults": {"hue": "x"}}, "There are: order, customer"),
        ({"csv": "a", "dates": "French"}, "does not describe a date"),
        ({"csv": "a", "dates": "%H:%M"}, "does not describe a date"),
        ({"csv": "a", "zone": "Europe/Bonn"}, "is not a time zone"),
        ({"csv": "a", "encoding": "latin1"}, "cp1252"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_write(given: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        sources(**given)


@pytest.mark.parametrize("dates", ["iso", "german", "us", "%Y%m%d", "%d.%m.%y %H:%M"])
def test_dates_have_names_or_a_pattern(dates: str) -> None:
    assert sources(csv="a", dates=dates).tables.order_lines.dates == dates
