"""What policy.yaml said when."""

from datetime import timedelta

from sqlalchemy import Engine

from flows.store.terms import note_terms, read_terms
from segments.policy import Policy
from tests.store.rows import NOW, ago

CHEAP = Policy.model_validate({"costs": {"message": 0.01}})
DEAR = Policy.model_validate({"costs": {"message": 2}, "holdout": "5%"})


def test_only_what_changes_is_noted(engine: Engine):
    with engine.begin() as connection:
        for at, policy in ((9, CHEAP), (8, CHEAP), (5, DEAR), (4, DEAR)):
            note_terms(connection, policy, ago(at))
        terms = read_terms(connection, CHEAP, NOW)
        assert [(term.since, term.costs.message, term.holdout) for term in terms] == [
            (ago(9), 0.01, 0.0),
            (ago(5), 2.0, 0.05),
        ]
        assert [term.since for term in read_terms(connection, CHEAP, ago(6))] == [ago(9)]
        assert [term.since for term in read_terms(connection, CHEAP, ago(60))] == [ago(9)]


def test_what_applied_in_the_past_is_not_said_anew(engine: Engine):
    with engine.begin() as connection:
        note_terms(connection, CHEAP, ago(2))
        note_terms(connection, DEAR, ago(3))
        assert [term.costs for term in read_terms(connection, DEAR, NOW)] == [CHEAP.costs]


def test_before_anything_is_noted_the_file_applies(engine: Engine):
    with engine.begin() as connection:
        (term,) = read_terms(connection, DEAR, NOW)
    assert (term.costs, term.holdout, term.measure) == (DEAR.costs, 0.05, DEAR.measure)
    assert term.since < NOW - timedelta(days=9999)
