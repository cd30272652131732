"""Laws of deciding: what holds for every base of customers and every set of journeys."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from segments.decide import decide
from segments.journey.calendar import Region, local_day
from segments.journey.nodes import NodeKind
from segments.journey.permission import permission
from segments.journey.standing import empty_standing
from segments.names import Purpose
from segments.spec import EXEMPT
from segments.state import Plan, Specs, State
from tests.builders import NOW, ago, contacts, going_on, orders, profiles, specs, state
from tests.lawbook import Book, Run, World, changed, lives, named, with_holdout
from tests.lawframes import GONE, state_of
from tests.reference.people import rows
from tests.worlds import steady, worlds

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
_NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""A world is drawn from a number: another number is another world, not a smaller one."""

FIXED = ["customer_id", "journey", "entry_key", "arm", "anchor_at", "entered_at"]
"""What never changes about an enrollment."""


def law(examples: int) -> settings:
    """So many worlds, however long one takes."""
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=_SLOW, phases=_NO_SHRINKING
    )


@law(5)
@given(worlds(runs=5, people=25))
def test_a_life_keeps_every_law(world: World):
    last = empty_standing().set_index("enrollment_id")
    entered = 0
    for run in lives(world):
        entered += int(run.plan.enrollments["enrollment_id"].isna().sum())
        last = every_enrollment_is_active_finished_or_exited(run, last, entered)
        whoever_is_under_way_waits_for_something(run)
        every_candidate_has_one_outcome_and_a_reason_if_held_back(run)
        nobody_gets_two_messages_on_one_business_day(run)
        no_cap_is_exceeded_in_any_window(run)
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
    told = ["status", "reason", "left_at", "node", "version"]
    pd.testing.assert_frame_equal(rows.loc[gone, told], last.loc[gone, told])
    pd.testing.assert_frame_equal(rows.loc[last.index, FIXED], last[FIXED])
    return rows


def whoever_is_under_way_waits_for_something(run: Run) -> None:
    """At every node: who came either went on or is there still, for a reason of today.

    Whoever was held back at a message stands there; whoever got it, or will not, does not.
    """
    held_back = _steps(run, run.plan.sends[run.plan.sends["outcome"] == "deferred"])
    settled = _steps(run, run.plan.sends) - held_back
    for row in run.book.enrollments.to_dict("records"):
        program = run.specs.program(row["journey"], row["version"])
        if program is None:
            continue
        kind = program.nodes[program.positions[row["node"]]].kind
        step = (row["enrollment_id"], row["node"])
        assert step not in settled or row["status"] != "active"
        if row["status"] == "active":
            assert kind in (NodeKind.WAIT, NodeKind.WAIT_UNTIL, NodeKind.SEND)
            assert (kind == NodeKind.SEND) == (step in held_back)
            assert not pd.isna(row["due_at"])
        elif row["reason"] == "completed":
            assert kind == NodeKind.END


def _steps(run: Run, sends: pd.DataFrame) -> set[tuple[int, str]]:
    """Enrollment and node of these rows of a plan."""
    book = run.book.enrollments.set_index(["customer_id", "journey", "entry_key"])
    keys = pd.MultiIndex.from_frame(sends[["customer_id", "journey", "entry_key"]])
    numbers = book["enrollment_id"].reindex(keys)
    return set(zip(numbers, sends["node"], strict=True))


def every_candidate_has_one_outcome_and_a_reason_if_held_back(run: Run) -> None:
    """candidates = queued + ghost + deferred + skipped."""
    sends = run.plan.sends
    assert sends["outcome"].isin([*GONE, "deferred", "skipped"]).all()
    held_back = sends["outcome"].isin(["deferred", "skipped"])
    assert (sends["reason"].notna() == held_back).all()
    assert (sends["why"].notna() >= held_back).all()
    named = sends["outranked_by"].notna()
    assert (named >= (sends["reason"] == "outranked")).all()
    assert sends.loc[named, "reason"].isin(["outranked", "expired"]).all()
    assert not sends.duplicated(["ref", "node", "contact_id"]).any()
    assert (sends.loc[sends["outcome"] == "queued", "not_before"] >= run.now).all()
    gone = sends[sends["outcome"].isin(GONE)]
    assert (gone["not_before"] < gone["valid_until"]).all()
    assert (gone["due_at"] <= gone["not_before"]).all()


def nobody_gets_two_messages_on_one_business_day(run: Run) -> None:
    """Not from one journey and not from several, but for what the law wants told."""
    sends = _once(run, run.book.sends)
    sends = sends[sends["purpose"] != "legal"]
    days = sends["decided_at"].map(lambda at: local_day(at, run.specs.policy.zone))
    assert not pd.concat([sends["customer_id"], days], axis=1).duplicated().any()


