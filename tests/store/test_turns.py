"""Turns, and what several may do at a time."""

from sqlalchemy import Engine

from flows.store.turns import beside, turn


def test_whoever_does_the_same_at_this_moment_is_counted(engine: Engine) -> None:
    many = engine.dialect.name == "postgresql"
    with beside(engine, "deliver") as first, beside(engine, "measure") as another:
        with beside(engine, "deliver") as second, beside(engine, "deliver") as third:
            assert (first, another) == (0, 0)
            assert (second, third) == ((1, 2) if many else (0, 0))
        with beside(engine, "deliver") as again:
            assert again == (1 if many else 0)
    with beside(engine, "deliver") as alone:
        assert alone == 0


def test_a_turn_is_nobody_elses_company(engine: Engine) -> None:
    with turn(engine, "plan") as ours, beside(engine, "deliver") as others:
        assert (ours, others) == (True, 0)
