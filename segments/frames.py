"""Column contracts: what every frame that crosses a door is made of."""

from dataclasses import dataclass
from enum import StrEnum, auto

from segments import names


class Kind(StrEnum):
    """What a column holds. Money is integer minor units; moments are UTC."""

    TEXT = auto()
    WORD = auto()
    INTEGER = auto()
    NUMBER = auto()
    MONEY = auto()
    MOMENT = auto()
    FLAG = auto()


@dataclass(frozen=True)
class Column:
    """One column: its kind, what it means, and what intake may demand of it."""

    kind: Kind
    doc: str
    required: bool = False
    words: type[StrEnum] | None = None
    at_least: float | None = None
    at_most: float | None = None


Table = dict[str, Column]


def _text(doc: str, *, required: bool = False) -> Column:
    return Column(Kind.TEXT, doc, required)


def _word(words: type[StrEnum], doc: str, *, required: bool = False) -> Column:
    return Column(Kind.WORD, doc, required, words)


def _moment(doc: str, *, required: bool = False) -> Column:
    return Column(Kind.MOMENT, doc, required)


def _money(doc: str, *, required: bool = False) -> Column:
    return Column(Kind.MONEY, doc, required)


def _integer(doc: str, *, at_most: float | None = None) -> Column:
    """Counts and days: no integer of a profile is below nought."""
    return Column(Kind.INTEGER, doc, at_least=0, at_most=at_most)


def _number(doc: str, *, at_least: float | None = None, at_most: float | None = None) -> Column:
    return Column(Kind.NUMBER, doc, at_least=at_least, at_most=at_most)


def _flag(doc: str) -> Column:
    return Column(Kind.FLAG, doc)


SOURCES: dict[str, Table] = {
    "customers": {
        "customer": _text("the company's own number of the customer", required=True),
        "name": _text("name of the company or household"),
        "country": _text("ISO 3166 two-letter code, such as DE"),
        "locale": _word(names.Locale, "language to write in where the contact has none"),
        "industry": _text("what the customer does"),
        "owner": _text("key of our colleague in owners.yaml"),
        "since": _moment("first registered with us"),
        "state": _text("federal state, for public holidays, such as NW"),
        "contract_end": _moment("when the current contract ends"),
        "sales_lock_until": _moment("until when a negotiation is under way: no advertising"),
    },
    "contacts": {
        "contact": _text("the company's own number of the person", required=True),
        "customer": _text("whose person this is", required=True),
        "email": _text("address; empty if we have none"),
        "salutation": _word(names.Salutation, "ms, mr or none"),
        "title": _text("academic title, such as Dr."),
        "first_name": _text("given name"),
        "last_name": _text("family name"),
        "role": _word(names.Role, "buyer, user, decision_maker or billing"),
        "locale": _word(names.Locale, "language to write in"),
        "zone": _text("time zone, such as Europe/Vienna; the country's where empty"),
    },
    "products": {
        "product": _text("article number", required=True),
        "name": _text("what to call it in a message"),
        "category": _text("product category, for rules and for permission"),
        "list_price": _money("price of one before discount"),
        "unit_cost": _money("cost of goods of one"),
        "fact": _text("one sentence worth telling a buyer"),
    },
    "orders": {
        "order": _text("order or credit note number", required=True),
        "customer": _text("who bought", required=True),
        "ordered_at": _moment("when", required=True),
        "contact": _text("the person who ordered"),
        "kind": _word(names.OrderKind, "sale or credit; derived from the sign of the total"),
        "credit_of": _text("number of the order a credit note gives back"),
        "cancelled_at": _moment("when the whole order was cancelled"),
        "delivered_at": _moment("when the goods arrived"),
        "currency": _text("ISO 4217 code; the project's own where empty"),
    },
    "order_lines": {
        "order": _text("order number; derived from customer and day where a source has none"),
        "customer": _text("who bought; from orders where that table is given"),
        "ordered_at": _moment("when; from orders where that table is given"),
        "product": _text("article number"),
        "quantity": Column(
            Kind.NUMBER,
            "how many; negative on a credit note; 1 where empty",
            at_least=-10_000_000,
            at_most=10_000_000,
        ),
        "unit_price": _money("net price paid for one"),
        "amount": _money("net price paid for the line; instead of unit_price"),
        "list_price": _money("price of one before discount"),
        "unit_cost": _money("cost of goods of one"),
        "product_name": _text("what to call it, where there is no products table"),
        "category": _text("product category, where there is no products table"),
        "country": _text("the customer's country, where there is no customers table"),
        "currency": _text("ISO 4217 code; the project's own where empty"),
    },
    "complaints": {
        "complaint": _text("number of the complaint", required=True),
        "customer": _text("who complained", required=True),
        "opened_at": _moment("when", required=True),
        "closed_at": _moment("when it was settled; empty while open"),
        "order": _text("the order it is about"),
        "about": _text("what it is about"),
    },
    "interactions": {
        "interaction": _text("number of the entry", required=True),
        "customer": _text("with whom", required=True),
        "at": _moment("when", required=True),
        "contact": _text("the person"),
        "channel": _word(names.Channel, "call, visit, mail, letter or fair", required=True),
        "direction": _word(names.Direction, "in: they came to us; out: we went to them"),
        "mood": _word(names.Mood, "how they sounded"),
        "note": _text("what was said"),
    },
    "permissions": {
        "contact": _text("the person", required=True),
        "kind": _word(
            names.PermissionKind,
            "consent, objection, existing_customer, or tracking: opens and clicks may be seen",
            required=True,
        ),
        "purpose": _word(names.Purpose, "for which messages; an objection covers advertising"),
        "at": _moment("when it was given", required=True),
        "ended_at": _moment("when it was withdrawn"),
        "order": _text("existing_customer: the order with which the address was obtained"),
        "category": _text("existing_customer: what was bought; all of the order where empty"),
        "notice": _text("existing_customer: wording of the notice that one may object"),
        "collected_at": _moment("existing_customer: when address and notice were exchanged"),
        "requested_at": _moment("double opt-in: when it was asked for"),
        "confirmed_at": _moment("double opt-in: when the link in the mail was followed"),
        "source": _text("form or address of the page where it was given"),
        "text_version": _text("wording that was agreed to"),
        "proof": _text("record or document that proves it"),
    },
    "suppressions": {
        "email": _text("address that must not be written to; or else contact, or customer"),
        "contact": _text("person who must not be written to"),
        "customer": _text("customer nobody of whom must be written to"),
        "purpose": _word(names.Purpose, "for which messages; for all where empty"),
        "reason": _word(names.SuppressionReason, "why; manual where empty"),
        "at": _moment("since when; since it was read where empty"),
        "note": _text("what there is to say about it"),
    },
    "task_results": {
        "task": _text("number of the task, as `stammkunde tasks` gives it", required=True),
        "done_at": _moment("when it was done", required=True),
        "outcome": _word(
            names.TaskOutcome,
            "reached, not_reached, message_left or not_needed; reached where empty",
        ),
        "mood": _word(names.Mood, "how they sounded, where somebody was reached"),
        "note": _text("what was said"),
    },
}
"""Tables a company may bring, and their columns. Only order_lines is indispensable."""


