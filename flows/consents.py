"""What `check` says about permissions: consents that rest unused, and goods that nobody sells."""

from datetime import datetime

from sqlalchemy import Connection

from flows.config import Project
from flows.store.grounds import categories_sold
from flows.store.reading import customer_range
from flows.store.reading_contacts import read_contacts
from segments.journey.permission import unused
from segments.names import Purpose
from segments.operands import meant
from segments.policy import Policy


def unused_consents(connection: Connection, policy: Policy, now: datetime) -> list[str]:
    """How many consents have not been used for long, as of `now`."""
    rules = policy.permission
    first, last = customer_range(connection)
    people = read_contacts(connection, policy, now, first, last, uses=True)
    notes = []
    for scope in (Purpose.ADVERTISING, Purpose.SURVEY):
        given = people[f"consent_{scope}"] & people["has_address"] & ~people["objected"]
        number = int((given & unused(people, scope, rules.consent_warn_after, now)).sum())
        if not number:
            continue
        what = "consent to {} has" if number == 1 else "consents to {} have"
        note = f"{number} {what.format(scope)} not been used for {rules.consent_warn_after}"
        if rules.consent_dormant_after is not None:
            asleep = int((given & unused(people, scope, rules.consent_dormant_after, now)).sum())
            note += f", {asleep} of them not for {rules.consent_dormant_after}: they count no more"
        notes.append(note)
    return notes


def unknown_categories(connection: Connection, project: Project) -> list[str]:
    """Categories written down for permission that no product has: nobody is ever like them."""
    known = categories_sold(connection)
    if not known:
        return []
    named = {
        name: "config/policy.yaml  permission: similar_to"
        for bought, offered in project.policy.permission.similar_to.items()
        for name in (bought, *offered)
    }
    for program in project.journeys.values():
        categories = program.journey.categories
        if isinstance(categories, list):
            place = f"config/journeys/{program.name}.yaml  categories"
            named |= dict.fromkeys(categories, place)
    return [
        f'{place}: no product is in "{name}"{meant(name, known)}'
        for name, place in named.items()
        if name not in known
    ]
