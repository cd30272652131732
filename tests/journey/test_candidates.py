"""Whom a message goes to and which one it is; laws of what is decided."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.journey.candidates import decide_candidates, empty_sends
from segments.names import AttentionClass
from segments.state import FRAMES, Specs
from tests.builders import NOW, ago, contacts, frame, profiles, specs
from tests.journey.bidding import ANY_TIME, base, bid, standing

DAY = timedelta(days=1)


def waiting(*rows: dict[str, Any]) -> pd.DataFrame:
    """Deferred sends of enrollment 1."""
    plain = {"enrollment_id": 1, "node": "thanks"}
    numbers = dict.fromkeys(["send_id", "enrollment_id", "contact_id"], "Int64")
    return pd.DataFrame([{**plain, **row} for row in rows]).astype(numbers | {"node": "str"})


def writing(to: Any, **more: Any) -> Specs:
    """A journey that writes to somebody."""
    return specs({"steps": [{"send": "thanks", "to": to}], **more})


@pytest.mark.parametrize(
    ("to", "people", "contact"),
    [
        ("primary", [{"role": "user"}, {"role": "buyer"}], 102),
        ("primary", [{"role": "buyer", "suppressed": True}, {"role": "billing"}], 102),
        ("user", [{"role": "buyer"}, {"role": "user"}], 102),
        ("user", [{"role": "user", "suppressed": True}, {"role": "buyer"}], 101),
        ("user", [{"role": "billing"}, {"role": "decision_maker"}], 102),
        ("billing", [{"role": "billing", "has_address": False}, {"role": "billing"}], 102),
        ("primary", [{"role": None}, {"role": None}], 101),
    ],
    ids=[
        "the buyer is the main contact",
        "who may be written to",
        "the role wanted",
        "the role wanted even if not to be written to",
        "the main contact stands in",
        "the one of them with an address",
        "the lowest number",
    ],
)
def test_the_best_placed_person_is_written_to(to, people, contact):
    people = contacts(*({"customer_id": 1, **person} for person in people))
    assert list(bid(writing(to), to=people)["contact_id"]) == [contact]


def test_the_buyer_is_who_ordered_where_the_order_names_one():
    people = contacts({}, {"customer_id": 1, "role": "user"}, {"customer_id": 2})
    for ordered_by, contact in ((102, 102), (None, 101), (103, 101), (999, 101)):
        sends = bid(writing("buyer"), {"contact_id": ordered_by}, to=people)
        assert list(sends["contact_id"]) == [contact], ordered_by


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([{"role": "user"}, {"role": "buyer"}, {"role": "decision_maker"}], [103, 101]),
        (
            [{"role": "user"}, {"role": "user"}, {"role": "decision_maker", "suppressed": True}],
            None,
        ),
        ([{"role": "user", "suppressed": True}, {"role": "user", "suppressed": True}], [101]),
        ([{"role": "buyer"}, {"role": "billing"}], [101]),
    ],
    ids=["in order of preference", "allowed first", "one says why not", "the main contact"],
)
def test_several_roles_are_written_to_up_to_so_many(people, expected):
    spec = writing({"roles": ["decision_maker", "user"], "max": 2})
    people = contacts(*({"customer_id": 1, **person} for person in people))
    sends = bid(spec, to=people)
    assert list(sends["contact_id"]) == (expected or [101, 102])


def test_nobody_to_write_to_is_a_candidate_as_well():
    sends = bid(specs({}), to=contacts())
    assert sends.loc["care", ["outcome", "reason", "why"]].tolist() == [
        "skipped",
        "no_contact",
        "nobody to write to",
    ]
    assert pd.isna(sends.loc["care", "contact_id"])


def test_a_message_that_waited_keeps_the_people_it_was_meant_for():
    people = contacts(
        {}, {"customer_id": 1, "role": "user", "suppressed": True}, {"customer_id": 1}
    )
    meant = waiting({"send_id": 8, "contact_id": 102}, {"send_id": 9, "contact_id": 103})
    sends = bid(specs({}), to=people, deferred=meant).set_index("contact_id")
    assert sends["send_id"].to_dict() == {102: 8, 103: 9}
    assert sends["outcome"].to_dict() == {102: "skipped", 103: "queued"}
    elsewhere = waiting({"send_id": 8, "contact_id": 102, "node": "hello"})
    assert list(bid(specs({}), to=people, deferred=elsewhere)["contact_id"]) == [101]


def test_variants_are_chosen_by_hash_and_stick():
    variants = {"warm": 1, "cool": 3, "never": 0}
    spec = specs({"steps": [{"send": "thanks", "variants": variants}]})
    people = profiles(*({} for _ in range(200)))
    rows = [{"customer_id": number} for number in people["customer_id"]]
    chosen = bid(spec, *rows, people=people).set_index("customer_id")["message"]
    assert set(chosen) == {"warm", "cool"}
    assert 30 < (chosen == "warm").sum() < 70
    again = bid(spec, *rows[::-1], people=people, now=NOW + DAY).set_index("customer_id")["message"]
    assert again.sort_index().equals(chosen.sort_index())


def test_the_categories_of_an_order_are_held_against_what_its_customer_bought():
    journey = {"purpose": "advertising", "categories": "order"}
    people = contacts({"consent_advertising": False}, {"consent_advertising": False})
    rows = [
        {"order_category": "chairs"},
        {"order_category": "desks"},
        {"customer_id": 2, "order_category": "chairs"},
    ]
    grounds = [{"contact_id": 101, "category": "chairs"}, {"contact_id": 102, "category": "lamps"}]
    sends = bid(
        specs(journey), *rows, people=profiles({}, {}), to=people, grounds=grounds
    ).set_index("ref")
    assert sends.sort_index()["reason"].fillna("").tolist() == ["", "not_similar", "not_similar"]
    assert sends.loc[0, "basis"] == "existing_customer"


def test_nobody_standing_at_a_message_gives_no_sends_with_all_columns():
    spec = specs({"steps": [{"wait": "2 days"}, {"send": "thanks"}]})
    frames = standing(spec, [{"node": "wait_2_days"}])
    sends = decide_candidates(frames, base(), spec, NOW)
    pd.testing.assert_frame_equal(sends, empty_sends())
    decided = bid(specs({}))
    assert list(decided.columns) == list(empty_sends().columns)
    assert decided.dtypes.equals(empty_sends().dtypes)


_TWO = base(profiles({}, {}))
"""Two customers, each with one person who agreed to everything."""

_KINDS = st.tuples(
    st.sampled_from(["service", "advertising", "survey", "legal"]),
    st.sampled_from([None, *AttentionClass]),
    st.sampled_from([10, 50]),
    st.sampled_from(["1 day", "4 days"]),
)
_CAP = st.fixed_dictionaries(
    {
        "most": st.integers(0, 3),
        "within": st.sampled_from(["1 day", "36 hours", "3 days", "1 week"]),
        "purpose": st.sampled_from([None, "advertising", "service"]),
    }
)


@st.composite
def _houses(draw: st.DrawFn) -> Specs:
    kinds = draw(st.lists(_KINDS, min_size=2, max_size=5))
    journeys = [
        {"name": f"j{n}", "purpose": p, "attention": a, "priority": i, "valid_for": v}
        for n, (p, a, i, v) in enumerate(kinds)
    ]
    attention = {
        "caps": draw(st.lists(_CAP, max_size=3)),
        "min_gap": draw(st.sampled_from(["0 days", "1 day", "2 days"])),
    }
    return specs(*journeys, calendar=ANY_TIME, attention=attention)


_BIDS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 2)), unique=True, max_size=8)


def _rows(spec: Specs, drawn: list[tuple[int, int]], first: int = 1) -> list[dict[str, Any]]:
    count = len(spec.programs)
    return [
        {
            "journey": spec.programs[journey % count].name,
            "customer_id": customer,
            "enrollment_id": first + number,
            "entry_key": f"A{first + number}",
        }
        for number, (journey, customer) in enumerate(drawn)
    ]


_CALLS = st.lists(st.tuples(st.integers(0, 6 * 24), st.integers(1, 2)), max_size=4)


@settings(max_examples=20, deadline=None)
@given(_houses(), st.lists(st.tuples(_BIDS, st.integers(0, 20)), min_size=3, max_size=5), _CALLS)
def test_no_cap_is_exceeded_in_any_stretch_and_nobody_gets_two_messages_a_day(spec, days, calls):
    got = frame(
        "touches",
        *({"customer_id": customer, "at": NOW + timedelta(hours=at)} for at, customer in calls),
    )
    first = 1
    for day, (drawn, hour) in enumerate(days):
        now = NOW.replace(hour=0) + timedelta(days=day, hours=hour)
        rows = _rows(spec, drawn, first)
        first += len(rows)
        state = replace(_TWO, touches=got[got["at"] <= now])
        sends = decide_candidates(standing(spec, rows, now), state, spec, now)
        gone = sends[sends["outcome"] == "queued"].assign(at=pd.Timestamp(now))
        numbers = {place: row["enrollment_id"] for place, row in enumerate(rows)}
        gone = gone.assign(enrollment_id=gone["ref"].map(numbers))[list(FRAMES["touches"])]
        got = pd.concat([got, gone.astype(FRAMES["touches"])], ignore_index=True)
    classes = {program.name: program.journey.attention_class for program in spec.programs}
    exempt = [AttentionClass.LEGAL, AttentionClass.COMPLAINT_RECOVERY]
    for _, theirs in got.groupby("customer_id"):
        theirs = theirs.assign(rank=theirs["journey"].map(classes))
        bound = theirs[(theirs["purpose"] != "") & ~theirs["rank"].isin(exempt)]
        for cap in spec.policy.attention.caps:
            counted = theirs["purpose"].eq(cap.purpose) if cap.purpose else theirs["at"].notna()
            limited = bound[bound["purpose"] == cap.purpose] if cap.purpose else bound
            for at in limited["at"]:
                window = theirs[counted & (theirs["at"] > at - cap.window) & (theirs["at"] <= at)]
                assert len(window) <= cap.most
        mails = theirs[(theirs["purpose"] != "") & (theirs["rank"] != AttentionClass.LEGAL)]
        assert not mails["at"].dt.tz_convert("Europe/Berlin").dt.date.duplicated().any()


@settings(max_examples=15, deadline=None)
@given(_houses(), _BIDS, _CALLS, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(spec, drawn, calls, dice):
    rows = _rows(spec, drawn)
    touches = [
        {"customer_id": who, "at": ago(at / 24), "purpose": "service", "journey": f"j{at % 3}"}
        for at, who in calls
    ]
    people = contacts(*({"customer_id": 1 + n % 2} for n in range(5)))

    def outcome(rows: list[dict[str, Any]], touches: list[dict[str, Any]], people: pd.DataFrame):
        state = replace(_TWO, touches=frame("touches", *touches), contacts=people)
        sends = decide_candidates(standing(spec, rows), state, spec, NOW)
        columns = ["entry_key", "contact_id", "outcome", "reason", "outranked_by", "why", "message"]
        told = sends[columns].astype(object).where(sends[columns].notna(), None)
        return sorted(map(tuple, told.to_numpy()), key=str)

    mixed = dice.sample(rows, len(rows)), dice.sample(touches, len(touches))
    assert outcome(*mixed, people.iloc[::-1]) == outcome(rows, touches, people)


@settings(max_examples=15, deadline=None)
@given(_houses(), _BIDS, _KINDS, _CALLS)
def test_a_stronger_message_never_lets_a_weaker_one_go_earlier(spec, drawn, kind, calls):
    purpose, attention, priority, valid_for = kind
    added = {
        "name": "added",
        "purpose": purpose,
        "attention": attention,
        "priority": priority + 1,
        "valid_for": valid_for,
    }
    both = Specs(spec.policy, (*spec.programs, *specs(added, calendar=ANY_TIME).programs))
    rows = _rows(spec, drawn)
    touches = [{"customer_id": who, "at": ago(at / 24)} for at, who in calls]
    state = replace(_TWO, touches=frame("touches", *touches))
    alone = decide_candidates(standing(spec, rows), state, spec, NOW).set_index("ref")
    stronger = [
        {"journey": "added", "customer_id": who, "enrollment_id": 90 + who} for who in (1, 2)
    ]
    beside = decide_candidates(standing(both, [*rows, *stronger]), state, both, NOW).set_index(
        "ref"
    )
    went = alone.index[alone["outcome"] == "queued"]
    goes = beside.index[(beside["outcome"] == "queued") & (beside["journey"] != "added")]
    assert set(goes) <= set(went)
