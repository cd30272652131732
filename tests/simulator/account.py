"""What the account at SendGrid is and may: keys, senders, groups, pools, limits."""

from dataclasses import dataclass, field, fields
from typing import Any

KEY = "SG.simulator"
SCOPES = (
    "mail.send",
    "mail.batch.create",
    "mail.batch.read",
    "user.scheduled_sends.create",
    "user.scheduled_sends.read",
    "user.scheduled_sends.update",
    "user.scheduled_sends.delete",
    "suppression.read",
    "suppression.create",
    "suppression.update",
    "suppression.delete",
    "asm.groups.read",
    "asm.groups.suppressions.read",
    "messages.read",
    "user.webhooks.event.settings.read",
)


@dataclass
class Account:
    """Settings that may be changed while the simulator runs. None means: anything goes.

    `refused` are addresses only SendGrid finds fault with: {address: whether it names them}.
    """

    keys: dict[str, list[str]] = field(default_factory=lambda: {KEY: list(SCOPES)})
    senders: list[str] | None = None
    groups: list[int] | None = None
    pools: list[str] | None = None
    refused: dict[str, bool] = field(default_factory=dict)
    gzip: bool = False
    open_tracking: bool = True
    click_tracking: bool = True
    subscription_tracking: bool = False
    quota: int | None = None
    body_bytes: int = 30_000_000
    substitution_bytes: int = 10_000
    substitutions: int = 100
    custom_arg_bytes: int = 10_000
    schedule_hours: int = 72
    log_delay: float = 0.0

    def change(self, wanted: dict[str, Any]) -> None:
        """Take over these settings; complain of names that are none."""
        known = {one.name for one in fields(self)}
        if strange := set(wanted) - known:
            raise ValueError(f"no settings: {sorted(strange)}; there are {sorted(known)}")
        for name, value in wanted.items():
            setattr(self, name, value)
        self.refused = {address.casefold(): named for address, named in self.refused.items()}

    def may_send_as(self, email: str) -> bool:
        """Whether the address, or its domain, was verified."""
        if self.senders is None:
            return True
        address = email.casefold()
        return address in self.senders or address.rpartition("@")[2] in self.senders
