"""Who may be written to, and on what ground, as the store tells it."""

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, update

from flows.store.grounds import read_grounds
from flows.store.models import (
    Contact,
    Customer,
    Enrollment,
    Permission,
    Product,
    Purchase,
    PurchaseLine,
    Response,
    Send,
    Suppression,
)
from flows.store.reading_contacts import read_contacts
from segments.journey.permission import permission, unused
from segments.names import Purpose
from segments.policy import Policy
from segments.spans import Span
from tests.store.rows import NOW, ago, people, put

FLAGS = [
    "has_address",
    "suppressed",
    "suppressed_advertising",
    "suppressed_survey",
    "consent_advertising",
    "consent_survey",
    "unconfirmed_advertising",
    "unconfirmed_survey",
    "objected",
]
MOMENT = "datetime64[us, UTC]"
TYPES = (
    {"contact_id": "Int64", "customer_id": "int64", "role": "str"}
    | dict.fromkeys(FLAGS, "bool")
    | {"used_advertising": MOMENT, "used_survey": MOMENT}
    | dict.fromkeys(["zone", "country", "state"], "str")
)
SLEEPY = Policy.model_validate({"permission": {"consent_dormant_after": "24 months"}})


def known(
    engine: Engine, policy: Policy | None = None, first: int = 1, last: int = 99
) -> pd.DataFrame:
    with engine.connect() as connection:
        return read_contacts(connection, policy or Policy(), NOW, first, last)


def grounds(engine: Engine, first: int = 1, last: int = 99) -> list[tuple[int, str]]:
    with engine.connect() as connection:
        found = read_grounds(connection, NOW, first, last)
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == {
        "contact_id": "int64",
        "category": "str",
    }
    return sorted(found.itertuples(index=False, name=None))


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
@pytest.mark.parametrize("policy", [Policy(), SLEEPY], ids=["awake", "sleepy"])
def test_contacts_have_the_columns_permission_counts_on(
    engine: Engine, filled: bool, policy: Policy
):
    if filled:
        people(engine, 2)
        put(engine, Permission, {"id": 1})
    found = known(engine, policy)
    assert len(found) == (2 if filled else 0)
    assert {name: str(found[name].dtype) for name in TYPES} == TYPES


CONSENT: dict[str, Any] = {}
WITHDRAWN = {"ended_at": ago(1)}
ASKED = {"requested_at": ago(9)}


