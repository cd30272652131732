"""What is said of a Dask cluster: whether it answers, has workers, and the same installed."""

from dataclasses import replace

import pytest

from flows.health.cluster import ClusterFacts, SilentError, ask, findings, installed_here
from flows.health.finding import Grade
from tests.waiting import free_port

HERE = {"python": "3.11.7", "stammkunde": "1", "distributed": "2026.1", "pandas": "3.1"}
WHOLE = ClusterFacts("2026.1", {"tcp://a:1": 2, "tcp://b:1": 1}, {"tcp://a:1": HERE})


def said(facts: ClusterFacts) -> list[tuple[str, Grade, str]]:
    return [
        (each.key, each.grade, str(each.parts.get("told") or each.parts.get("why") or ""))
        for each in findings("tcp://s:8786", facts, HERE)
    ]


def test_a_cluster_that_is_whole_is_counted() -> None:
    (found,) = findings("tcp://s:8786", WHOLE, HERE)
    assert (found.key, found.grade) == ("dask_fine", Grade.FINE)
    assert found.parts == {"n": 2, "threads": 3}


def test_without_workers_nobody_decides_anything() -> None:
    assert said(replace(WHOLE, threads={}))[0][:2] == ("dask_no_workers", Grade.BROKEN)


def test_workers_that_do_not_answer_are_told_from_a_scheduler_that_does_not() -> None:
    (found,) = said(replace(WHOLE, scheduler="", installed={}, stuck=True))
    assert found[:2] == ("dask_stuck", Grade.BROKEN)


@pytest.mark.parametrize(
    ("other", "grade"), [({"stammkunde": None}, Grade.BROKEN), ({"pandas": "3.0"}, Grade.LOOK)]
)
def test_a_worker_with_other_versions_is_named_with_them(
    other: dict[str, str | None], grade: Grade
) -> None:
    ((name, version),) = other.items()
    ((key, found, told),) = said(replace(WHOLE, installed={"tcp://a:1": HERE | other}))
    assert (key, found) == ("dask_other_versions", grade)
    assert told == f"{name} {version or '–'} ({HERE[name]})"


def test_a_scheduler_of_another_version_and_a_worker_that_knows_nothing_of_us_are_named() -> None:
    facts = replace(WHOLE, scheduler="2020.1", strange={"tcp://b:1": "No module named 'flows'"})
    assert said(facts) == [
        ("dask_strange_worker", Grade.BROKEN, "No module named 'flows'"),
        ("dask_other_versions", Grade.BROKEN, "distributed 2020.1 (2026.1)"),
    ]


def test_nobody_there_is_given_up_at_once() -> None:
    with pytest.raises(SilentError, match="refused"):
        ask(f"tcp://127.0.0.1:{free_port()}", 2)


def test_what_is_installed_is_known_here() -> None:
    assert installed_here()["prefect"]
