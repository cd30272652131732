"""Consents: whoever asked is mailed once for confirmation, and what nobody confirmed lapses."""

from datetime import datetime, timedelta

from flows.stages.shop import Shop
from flows.store.consent_mails import CONFIRMING, lapse, queue_mails
from flows.store.session import writing


def ask(shop: Shop, now: datetime, run_id: int, *, everybody: bool = True) -> int:
    """Queue the mails that ask to confirm; how many. Not `everybody`: only what we noted ourselves.

    Without a page to confirm on, nobody is asked.
    """
    rules = shop.project.policy.permission
    with writing(shop.engine) as connection:
        lapse(connection, now)
        if hindrance(shop) is not None:
            return 0
        return queue_mails(
            connection,
            now,
            timedelta(days=rules.confirm_within.days),
            run_id,
            noted_only=not (everybody and rules.double_opt_in and rules.ask_to_confirm),
        )


def hindrance(shop: Shop) -> str | None:
    """Why nobody can be asked to confirm anything; nothing where all is there."""
    if not shop.project.settings.web.address:
        return (
            "there is no page to confirm on. Write web: address into config/settings.yaml and "
            "run stammkunde web"
        )
    if not (shop.project.templates / CONFIRMING).is_dir():
        return f"there is no message templates/{CONFIRMING}"
    return None
