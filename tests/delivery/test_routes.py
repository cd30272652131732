"""Which way the messages of a purpose take, as outlets rest."""

from hypothesis import given
from hypothesis import strategies as st

from flows.delivery.routes import reachable, routes
from segments.names import Purpose
from tests.delivery.outlets import settings

NAMES = ["main", "b", "c", "d"]


def test_every_purpose_has_the_way_settings_name() -> None:
    its = settings(outlets={"news": {}}, outlet_for={"advertising": "news"})
    taken = routes(its, [])
    assert taken.ways["advertising"] == "news"
    assert {way for purpose, way in taken.ways.items() if purpose != "advertising"} == {"main"}


def test_a_halted_outlet_is_replaced_along_its_fallbacks() -> None:
    chain = {"main": {"fallback": "b"}, "b": {"fallback": "c"}, "c": {}}
    its = settings(outlets=chain)
    assert set(routes(its, ["main"]).ways.values()) == {"b"}
    assert set(routes(its, ["main", "b"]).ways.values()) == {"c"}
    assert routes(its, ["main", "b", "c"]).ways == {}
    assert reachable(its) == ["b", "c", "main"]


@given(
    st.lists(st.sampled_from([*NAMES, None]), min_size=4, max_size=4),
    st.sets(st.sampled_from(NAMES)),
)
def test_a_way_is_never_halted_and_there_is_none_only_if_all_along_the_chain_are(
    fallbacks: list[str | None], halted: set[str]
) -> None:
    chain = {n: {"fallback": f} for n, f in zip(NAMES, fallbacks, strict=True) if f != n}
    its = settings(outlets={name: {} for name in NAMES} | chain)
    ways = routes(its, halted).ways
    assert not set(ways.values()) & halted
    if not ways:
        reached: set[str | None] = set()
        name: str | None = "main"
        while name is not None and name not in reached:
            reached.add(name)
            name = its.outlets[name].fallback
        assert reached <= halted
    else:
        assert set(ways) == set(Purpose)