def no_cap_is_exceeded_in_any_window(run: Run) -> None:
    """Whatever the window ends with; what caps do not hold back may only make them fuller."""
    if run.specs.policy.attention.budgets:
        return
    exempt = {each.name for each in run.specs.programs if _exempt(each.journey, run.specs)}
    sends = _once(run, run.book.sends)
    sends = sends[~sends["journey"].isin(exempt) & (sends["purpose"] != "legal")]
    for cap in run.specs.policy.attention.caps:
        counts = sends if cap.purpose is None else sends[sends["purpose"] == cap.purpose]
        for _, theirs in counts.groupby("customer_id"):
            for end in theirs["at"]:
                inside = (theirs["at"] > end - cap.window) & (theirs["at"] <= end)
                assert inside.sum() <= cap.most


def _exempt(journey: Any, spec: Specs) -> bool:
    return journey.attention_class in (*EXEMPT, *spec.policy.attention.exempt)


def _once(run: Run, sends: pd.DataFrame) -> pd.DataFrame:
    """What went, one row for each step and day however many people it wrote to."""
    sends = sends[sends["outcome"].isin(GONE)]
    sends = sends.assign(at=sends[["not_before", "decided_at"]].max(axis=1))
    return sends.sort_values("at").drop_duplicates(["enrollment_id", "node"], keep="last")


def nobody_is_written_to_without_a_ground(run: Run) -> None:
    """A person of that customer, an address, permission, and no open complaint for promotion."""
    sends = run.plan.sends
    sends = sends[sends["outcome"].isin(GONE)]
    assert sends["contact_id"].notna().all()
    people = run.state.contacts.set_index("contact_id", drop=False)
    facts = run.state.profiles.set_index("customer_id")
    troubled = facts["open_complaints"].fillna(0) > 0
    hold = run.specs.policy.complaint_hold.days
    troubled |= facts["days_since_complaint"].fillna(hold) < hold
    for (journey, version, purpose), group in sends.groupby(["journey", "version", "purpose"]):
        met = people.loc[group["contact_id"]]
        program = run.specs.program(journey, version)
        assert program is not None
        if isinstance(program.journey.categories, list | None):
            wanted = tuple(program.journey.categories or ())
            allowed = permission(
                met, run.state.grounds, Purpose(purpose), wanted, run.specs.policy, run.now
            )
            assert allowed["reason"].isna().all()
            assert list(allowed["basis"]) == list(group["basis"])
        assert list(met["customer_id"]) == list(group["customer_id"])
        assert met["has_address"].all()
        assert not met["suppressed"].any()
        if purpose in ("advertising", "survey"):
            assert not (met["objected"] | met[f"suppressed_{purpose}"]).any()
            assert not troubled.loc[group["customer_id"]].any()
        if purpose == "advertising":
            assert not facts["sales_lock"].fillna(False).loc[group["customer_id"]].any()


def held_out_customers_get_ghosts_and_nobody_else_does(run: Run) -> None:
    """Over the whole life, not only today; and colleagues are told to do nothing for them."""
    arms = run.book.enrollments.set_index("enrollment_id")["arm"]
    sends = run.book.sends[run.book.sends["outcome"].isin(GONE)]
    held_out = arms.loc[sends["enrollment_id"]].to_numpy() == "held_out"
    assert list(sends["outcome"] == "ghost") == list(held_out)
    assert not (arms.loc[run.book.tasks["enrollment_id"]] == "held_out").any()


@law(4)
@given(worlds(runs=3))
def test_deciding_again_at_once_sends_nothing_and_lets_nobody_in(world: World):
    for run in lives(world):
        spec = replace(run.specs, backfill={})
        again = decide(state_of(world, run.book, spec, run.now), spec, run.now)
        assert not again.sends["outcome"].isin([*GONE, "skipped"]).any()
        assert not again.enrollments["enrollment_id"].isna().any()
        assert again.tasks.empty
        assert again.phases.empty
        assert again.joined.empty
        assert again.left.empty


@law(3)
@given(worlds(runs=1, people=12))
def test_a_gap_of_days_changes_only_what_expired_in_it(world: World):
    calm = steady(world)
    days = [calm.start + timedelta(days=day) for day in range(5)]
    daily = _first_messages(replace(calm, runs=days))
    at_once = _first_messages(replace(calm, runs=[days[0], days[-1]]))
    assert [key for key, _ in daily] == [key for key, _ in at_once]
    for (_, row), (_, late) in zip(daily, at_once, strict=True):
        if row is None or late is None:
            assert row is late
            continue
        same = ["node", "contact_id", "message", "arm", "due_at", "valid_until"]
        assert [row[name] for name in same] == [late[name] for name in same]
        if row["outcome"] in GONE and late["outcome"] == "skipped":
            assert late["reason"] in ("expired", "quiet")
            assert late["valid_until"] <= max(days[-1], late["not_before"])
        elif row["outcome"] in GONE:
            assert late["outcome"] == row["outcome"] or late["reason"] == "outranked"


