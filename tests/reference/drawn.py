"""How journeys and the rules of a house are drawn: every trigger, every step, every status."""

from random import Random
from typing import Any

from tests.builders import journey

Row = dict[str, Any]

DAYS = 10
"""How long a world lasts."""

SEGMENTS = {
    "regulars": "orders >= 2",
    "dear": 'quadrant == "top" or abc == "A"',
    "lost": "phase in ['at_risk', 'ended'] and not (days_since_last_order <= 10)",
}
_RULES = [
    "orders >= 2",
    "open_complaints > 0",
    'quadrant == "top"',
    'reassurance == "full" or orders is None',
    'phase in ["at_risk", "ended"]',
    "days_since_last_order > 10",
    "not (days_since_last_order > 10)",
    "regulars",
    "lost or not dear",
    "net_revenue_12m >= 500",
    "last_order_value / net_revenue_12m > 0.5",
    "net_revenue_12m - last_order_value > 100 and orders * 2 >= 2",
    "contract_end is not None and contract_end < '2026-10-26'",
    "0 < orders <= 2",
    "sales_lock or days_since_complaint < 10",
]
_ORDER_RULES = ["order_value >= 500", 'order_category == "chairs"', "not order_discounted"]
_SCORE_RULES = ["last_nps <= 6", "last_nps >= 9 or last_nps is None"]
_WAITS = ["5 hours", "1 day", "1 business day", "2 days", "1 week", "until 10:00", "0 days"]
_LONGER = ["until wednesday 9:30", "until friday", "2 business days", "1 month", "30 minutes"]
_EVENTS = ["order", "delivered", "reply", "click", "nps", "task_done", "complaint_closed"]
_SPANS = ["6 hours", "1 day", "2 days", "3 business days", "1 week"]
_MESSAGES = ["hello", "thanks", "news", "offer"]
_FLAGS = ["greeted", "thanked"]
_HOURS = [
    "any time",
    "monday-friday 8:00-18:00",
    "monday-saturday 7:00-20:00",
    ["monday-sunday 0:00-9:00", "holidays 10:00-12:00"],
    ["tuesday 14:30-15:00", "thursday 2:15-3:45", "sunday 1:00-4:00"],
]


def policy(lot: Random) -> Row:
    """The rules of the house."""
    caps = [
        {
            "most": lot.randint(1, 2),
            "within": lot.choice(["3 days", "7 days"]),
            "purpose": "advertising",
        },
        {"most": lot.randint(0, 3), "within": lot.choice(["36 hours", "2 weeks"])},
        {"most": 1, "within": "5 days", "purpose": "service"},
    ]
    budget = {"when": lot.choice(_RULES), "min_gap": lot.choice(["0 days", "3 days"])}
    return {
        "holdout": lot.choice([0.0, 0.0, 0.3]),
        "late_data": lot.choice(["14 days", "2 days"]),
        "complaint_hold": lot.choice(["14 days", "0 days"]),
        "zone": lot.choice(["Europe/Berlin"] * 4 + ["America/New_York"]),
        "attention": {
            "caps": lot.sample(caps, lot.randint(0, 2)),
            "min_gap": lot.choice(["0 days", "0 days", "1 day", "2 days"]),
            "look_ahead": lot.choice(["0 days", "2 days", "3 days"]),
            "budgets": [budget | lot.choice([{}, {"caps": [caps[0]]}])]
            if lot.random() < 0.3
            else [],
        },
        "permission": {
            "double_opt_in": lot.choice([True, False]),
            "consent_dormant_after": lot.choice([None, "24 months", "400 days"]),
            "similar_to": lot.choice([{}, {"chairs": ["chairs", "lamps"], "lamps": []}]),
        },
        "calendar": {
            "region": lot.choice(["DE", "AT"]),
            "hours": {name: lot.choice(_HOURS) for name in ("service", "advertising", "survey")},
        },
    }


