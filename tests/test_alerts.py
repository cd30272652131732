"""Alerts from end to end: a real Prefect server, a real listener, a real mail server."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows import clock
from flows.demo import prepare
from flows.stages.pulling import pull
from flows.stages.shop import opened
from segments.names import Locale
from tests.delivery.smtp.office import Office, office
from tests.long import LONG
from tests.prefects import furnished
from tests.serving import served
from tests.test_up import Up, alive
from tests.waiting import within

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.slow,
    pytest.mark.skipif(not LONG, reason="waits for what is over: part of make test-long"),
]

DEPLOYMENTS = """
deployments:
  - name: sending-hours
    runs: deliver
  - name: what-came-back
    runs: respond
"""
ALERTS = """
alerts:
  to: [team@nordholz.example, lead@nordholz.example]
  webhook: STAMMKUNDE_ALERTS
"""
OFFICE = """
outlet: office
outlets:
  office: {{kind: smtp, host: 127.0.0.1, port: {port}, security: none}}
"""
Posts = list[dict[str, Any]]


class House:
    """An `up` with alerts, and what reached people."""

    def __init__(self, up: Up, posts: Posts, post: Office) -> None:
        self.up, self.posts, self.post = up, posts, post

    def edit(self, name: str, old: str, new: str) -> None:
        file = self.up.folder / "config" / name
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    def run(self, name: str) -> str:
        """A run of this deployment, until it has ended; its state's type."""
        run = self.asked(name)
        ended = {"COMPLETED", "FAILED", "CRASHED"}
        assert within(150, lambda: self.state(run) in ended)
        return self.state(run)

    def asked(self, name: str) -> str:
        """The number of a run of this deployment that was asked for."""
        (found,) = self.up.ask("deployments/filter", deployments={"name": {"any_": [name]}})
        return str(self.up.ask(f"deployments/{found['id']}/create_flow_run")["id"])

    def state(self, run: str) -> str:
        (found,) = self.up.ask("flow_runs/filter", flow_runs={"id": {"any_": [run]}})
        return str(found["state"]["type"])

    def posted(self, kind: str, *, over: bool = False) -> Posts:
        return [each for each in self.posts if (each["kind"], each["over"]) == (kind, over)]

    def subjects(self) -> list[str]:
        mails = [
            message_from_bytes(each.content, policy=policy.default) for each in self.post.taken
        ]
        return [str(mail["subject"]) for mail in mails if mail["X-Stammkunde-Notice"] == "alert"]

    def automations(self) -> list[str]:
        return sorted(row["name"] for row in self.up.ask("automations/filter"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with alerted(tmp_path_factory.mktemp("alerts") / "shop", DEPLOYMENTS, ALERTS) as made:
        yield made


@contextmanager
def alerted(folder: Path, deployments: str, alerts: str) -> Iterator[House]:
    """`up` in a company whose alerts go to a listener and a mail server of this test."""
    # Its data ends years ago: too old to write to anybody.
    prepare(folder, 20, 7, Locale.EN, date(2024, 11, 5)).write(folder / "data")
    (folder / "config" / "deployments.yaml").write_text(deployments, "utf-8")
    with opened(folder) as shop:
        pull(shop, clock.now())
    posts: Posts = []

    async def take(request: Request) -> Response:
        posts.append(await request.json())
        return Response(status_code=204)

    app = Starlette(routes=[Route("/hook/secret-token", take, methods=["POST"])])
    with served(app) as address, office() as post:
        settings = folder / "config" / "settings.yaml"
        kept = re.sub(r"(?ms)^outlet:.*?(?=^inbox:)", "", settings.read_text("utf-8"))
        settings.write_text(kept + OFFICE.format(port=post.port) + alerts, "utf-8")
        furnished(folder / "var" / "prefect")
        up = Up(folder)
        up.environment["STAMMKUNDE_ALERTS"] = f"{address}/hook/secret-token"
        up.start("--no-web")
        try:
            up.ready()
            yield House(up, posts, post)
        finally:
            left = [up.pid]
            with suppress(OSError, ValueError):
                left += up.children()
            os.kill(up.pid, signal.SIGINT)
            within(20, lambda: not any(map(alive, left)))
            for pid in filter(alive, left):
                os.kill(pid, signal.SIGKILL)


def test_what_needs_a_person_is_told_once_and_once_when_it_is_over(house: House):
    assert house.run("sending-hours") == "FAILED"
    assert within(120, lambda: house.posted("run_failed") and house.posted("source_stale"))
    (failed,), (stale,) = house.posted("run_failed"), house.posted("source_stale")
    assert failed["subject"] == "sending-hours"
    assert failed["text"].startswith("Stammkunde: sending-hours failed: ")
    assert "newest order is of 2024" in failed["text"]
    assert (stale["subject"], stale["over"]) == ("orders", False)
    wanted = {
        "Attention: a run failed (sending-hours)",
        "Attention: the data is too old (orders)",
    }
    assert within(240, lambda: wanted <= set(house.subjects()))
    assert {each.rcpt_tos[0] for each in house.post.taken} == {
        "team@nordholz.example",
        "lead@nordholz.example",
    }

    # As long as it lasts nobody is told again.
    assert house.run("what-came-back") == "COMPLETED"
    assert len(house.posted("source_stale")) == 1

    house.edit("sources.yaml", "max_age: ", "max_age: 3000 days # ")
    assert house.run("sending-hours") == "COMPLETED"
    assert within(
        120,
        lambda: house.posted("run_failed", over=True) and house.posted("source_stale", over=True),
    )
    over = {"Over: a run failed (sending-hours)", "Over: the data is too old (orders)"}
    assert within(240, lambda: over <= set(house.subjects()))
    assert len(house.subjects()) == 8
    assert len(house.posts) == 4
