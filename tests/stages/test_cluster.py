"""Senders on other machines: what is refused before anything leaves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows import clock
from flows.delivery.report import DeliveryReport
from flows.errors import ConfigError, PipelineError
from flows.stages import delivering
from flows.stages.cluster import Order
from flows.stages.delivering import deliver, send_afar
from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.stages.rulebook import sending_rules
from flows.stages.shop import Shop, noted_run
from flows.store import runs
from tests.stages.tiny import NOW, Tiny
from tests.waiting import free_port

only_postgres = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


@pytest.fixture
def shop(tiny: Tiny) -> Iterator[Shop]:
    """Two messages are due, and a cluster that is not there is to send them."""
    nobody = f"scale: {{runner: dask, dask: 'tcp://127.0.0.1:{free_port()}'}}"
    tiny.edit("settings.yaml", "shard_size: 50000", f"shard_size: 50000\n{nobody}")
    with tiny.open() as opened:
        pull(opened, NOW)
        plan(opened, NOW)
        yield opened


@pytest.fixture
def order(shop: Shop) -> Iterator[Order]:
    """What the machine where the run began tells a worker."""
    with noted_run(shop, "deliver", NOW) as (run_id, _):
        with shop.engine.connect() as connection:
            began = runs.began(connection, run_id)
        rules = sending_rules(shop.project)
        folder = str(shop.project.folder)
        yield Order(folder, run_id, began, rules, NOW, clock.now(), False, 1)


def never() -> bool:
    return False


def outcomes(tiny: Tiny) -> list[str]:
    return [row[0] for row in tiny.rows("send", "outcome") if row[0] != "skipped"]


@only_postgres
def test_a_scheduler_that_does_not_answer_is_named_and_nothing_has_left(
    tiny: Tiny, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("prefect_dask", reason="the extra dask is not installed")
    monkeypatch.setattr(delivering, "SIDE_BY_SIDE_FROM", 1)
    with pytest.raises(ConfigError, match="no Dask scheduler answers at tcp://127"):
        deliver(shop, NOW)
    assert outcomes(tiny) == ["queued", "queued"]


@only_postgres
def test_for_few_messages_no_cluster_is_asked(shop: Shop) -> None:
    assert deliver(shop, NOW).handed_over == 2


@only_postgres
def test_a_worker_sends_what_the_machine_that_told_it_to_would_send(
    tiny: Tiny, order: Order
) -> None:
    report = DeliveryReport()
    send_afar(order, report, never)
    assert report.handed_over == 2
    assert outcomes(tiny) == ["accepted", "accepted"]


@only_postgres
@pytest.mark.parametrize(
    ("file", "added", "named"),
    [
        ("templates/reassurance/de/subject.txt", "!", "templates/reassurance/de/subject.txt"),
        ("config/policy.yaml", "\n# other\n", "config/policy.yaml"),
        (
            "config/settings.yaml",
            "\nmax_render_errors: 1\n",
            "config/settings.yaml (outlets, web, unsubscribe)",
        ),
        ("var/secret.key", "0", "STAMMKUNDE_SECRET"),
    ],
)
def test_a_worker_that_would_send_something_else_is_refused_and_told_what(
    file: str,
    added: str,
    named: str,
    tiny: Tiny,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("STAMMKUNDE_SECRET", raising=False)
    with (Path(order.folder) / file).open("a", encoding="utf-8") as other:
        other.write(added)
    with pytest.raises(ConfigError) as refused:
        send_afar(order, DeliveryReport(), never)
    assert f"others than where it began: {named}." in str(refused.value)
    assert outcomes(tiny) == ["queued", "queued"]


@only_postgres
def test_a_worker_with_another_store_sends_nothing_from_it(tiny: Tiny, order: Order) -> None:
    with pytest.raises(PipelineError, match="works with another store"):
        send_afar(replace(order, began=NOW), DeliveryReport(), never)
    assert outcomes(tiny) == ["queued", "queued"]