PROFILE: Table = {
    "country": _text("ISO code of the customer's country"),
    "locale": _word(names.Locale, "the customer's language"),
    "industry": _text("what the customer does"),
    "owner": _text("key of the colleague responsible"),
    "state": _text("federal state of the customer"),
    "since": _moment("first registered with us"),
    "contract_end": _moment("when the current contract ends"),
    "orders": _integer("orders that were not cancelled or fully returned"),
    "net_revenue_12m": _money("orders less credit notes of the last 365 days"),
    "net_revenue_total": _money("orders less credit notes, ever"),
    "margin_12m": _money("net revenue of 365 days less cost of goods, where every cost is known"),
    "first_order_at": _moment("first order"),
    "last_order_at": _moment("latest order"),
    "days_since_last_order": _integer("whole days since the latest order"),
    "tenure_days": _integer("whole days since the first order"),
    "typical_gap_days": _number("usual days between orders: own median, shrunk to everybody's"),
    "expected_order_at": _moment("latest order plus the typical gap"),
    "overdue": _number("days since the latest order divided by the typical gap", at_least=0),
    "last_order_value": _money("net value of the latest order"),
    "last_order_vs_usual": _number("latest order divided by the mean of the earlier ones"),
    "discount_share": _number("share of orders with a discount, 0 to 1", at_least=0, at_most=1),
    "last_category": _text("category that carried most of the latest order"),
    "first_in_category": _flag("the latest order was the first in its category"),
    "last_order_returned": _flag("the latest order was cancelled or given back in full"),
    "open_complaints": _integer("complaints not yet settled"),
    "days_since_complaint": _integer("whole days since the latest settled complaint was settled"),
    "sales_lock": _flag("a negotiation is under way, so advertising waits"),
    "last_nps": _integer("latest score given, 0 to 10", at_most=10),
    "last_mood": _word(names.Mood, "how the customer sounded last"),
    "days_since_last_contact": _integer("whole days since anybody of us spoke with them"),
    "emails_30d": _integer("messages handed over in the last 30 days"),
    "responses_90d": _integer("replies, clicks and scores of the last 90 days"),
    "contacts": _integer("people with an address that may be written to"),
    "abc": _word(names.Abc, "A carries 80 % of net revenue, B the next 15 %, C the rest"),
    "quadrant": _word(names.Quadrant, "top, development, premium or small"),
    "phase": _word(names.Phase, "where the relationship stands"),
    "reassurance": _word(names.Reassurance, "confirmation needed after the latest order"),
}
"""What rules may use about a customer, as of `now`."""


ORDER: Table = {
    "order_value": _money("net value of the order that started this enrollment"),
    "order_category": _text("category that carried most of it"),
    "order_discounted": _flag("it was bought below list price"),
    "order_returned": _flag("it was cancelled or given back in full"),
}
"""What rules of a journey that starts with an order may use on top of the profile."""


TRIGGERED: dict[names.Trigger, Table] = {names.Trigger.ORDER: ORDER}
"""What rules may use on top of the profile, by what starts the journey."""
