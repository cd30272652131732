"""Customers with their habits, the people who work there, and what these agreed to."""

import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

from flows.company import catalogue, wording
from flows.company.catalogue import Market
from flows.company.chance import Array, pick, pick_any
from flows.company.season import at_work
from segments.names import Locale, PermissionKind, Purpose, Role, Salutation

NEVER = np.datetime64("NaT", "s")
_OWNERS = {"lindner": 35, "brandt": 35, "yilmaz": 30}
_NEVER = {"ended_at": NEVER, "requested_at": NEVER, "confirmed_at": NEVER}
_LEGAL_FORMS = ("GmbH", "AG", "KG", "OHG", "eG", "e. V.", "Ltd", "plc")
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "'": ""})


@dataclass(frozen=True)
class People:
    """Customers, contacts and permissions; customers carry habits no export shows."""

    customers: pd.DataFrame
    contacts: pd.DataFrame
    permissions: pd.DataFrame


@dataclass
class Register:
    """Numbers and domains already given away."""

    customers: int
    domains: set[str]


def recruit(
    rng: np.random.Generator,
    market: Market,
    since: Array,
    loyal_from: Array,
    prospects: float,
    register: Register,
) -> People:
    """New customers, one per moment of `since`, who stay at least until `loyal_from` unless they
    buy only once; a share of them has not bought yet."""
    found = customers(rng, market, since, loyal_from, prospects, register)
    contacts = _contacts(rng, found)
    return People(found, contacts, _permissions(rng, market.locale, found, contacts))


def customers(
    rng: np.random.Generator,
    market: Market,
    since: Array,
    loyal_from: Array,
    prospects: float,
    register: Register,
) -> pd.DataFrame:
    """New customers with their habits, one per moment of `since`."""
    count = len(since)
    numbers = np.arange(register.customers + 1, register.customers + count + 1)
    register.customers += count
    country = pick(rng, market.countries, count)
    german = np.isin(country, market.german_speaking) ^ (rng.random(count) < 0.02)
    names, industries, towns = _firms(rng, market.locale, count)
    once = (rng.random(count) < 0.3) & (since >= loyal_from)
    stays = rng.exponential(900, count).astype("timedelta64[D]") + np.timedelta64(30, "D")
    return pd.DataFrame(
        {
            "customer": numbers.astype(str).astype(object),
            "name": names,
            "country": country,
            "locale": np.where(german, Locale.DE, Locale.EN).astype(object),
            "industry": industries,
            "owner": pick(rng, _OWNERS, count),
            "since": since,
            "domain": _domains(names, towns, numbers, register.domains),
            "rate": rng.gamma(0.9, 3.0 / 0.9, count) / 365,
            "size": rng.lognormal(np.log(2.2), 0.95, count),
            "discount": np.where(
                rng.random(count) < 0.22, rng.choice([0.05, 0.08, 0.1, 0.15], count), 0.0
            ),
            "leaves": np.where(once, since, loyal_from).astype("datetime64[D]")
            + np.where(once, np.timedelta64(1, "D"), stays),
            "prospect": rng.random(count) < prospects,
            "mute": rng.random(count) < 0.03,
            "people": 1 + rng.choice(4, count, p=[0.38, 0.34, 0.18, 0.1]),
        }
    )


def _firms(rng: np.random.Generator, locale: Locale, count: int) -> tuple[Array, Array, Array]:
    firms = catalogue.FIRMS[locale]
    industries = pick_any(rng, tuple(firms), count)
    towns = pick_any(rng, catalogue.TOWNS[locale], count)
    last = pick_any(rng, catalogue.LAST[locale], count)
    other = pick_any(rng, catalogue.LAST[locale], count)
    style = rng.integers(0, 60, count)
    names = [
        firms[industry][number % len(firms[industry])].format(last=one, other=two, town=town)
        for industry, number, one, two, town in zip(
            industries, style, last, other, towns, strict=True
        )
    ]
    return np.array(names, dtype=object), industries, towns


def _domains(names: Array, towns: Array, numbers: Array, taken: set[str]) -> Array:
    domains = []
    for name, town, number in zip(names, towns, numbers, strict=True):
        stem = _slug(name, "-")
        choices = (stem, f"{stem}-{_slug(town, '-')}", f"{stem}-{number}")
        domain = next(choice for choice in choices if choice not in taken)
        taken.add(domain)
        domains.append(f"{domain}.example")
    return np.array(domains, dtype=object)


