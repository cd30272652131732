"""A project with two ways out and sends that have gone, for what watches over sending."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from flows.stages.shop import Shop
from flows.store.models import Contact, Customer, Enrollment, Response, Run, Send
from tests.stages.tiny import NOW, Tiny, after
from tests.store.rows import put

OUTLETS = """\
  spare:
    kind: folder
    folder: var/spare
outlet_for:
  service: spare
"""
SENDING = """
sending:
  bounces: {above: 10%, of_at_least: 10}
  complaints: {above: 9%, of_at_least: 10}
"""


def furnished(folder: Path, store_url: str) -> Iterator[Shop]:
    """The shipped journeys, a customer, and an enrollment; advertising goes by `folder`."""
    tiny = Tiny(folder)
    tiny.make(store_url)
    file = folder / "config" / "policy.yaml"
    file.write_text(file.read_text("utf-8") + SENDING, encoding="utf-8")
    tiny.edit("settings.yaml", "inbox: var/inbox", OUTLETS + "inbox: var/inbox")
    with tiny.open() as shop:
        put(shop.engine, Run, {})
        put(shop.engine, Customer, {"id": 1})
        put(shop.engine, Contact, {"id": 1})
        put(shop.engine, Enrollment, {"id": 1})
        yield shop


class Sends:
    """Sends of a store, numbered through."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._numbers = count(1)

    def went(self, number: int, outcome: str = "delivered", **changes: Any) -> list[int]:
        """So many newsletters that were handed over a day ago; their numbers."""
        ids = [next(self._numbers) for _ in range(number)]
        values = {
            "journey": "newsletter",
            "purpose": "advertising",
            "outcome": outcome,
            "outlet": "folder",
            "handed_over_at": after(-1),
            "not_before": after(-2),
        } | changes
        put(self.engine, Send, *({"id": each, "step": f"s{each}"} | values for each in ids))
        return ids

    def complain(self, *send_ids: int) -> None:
        """Each of these messages was reported as spam just now."""
        rows = (
            {"key": f"R{each}", "send_id": each, "kind": "complaint", "at": NOW}
            for each in send_ids
        )
        put(self.engine, Response, *rows)
