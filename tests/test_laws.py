"""Laws of deciding: what holds for every base of customers and every set of journeys."""

from datetime import timedelta

import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from segments.decide import decide
from segments.journey.calendar import local_day
from segments.journey.permission import permission
from segments.journey.standing import empty_standing
from segments.names import Purpose
from segments.state import State
from tests.builders import NOW, ago, contacts, going_on, orders, profiles, specs, state
from tests.lawbook import Book, Run, World, changed, lives, named, state_of, with_holdout
from tests.worlds import worlds

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
_NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""A world takes seconds to live through; making a failing one smaller would take many minutes."""

FIXED = ["customer_id", "journey", "version", "entry_key", "arm", "anchor_at", "entered_at"]
"""What never changes about an enrollment."""


def law(examples: int) -> settings:
    """So many worlds, however long one takes."""
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=_SLOW, phases=_NO_SHRINKING
    )


@law(12)
@given(worlds())
def test_a_life_keeps_every_law(world: World):
    last = empty_standing().set_index("enrollment_id")
    entered = 0
    for run in lives(world):
        entered += int(run.plan.enrollments["enrollment_id"].isna().sum())
        last = every_enrollment_is_active_finished_or_exited(run, last, entered)
        every_candidate_has_one_outcome_and_a_reason_if_held_back(run)
        nobody_gets_two_messages_on_one_business_day(run)
        nobody_is_written_to_without_a_ground(run)
        held_out_customers_get_ghosts_and_nobody_else_does(run)


def every_enrollment_is_active_finished_or_exited(
    run: Run, last: pd.DataFrame, entered: int
) -> pd.DataFrame:
    """entered = active + finished + exited; whoever has left stays away, for one reason."""
    rows = run.book.enrollments.set_index("enrollment_id").sort_index()
    assert entered == len(rows)
    assert rows["status"].isin(["active", "finished", "exited"]).all()
    away = rows["status"] != "active"
    assert (rows["reason"].notna() == away).all()
    assert (rows["left_at"].notna() == away).all()
    assert not ((rows["reason"] == "goal") & rows["goal_at"].isna()).any()
    gone = last.index[last["status"] != "active"]
    told = ["status", "reason", "left_at", "node"]
    pd.testing.assert_frame_equal(rows.loc[gone, told], last.loc[gone, told])
    pd.testing.assert_frame_equal(rows.loc[last.index, FIXED], last[FIXED])
    return rows


def every_candidate_has_one_outcome_and_a_reason_if_held_back(run: Run) -> None:
    """candidates = queued + ghost + deferred + skipped."""
    sends = run.plan.sends
    assert sends["outcome"].isin(["queued", "ghost", "deferred", "skipped"]).all()
    held_back = sends["outcome"].isin(["deferred", "skipped"])
    assert (sends["reason"].notna() == held_back).all()
    assert (sends["outranked_by"].notna() == (sends["reason"] == "outranked")).all()
    assert not sends.duplicated(["ref", "node"]).any()


def nobody_gets_two_messages_on_one_business_day(run: Run) -> None:
    """Not from one journey and not from several; and each step writes to a customer once."""
    sends = run.book.sends
    sends = sends[sends["outcome"].isin(["queued", "ghost"])]
    days = sends["decided_at"].map(lambda at: local_day(at, run.specs.policy.zone))
    assert not pd.concat([sends["customer_id"], days], axis=1).duplicated().any()
    assert not sends.duplicated(["enrollment_id", "node"]).any()


def nobody_is_written_to_without_a_ground(run: Run) -> None:
    """A person of that customer, an address, permission, and no open complaint for promotion."""
    sends = run.plan.sends
    sends = sends[sends["outcome"].isin(["queued", "ghost"])]
    assert sends["contact_id"].notna().all()
    people = run.state.contacts.set_index("contact_id", drop=False)
    troubled = run.state.profiles.set_index("customer_id")["open_complaints"].fillna(0) > 0
    for purpose, group in sends.groupby("purpose"):
        met = people.loc[group["contact_id"]]
        allowed = permission(
            met, run.state.grounds, Purpose(purpose), (), run.specs.policy, run.now
        )
        assert allowed["reason"].isna().all()
        assert list(allowed["basis"]) == list(group["basis"])
        assert list(met["customer_id"]) == list(group["customer_id"])
        assert met["has_address"].all()
        assert not met["suppressed"].any()
        if purpose in ("advertising", "survey"):
            assert not (met["objected"] | met[f"suppressed_{purpose}"]).any()
            assert not troubled.loc[group["customer_id"]].any()


def held_out_customers_get_ghosts_and_nobody_else_does(run: Run) -> None:
    """Over the whole life, not only today."""
    arms = run.book.enrollments.set_index("enrollment_id")["arm"]
    sends = run.book.sends[run.book.sends["outcome"].isin(["queued", "ghost"])]
    held_out = arms.loc[sends["enrollment_id"]].to_numpy() == "held_out"
    assert list(sends["outcome"] == "ghost") == list(held_out)


@law(7)
@given(worlds(runs=3))
def test_deciding_again_at_once_sends_nothing_and_lets_nobody_in(world: World):
    for run in lives(world):
        again = decide(state_of(world, run.book, run.specs, run.now), run.specs, run.now)
        assert not again.sends["outcome"].isin(["queued", "ghost", "skipped"]).any()
        assert not again.enrollments["enrollment_id"].isna().any()
        assert again.tasks.empty
        assert again.phases.empty
        assert again.joined.empty
        assert again.left.empty


@law(6)
@given(worlds(runs=2), st.integers(0, 2**16))
def test_the_order_of_rows_never_matters(world: World, seed: int):
    for run in lives(world):
        mixed = changed(run.state, lambda rows: rows.sample(frac=1, random_state=seed))
        assert named(decide(mixed, run.specs, run.now), mixed) == named(run.plan, run.state)


@law(6)
@given(worlds(runs=2), st.integers(1, 7))
def test_shards_decide_as_one_piece_does(world: World, last: int):
    for run in lives(world):
        parts = [_part(run.state, 1, last), _part(run.state, last + 1, 99)]
        together: dict[str, list] = {}
        for part in parts:
            for name, rows in named(decide(part, run.specs, run.now), part).items():
                together.setdefault(name, []).extend(rows)
        for name, rows in named(run.plan, run.state).items():
            ordered = sorted(together[name], key=lambda row: sorted(map(str, row.items())))
            assert ordered == rows, name


@law(6)
@given(worlds(runs=1), *[st.floats(0, 1)] * 4)
def test_raising_a_holdout_only_adds_customers(
    world: World, one: float, other: float, here: float, there: float
):
    spec = world.specs()
    state = state_of(world, Book(), spec, world.runs[0])
    arms = []
    for share, everywhere in [
        (min(one, other), min(here, there)),
        (max(one, other), max(here, there)),
    ]:
        plan = decide(state, with_holdout(spec, share, everywhere), world.runs[0])
        rows = plan.enrollments.set_index(["customer_id", "journey", "entry_key"])
        arms.append(rows["arm"].sort_index())
    few, many = arms
    assert few.index.equals(many.index)
    assert set(few.index[few == "held_out"]) <= set(many.index[many == "held_out"])


@law(4)
@given(worlds(runs=2))
def test_what_was_handed_in_is_never_changed(world: World):
    for run in lives(world):
        copies = changed(run.state, lambda rows: rows.copy(deep=True))
        decide(run.state, run.specs, run.now)
        for name in ("profiles", "contacts", "orders", "enrollments", "past", "deferred"):
            pd.testing.assert_frame_equal(getattr(run.state, name), getattr(copies, name))
        for name in ("touches", "members"):
            pd.testing.assert_frame_equal(getattr(run.state, name), getattr(copies, name))


def _part(state: State, first: int, last: int) -> State:
    """The customers of one shard."""
    mine = state.enrollments.loc[
        state.enrollments["customer_id"].between(first, last), "enrollment_id"
    ]

    def cut(rows: pd.DataFrame) -> pd.DataFrame:
        if "customer_id" in rows:
            return rows[rows["customer_id"].between(first, last)]
        return rows[rows["enrollment_id"].isin(mine)]

    return changed(state, cut)


def test_a_send_behind_one_that_is_skipped_is_decided_in_the_same_run():
    spec = specs({"steps": [{"send": "thanks", "valid_for": "1 day"}, {"send": "hello"}]})
    bought = orders({"ordered_at": ago(3)})
    plan = decide(state(profiles({}), bought=bought), spec, NOW)
    assert list(plan.sends["outcome"]) == ["skipped", "queued"]
    again = decide(state(profiles({}), bought=bought, under_way=going_on(plan)), spec, NOW)
    assert again.sends.empty


def test_whoever_objects_while_a_message_waits_does_not_get_it():
    spec = specs({"purpose": "advertising"})
    bought = orders({})
    touched = [{"customer_id": 1, "at": NOW, "purpose": "service", "journey": "other"}]
    people = contacts({}, {"customer_id": 1, "consent_advertising": True, "role": "user"})
    first = decide(state(profiles({}), to=people, bought=bought, touches=touched), spec, NOW)
    assert list(first.sends[["contact_id", "outcome"]].iloc[0]) == [101, "deferred"]
    waiting = first.sends.assign(send_id=1, enrollment_id=1)
    waiting = waiting[["send_id", "enrollment_id", "node", "contact_id"]].astype(
        {"send_id": "Int64", "enrollment_id": "Int64"}
    )
    people.loc[people["contact_id"] == 101, "objected"] = True
    plan = decide(
        state(profiles({}), to=people, under_way=going_on(first), deferred=waiting),
        spec,
        NOW + timedelta(days=1),
    )
    assert list(plan.sends[["contact_id", "outcome", "reason"]].iloc[0]) == [
        101,
        "skipped",
        "objected",
    ]


def test_nobody_is_written_to_about_another_customers_order():
    people = contacts({}, {"customer_id": 2})
    spec = specs({"steps": [{"send": "thanks", "to": "buyer"}]})
    plan = decide(state(profiles({}, {}), to=people, bought=orders({"contact_id": 102})), spec, NOW)
    assert list(plan.sends["contact_id"]) == [101]
