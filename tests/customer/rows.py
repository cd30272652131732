"""Purchases and figures by hand: write what matters, the rest is ordinary."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from segments.customer.orders import UNKNOWN, Purchases

_WORDS = {
    "customer_key",
    "country",
    "locale",
    "industry",
    "owner",
    "state",
    "last_category",
    "last_mood",
    "phase_before",
    "quadrant_before",
}

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def days_ago(days: float) -> datetime:
    """A moment before NOW."""
    return NOW - timedelta(days=days)


def purchases(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Purchases numbered from 1; by default a sale over 100.00 to customer 1."""
    ordinary = {
        "customer_id": 1,
        "ordered_at": NOW,
        "is_credit": False,
        "is_cancelled": False,
        "credit_of_id": None,
        "total": 10_000,
        "list_total": None,
        "cost": None,
        "category": None,
    }
    table = pd.DataFrame(
        [{**ordinary, "purchase_id": number, **row} for number, row in enumerate(rows, start=1)],
        columns=["purchase_id", *ordinary],
    )
    whole = ["credit_of_id", "total", "list_total", "cost"]
    return table.astype(
        {
            "customer_id": "int64",
            "purchase_id": "int64",
            "ordered_at": "datetime64[us, UTC]",
            "is_credit": "bool",
            "is_cancelled": "bool",
            **dict.fromkeys(whole, "Int64"),
        }
    )


def taken(table: pd.DataFrame) -> Purchases:
    """The same purchases as `order_figures` takes them."""
    codes, words = pd.factorize(table["category"].to_numpy(dtype=object))
    amounts = ("credit_of_id", "total", "list_total", "cost")
    return Purchases(
        customer_id=table["customer_id"].to_numpy(),
        purchase_id=table["purchase_id"].to_numpy(),
        ordered_at=table["ordered_at"].dt.tz_convert(None).to_numpy(dtype="datetime64[us]"),
        is_credit=table["is_credit"].to_numpy(),
        is_cancelled=table["is_cancelled"].to_numpy(),
        **{name: table[name].to_numpy(dtype=np.int64, na_value=UNKNOWN) for name in amounts},
        category=codes,
        words=list(words),
    )


def figures(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Figures numbered from 1; by default a customer without any order."""
    ordinary = {
        "orders": 0,
        "order_value_total": 0,
        "discounted_orders": 0,
        "priced_orders": 0,
        "gaps": 0,
        "net_revenue_12m": 0,
        "net_revenue_total": 0,
        "margin_12m": 0,
        "last_order_value": None,
        "open_complaints": 0,
        "sales_lock": 0,
        "last_nps": None,
        "emails_30d": 0,
        "responses_90d": 0,
        "contacts": 1,
        "gap_days": None,
        "first_order_at": None,
        "last_order_at": None,
        "last_contact_at": None,
        "last_complaint_at": None,
        "since": None,
        "contract_end": None,
        "phase_since": None,
        "first_in_category": None,
        "last_order_returned": None,
        "customer_key": "K",
        "country": "DE",
        "locale": "de",
        "industry": None,
        "owner": None,
        "state": None,
        "last_category": None,
        "last_mood": None,
        "phase_before": None,
        "quadrant_before": None,
    }
    table = pd.DataFrame(
        [{"customer_id": number, **ordinary, **row} for number, row in enumerate(rows, start=1)],
        columns=["customer_id", *ordinary],
    )
    other = {"gap_days": "Float64", "first_in_category": "boolean"}
    other |= {"last_order_returned": "boolean"}
    return table.astype({name: other.get(name) or _dtype(name) for name in table.columns})


def _dtype(name: str) -> str:
    if name.endswith("_at") or name in ("since", "phase_since", "contract_end"):
        return "datetime64[us, UTC]"
    return "string" if name in _WORDS else "Int64"


def words(*values: str | None) -> pd.Series:
    """A column of words, missing ones allowed."""
    return pd.Series(list(values), dtype="string")
