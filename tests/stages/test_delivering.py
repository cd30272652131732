"""The stage that sends: its ways out, several processes, and runs that were killed."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from flows.errors import ConfigError, DeliveryError
from flows.stages.delivering import deliver
from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.stages.told import told
from flows.stages.watching import Watch
from flows.store import halts
from flows.store.models import Send
from segments.names import HaltCause, Locale
from tests.stages.tiny import NOW, Tiny, after

HERE = "outlet: folder                       # the way out messages take: one of those below\n"
SENDGRID = "outlet: post\noutlets:\n  post: {kind: sendgrid, key: OUR_KEY}\n"
NOBODY = "outlet: post\noutlets:\n  post: {kind: smtp, host: 127.0.0.1, port: 9, security: none}\n"
RESCUED = NOBODY.replace("none}", "none, fallback: folder}")
MINUTE = 1 / (24 * 60)


def way_out(tiny: Tiny, written: str) -> None:
    """Write another way out into settings.yaml, beside the folder."""
    tiny.edit("settings.yaml", HERE + "outlets:\n", written)


def queued(tiny: Tiny, copies: int = 1) -> int:
    """Plan the two messages of these customers, each owed so many times; how many that makes."""
    with tiny.open() as shop:
        pull(shop, NOW)
        plan(shop, NOW)
        with shop.engine.begin() as connection:
            rows = connection.execute(select(Send.__table__).where(Send.outcome == "queued"))
            found = [dict(row._mapping) for row in rows]
            more = [
                {**row, "id": 1_000 + number, "occurrence": number}
                for number, (row, _) in enumerate(product(found, range(copies - 1)), start=1)
            ]
            if more:
                connection.execute(insert(Send), more)
    return len(found) * copies


def stands(tiny: Tiny) -> Counter[str]:
    return Counter(row[0] for row in tiny.rows("send", "outcome") if row[0] != "skipped")


def test_a_key_that_is_not_there_is_named_before_anything_leaves(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUR_KEY", raising=False)
    way_out(tiny, SENDGRID)
    queued(tiny)
    with tiny.open() as shop, pytest.raises(ConfigError) as told:
        deliver(shop, NOW)
    assert str(told.value) == (
        'config/settings.yaml  outlet "post": the environment variable OUR_KEY is not set. Put '
        "the API key into it before you start Stammkunde"
    )
    assert stands(tiny) == {"queued": 2}


def test_where_nothing_is_due_no_key_is_needed(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUR_KEY", raising=False)
    way_out(tiny, SENDGRID)
    with tiny.open() as shop:
        assert told(deliver(shop, NOW), Locale.EN) == ["Sent 0, left out 0"]


def test_a_server_that_is_not_there_holds_messages_up_and_loses_none(tiny: Tiny) -> None:
    way_out(tiny, NOBODY)
    queued(tiny)
    with tiny.open() as shop:
        report = deliver(shop, NOW)
    assert (report.handed_over, report.waiting) == (0, 2)
    assert "127.0.0.1 (port 9)" in told(report, Locale.DE)[1]
    assert stands(tiny) == {"queued": 2}
    ((failed, counts),) = [
        row[1:] for row in tiny.rows("run", "kind", "failed", "counts") if row[0] == "deliver"
    ]
    assert failed is None
    assert counts["outcomes"] == {}


def test_its_fallback_sends_instead(tiny: Tiny) -> None:
    way_out(tiny, RESCUED)
    queued(tiny)
    with tiny.open() as shop:
        assert deliver(shop, NOW).handed_over == 2
    assert len(tiny.mails()) == 2
    assert {row[0] for row in tiny.rows("send", "outlet") if row[0]} == {"folder"}


def test_where_nothing_can_go_for_want_of_a_key_the_run_fails_and_says_so(tiny: Tiny) -> None:
    queued(tiny)
    with tiny.open() as shop:
        with shop.engine.begin() as connection:
            why = "the key is refused"
            halts.halt(connection, outlet="folder", cause=HaltCause.KEY, why=why, now=NOW)
        with pytest.raises(DeliveryError, match="the key is refused") as told:
            deliver(shop, NOW)
    assert told.value.cause == HaltCause.KEY
    failed = [row[1] for row in tiny.rows("run", "kind", "failed") if row[0] == "deliver"]
    assert failed == ["DeliveryError: the key is refused"]


def test_time_goes_on_while_messages_leave_only_if_it_is_to(tiny: Tiny) -> None:
    queued(tiny, copies=2)
    with tiny.open() as shop, shop.engine.begin() as connection:
        connection.execute(update(Send).where(Send.occurrence == 1).values(not_before=after(1)))
    with tiny.open() as shop:
        deliver(shop, NOW)
        deliver(shop, after(1), ticking=True)
    moments = {row[0] for row in tiny.rows("send", "handed_over_at") if row[0]}
    assert min(moments) == NOW
    assert after(1) < max(moments) < after(1) + timedelta(minutes=5)


def test_what_may_not_arrive_any_more_when_its_turn_comes_waits_for_the_next_hour(
    tiny: Tiny,
) -> None:
    queued(tiny)
    evening = NOW.replace(hour=17, minute=59, second=30)
    with tiny.open() as shop:
        watch = Watch(shop)
        watch(evening)
        # Service messages may arrive until 20:00 in Berlin; that is looked at every minute.
        watch(evening + timedelta(seconds=59))
        assert watch.postponed == 0
        watch(evening + timedelta(minutes=1))
        assert watch.postponed == 2
    waits = {row[0] for row in tiny.rows("send", "not_before", "outcome") if row[1] == "queued"}
    assert waits == {NOW + timedelta(days=1)}


@pytest.mark.briefly("postgresql")
def test_much_to_send_is_shared_by_processes_where_the_database_has_a_server(tiny: Tiny) -> None:
    number = queued(tiny, copies=1_500)
    shown = []
    with tiny.open() as shop:
        sqlite = shop.engine.dialect.name == "sqlite"
        report = deliver(shop, NOW, progress=lambda what, done, of: shown.append((what, done, of)))
    assert report.handed_over == number == len(tiny.mails())
    assert stands(tiny) == {"accepted": number}
    assert {row[2] for row in shown if row[0] == "deliver"} == {number}
    # Claims of one process are numbered by itself; who sent what is not kept beyond that.
    assert sqlite or len({row[0] for row in tiny.rows("send", "claim_id")}) > 2


@pytest.mark.briefly("postgresql")
def test_a_run_that_was_killed_is_finished_by_later_ones(tiny: Tiny) -> None:
    number = queued(tiny, copies=150)
    command = [sys.executable, "-m", "flows.cli", "--project", str(tiny.folder), "deliver"]
    as_of = ["--plain", "--as-of", f"{NOW:%Y-%m-%dT%H:%M}+00:00"]
    environment = {**os.environ, "PYTHONWARNINGS": "default"}
    process = subprocess.Popen([*command, *as_of], env=environment, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(tiny.mails()) < number // 4 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    went = len(tiny.mails())
    assert 0 < went < number
    before = written(tiny)
    with tiny.open() as shop:
        # Right after it, and when its claims are no longer believed, and when they were asked for.
        for minutes in (0, 11, 13):
            deliver(shop, after(minutes * MINUTE))
    assert stands(tiny) == {"accepted": number}
    assert len(tiny.mails()) == number
    assert before.items() <= written(tiny).items()


def written(tiny: Tiny) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in tiny.mails()}
