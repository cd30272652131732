"""How worlds for the laws of deciding are drawn: people, orders, journeys and days."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from segments.names import Abc, Phase, Quadrant, Reassurance, Role
from tests.builders import NOW, journey
from tests.lawbook import DAYS, SEGMENTS, World

_RULES = [
    "orders >= 2",
    "open_complaints > 0",
    'quadrant == "top"',
    'reassurance == "full"',
    'phase in ["at_risk", "ended"]',
    "days_since_last_order > 10",
]
_WAITS = ["0 days", "5 hours", "1 day", "1 business day", "2 days", "1 week"]


def _some(each: st.SearchStrategy[Any], least: int, most: int) -> st.SearchStrategy[list[Any]]:
    """As often few as many; lists of hypothesis are short when left alone."""
    return st.integers(least, most).flatmap(
        lambda number: st.lists(each, min_size=number, max_size=number)
    )


_days = st.integers(0, DAYS + 3)
_share = st.sampled_from([0.0, 0.0, 0.5, 1.0])


def _daily(values: Any) -> st.SearchStrategy[list[Any]]:
    """Mostly the same every day, changing once at most."""
    return st.builds(
        lambda first, then, at: [first if day < at else then for day in range(DAYS)],
        values,
        values,
        _days,
    )


_CUSTOMERS = st.fixed_dictionaries(
    {
        "orders": _daily(st.integers(0, 3)),
        "open_complaints": _daily(st.sampled_from([0, 0, 0, 1, None])),
        "phase": _daily(st.sampled_from([str(word) for word in Phase])),
        "quadrant": _daily(st.sampled_from([str(word) for word in Quadrant])),
        "abc": _daily(st.sampled_from([str(word) for word in Abc])),
        "reassurance": _daily(st.sampled_from([str(word) for word in Reassurance])),
        "days_since_last_order": _daily(st.sampled_from([None, 1, 30])),
    }
)

_often = st.sampled_from([True, True, True, False])
_seldom = st.sampled_from([False, False, False, True])
_CONTACTS = st.fixed_dictionaries(
    {
        "role": st.sampled_from([*(str(word) for word in Role), None]),
        "has_address": _often,
        "suppressed": _seldom,
        "suppressed_advertising": _seldom,
        "suppressed_survey": _seldom,
        "consent_advertising": _often,
        "consent_survey": _often,
        "objected": _seldom,
        "objects_on": _days,
        "bounces_on": _days,
    }
)


def _steps(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    sends = st.builds(
        lambda message, to, valid: (
            {"send": message, "to": to} | ({"valid_for": valid} if valid else {})
        ),
        st.sampled_from(["hello", "thanks", "news"]),
        st.sampled_from(["primary", "buyer", "user", "billing"]),
        st.sampled_from([None, "4 hours", "1 day", "3 days"]),
    )
    waits = st.sampled_from(_WAITS).map(lambda wait: {"wait": wait})
    tasks = st.just({"task": {"call": "owner", "about": "Hello"}})
    chooses = st.builds(
        lambda ways, other: {"choose": [*ways, {"else": other}]},
        st.lists(
            st.builds(lambda rule, steps: {"when": rule, "steps": steps}, _rule, inner),
            min_size=1,
            max_size=2,
        ),
        inner,
    )
    return _some(st.one_of(sends, sends, waits, tasks, chooses), 1, 4)


_rule = st.sampled_from(_RULES)
_inner = _steps(st.just([]))
_STEPS = _steps(st.one_of(st.just([]), _inner))

_ENTER = st.one_of(
    st.fixed_dictionaries(
        {"on": st.just("order"), "again": st.sampled_from(["per_order", "never", "after 2 days"])},
        optional={"when": _rule},
    ),
    st.fixed_dictionaries(
        {
            "on": st.just("phase"),
            "phase": st.sampled_from([str(word) for word in Phase]),
            "again": st.sampled_from(["never", "after 1 day"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "on": st.just("segment"),
            "segment": st.sampled_from(sorted(SEGMENTS)),
            "change": st.sampled_from(["entering", "leaving"]),
            "again": st.sampled_from(["never", "after 1 day"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "on": st.just("schedule"),
            "every": st.sampled_from(["day", "monday", "wednesday"]),
            "again": st.sampled_from(["never", "after 1 day"]),
        },
        optional={"when": _rule},
    ),
)

_JOURNEYS = st.fixed_dictionaries(
    {
        "enter": _ENTER,
        "steps": _STEPS,
        "purpose": st.sampled_from(["service", "advertising", "advertising", "survey"]),
        "priority": st.integers(0, 3),
        "holdout": _share,
        "status": st.sampled_from(["live", "live", "live", "shadow"]),
        "valid_for": st.sampled_from(["1 day", "7 days"]),
    },
    optional={"exit_when": _rule, "goal": st.just({"event": "order", "within": "5 days"})},
)


@st.composite
def worlds(draw: st.DrawFn, *, runs: int = 4) -> World:
    """A handful of customers, up to four journeys, and up to `runs` runs over a few days."""
    customers = draw(_some(_CUSTOMERS, 1, 8))
    number = st.integers(1, len(customers))
    contacts = [
        {"contact_id": 100 + 10 * customer + place, "customer_id": customer, **person}
        for customer in range(1, len(customers) + 1)
        for place, person in enumerate(draw(_some(_CONTACTS, 0, 3)))
    ]
    anybody = st.sampled_from([None, *(person["contact_id"] for person in contacts)])
    orders = draw(
        _some(
            st.builds(
                lambda customer, contact, hours, value, days: {
                    "customer_id": customer,
                    "contact_id": contact,
                    "at": NOW + timedelta(hours=hours),
                    "order_value": value,
                    "returned_at": NOW + timedelta(days=days),
                },
                number,
                anybody,
                st.integers(-80, 24 * (DAYS - 2)),
                st.sampled_from([10_000, 300_000]),
                st.integers(1, 4 * DAYS),
            ),
            0,
            8,
        )
    )
    journeys = [
        journey(f"j{place}", **each) for place, each in enumerate(draw(_some(_JOURNEYS, 1, 4)))
    ]
    edited = [
        {**each, "steps": steps} if steps else each
        for each in journeys
        if (steps := draw(st.sampled_from([None, None, "gone", [{"send": "news"}]]))) != "gone"
    ]
    hours = draw(_some(st.sampled_from([3, 24, 24, 25, 48]), 0, runs - 1))
    moments = [NOW]
    for gap in hours:
        moments.append(moments[-1] + timedelta(hours=gap))
    policy = {"holdout": draw(_share)}
    return World(customers, contacts, orders, journeys, edited, moments, policy)
