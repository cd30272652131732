"""May this contact get a message of this purpose now, and on what basis? One function for all."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segments.names import Basis, Purpose, SkipReason
from segments.policy import Policy
from segments.spans import Span

Categories = Sequence[str] | NDArray[np.object_] | pd.Series
"""Product categories a message advertises: the same for all rows as a tuple or list, or for each
row a text with one category a line."""

Mask = NDArray[np.bool_]

_REASONS = (
    SkipReason.NO_ADDRESS,
    SkipReason.SUPPRESSED,
    SkipReason.OBJECTED,
    SkipReason.NO_PERMISSION,
    SkipReason.CONSENT_DORMANT,
    SkipReason.NOT_SIMILAR,
)
_NO_ADDRESS, _SUPPRESSED, _OBJECTED, _NO_PERMISSION, _DORMANT, _NOT_SIMILAR = range(len(_REASONS))
_BASES = (Basis.CONTRACT, Basis.CONSENT, Basis.EXISTING_CUSTOMER)
_CONTRACT, _CONSENT, _EXISTING = range(len(_BASES))
_NONE = -1


def permission(
    contacts: pd.DataFrame,
    grounds: pd.DataFrame,
    purpose: Purpose,
    categories: Categories,
    policy: Policy,
    now: datetime,
) -> pd.DataFrame:
    """basis and reason for each contact; exactly one of the two is given.

    Service and legal messages perform the contract and need no consent, but never go to an
    address that is suppressed altogether or for them. Advertising needs a consent that is
    confirmed and in use, or the exception for existing customers (§ 7 (3) UWG): every category of
    the message is similar to one they bought. A survey is advertising, unless the contact agreed to
    surveys. An objection beats everything. `contacts` and `grounds` are those of
    `segments.state.State`.
    """
    reason = np.full(len(contacts), _NONE)
    basis = np.full(len(contacts), _CONTRACT)
    suppressed = _flag(contacts, "suppressed")
    if f"suppressed_{purpose}" in contacts:
        suppressed = suppressed | _flag(contacts, f"suppressed_{purpose}")
    if purpose in (Purpose.ADVERTISING, Purpose.SURVEY):
        consent, dormant = _consent(contacts, purpose, policy, now)
        if purpose == Purpose.SURVEY:
            suppressed |= _flag(contacts, "suppressed_advertising") & ~consent
            general, asleep = _consent(contacts, Purpose.ADVERTISING, policy, now)
            consent, dormant = consent | general, dormant | asleep
        basis[:] = _CONSENT
        asking = np.flatnonzero(~consent)
        grounded, similar = _existing(contacts, grounds, categories, policy, asking)
        basis[asking] = _EXISTING
        reason[asking] = np.select(
            [similar, dormant[asking], grounded],
            [_NONE, _DORMANT, _NOT_SIMILAR],
            default=_NO_PERMISSION,
        )
        reason[_flag(contacts, "objected")] = _OBJECTED
    reason[suppressed] = _SUPPRESSED
    reason[~_flag(contacts, "has_address")] = _NO_ADDRESS
    basis[reason != _NONE] = _NONE
    return pd.DataFrame(
        {"basis": _words(_BASES, basis), "reason": _words(_REASONS, reason)}, index=contacts.index
    )


def unused(contacts: pd.DataFrame, scope: Purpose, span: Span, now: datetime) -> Mask:
    """Whose consent to messages of this purpose was last used so long ago, or longer."""
    moment = pd.Timestamp(now)
    if span.unit == "months":
        before = moment - pd.DateOffset(months=span.count)
    else:
        before = moment - timedelta(days=span.days)
    return (contacts[f"used_{scope}"] <= before).to_numpy(dtype=bool)


def objecting(contacts: pd.DataFrame) -> NDArray[np.int64]:
    """Customers all of whose contacts objected: no advertising, and no profile made for it.

    They enter no advertising journey, belong to no holdout, and cause no task of one.
    """
    objected = _flag(contacts, "objected")
    customers = contacts["customer_id"].to_numpy(dtype=np.int64)
    against = np.unique(customers[objected])
    if not len(against):
        return against
    return against[~np.isin(against, customers[~objected])]


def _flag(contacts: pd.DataFrame, name: str) -> Mask:
    return contacts[name].to_numpy(dtype=bool)


def _words(words: Sequence[str], codes: NDArray[np.int64]) -> pd.api.extensions.ExtensionArray:
    known = pd.array([str(word) for word in words], dtype="str")
    return known.take(codes, allow_fill=True)


def _consent(
    contacts: pd.DataFrame, scope: Purpose, policy: Policy, now: datetime
) -> tuple[Mask, Mask]:
    """Who agreed to messages of this purpose, and who did but so long ago that it counts no more.

    A consent asked for but never confirmed counts only where the policy lets it.
    """
    rules = policy.permission
    given = _flag(contacts, f"consent_{scope}")
    if not rules.double_opt_in:
        given = given | _flag(contacts, f"unconfirmed_{scope}")
    if rules.consent_dormant_after is None:
        return given, np.zeros(len(given), dtype=bool)
    asleep = unused(contacts, scope, rules.consent_dormant_after, now)
    return given & ~asleep, given & asleep


def _existing(
    contacts: pd.DataFrame,
    grounds: pd.DataFrame,
    categories: Categories,
    policy: Policy,
    asking: NDArray[np.int64],
) -> tuple[Mask, Mask]:
    """Which of these rows bought anything that lets them be written to, and which of them enough
    for every category of the message; a message that declares none is similar to nothing."""
    grounded = np.zeros(len(asking), dtype=bool)
    if not len(asking) or grounds.empty:
        return grounded, grounded
    people = contacts["contact_id"].to_numpy(dtype=np.int64, na_value=_NONE)[asking]
    bought_by = grounds["contact_id"].to_numpy(dtype=np.int64)
    grounded = np.isin(people, bought_by)
    similar = np.zeros(len(asking), dtype=bool)
    rows = np.flatnonzero(grounded)
    wanted, lists = _wanted(categories, asking[rows])
    names, length, listed = _numbered(lists)
    if not len(rows) or not names:
        return grounded, similar
    theirs = np.flatnonzero(np.isin(bought_by, people[rows]))
    bought, kinds = pd.factorize(grounds["category"].iloc[theirs])
    offers = [
        [names[name] for name in policy.permission.similar_to.get(kind, [kind]) if name in names]
        for kind in kinds
    ]
    granting, granted = _pairs(bought, offers)
    needing, needed = _pairs(wanted, listed)
    # One number for a person and a category, so that sets of pairs compare at once; by pandas'
    # hashes, which take a third of the time of numpy's here.
    grants = bought_by[theirs][granting] * len(names) + granted
    needs = people[rows][needing] * len(names) + needed
    enough = length[wanted] > 0
    enough[needing[~pd.Index(needs).isin(grants)]] = False
    similar[rows[enough]] = True
    return grounded, similar


def _wanted(
    categories: Categories, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[list[str]]]:
    """Which list of categories each row needs, and these lists."""
    if isinstance(categories, pd.Series | np.ndarray):
        texts = pd.Series(categories, copy=False).iloc[rows]
        place, distinct = pd.factorize(texts, use_na_sentinel=False)
        return place, [
            [line for line in text.split("\n") if line] if isinstance(text, str) else []
            for text in distinct
        ]
    return np.zeros(len(rows), dtype=np.int64), [list(categories)]


def _numbered(
    lists: list[list[str]],
) -> tuple[dict[str, int], NDArray[np.int64], list[list[int]]]:
    """A number for each name, how long each list is, and the lists in numbers."""
    distinct = dict.fromkeys(name for each in lists for name in each)
    names = {name: place for place, name in enumerate(distinct)}
    length = np.array([len(each) for each in lists], dtype=np.int64)
    return names, length, [[names[name] for name in each] for each in lists]


def _pairs(
    place: NDArray[np.int64], lists: list[list[int]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every row beside every member of the list at its place."""
    length = np.array([len(each) for each in lists], dtype=np.int64)
    begins = np.cumsum(length) - length
    flat = np.array([member for each in lists for member in each], dtype=np.int64)
    many = length[place]
    row = np.repeat(np.arange(len(place)), many)
    within = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    return row, flat[begins[place][row] + within] if len(row) else row