def journeys(lot: Random) -> list[Row]:
    """Two to five journeys, j0 and so on."""
    return [_journey(lot, f"j{place}") for place in range(lot.randint(2, 5))]


def edited(lot: Random, written: list[Row]) -> list[Row]:
    """What the same files say later: some gone, some paused, some with other steps."""
    found = []
    for each in written:
        change = lot.random()
        if change < 0.1:
            continue
        if change < 0.6:
            steps = list(each["steps"])
            steps = lot.choice(
                [
                    [{"send": "news"}],
                    steps[1:] or [{"wait": "1 day"}],
                    [*steps, {"wait": "1 day"}, {"send": "news", "to": "user"}],
                    [{"wait": "1 day", "id": "anew"}, *steps],
                ]
            )
            migrate = lot.choice(["keep", "restart", "restart", "exit"])
            each = each | {"steps": _with_flags(steps, each), "migrate": migrate}
        elif change < 0.7:
            each = each | {"priority": 9, "status": lot.choice(["live", "shadow", "review"])}
        found.append(each)
    return found


def _journey(lot: Random, name: str) -> Row:
    enter = _enter(lot)
    purpose = lot.choice(["service", "advertising", "advertising", "survey", "legal"])
    attention = lot.choice([None] * 4 + ["complaint_recovery", "newsletter", "reassurance"])
    exempt = purpose == "legal" or attention == "complaint_recovery"
    by_order = enter["on"] == "order"
    rules = _RULES + _ORDER_RULES * 2 * by_order
    steps = _steps(lot, rules, depth=2)
    if lot.random() < 0.4:
        flag = lot.choice(_FLAGS)
        steps = [
            *_steps(lot, rules, depth=1),
            {"set": flag},
            *_steps(lot, [*rules, flag] * 2, depth=1),
        ]
    if lot.random() < 0.4:
        after = _steps(lot, [*rules, "timed_out", "not timed_out"], depth=1)
        steps = [_until(lot), *after] if lot.random() < 0.5 else [*steps, _until(lot), *after]
    more: Row = {
        "enter": enter,
        "steps": steps,
        "purpose": purpose,
        "priority": lot.randint(0, 3),
        "value": lot.choice([0, 0, 2.5]),
        "holdout": 0.0 if exempt else lot.choice([0.0, 0.0, 0.3, 0.6, 1.0]),
        "status": lot.choice(["live"] * 5 + ["shadow", "review"]),
        "valid_for": lot.choice(["1 day", "4 days", "7 days", "3 business days"]),
        "categories": lot.choice(
            [None, ["chairs"], ["chairs", "lamps"], "order" if by_order else []]
        ),
    }
    more |= {"attention": attention} if attention else {}
    more |= {"exit_when": lot.choice(rules)} if lot.random() < 0.2 else {}
    if lot.random() < 0.4:
        more["goal"] = {"event": "order", "within": lot.choice(["5 days", "2 business days"])}
    return journey(name, **more)


def _enter(lot: Random) -> Row:
    again = lot.choice(["never", "after 1 day", "after 3 business days"])
    event = lot.choice(["never", "per_event", "per_event", "after 1 day"])
    on = lot.choice(
        [
            "order",
            "order",
            "order",
            "phase",
            "segment",
            "date",
            "complaint",
            "nps",
            "schedule",
            "manual",
        ]
    )
    ways: dict[str, Row] = {
        "order": {
            "again": lot.choice(["per_order", "per_order", again]),
            "at_least": lot.choice([None, None, None, 500.0]),
            "category": lot.choice([None, None, None, ["lamps", "beds"]]),
            "product": lot.choice([None] * 5 + [["P2"]]),
        },
        "phase": {"phase": lot.choice(["at_risk", "expansion", "maturity"]), "again": again},
        "segment": {
            "segment": lot.choice(sorted(SEGMENTS)),
            "change": lot.choice(["entering", "leaving"]),
            "again": again,
        },
        "date": {
            "date": lot.choice(["contract_end", "contract_end", "since"]),
            "offset": lot.choice(
                ["0 days after", "2 days before", "1 business day before", "1 week after"]
            ),
            "yearly": lot.choice([False, True]),
            "again": event,
        },
        "complaint": {"change": lot.choice(["opened", "closed"]), "again": event},
        "nps": {"again": event},
        "schedule": {"every": lot.choice(["day", "monday", "wednesday", "month"]), "again": again},
        "manual": {"again": event},
    }
    rules = _RULES + _ORDER_RULES * 2 * (on == "order") + _SCORE_RULES * 5 * (on == "nps")
    when = {"when": lot.choice(rules)} if lot.random() < 0.3 else {}
    chosen = {key: value for key, value in ways[on].items() if value is not None}
    return {"on": on} | chosen | when


