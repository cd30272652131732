"""Looking ahead: who will stand at a message soon."""

from datetime import timedelta

from segments.decide import decide
from segments.journey.ahead import arrivals
from tests.builders import NOW, going_on, orders, profiles, specs, state

SOON = NOW + timedelta(days=3)


def test_those_whose_wait_is_over_by_then_are_told_with_their_moment():
    spec = specs(
        {"name": "far", "steps": [{"wait": "9 days"}, {"send": "late"}]},
        {
            "name": "near",
            "steps": [{"wait": "2 days"}, {"task": {"call": "owner", "about": "x"}}, {"send": "a"}],
        },
        {"name": "today", "steps": [{"send": "now"}]},
        {"name": "then", "steps": [{"wait": "2 days"}, {"wait": "5 days"}, {"send": "b"}]},
        {
            "name": "vain",
            "steps": [{"wait_until": {"event": "reply", "timeout": "1 day"}}, {"send": "c"}],
        },
    )
    people = profiles({}).set_index("customer_id", drop=False).rename_axis(None)
    rows = going_on(decide(state(profiles({}), bought=orders({})), spec, NOW))
    standing = [
        (program, part)
        for program in spec.programs
        if len(part := rows[(rows["journey"] == program.name) & (rows["status"] == "active")])
    ]
    found = arrivals(standing, state(people), spec, NOW, SOON)
    assert list(zip(found["journey"], found["node"], strict=True)) == [("near", "a"), ("vain", "c")]
    assert [str(at)[:16] for at in found["due_at"]] == ["2026-06-16 22:00", "2026-06-15 22:00"]
    assert [standing[place][0].name for place in found["program_index"]] == ["near", "vain"]
    assert arrivals(standing, state(people), spec, NOW, NOW).empty
    assert arrivals([], state(people), spec, NOW, SOON).empty