@pytest.mark.parametrize(
    ("permissions", "suppressions", "flags"),
    [
        ([], [], set()),
        ([CONSENT], [], {"consent_advertising"}),
        ([{"at": ago(-1)}], [], set()),
        ([WITHDRAWN], [], set()),
        ([{"ended_at": ago(-1)}], [], {"consent_advertising"}),
        ([WITHDRAWN, {"at": ago(0.5)}], [], {"consent_advertising"}),
        ([{"purpose": "survey"}], [], {"consent_survey"}),
        ([CONSENT, {"kind": "objection"}], [], {"consent_advertising", "objected"}),
        ([{"kind": "objection", "at": ago(-1)}], [], set()),
        ([{"kind": "objection", "ended_at": ago(1)}], [], set()),
        ([{"kind": "tracking"}], [], set()),
        ([ASKED], [], {"unconfirmed_advertising"}),
        ([{**ASKED, "confirmed_at": ago(8)}], [], {"consent_advertising"}),
        ([{**ASKED, "confirmed_at": ago(-1)}], [], {"unconfirmed_advertising"}),
        ([WITHDRAWN, {**ASKED, "at": ago(0.5)}], [], set()),
        (
            [CONSENT, {**ASKED, "at": ago(8)}],
            [],
            {"consent_advertising", "unconfirmed_advertising"},
        ),
        ([], [{}], {"suppressed"}),
        ([], [{"at": ago(-1)}], set()),
        ([], [{"purpose": "advertising"}], {"suppressed_advertising"}),
        ([], [{"purpose": "survey"}], {"suppressed_survey"}),
        (
            [],
            [{"purpose": "survey"}, {"reason": "hard_bounce"}],
            {"suppressed", "suppressed_survey"},
        ),
        ([], [{"email": "somebody@example.com"}], set()),
        ([], [{"email": None, "contact_id": 1}], {"suppressed"}),
        ([], [{"email": None, "customer_id": 1, "purpose": "survey"}], {"suppressed_survey"}),
        ([], [{"ended_at": ago(1)}], set()),
        ([], [{"ended_at": ago(-1)}], {"suppressed"}),
    ],
    ids=[
        "nothing said",
        "consent",
        "consent of tomorrow",
        "consent withdrawn",
        "consent withdrawn tomorrow",
        "withdrawn and given again",
        "consent to surveys",
        "objection",
        "objection of tomorrow",
        "objection taken back",
        "leave to see what is opened",
        "asked for",
        "asked for and confirmed",
        "confirmed tomorrow",
        "asked for again after a withdrawal",
        "asked for once more",
        "suppressed",
        "suppressed tomorrow",
        "unsubscribed from advertising",
        "unsubscribed from surveys",
        "two suppressions",
        "another address suppressed",
        "the person suppressed",
        "the customer suppressed for surveys",
        "lifted",
        "to be lifted tomorrow",
    ],
)
def test_what_a_contact_said_and_what_bars_the_address(
    engine: Engine,
    permissions: list[dict[str, Any]],
    suppressions: list[dict[str, Any]],
    flags: set[str],
):
    people(engine)
    put(engine, Permission, *({"id": number, **row} for number, row in enumerate(permissions)))
    put(engine, Suppression, *({"id": number, **row} for number, row in enumerate(suppressions)))
    person = known(engine).iloc[0]
    assert {name for name in FLAGS if person[name]} == flags | {"has_address"}


def test_what_bars_the_contract_itself_is_told_where_there_is_any(engine: Engine):
    people(engine)
    assert not {"suppressed_service", "suppressed_legal"} & set(known(engine))
    put(engine, Suppression, {"id": 1, "purpose": "service"})
    put(engine, Suppression, {"id": 2, "purpose": "legal", "ended_at": ago(1)})
    found = known(engine)
    assert "suppressed_legal" not in found
    assert found.iloc[0]["suppressed_service"]
    assert not found.iloc[0][["suppressed", "suppressed_advertising", "suppressed_survey"]].any()


@pytest.mark.parametrize("email", ["Ada@Example.com", "ADA@EXAMPLE.COM", "ada@example.com"])
def test_a_suppression_holds_however_the_address_is_written(engine: Engine, email: str):
    people(engine)
    put(engine, Contact, {"id": 7, "email": email})
    put(engine, Suppression, {"id": 1})
    assert known(engine)["suppressed"].all()


@pytest.mark.parametrize("email", [None, ""])
def test_whoever_has_no_address_is_seen_as_such(engine: Engine, email: str | None):
    people(engine)
    put(engine, Contact, {"id": 7, "email": email})
    assert list(known(engine).set_index("contact_id")["has_address"].loc[[1, 7]]) == [True, False]


def test_where_a_contact_lives_is_told_as_far_as_it_is_known(engine: Engine):
    people(engine, 2)
    with engine.begin() as connection:
        connection.execute(update(Contact).where(Contact.id == 1).values(zone="Europe/Vienna"))
        connection.execute(update(Customer).where(Customer.id == 1).values(country="AT", state="9"))
    found = known(engine).set_index("contact_id")[["zone", "country", "state"]].fillna("")
    assert found.loc[1].tolist() == ["Europe/Vienna", "AT", "9"]
    assert found.loc[2].tolist() == ["", "", ""]


GROUND = {
    "kind": "existing_customer",
    "purpose": "advertising",
    "purchase_id": 1,
    "category": "masks",
    "notice": "order form V7",
    "collected_at": ago(9),
}