def _steps(lot: Random, rules: list[str], depth: int) -> list[Row]:
    return [_step(lot, rules, depth) for _ in range(lot.randint(1, 4))]


def _step(lot: Random, rules: list[str], depth: int) -> Row:
    kind = lot.choice(
        ["send"] * 5 + ["wait"] * 4 + ["task", "end"] + ["choose", "choose", "split"] * (depth > 0)
    )
    match kind:
        case "send":
            return _send(lot)
        case "wait":
            return {"wait": lot.choice(_WAITS * 3 + _LONGER)}
        case "task":
            measure = {lot.choice(["call", "visit", "write"]): lot.choice(["owner", "team"])}
            more = lot.choice([{}, {"due": "1 business day", "escalate_after": "2 days"}])
            return {"task": measure | {"about": "Hello"} | more}
        case "choose":
            ways = [
                {"when": lot.choice(rules), "steps": _inner(lot, rules, depth)}
                for _ in range(lot.randint(1, 2))
            ]
            return {"choose": [*ways, {"else": _inner(lot, rules, depth)}]}
        case "split":
            ways = [
                {
                    "variant": name,
                    "weight": lot.choice([0, 1, 2]),
                    "steps": _inner(lot, rules, depth),
                }
                for name in ("one", "other")
            ]
            ways[0]["weight"] += not any(way["weight"] for way in ways)
            return {"split": ways}
    return {"end": None} if lot.random() < 0.3 else {"wait": "1 day"}


def _inner(lot: Random, rules: list[str], depth: int) -> list[Row]:
    return [] if lot.random() < 0.25 else _steps(lot, rules, depth - 1)


def _send(lot: Random) -> Row:
    several = {
        "roles": lot.sample(["buyer", "user", "decision_maker"], lot.randint(1, 3)),
        "max": lot.randint(1, 3),
    }
    step: Row = {
        "send": lot.choice(_MESSAGES),
        "to": lot.choice(["primary", "buyer", "user", "billing", several]),
    }
    if lot.random() < 0.4:
        step["valid_for"] = lot.choice(["4 hours", "1 day", "3 days", "1 business day"])
    if lot.random() < 0.2:
        step["variants"] = {"hello": lot.randint(0, 2), "news": 1, "offer": lot.randint(0, 1)}
    return step


def _until(lot: Random) -> Row:
    awaited = {"timeout": lot.choice(_SPANS)}
    if lot.random() < 0.2:
        awaited["date"] = "contract_end"
    else:
        awaited["event"] = lot.choice(_EVENTS)
    if lot.random() < 0.4:
        awaited["on_timeout"] = lot.choice(["go_on", "end", "exit"])
    return {"wait_until": awaited}


def _with_flags(steps: list[Row], each: Row) -> list[Row]:
    """Steps whose rules may still ask for every flag they asked for before."""
    text = str([steps, each.get("exit_when")])
    if "timed_out" in text and "wait_until" not in text:
        steps = [*steps, {"wait_until": {"event": "order", "timeout": "1 day"}}]
    for flag in _FLAGS:
        if f"'{flag}'" in text and f"'set': '{flag}'" not in text:
            steps = [*steps, {"set": flag}]
    return steps
