"""Somebody asks for advertising once a month, on the page, and gets it once a month."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.store.models import Base, Contact
from flows.store.session import writing
from flows.store.wishing import Source, Wishes, wish
from tests.stages.tiny import Tiny, after

WEEKLY = """\
journey: weekly
title: Every week
status: live
purpose: advertising
valid_for: 20 days
enter:
  on: schedule
  every: monday
  again: after 5 days
steps:
  - send: newsletter
"""
WEEKS = 7


def went(tiny: Tiny) -> list[datetime]:
    """When the first contact got advertising."""
    send = Base.metadata.tables["send"]
    with tiny.open() as shop, shop.engine.connect() as connection:
        rows = connection.execute(
            select(send.c.not_before)
            .join(Contact, Contact.id == send.c.contact_id)
            .where(Contact.key == "P1", send.c.purpose == "advertising", send.c.outcome == "queued")
            .order_by(send.c.not_before)
        )
        return list(rows.scalars())


@pytest.mark.briefly("sqlite")
@pytest.mark.parametrize("apart", [0, 30])
def test_between_two_advertising_messages_lies_what_was_asked_for(tiny: Tiny, apart: int):
    (tiny.folder / "config" / "journeys" / "weekly.yaml").write_text(WEEKLY, encoding="utf-8")
    with tiny.open() as shop:
        pull(shop, after(0))
        with writing(shop.engine) as connection:
            number = connection.scalar(select(Contact.id).where(Contact.key == "P1"))
            assert number is not None
            wanted = Wishes(None, apart, None)
            assert wish(connection, number, wanted, after(0), Source("page", "words"))
    for day in range(0, 7 * WEEKS, 7):
        with tiny.open() as shop:
            # The files are read again, and change nothing of what people wanted.
            pull(shop, after(day))
            plan(shop, after(day))
    found = went(tiny)
    apart_at_least = timedelta(days=max(apart, 7))
    assert all(later - earlier >= apart_at_least for earlier, later in pairwise(found))
    assert len(found) == {0: WEEKS - 1, 30: 2}[apart], found