def _first_messages(world: World) -> list[tuple[tuple[Any, ...], dict[str, Any] | None]]:
    """Of everybody who entered the first message that was decided about, None if there is none."""
    found: dict[tuple[Any, ...], dict[str, Any] | None] = {}
    for run in lives(world):
        for row in rows(run.plan.enrollments):
            found.setdefault((row["customer_id"], row["journey"], row["entry_key"]), None)
        for row in rows(run.plan.sends.drop_duplicates("ref")):
            key = (row["customer_id"], row["journey"], row["entry_key"])
            before = found[key]
            waited = before and before["outcome"] == "deferred" and before["node"] == row["node"]
            if before is None or waited:
                found[key] = row
    return sorted(found.items(), key=lambda item: item[0])


@law(3)
@given(worlds(runs=3), st.integers(0, 2**16))
def test_the_order_of_rows_never_matters(world: World, seed: int):
    for run in lives(world):
        mixed = changed(run.state, lambda rows: rows.sample(frac=1, random_state=seed))
        assert named(decide(mixed, run.specs, run.now), mixed) == named(run.plan, run.state)


@law(5)
@given(worlds(runs=4, people=12))
def test_nothing_that_happens_after_now_is_read(world: World):
    for run in lives(world):
        ahead = state_of(world, run.before, run.specs, run.now, future=True)
        assert _decided(decide(ahead, run.specs, run.now), ahead) == _decided(run.plan, run.state)


def _decided(plan: Plan, state: State) -> dict[str, list[dict[str, Any]]]:
    """A plan without what it only hands on."""
    handed_on = plan.enrollments.drop(columns="next_order_at")
    return named(replace(plan, enrollments=handed_on), state)


@law(3)
@given(worlds(runs=3), st.integers(1, 7))
def test_shards_decide_as_one_piece_does(world: World, last: int):
    for run in lives(world):
        room = run.specs.backfill
        together: dict[str, list[dict[str, Any]]] = {}
        for first, end in [(1, last), (last + 1, 99)]:
            part, spec = _part(run.state, first, end), replace(run.specs, backfill=room)
            plan = decide(part, spec, run.now)
            room = {name: most - plan.backfilled.get(name, 0) for name, most in room.items()}
            for name, each in named(plan, part).items():
                together.setdefault(name, []).extend(each)
        for name, each in named(run.plan, run.state).items():
            ordered = sorted(together[name], key=lambda row: sorted(map(str, row.items())))
            assert ordered == each, name


@law(4)
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
        for name, value in vars(copies).items():
            if isinstance(value, pd.DataFrame):
                pd.testing.assert_frame_equal(getattr(run.state, name), value)


def _part(state: State, first: int, last: int) -> State:
    """The customers of one shard."""
    mine = state.enrollments.loc[
        state.enrollments["customer_id"].between(first, last), "enrollment_id"
    ]
    people = state.contacts.loc[state.contacts["customer_id"].between(first, last), "contact_id"]

    def cut(rows: pd.DataFrame) -> pd.DataFrame:
        if "customer_id" in rows:
            return rows[rows["customer_id"].between(first, last)]
        if "enrollment_id" in rows:
            return rows[rows["enrollment_id"].isin(mine)]
        return rows[rows["contact_id"].isin(people)]

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


def test_a_step_that_reached_one_of_two_people_counts_from_that_day_on():
    spec = specs({"steps": [{"send": "thanks", "to": {"roles": ["buyer", "user"], "max": 2}}]})
    rest = Region(np.array([NOW.date()], "datetime64[D]"))
    spec = replace(spec, regions={"AT": rest})
    people = contacts({}, {"customer_id": 1, "role": "user"})
    people = people.assign(zone="Europe/Vienna", region=["DE", "AT"])
    plan = decide(state(profiles({}), to=people, bought=orders({})), spec, NOW)
    assert list(plan.sends.sort_values("contact_id")["outcome"]) == ["queued", "deferred"]
    enrollment = plan.enrollments.iloc[0]
    assert enrollment["node"] == "thanks"
    assert enrollment["first_touch_at"] == enrollment["marked_at"] == NOW


def test_who_waits_for_a_date_is_expected_on_that_day():
    wait = {"wait_until": {"date": "contract_end", "timeout": "30 days"}}
    strong = {"name": "strong", "enter": {"on": "manual"}, "steps": [wait, {"send": "hello"}]}
    weak = {"name": "weak", "purpose": "advertising"}
    spec = specs(strong, weak, attention={"min_gap": "2 days", "look_ahead": "3 days"})
    people = profiles({"contract_end": NOW + timedelta(days=1)})
    put_in = {"kind": "manual", "customer_id": 1, "key": "M1", "at": NOW, "journey": "strong"}
    plan = decide(state(people, bought=orders({}), events=[put_in]), spec, NOW)
    told = plan.sends[["journey", "outcome", "reason", "outranked_by"]]
    assert told.to_numpy().tolist() == [["weak", "deferred", "outranked", "strong"]]
