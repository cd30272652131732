"""What `check` says about permissions on the real base."""

from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import Engine

from flows.config import Project, load
from flows.consents import unknown_categories, unused_consents
from flows.shipping import shipped
from flows.store.models import Permission, Product
from segments.policy import Policy
from tests.builders import program
from tests.store.rows import NOW, ago, people, put


@pytest.mark.parametrize(
    ("rules", "notes"),
    [
        ({}, ["2 consents to advertising have not been used for 12 months"]),
        (
            {"consent_dormant_after": "24 months"},
            [
                "2 consents to advertising have not been used for 12 months, "
                "1 of them not for 24 months: they count no more"
            ],
        ),
        (
            {"consent_warn_after": "30 months"},
            ["1 consent to advertising has not been used for 30 months"],
        ),
        ({"consent_warn_after": "60 months"}, []),
    ],
)
def test_consents_nobody_used_for_long_are_counted(
    engine: Engine, rules: dict[str, Any], notes: list[str]
):
    people(engine, 4)
    put(
        engine,
        Permission,
        {"id": 1, "at": ago(400)},
        {"id": 2, "contact_id": 2, "at": ago(1000)},
        {"id": 3, "contact_id": 3, "at": ago(20)},
        {"id": 4, "contact_id": 4, "at": ago(1000)},
        {"id": 5, "contact_id": 4, "kind": "objection"},
    )
    policy = Policy.model_validate({"permission": rules})
    with engine.connect() as connection:
        assert unused_consents(connection, policy, NOW) == notes


def project(**changes: Any) -> Project:
    """The shipped project with another map of what is similar, and one journey about chairs."""
    base = load(shipped())
    policy = base.policy.model_copy(
        update={"permission": base.policy.permission.model_copy(update=changes)}
    )
    about = program(purpose="advertising", categories=["chairs", "chaires"])
    return Project(
        **{
            **{name: getattr(base, name) for name in base.__dataclass_fields__},
            "policy": policy,
            "journeys": MappingProxyType({about.name: about}),
        }
    )


def test_categories_no_product_has_are_named(engine: Engine):
    written = project(similar_to={"chairs": ["chairs", "lampes"]})
    with engine.connect() as connection:
        assert unknown_categories(connection, written) == []
    put(
        engine,
        Product,
        *({"id": n, "category": name} for n, name in enumerate(["chairs", "lamps"])),
    )
    with engine.connect() as connection:
        assert unknown_categories(connection, written) == [
            'config/policy.yaml  permission: similar_to: no product is in "lampes". '
            'Did you mean "lamps"?',
            'config/journeys/care.yaml  categories: no product is in "chaires". '
            'Did you mean "chairs"?',
        ]
