"""Purchases and figures by hand: write what matters, the rest is ordinary."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

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
        "emails_30d": 0,
        "contacts": 1,
        "gap_days": None,
        "first_order_at": None,
        "last_order_at": None,
        "last_contact_at": None,
        "phase_since": None,
        "first_in_category": None,
        "last_order_returned": None,
        "customer_key": "K",
        "country": "DE",
        "locale": "de",
        "industry": None,
        "owner": None,
        "last_category": None,
        "last_mood": None,
        "phase_before": None,
        "quadrant_before": None,
    }
    table = pd.DataFrame(
        [{"customer_id": number, **ordinary, **row} for number, row in enumerate(rows, start=1)],
        columns=["customer_id", *ordinary],
    )
    names = list(ordinary)
    return table.astype(
        {
            "customer_id": "Int64",
            **dict.fromkeys(names[:12], "Int64"),
            "gap_days": "Float64",
            **dict.fromkeys(names[13:17], "datetime64[us, UTC]"),
            **dict.fromkeys(names[17:19], "boolean"),
            **dict.fromkeys(names[19:], "string"),
        }
    )


def words(*values: str | None) -> pd.Series:
    """A column of words, missing ones allowed."""
    return pd.Series(list(values), dtype="string")
