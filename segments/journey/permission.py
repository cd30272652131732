"""May this contact get a message of this purpose, and on what basis? One function for all."""

import numpy as np
import pandas as pd

from segments.names import Basis, Purpose, SkipReason


def permission(contacts: pd.DataFrame, purpose: Purpose) -> pd.DataFrame:
    """basis and reason for each contact; exactly one of the two is given.

    Service and legal messages perform the contract and need no consent, but never go to an
    address that is suppressed altogether. Advertising and surveys need consent, or the exception
    for existing customers (§ 7 (3) UWG); an objection beats everything.
    """
    flag = {name: contacts[name].to_numpy(dtype=bool) for name in _FLAGS}
    no_address = ~flag["has_address"]
    everything = flag["suppressed"]
    if purpose in (Purpose.SERVICE, Purpose.LEGAL):
        basis = np.full(len(contacts), Basis.CONTRACT.value, dtype=object)
        refusals = [(no_address, SkipReason.NO_ADDRESS), (everything, SkipReason.SUPPRESSED)]
    else:
        consent = flag[f"consent_{purpose}"]
        existing = flag["existing_customer"]
        basis = np.where(consent, Basis.CONSENT.value, Basis.EXISTING_CUSTOMER.value)
        refusals = [
            (no_address, SkipReason.NO_ADDRESS),
            (flag["objected"], SkipReason.OBJECTED),
            (everything | flag[f"suppressed_{purpose}"], SkipReason.SUPPRESSED),
            (~consent & ~existing, SkipReason.NO_PERMISSION),
        ]
    reason = np.select(
        [mask for mask, _ in refusals], [word.value for _, word in refusals], default=""
    )
    return pd.DataFrame(
        {
            "basis": pd.Series(basis, index=contacts.index, dtype="str").where(reason == ""),
            "reason": pd.Series(reason, index=contacts.index, dtype="str").where(reason != ""),
        }
    )


_FLAGS = (
    "has_address",
    "suppressed",
    "suppressed_advertising",
    "suppressed_survey",
    "consent_advertising",
    "consent_survey",
    "objected",
    "existing_customer",
)