@pytest.mark.parametrize(
    ("permissions", "sale", "found"),
    [
        ([GROUND], {}, ["masks"]),
        ([{**GROUND, "category": None}], {"category": "chairs"}, ["chairs"]),
        ([{**GROUND, "category": None}], {}, []),
        ([GROUND, {**GROUND, "at": ago(8), "category": "chairs"}], {}, ["chairs", "masks"]),
        ([GROUND, {**GROUND, "at": ago(8)}], {}, ["masks"]),
        ([{**GROUND, "purchase_id": None}], {}, []),
        ([{**GROUND, "notice": None}], {}, []),
        ([{**GROUND, "notice": ""}], {}, []),
        ([{**GROUND, "collected_at": None}], {}, []),
        ([{**GROUND, "collected_at": ago(-1)}], {}, []),
        ([{**GROUND, "at": ago(-1)}], {}, []),
        ([{**GROUND, "ended_at": ago(1)}], {}, []),
        ([{**GROUND, "kind": "consent"}], {}, []),
        ([GROUND], {"cancelled_at": ago(0.5)}, []),
        ([GROUND], {"cancelled_at": ago(-1)}, ["masks"]),
        ([GROUND], {"ordered_at": ago(-1)}, []),
        ([GROUND], {"kind": "credit", "total": -1}, []),
        ([GROUND], {"customer_id": 2}, []),
    ],
    ids=[
        "all four parts",
        "the order tells the category",
        "no category at all",
        "two categories",
        "the same twice",
        "no order",
        "no notice",
        "an empty notice",
        "no moment of collection",
        "collected tomorrow",
        "given tomorrow",
        "ended",
        "a consent",
        "order cancelled",
        "order cancelled tomorrow",
        "order of tomorrow",
        "a credit note",
        "an order of somebody else",
    ],
)
def test_an_existing_customer_needs_every_part_of_the_exception(
    engine: Engine, permissions: list[dict[str, Any]], sale: dict[str, Any], found: list[str]
):
    people(engine, 2)
    put(engine, Purchase, {"id": 1, "ordered_at": ago(9), **sale})
    put(engine, Permission, *({"id": number, **row} for number, row in enumerate(permissions, 1)))
    assert grounds(engine) == [(1, name) for name in found]


@pytest.mark.parametrize(
    ("credits", "stands"),
    [
        ([{"total": -4_000}], True),
        ([{"total": -4_000}, {"total": -6_000}], False),
        ([{"total": -10_000, "ordered_at": ago(-1)}], True),
        ([{"total": -10_000, "cancelled_at": ago(0.2)}], True),
    ],
    ids=["in part", "in full", "tomorrow", "the credit note was cancelled"],
)
def test_an_order_given_back_in_full_is_no_ground(
    engine: Engine, credits: list[dict[str, Any]], stands: bool
):
    people(engine)
    put(engine, Purchase, {"id": 1, "ordered_at": ago(9)})
    for number, row in enumerate(credits, start=2):
        base = {"id": number, "kind": "credit", "credit_of_id": 1, "ordered_at": ago(1)}
        put(engine, Purchase, {**base, **row})
    put(engine, Permission, {"id": 1, **GROUND})
    assert grounds(engine) == ([(1, "masks")] if stands else [])


def test_an_order_without_a_named_category_grants_all_that_was_on_it(engine: Engine):
    people(engine)
    put(engine, Product, *({"id": n, "category": name} for n, name in enumerate("ab", 1)))
    put(engine, Purchase, {"id": 1, "ordered_at": ago(9), "category": "a"})
    line = {"purchase_id": 1, "quantity": 1, "amount": 5_000}
    put(engine, PurchaseLine, *({"id": n, "line": n, "product_id": n, **line} for n in (1, 2)))
    put(engine, Permission, {"id": 1, **GROUND, "category": None})
    assert grounds(engine) == [(1, "a"), (1, "b")]


