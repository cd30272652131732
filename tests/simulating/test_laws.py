"""What holds for any request and any values."""

import json
import re
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tests.simulating.broken import FINE
from tests.simulating.posting import mail, person
from tests.simulator import query, rules, sending
from tests.simulator.account import Account
from tests.simulator.substitution import PASSES, Filler
from tests.simulator.world import World

TEXT = st.text(st.sampled_from("ab-1ä<{}"), max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each),
    max_leaves=6,
)
WHOLE = FINE["everything at once"]
FIELDS = sorted({*WHOLE, *WHOLE["personalizations"][0], "reply_to_list", "template_id", "batch_id"})


@given(TEXT, st.dictionaries(st.text(st.sampled_from("ab-1"), max_size=4), TEXT, max_size=5))
def test_values_are_put_in_as_by_hand(text: str, values: dict[str, str]) -> None:
    tags = sorted(filter(None, values), key=len, reverse=True)
    by_hand = text
    if tags:
        pattern = "|".join(map(re.escape, tags))
        for _ in range(PASSES):
            by_hand = re.sub(pattern, lambda found: values[found[0]], by_hand)
    assert Filler().fill(text, values) == by_hand


@given(
    st.text(st.sampled_from("abcäöü <>&"), max_size=40), st.lists(st.text(max_size=9), max_size=9)
)
def test_values_without_tags_are_put_in_unchanged(text: str, values: list[str]) -> None:
    named = {f"-f00d{n:02d}-": value for n, value in enumerate(values)}
    written = text.join(["", *named, ""])
    expected = text.join(["", *values, ""])
    if "-f00d" not in expected:
        assert Filler().fill(written, named) == expected


@given(st.sampled_from(FIELDS), JSON, st.booleans())
def test_nothing_but_an_answer_comes_of_any_request(field: str, value: Any, own: bool) -> None:
    body = {**WHOLE, field: value}
    if own:
        body = {**WHOLE, "personalizations": [{**WHOLE["personalizations"][0], field: value}]}
    world = World("digest")
    answer = sending.take(world, orjson.loads(json.dumps(body)))
    taken = answer.status == 202
    assert taken or answer.status in (200, 400)
    assert world.counts["requests"] == taken
    assert bool(len(world.mailboxes)) == taken


@given(JSON)
def test_no_value_at_all_breaks_the_rules_themselves(value: Any) -> None:
    assert rules.check(value, Account(), lambda batch: False, 0.0)
    assert rules.check(mail(personalizations=value), Account(), lambda batch: False, 0.0)
    people = [person(), value]
    assert rules.check(mail(personalizations=people), Account(), lambda batch: False, 0.0)


@given(st.text(st.sampled_from("AND to_email='x'\"()>INTIMESTAMP,= ")))
def test_a_query_is_understood_or_refused(written: str) -> None:
    try:
        conditions = query.parse(written)
    except ValueError:
        return
    assert bool(conditions) == bool(written.strip())
