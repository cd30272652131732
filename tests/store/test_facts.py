"""What a message needs to know, read for a whole block of sends at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select

from flows.store.facts import MessageFacts, contact_keys, message_facts, trial_facts
from flows.store.models import (
    Base,
    Contact,
    Customer,
    Enrollment,
    Owner,
    Permission,
    Product,
    Purchase,
    PurchaseLine,
    Run,
    Send,
)
from flows.store.orders import MOST_LINES, LineFacts
from segments.names import Purpose

NOW = datetime(2026, 6, 15, 5, 0, tzinfo=UTC)


def _ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def _put(engine: Engine, table: type[Base], *rows: dict[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table), list(rows))


def _purchase(number: int, customer: int = 1, days: float = 10, **different: Any) -> dict[str, Any]:
    return {
        "id": number,
        "key": f"A-{number}",
        "customer_id": customer,
        "ordered_at": _ago(days),
        "kind": "sale",
        "currency": "EUR",
        "total": 1000 * number,
        "cancelled_at": None,
        "delivered_at": None,
        "category": None,
        **different,
    }


def _enrollment(number: int, customer: int = 1, purchase: int | None = None) -> dict[str, Any]:
    return {
        "id": number,
        "customer_id": customer,
        "journey": "reassurance",
        "version": "v1",
        "entry_key": f"e{number}",
        "arm": "treated",
        "status": "active",
        "node": "s",
        "arrived_at": NOW,
        "due_at": NOW,
        "anchor_at": NOW,
        "entered_at": NOW,
        "purchase_id": purchase,
        "run_id": 1,
    }


def _send(
    number: int, enrollment: int, customer: int = 1, contact: int | None = 1
) -> dict[str, Any]:
    return {
        "id": number,
        "enrollment_id": enrollment,
        "customer_id": customer,
        "contact_id": contact,
        "journey": "reassurance",
        "version": "v1",
        "step": "s",
        "message": "reassurance",
        "purpose": "service",
        "basis": "contract",
        "priority": 50,
        "outcome": "claimed",
        "due_at": NOW,
        "not_before": NOW,
        "valid_until": NOW,
        "decided_at": NOW,
        "run_id": 1,
    }


def _line(
    purchase: int, line: int, product: int | None, quantity: float, amount: int
) -> dict[str, Any]:
    return {
        "purchase_id": purchase,
        "line": line,
        "product_id": product,
        "quantity": quantity,
        "amount": amount,
    }


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """Two customers, two owners, a few orders."""
    _put(engine, Run, {"id": 1, "kind": "plan", "as_of": NOW, "started_at": NOW, "counts": {}})
    _put(
        engine,
        Owner,
        {"key": "brandt", "name": "Jonas Brandt", "position": None, "email": "b@x.example"},
        {"key": "lindner", "name": "Katrin Lindner", "position": "Leitung", "email": "l@x.example"},
    )
    _put(
        engine,
        Customer,
        {"id": 1, "key": "K1", "name": "Eins GmbH", "locale": "en", "owner": "brandt"},
        {"id": 2, "key": "K2", "name": None, "locale": None, "owner": "left_long_ago"},
    )
    _put(
        engine,
        Contact,
        {
            "id": 1, "key": "P1", "customer_id": 1, "email": "a@k.example", "salutation": "ms",
            "title": "Dr.", "first_name": "Anna", "last_name": "Meier", "locale": "de",
        },
    )  # fmt: skip
    _put(
        engine,
        Product,
        {"id": 1, "key": "T1", "name": "Tisch", "category": "Tische", "fact": "Aus Eiche."},
        {"id": 2, "key": "S1", "name": None, "category": None, "fact": None},
    )
    _put(
        engine,
        Purchase,
        _purchase(1, days=40),
        _purchase(2, days=20, delivered_at=_ago(2), category="Tische"),
        _purchase(3, days=5, cancelled_at=_ago(4)),
        _purchase(4, days=3, kind="credit", total=-500),
        _purchase(5, days=-1),
        _purchase(6, customer=2, days=7, cancelled_at=_ago(-1), delivered_at=_ago(-2)),
    )
    _put(
        engine,
        PurchaseLine,
        _line(2, 1, 2, 4.0, 200),
        _line(2, 2, 1, 2.5, 900),
        _line(2, 3, None, 1.0, 50),
        _line(2, 4, 1, -1.0, -900),
        *[_line(1, number, 1, 1.0, number) for number in range(1, 9)],
    )
    return engine


def test_a_send_gets_contact_customer_owner_and_its_own_order(shop: Engine) -> None:
    _put(shop, Enrollment, _enrollment(1, purchase=1))
    _put(shop, Send, _send(11, 1))
    with shop.connect() as connection:
        [facts] = message_facts(connection, [11], NOW, "lindner")
    assert (facts.send_id, facts.contact_id, facts.customer_id) == (11, 1, 1)
    assert (facts.salutation, facts.title, facts.first_name, facts.last_name) == (
        "ms", "Dr.", "Anna", "Meier",
    )  # fmt: skip
    assert (facts.contact_locale, facts.customer_locale) == ("de", "en")
    assert (facts.purpose, facts.basis, facts.message) == ("service", "contract", "reassurance")
    assert facts.owner is not None
    assert facts.owner.name == "Jonas Brandt"
    assert facts.purchase is not None
    assert (facts.purchase.key, facts.purchase.total) == ("A-1", 1000)


def test_the_biggest_five_lines_come_first_and_the_rest_is_counted(shop: Engine) -> None:
    _put(shop, Enrollment, _enrollment(1, purchase=1))
    _put(shop, Send, _send(11, 1))
    with shop.connect() as connection:
        [facts] = message_facts(connection, [11], NOW, "lindner")
    assert facts.purchase is not None
    assert [line.amount for line in facts.purchase.lines] == [8, 7, 6, 5, 4]
    assert (len(facts.purchase.lines), facts.purchase.more) == (MOST_LINES, 3)


def test_without_an_order_of_its_own_the_latest_sale_counts(shop: Engine) -> None:
    """Not the cancelled one, not the credit note, not the one of tomorrow."""
    _put(shop, Enrollment, _enrollment(1))
    _put(shop, Send, _send(11, 1))
    with shop.connect() as connection:
        [facts] = message_facts(connection, [11], NOW, "lindner")
    assert facts.purchase is not None
    assert facts.purchase.key == "A-2"
    assert facts.purchase.delivered_at == _ago(2)
    assert facts.purchase.ordered_at == _ago(20)
    assert facts.purchase.lines == (
        LineFacts("T1", "Tisch", "Tische", 2.5, 900, "Aus Eiche."),
        LineFacts("S1", None, None, 4.0, 200, None),
        LineFacts(None, None, None, 1.0, 50, None),
    )


def test_nothing_after_now_is_seen(shop: Engine) -> None:
    """Cancelled tomorrow is not cancelled, delivered tomorrow is not delivered."""
    _put(shop, Enrollment, _enrollment(2, customer=2), _enrollment(1, purchase=5))
    _put(shop, Send, _send(12, 2, customer=2, contact=None), _send(11, 1))
    with shop.connect() as connection:
        [later, other] = message_facts(connection, [11, 12], NOW, "lindner")
    assert later.purchase is None
    assert other.purchase is not None
    assert (other.purchase.key, other.purchase.delivered_at) == ("A-6", None)


def test_customers_nobody_looks_after_have_the_default_owner(shop: Engine) -> None:
    _put(shop, Enrollment, _enrollment(2, customer=2))
    _put(shop, Send, _send(12, 2, customer=2, contact=None))
    with shop.connect() as connection:
        [facts] = message_facts(connection, [12], NOW, "lindner")
        [nobody] = message_facts(connection, [12], NOW, "nobody")
    assert facts.owner is not None
    assert (facts.owner.key, facts.owner.phone) == ("lindner", None)
    assert nobody.owner is None
    assert (facts.contact_id, facts.email, facts.customer_name) == (None, None, None)


def test_a_block_keeps_its_order_and_takes_as_many_queries_as_one_send(shop: Engine) -> None:
    numbers = list(range(1, 301))
    _put(shop, Enrollment, *[_enrollment(n, purchase=[1, 2, None][n % 3]) for n in numbers])
    _put(shop, Send, *[_send(n, n) for n in numbers])
    queries: list[str] = []
    with shop.connect() as connection:
        connection.execute(select(Send.id).limit(1))  # the transaction has begun
        event.listen(connection, "before_cursor_execute", lambda *given: queries.append(given[2]))
        found = message_facts(connection, [*reversed(numbers), 999], NOW, "lindner")
        of_many, queries[:] = len(queries), []
        message_facts(connection, [1], NOW, "lindner")
    assert [facts.send_id for facts in found] == numbers[::-1]
    assert of_many == len(queries) == 5


def test_an_order_nobody_prints_is_not_read(shop: Engine) -> None:
    _put(shop, Enrollment, _enrollment(1, purchase=1), _enrollment(2, purchase=2))
    _put(shop, Send, _send(11, 1), {**_send(12, 2), "message": "newsletter"})
    queries: list[str] = []
    with shop.connect() as connection:
        [about_order, other] = message_facts(
            connection, [11, 12], NOW, "lindner", prints_order=lambda name: name != "newsletter"
        )
        event.listen(connection, "before_cursor_execute", lambda *given: queries.append(given[2]))
        message_facts(connection, [11, 12], NOW, "lindner", prints_order=lambda name: False)
    assert about_order.purchase is not None
    assert other.purchase is None
    assert len(queries) == 2


TRACKED = {
    "nothing said": ([], False),
    "agreed": ([{}], True),
    "for another purpose, which is the person's all the same": ([{"purpose": "survey"}], True),
    "not yet": ([{"at": _ago(-1)}], False),
    "withdrawn": ([{"ended_at": _ago(1)}], False),
    "to be withdrawn": ([{"ended_at": _ago(-1)}], True),
    "asked for, never confirmed": ([{"requested_at": _ago(9)}], False),
    "confirmed": ([{"requested_at": _ago(9), "confirmed_at": _ago(8)}], True),
    "withdrawn and given again": ([{"ended_at": _ago(3)}, {"at": _ago(2)}], True),
    "consent to the mails alone": ([{"kind": "consent"}], False),
    "somebody else's": ([{"contact_id": 2}], False),
}


@pytest.mark.parametrize(("said", "tracked"), TRACKED.values(), ids=TRACKED)
def test_who_did_not_agree_is_not_followed(
    shop: Engine, said: list[dict[str, Any]], tracked: bool
) -> None:
    _put(shop, Contact, {"id": 2, "key": "P2", "customer_id": 1, "email": None})
    usual = {
        "contact_id": 1, "kind": "tracking", "purpose": "advertising", "at": _ago(10),
        "ended_at": None, "requested_at": None, "confirmed_at": None,
    }  # fmt: skip
    if said:
        _put(shop, Permission, *({**usual, **each} for each in said))
    _put(shop, Enrollment, _enrollment(1))
    _put(shop, Send, _send(11, 1))
    with shop.connect() as connection:
        [facts] = message_facts(connection, [11], NOW, "lindner")
    assert facts.tracking is tracked


def _trial(shop: Engine, customer: int, contact: str | None = None) -> MessageFacts | None:
    with shop.connect() as connection:
        return trial_facts(
            connection, customer, contact, "newsletter", Purpose.ADVERTISING, NOW, "lindner"
        )


def test_a_message_can_be_tried_on_a_customer_nobody_owes_it(shop: Engine) -> None:
    facts = _trial(shop, 1)
    assert facts is not None
    assert (facts.send_id, facts.contact_id, facts.tracking) == (0, 0, False)
    assert (facts.message, facts.purpose, facts.basis) == ("newsletter", "advertising", "consent")
    assert (facts.last_name, facts.contact_locale, facts.customer_name) == (
        "Meier", "de", "Eins GmbH",
    )  # fmt: skip
    assert facts.owner is not None
    assert facts.owner.key == "brandt"
    assert facts.purchase is not None
    assert facts.purchase.key == "A-2"


def test_a_trial_goes_as_a_buyer_else_as_somebody_with_an_address(shop: Engine) -> None:
    _put(
        shop,
        Contact,
        *(
            {"id": number, "key": f"P{number}", "customer_id": 2, "email": mail, "role": role}
            for number, mail, role in [
                (2, None, "buyer"), (3, "c@k.example", "user"), (4, "d@k.example", "buyer"),
            ]
        ),
    )  # fmt: skip
    tried = [_trial(shop, 2), _trial(shop, 2, "P3")]
    assert [facts and facts.email for facts in tried] == ["d@k.example", "c@k.example"]
    assert _trial(shop, 2, "P1") is None
    with shop.connect() as connection:
        assert contact_keys(connection, 2) == ["P2", "P3", "P4"]


def test_a_customer_without_anybody_can_be_tried_as_well(shop: Engine) -> None:
    facts = _trial(shop, 2)
    assert facts is not None
    assert (facts.last_name, facts.owner and facts.owner.key) == (None, "lindner")


def test_an_empty_block_is_empty(shop: Engine) -> None:
    with shop.connect() as connection:
        assert message_facts(connection, [], NOW, "lindner") == []
