"""The people at a customer, as the company's data name them."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from flows.store.models import Contact, Customer


@dataclass(frozen=True)
class Person:
    """Somebody at a customer."""

    key: str
    name: str
    role: str | None
    email: str | None


def name_of(connection: Connection, customer: int) -> str | None:
    """What the customer is called."""
    return connection.scalar(select(Customer.name).where(Customer.id == customer))


def people(connection: Connection, customer: int) -> list[Person]:
    """Everybody we know there."""
    statement = select(
        Contact.key,
        Contact.title,
        Contact.first_name,
        Contact.last_name,
        Contact.role,
        Contact.email,
    )
    rows = connection.execute(
        statement.where(Contact.customer_id == customer).order_by(Contact.key)
    )
    return [
        Person(
            row.key,
            " ".join(filter(None, (row.title, row.first_name, row.last_name))),
            row.role,
            row.email,
        )
        for row in rows
    ]
