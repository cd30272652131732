"""Which versions go together."""

import pytest

from flows.health.versions import for_postgres, for_signing, server_and_client, together

GOOD = {
    "prefect": "3.8.8",
    "sqlalchemy": "2.0.58",
    "fastapi": "0.150.0",
    "pydantic": "2.14.3",
    "pandas": "3.1.1",
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, [("fine", "versions_fine")]),
        ({"sqlalchemy": "2.1.0"}, [("broken", "sqlalchemy_schedules_nothing")]),
        ({"sqlalchemy": "2.1.0b1"}, [("broken", "sqlalchemy_schedules_nothing")]),
        ({"fastapi": "0.155.1"}, [("broken", "fastapi_no_server")]),
        ({"fastapi": "0.151.0"}, [("look", "fastapi_untested")]),
        ({"prefect": "3.9.1", "sqlalchemy": "2.1.9"}, [("fine", "versions_fine")]),
        ({"prefect": "3.9.1", "fastapi": "0.165.0"}, [("fine", "versions_fine")]),
        ({"prefect": "3.8.2"}, [("broken", "prefect_old")]),
        ({"prefect": "4.0.0"}, [("look", "prefect_untested")]),
        ({"pandas": None}, [("broken", "package_missing")]),
        (
            {"sqlalchemy": "2.1.9", "fastapi": "0.165.0"},
            [("broken", "sqlalchemy_schedules_nothing"), ("broken", "fastapi_no_server")],
        ),
    ],
)
def test_versions_that_break_each_other_are_told(
    changed: dict[str, str | None], told: list[tuple[str, str]]
) -> None:
    found = together((3, 11, 7), GOOD | changed)
    assert [(each.grade, each.key) for each in found] == told


def test_an_old_python_is_told() -> None:
    assert [each.key for each in together((3, 10, 1), GOOD)] == ["python_old"]


def test_what_only_some_need_is_asked_for_by_them() -> None:
    nothing = {"psycopg": None, "dkimpy": None}
    assert [each.key for each in for_postgres(nothing)] == ["psycopg_missing"]
    assert [each.key for each in for_signing(nothing, "smtp")] == ["dkimpy_missing"]
    assert for_postgres({"psycopg": "3.2"}) == for_signing({"dkimpy": "1.1"}, "smtp") == []


@pytest.mark.parametrize(
    ("server", "key"),
    [
        ("3.8.8", "server_same_version"),
        ("3.8.4", "server_other_patch"),
        ("3.9.1", "server_other_version"),
        ("2.20.9", "server_other_version"),
    ],
)
def test_a_server_of_another_version_is_told(server: str, key: str) -> None:
    (found,) = server_and_client("3.8.8", server)
    assert found.key == key