def test_a_shard_sees_its_own_people_only(engine: Engine):
    people(engine, 3)
    for number in (1, 2, 3):
        put(engine, Purchase, {"id": number, "customer_id": number, "ordered_at": ago(9)})
        own = {"contact_id": number, "purchase_id": number}
        put(engine, Permission, {"id": number, **GROUND, **own}, {"id": number + 10, **own})
    assert sorted(known(engine, None, 2, 3)["contact_id"]) == [2, 3]
    assert grounds(engine, 2, 3) == [(2, "masks"), (3, "masks")]


SENT = {"purpose": "advertising", "basis": "consent", "outcome": "delivered"}


@pytest.mark.parametrize(
    ("send", "responses", "used"),
    [
        ({}, [], ago(100)),
        ({"outcome": "accepted"}, [], ago(100)),
        ({"outcome": "bounced"}, [], ago(900)),
        ({"outcome": "queued", "handed_over_at": None}, [], ago(900)),
        ({"basis": "existing_customer"}, [], ago(900)),
        ({"purpose": "survey"}, [], ago(900)),
        ({"handed_over_at": ago(-1)}, [], ago(900)),
        ({}, [{"kind": "click", "at": ago(50)}], ago(50)),
        ({}, [{"kind": "click", "at": ago(50)}, {"kind": "reply", "at": ago(40)}], ago(40)),
        ({}, [{"kind": "click", "at": ago(-1)}], ago(100)),
        ({}, [{"kind": "unsubscribe", "at": ago(50)}], ago(100)),
    ],
    ids=[
        "delivered",
        "accepted",
        "bounced",
        "still queued",
        "on another ground",
        "for another purpose",
        "tomorrow",
        "clicked",
        "answered",
        "answered tomorrow",
        "unsubscribed",
    ],
)
def test_a_consent_is_used_by_what_rests_on_it(
    engine: Engine, send: dict[str, Any], responses: list[dict[str, Any]], used: Any
):
    people(engine)
    put(engine, Permission, {"id": 1, "at": ago(900)})
    put(engine, Enrollment, {"id": 1})
    put(engine, Send, {"id": 1, **SENT, "handed_over_at": ago(100), **send})
    put(engine, Response, *({"id": n, "send_id": 1, **row} for n, row in enumerate(responses, 1)))
    assert known(engine, SLEEPY)["used_advertising"].tolist() == [used]
    with engine.connect() as connection:
        asked = read_contacts(connection, Policy(), NOW, 1, 99, uses=True)
    assert asked["used_advertising"].tolist() == [used]
    assert list(unused(asked, Purpose.ADVERTISING, Span(24, "months"), NOW)) == [used == ago(900)]


def test_a_confirmation_is_the_first_use(engine: Engine):
    people(engine)
    put(
        engine,
        Permission,
        {"id": 1, "at": ago(900), "requested_at": ago(900), "confirmed_at": ago(20)},
        {"id": 2, "at": ago(950)},
        {"id": 3, "at": ago(5), "ended_at": ago(4)},
    )
    assert known(engine)["used_advertising"].tolist() == [ago(20)]
    assert known(engine)["used_survey"].isna().all()


def test_the_store_and_the_law_fit_together(engine: Engine):
    people(engine, 4)
    put(engine, Purchase, {"id": 1, "ordered_at": ago(9)})
    put(
        engine,
        Permission,
        {"id": 1, **GROUND},
        {"id": 2, "contact_id": 2, "requested_at": ago(9), "confirmed_at": ago(9)},
        {"id": 3, "contact_id": 3, "at": ago(900)},
    )
    with engine.connect() as connection:
        found = permission(
            read_contacts(connection, SLEEPY, NOW, 1, 99).sort_values("contact_id"),
            read_grounds(connection, NOW, 1, 99),
            Purpose.ADVERTISING,
            ("masks",),
            SLEEPY,
            NOW,
        )
    assert found["basis"].fillna("").tolist() == ["existing_customer", "consent", "", ""]
    assert found["reason"].fillna("").tolist() == ["", "", "consent_dormant", "no_permission"]
