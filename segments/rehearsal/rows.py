"""From a few plain rows to the frames deciding wants, and back."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd


def frame(rows: Sequence[Mapping[str, Any]], dtypes: Mapping[str, Any]) -> pd.DataFrame:
    """These rows with these columns; what a row does not name is missing."""
    if not rows:
        return _empty(tuple(dtypes.items()))
    columns = {
        name: pd.array([row.get(name) for row in rows], dtype=kind(dtype))
        for name, dtype in dtypes.items()
    }
    return pd.DataFrame(columns, copy=False)


@cache
def kind(dtype: Any) -> Any:
    """The kind of column a word stands for; pandas would look the word up every time."""
    return pd.api.types.pandas_dtype(dtype)


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values, None where something is missing."""
    if rows.empty:
        return []
    columns = {str(name): column.array.astype(object).tolist() for name, column in rows.items()}
    return [
        {name: None if pd.isna(value) else value for name, value in zip(columns, row, strict=True)}
        for row in zip(*columns.values(), strict=True)
    ]


@cache
def _empty(dtypes: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes})
