"""Whom a step writes to, and whether it may."""

from collections.abc import Callable
from datetime import datetime, timedelta

from segments.names import Purpose
from segments.policy import Policy
from segments.spec import Journey, Roles, Send
from tests.reference.clock import months_later
from tests.reference.house import House
from tests.reference.people import Customer, Enrollment, Row

_RANK = {"buyer": 0, "decision_maker": 1, "user": 2}


def addressees(
    each: Enrollment, customer: Customer, step: Send, journey: Journey, house: House
) -> list[Row | None]:
    """The people to write to, the best first; None stands for nobody."""

    def refused(contact: Row) -> bool:
        return allowed(contact, each, journey, house)[1] is not None

    people = sorted(
        customer.contacts, key=lambda one: (_RANK.get(one["role"], 3), one["contact_id"])
    )
    main = next(iter(sorted(people, key=refused)), None)
    if isinstance(step.to, Roles):
        return _several(step.to, people, refused) or [main]
    if step.to == "primary":
        return [main]
    if step.to == "buyer":
        for contact in people:
            if each.contact_id is not None and contact["contact_id"] == each.contact_id:
                return [contact]
    in_role = sorted((one for one in people if one["role"] == step.to), key=refused)
    return [next(iter(in_role), main)]


def _several(to: Roles, people: list[Row], refused: Callable[[Row], bool]) -> list[Row | None]:
    """As many as may be written to, in the order of the roles; else one who may not."""
    roles = [role.value for role in to.roles]
    here = sorted(
        (one for one in people if one["role"] in roles), key=lambda one: roles.index(one["role"])
    )
    may = [one for one in here if not refused(one)]
    return list(may[: to.max] or here[:1])


def allowed(
    contact: Row, each: Enrollment, journey: Journey, house: House
) -> tuple[str | None, str | None]:
    """On what basis this person may get a message of this journey, or why not."""
    wanted = journey.categories or []
    if wanted == "order":
        wanted = [line for line in (each.order_category or "").split("\n") if line]
    return permitted(contact, journey.purpose, list(wanted), house.specs.policy, house.now)


def permitted(
    contact: Row, purpose: Purpose, wanted: list[str], policy: Policy, now: datetime
) -> tuple[str | None, str | None]:
    """The basis, or the reason why not."""
    if not contact["has_address"]:
        return None, "no_address"
    if contact["suppressed"] or contact.get(f"suppressed_{purpose}"):
        return None, "suppressed"
    if purpose in (Purpose.SERVICE, Purpose.LEGAL):
        return "contract", None
    consent, dormant = _consent(contact, purpose, policy, now)
    if purpose == Purpose.SURVEY:
        if contact["suppressed_advertising"] and not consent:
            return None, "suppressed"
        general, asleep = _consent(contact, Purpose.ADVERTISING, policy, now)
        consent, dormant = consent or general, dormant or asleep
    if contact["objected"]:
        return None, "objected"
    if consent:
        return "consent", None
    similar = policy.permission.similar_to
    offers = {name for kind in contact["bought"] for name in similar.get(kind, [kind])}
    if wanted and set(wanted) <= offers:
        return "existing_customer", None
    if dormant:
        return None, "consent_dormant"
    return None, "not_similar" if contact["bought"] else "no_permission"


def _consent(contact: Row, purpose: Purpose, policy: Policy, now: datetime) -> tuple[bool, bool]:
    """Whether they agreed and it still counts, and whether it did but no longer does."""
    rules = policy.permission
    given = contact[f"consent_{purpose}"]
    if not rules.double_opt_in:
        given = given or contact[f"unconfirmed_{purpose}"]
    span, used = rules.consent_dormant_after, contact[f"used_{purpose}"]
    if not given or span is None or used is None:
        return bool(given), False
    if span.unit == "months":
        day = months_later(now.date(), -span.count)
        asleep = used <= datetime.combine(day, now.timetz())
    else:
        asleep = used <= now - timedelta(days=span.days)
    return not asleep, asleep
