"""Starts the simulator: python -m tests.simulator."""

import argparse
import asyncio
import gc
import logging
import signal
import ssl
import sys
from pathlib import Path

import orjson
import uvloop

from tests.simulator import account, batches, behaviour, lists, logs
from tests.simulator.api import application, routes
from tests.simulator.control import Control
from tests.simulator.server import Port, beat
from tests.simulator.world import REMEMBER, World

ABOUT = f"""SendGrid's v3 API in a process of its own, to rehearse against.

The first line it writes is JSON: its address, that of the control API, the API key, and the
public key it signs events with.
Requests need "Authorization: Bearer {account.KEY}". Both regions are this one address.

  POST /v3/mail/send and the calls for batches, scheduled sends, suppressions, Email Logs,
  scopes and the webhook's key behave as SendGrid documents them.

  /_sim/ steers it (no key needed; also while it is "down"):
  GET  stats, key, clock, mailboxes, mailboxes/ADDRESS, requests
  GET  accepted, messages                        a line of JSON each
  PUT  clock      {{"now": 1790000000 | "2026-11-21T09:00:00+00:00", "running": false}}
                  {{"advance": 60}}  {{"real": true}}
  PUT  faults     [{{"what": "status 503", "when": "after_accept", "share": 0.05, "seed": 1}}]
                  what: status 400 [named|unnamed]|401|403 [quota]|413|429|500|502|503|504,
                  reset, close, cut, timeout, html, empty
                  when: before_body, after_body, after_accept; share or count; seed, seconds,
                  status, path
  PUT  pace       {{"per_second": 100, "latency": 0.05}}
  PUT  account    {{"keys": {{"SG.x": ["mail.send"]}}, "senders": ["example.com"], "groups": [7],
                  "refused": {{"a@example.com": true}}, "quota": 100, "gzip": true, ...}}
  PUT  behaviour  {{"shares": {{"bounce": 0.02}}, "addresses": {{"a@example.com": ["bounce"]}}}}
                  fates: {", ".join(("delivered", *behaviour.FATES))}
                  then: {", ".join(behaviour.REACTIONS)}
  PUT  webhook    {{"url": ..., "every": 30, "batch": 1000, "duplicates": 0.1, "reordered": 1,
                  "delayed": 0.1, "forged": 0.1, "lost_message_ids": 1}}
  POST flush      {{"everything": true}}           tell of events, also of those to come
  POST suppressions {{"list": "bounces" | "group": 7, "email": "a@example.com"}}
  POST down, up, reset
"""


def main() -> None:
    """Read the options and run until told to stop."""
    parser = argparse.ArgumentParser(
        "python -m tests.simulator",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--control-port", type=int, default=0, help="0: any free one")
    parser.add_argument(
        "--certificate",
        type=Path,
        help="speak TLS as localhost: key and certificate in a file",
    )
    parser.add_argument(
        "--keep",
        choices=("full", "digest", "counts"),
        default="full",
        help="keep messages in full, digests of their parts that keep memory flat, or only count "
        "them",
    )
    parser.add_argument(
        "--remember", type=int, default=REMEMBER, help="so many messages stay in Email Logs"
    )
    parser.add_argument(
        "--behaviour", default="", help="what becomes of messages: bounce=0.02,open=0.3"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same fates")
    parser.add_argument("--webhook", help="where events are posted")
    parser.add_argument("--folder", type=Path, help="or the folder they are written to")
    parser.add_argument(
        "--every", type=float, default=30.0, help="so many seconds between posts; 0: on flush only"
    )
    uvloop.run(_serve(parser.parse_args()))


async def _serve(options: argparse.Namespace) -> None:
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler(sys.stderr))
    world = World(
        options.keep,
        options.remember,
        options.seed,
        {name: float(share) for name, share in _pairs(options.behaviour)},
        options.webhook,
        options.folder,
        options.every,
    )
    control = Control(world)
    calls = {**batches.calls(world), **lists.calls(world), **logs.calls(world)}
    app = application(world, [*routes(calls), *control.routes()])
    control.port = Port(world, app, options.host, options.port, _shown(options.certificate))
    desk = Port(world, app, options.host, options.control_port)
    await control.port.open()
    await desk.open()
    # What is remembered of messages is no garbage: looking through it again and again takes longer
    # than sending them.
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    beating = asyncio.create_task(beat(world))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    host = f"http://{options.host}" if options.certificate is None else "https://localhost"
    ready = {
        "address": f"{host}:{control.port.number}",
        "control": f"http://{options.host}:{desk.number}",
        "key": account.KEY,
        "public_key": world.webhook.public_key(),
    }
    sys.stdout.write(f"{orjson.dumps(ready).decode()}\n")
    sys.stdout.flush()
    await stop.wait()
    beating.cancel()
    control.port.close()
    desk.close()


def _shown(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _pairs(written: str) -> list[list[str]]:
    return [pair.split("=", 1) for pair in written.split(",") if pair]


if __name__ == "__main__":
    main()
