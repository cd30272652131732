"""Ten journeys for the benchmark, of every common shape: triggers, steps, classes of attention."""

from typing import Any

from segments.frames import PROFILE
from segments.journey.program import Program, compile_journey
from segments.rules import compile_rule
from segments.spec import Journey

RULES = {
    "regulars": 'orders >= 3 and phase in ["expansion", "maturity"]',
    "needs_discount": "discount_share > 0.5 and orders >= 3",
}
SEGMENTS = {name: compile_rule(text, PROFILE, {}) for name, text in RULES.items()}


def programs() -> tuple[Program, ...]:
    """All ten, compiled and live."""
    return tuple(compile_journey(Journey.model_validate(one), SEGMENTS) for one in _JOURNEYS)


def _send(message: str, **more: Any) -> dict[str, Any]:
    return {"send": message, **more}


def _task(about: str) -> dict[str, Any]:
    return {"task": {"call": "owner", "about": about, "due": "3 business days"}}


def _journey(name: str, purpose: str, enter: dict[str, Any], *steps: Any, **more: Any) -> Any:
    holdout = {"holdout": "10%", "goal": {"event": "order", "within": "90 days"}}
    head = {"journey": name, "title": name, "status": "live", "purpose": purpose}
    return {**head, "enter": enter, "steps": list(steps), **holdout, **more}


_JOURNEYS = [
    _journey(
        "reassurance",
        "service",
        {
            "on": "order",
            "when": 'order_value >= 500 and reassurance != "none"',
            "again": "per_order",
        },
        {"wait": "2 days"},
        {
            "choose": [
                {
                    "when": 'reassurance == "full"',
                    "steps": [_send("reassurance_personal", to="buyer"), _task("All well?")],
                },
                {"else": [_send("reassurance", to="buyer")]},
            ]
        },
        exit_when="open_complaints > 0",
        priority=80,
    ),
    _journey(
        "second_order",
        "advertising",
        {"on": "order", "when": "orders == 1"},
        {"wait": "30 days"},
        _send("second_order", to="buyer"),
        {"wait": "21 days"},
        _task("No second order yet"),
        exit_when="open_complaints > 0 or orders > 1",
        priority=60,
    ),
    _journey(
        "how_is_it",
        "survey",
        {"on": "order", "when": "order_value >= 200", "again": "after 90 days"},
        {"wait": "14 days"},
        _send("how_is_it_going"),
    ),
    _journey(
        "welcome_back",
        "advertising",
        {"on": "phase", "phase": "revitalization", "again": "after 180 days"},
        _send("welcome_back"),
        {"wait": "20 days"},
        {
            "choose": [
                {"when": 'quadrant == "top"', "steps": [_task("Back again")]},
                {"else": [_send("what_is_new")]},
            ]
        },
    ),
    _journey(
        "win_back",
        "advertising",
        {"on": "phase", "phase": "at_risk", "when": "orders >= 2", "again": "after 180 days"},
        {
            "choose": [
                {
                    "when": 'quadrant in ["top", "premium"]',
                    "steps": [_task("What is missing?"), {"wait": "10 days"}, _send("win_back")],
                },
                {"else": [_send("win_back_short")]},
            ]
        },
        exit_when="open_complaints > 0",
        priority=40,
    ),
    _journey(
        "promoted",
        "service",
        {"on": "phase", "phase": "expansion"},
        _send("promoted"),
        {"wait": "60 days"},
        _send("half_a_year"),
    ),
    _journey(
        "regulars",
        "advertising",
        {"on": "segment", "segment": "regulars"},
        {"wait": "3 days"},
        _send("regulars"),
        {"wait": "30 days"},
        _send("regulars_again"),
    ),
    _journey(
        "price_talk",
        "service",
        {"on": "segment", "segment": "needs_discount", "again": "after 365 days"},
        _task("Talk about prices"),
        {"wait": "10 business days"},
        _send("price_talk"),
    ),
    _journey(
        "newsletter",
        "advertising",
        {
            "on": "schedule",
            "every": "month",
            "day": 10,
            "when": 'orders >= 1 and phase != "ended" and open_complaints == 0',
            "again": "after 20 days",
        },
        _send("newsletter"),
        priority=20,
    ),
    _journey(
        "quarter_letter",
        "service",
        {
            "on": "schedule",
            "every": "quarter",
            "day": 15,
            "when": "orders >= 6",
            "again": "after 60 days",
        },
        {"wait": "2 days"},
        _send("quarter_letter", to="decision_maker"),
    ),
]
