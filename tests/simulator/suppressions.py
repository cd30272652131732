"""Whom SendGrid does not write to, and since when."""

from dataclasses import dataclass
from typing import Any

LISTS = ("bounces", "blocks", "spam_reports", "invalid_emails", "unsubscribes")
GLOBAL = "unsubscribes"
_DROPPED = {
    "bounces": "Bounced Address",
    "spam_reports": "Spam Reporting Address",
    "invalid_emails": "Invalid",
    GLOBAL: "Unsubscribed Address",
}
"""Blocks are temporary: SendGrid lists them and goes on writing to the address."""
_BYPASSED_BY = {
    "bounces": "bypass_bounce_management",
    "spam_reports": "bypass_spam_management",
    GLOBAL: "bypass_unsubscribe_management",
}


@dataclass(frozen=True)
class Entry:
    """An address on a list."""

    email: str
    created: float
    reason: str = ""
    status: str = ""
    ip: str = "192.0.2.25"

    def shown(self, name: str) -> dict[str, Any]:
        """As the list of that name shows it."""
        body: dict[str, Any] = {"created": int(self.created), "email": self.email}
        if name in ("bounces", "blocks"):
            body |= {"reason": self.reason, "status": self.status}
        elif name == "invalid_emails":
            body |= {"reason": self.reason}
        elif name == "spam_reports":
            body |= {"ip": self.ip}
        return body


class Suppressions:
    """The lists of the account, and those of its unsubscribe groups."""

    def __init__(self) -> None:
        self._lists: dict[str, dict[str, Entry]] = {name: {} for name in LISTS}
        self._groups: dict[int, dict[str, Entry]] = {}

    def add(self, name: str, entry: Entry) -> None:
        """Put an address on a list; whoever stands there already stays as he is."""
        self._lists[name].setdefault(entry.email.casefold(), entry)

    def add_to_group(self, group: int, entry: Entry) -> None:
        """Put an address on the list of a group."""
        self._groups.setdefault(group, {}).setdefault(entry.email.casefold(), entry)

    def remove(self, name: str, email: str) -> bool:
        """Take an address off a list; False if it was not there."""
        return self._lists[name].pop(email.casefold(), None) is not None

    def remove_from_group(self, group: int, email: str) -> bool:
        """Take an address off the list of a group; False if it was not there."""
        return self._groups.get(group, {}).pop(email.casefold(), None) is not None

    def clear(self, name: str) -> None:
        """Empty a list."""
        self._lists[name].clear()

    def of(self, name: str, now: float) -> list[Entry]:
        """Who stands on a list by now, the latest first."""
        known = [entry for entry in self._lists[name].values() if entry.created <= now]
        return sorted(known, key=lambda entry: (-int(entry.created), entry.email))

    def of_group(self, group: int, now: float) -> list[Entry]:
        """Who stands on the list of a group by now, the latest first."""
        known = [one for one in self._groups.get(group, {}).values() if one.created <= now]
        return sorted(known, key=lambda entry: (-int(entry.created), entry.email))

    def groups(self) -> list[int]:
        """Groups that have a list."""
        return sorted(self._groups)

    def why_not(
        self, email: str, group: int | None, mail_settings: dict[str, Any], now: float
    ) -> str | None:
        """Why a message to the address is dropped, or None if it goes."""
        if not self._groups and not any(self._lists.values()):
            return None
        if mail_settings.get("bypass_list_management", {}).get("enable"):
            return None
        address = email.casefold()
        for name, reason in _DROPPED.items():
            if mail_settings.get(_BYPASSED_BY.get(name, ""), {}).get("enable"):
                continue
            entry = self._lists[name].get(address)
            if entry is not None and entry.created <= now:
                return reason
        if group is not None:
            entry = self._groups.get(group, {}).get(address)
            if entry is not None and entry.created <= now:
                return "Unsubscribed Address"
        return None
