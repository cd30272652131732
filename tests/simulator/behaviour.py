"""What becomes of a message after SendGrid took it: drawn from a seed, or said for an address."""

from hashlib import blake2b

FATES = ("bounce", "async_bounce", "blocked", "dropped", "deferred")
"""Of these at most one; whoever draws none of them gets the message at once."""
REACTIONS = ("open", "click", "spamreport", "unsubscribe", "group_unsubscribe")
"""What a reader may do with a message that reached him, each on its own."""
KINDS = ("delivered", *FATES, *REACTIONS)

REASONS = {
    "bounce": ("550 5.1.1 The email account that you tried to reach does not exist.", "5.1.1"),
    "async_bounce": ("550 5.2.1 The email account that you tried to reach is disabled.", "5.2.1"),
    "blocked": ("452 4.2.2 The email account that you tried to reach is over quota.", "4.2.2"),
}
"""What a mail server says, and its status."""
_DELAYS = {
    "dropped": 0,
    "cancel_drop": 0,
    "deferred": 2,
    "delivered": 3,
    "bounce": 3,
    "blocked": 3,
    "async_bounce": 3600,
    "open": 900,
    "click": 960,
    "spamreport": 7200,
    "unsubscribe": 3600,
    "group_unsubscribe": 3600,
}
_DEFERRED_BY = 600


def delay(kind: str, fate: tuple[str, ...]) -> float:
    """So many seconds after a message left this happens to it."""
    late = _DEFERRED_BY if "deferred" in fate and kind != "deferred" else 0
    return _DELAYS[kind] + late


class Behaviour:
    """Shares of fates and reactions, and what is said for single addresses."""

    def __init__(self, shares: dict[str, float] | None = None, seed: int = 0) -> None:
        self.seed = seed
        self.shares: dict[str, float] = {}
        self.addresses: dict[str, tuple[str, ...]] = {}
        self.change(shares or {})

    def change(self, shares: dict[str, float]) -> None:
        """Take other shares."""
        if strange := set(shares) - {*FATES, *REACTIONS}:
            raise ValueError(f"no such behaviour: {sorted(strange)}; {(*FATES, *REACTIONS)}")
        if sum(shares.get(name, 0) for name in FATES) > 1:
            raise ValueError("the shares of fates add up to more than everybody")
        self.shares = shares

    def say(self, addresses: dict[str, list[str]]) -> None:
        """From now on this is what becomes of messages to these addresses."""
        for address, kinds in addresses.items():
            if strange := set(kinds) - set(KINDS):
                raise ValueError(f"no such behaviour: {sorted(strange)}; {KINDS}")
            self.addresses[address.casefold()] = tuple(kinds)

    def fate(
        self,
        email: str,
        custom_args: dict[str, str],
        opens: bool,
        clicks: bool,
        unsubscribes: bool,
        grouped: bool,
    ) -> tuple[str, ...]:
        """What happens to this message, in order.

        The same message meets the same fate in whatever order messages arrive.
        """
        if self.addresses and (said := self.addresses.get(email.casefold())) is not None:
            return said
        if not self.shares:
            return ("delivered",)
        name = f"{self.seed}|{email.casefold()}|{sorted(custom_args.items())}"
        dice = blake2b(name.encode(), digest_size=48).digest()
        draw = iter(
            int.from_bytes(dice[start : start + 8], "big") / 2**64 for start in range(0, 48, 8)
        )
        fate: tuple[str, ...] = ("delivered",)
        thrown = next(draw)
        for name in FATES:
            thrown -= self.shares.get(name, 0)
            if thrown < 0:
                fate = {"deferred": ("deferred", "delivered")}.get(name, (name,))
                break
        possible = {
            "open": opens,
            "click": clicks,
            "spamreport": True,
            "unsubscribe": unsubscribes,
            "group_unsubscribe": grouped,
        }
        if fate[-1] != "delivered":
            return fate
        happens = tuple(
            name
            for name, thrown in zip(REACTIONS, draw, strict=True)
            if possible[name] and thrown < self.shares.get(name, 0)
        )
        return fate + happens