def _contacts(rng: np.random.Generator, customers: pd.DataFrame) -> pd.DataFrame:
    firm = customers.loc[customers.index.repeat(customers["people"])].reset_index(drop=True)
    count = len(firm)
    place = firm.groupby("customer", sort=False).cumcount().to_numpy()
    german = firm["locale"].eq(Locale.DE).to_numpy()
    ms = rng.random(count) < 0.5
    first = np.where(
        ms, _by_language(rng, catalogue.MS, german), _by_language(rng, catalogue.MR, german)
    )
    last = _by_language(rng, catalogue.LAST, german)
    nameless = rng.random(count) < 0.04
    mailbox = _by_language(rng, catalogue.SHARED_MAILBOXES, german)
    local = np.where(
        nameless, mailbox, [f"{_slug(a)}.{_slug(b)}" for a, b in zip(first, last, strict=True)]
    )
    again = pd.DataFrame({"firm": firm["customer"], "local": local}).duplicated().to_numpy()
    local = np.where(again, local + np.char.add(".", (place + 1).astype(str)).astype(object), local)
    silent = firm["mute"].to_numpy() | (rng.random(count) < 0.04)
    roles = pick(rng, {Role.DECISION_MAKER: 40, Role.USER: 35, Role.BILLING: 25}, count)
    called = np.where(ms, Salutation.MS, Salutation.MR)
    called = np.where(nameless | (rng.random(count) < 0.03), Salutation.NONE, called)
    speaks_german = german ^ (rng.random(count) < 0.03)
    titled = ~nameless & (rng.random(count) < 0.05)
    return pd.DataFrame(
        {
            "contact": (firm["customer"] + "-" + (place + 1).astype(str)).to_numpy(object),
            "customer": firm["customer"],
            "email": np.where(silent, "", local + "@" + firm["domain"].to_numpy(object)),
            "salutation": called.astype(object),
            "title": np.where(titled, "Dr.", ""),
            "first_name": np.where(nameless, "", first),
            "last_name": np.where(nameless, "", last),
            "role": np.where(place == 0, Role.BUYER, roles).astype(object),
            "locale": np.where(speaks_german, Locale.DE, Locale.EN).astype(object),
            "since": firm["since"],
            "prospect": firm["prospect"],
        }
    )


def _by_language(
    rng: np.random.Generator, words: dict[Locale, tuple[str, ...]], german: Array
) -> Array:
    return np.where(
        german,
        pick_any(rng, words[Locale.DE], len(german)),
        pick_any(rng, words[Locale.EN], len(german)),
    )


def _permissions(
    rng: np.random.Generator, locale: Locale, customers: pd.DataFrame, contacts: pd.DataFrame
) -> pd.DataFrame:
    reachable = contacts[contacts["email"] != ""]
    consents = _consents(rng, locale, reachable)
    surveys = consents[rng.random(len(consents)) < 0.4].assign(purpose=Purpose.SURVEY.value)
    against = reachable[rng.random(len(reachable)) < 0.025]
    objections = pd.DataFrame(
        {
            "contact": against["contact"],
            "kind": PermissionKind.OBJECTION.value,
            "purpose": Purpose.ADVERTISING.value,
            "at": _later(rng, against["since"].to_numpy("datetime64[s]"), 250),
            "proof": wording.OBJECTION[locale],
        }
    )
    told = pd.concat([consents, surveys, objections.assign(**_NEVER)], ignore_index=True)
    return told.assign(collected_at=NEVER)


def existing_customers(locale: Locale, orders: pd.DataFrame) -> pd.DataFrame:
    """What these orders grant the people who placed them: each order form carries the notice."""
    return pd.DataFrame(
        {
            "contact": orders["contact"],
            "kind": PermissionKind.EXISTING_CUSTOMER.value,
            "purpose": Purpose.ADVERTISING.value,
            "at": orders["ordered_at"],
            "order": orders["order"],
            "notice": wording.NOTICE[locale],
            "collected_at": orders["ordered_at"],
            "proof": wording.EXISTING[locale],
            **_NEVER,
        }
    )


def _consents(rng: np.random.Generator, locale: Locale, reachable: pd.DataFrame) -> pd.DataFrame:
    giving = reachable[rng.random(len(reachable)) < 0.62]
    given = _later(rng, giving["since"].to_numpy("datetime64[s]"), 60)
    asked = given - rng.integers(40, 900, len(given)).astype("timedelta64[s]")
    withdrawn = rng.random(len(giving)) < 0.05
    forgotten = rng.random(len(giving)) < 0.03
    return pd.DataFrame(
        {
            "contact": giving["contact"],
            "kind": PermissionKind.CONSENT.value,
            "purpose": Purpose.ADVERTISING.value,
            "at": asked,
            "ended_at": np.where(withdrawn, _later(rng, given, 250), NEVER),
            "requested_at": asked,
            "confirmed_at": np.where(forgotten, NEVER, given),
            "source": wording.FORM,
            "text_version": wording.FORM_VERSION,
            "proof": wording.CONSENT[locale] + giving["contact"],
        }
    )


def _later(rng: np.random.Generator, moments: Array, mean_days: float) -> Array:
    days = moments.astype("datetime64[D]")
    return at_work(rng, days + 1 + rng.exponential(mean_days, len(days)).astype("timedelta64[D]"))


def _slug(text: str, gap: str = "") -> str:
    for form in _LEGAL_FORMS:
        text = text.removesuffix(form)
    plain = unicodedata.normalize("NFKD", text.lower().translate(_FOLDED))
    letters = "".join(sign if sign.isalnum() else " " for sign in plain if sign.isascii())
    return gap.join(letters.split())
