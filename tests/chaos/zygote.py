"""Starts senders: everything is loaded once, and each of them is a fork of that.

Reads one order a line (JSON) and answers with the number of the process that carries it out, then
with how that ended: python -m tests.chaos.zygote FOLDER. Nothing is open here that a fork must not
share: no connection, no thread, no file but the lines themselves.
"""

import gc
import os
import resource
import sys
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from flows.config import load
from flows.delivery.block import Moment, take
from flows.delivery.clocks import standing
from flows.delivery.dispatch import Delivery
from flows.errors import DeliveryError
from flows.settings import store_address
from flows.stages import delivering
from flows.stages.composing import composer
from flows.stages.delivering import letterhead, terms
from flows.stages.shop import Shop
from flows.stages.ways import Ways
from flows.store.outbox import side_by_side
from flows.store.session import open_store
from tests.chaos.company import NOW

REFUSED = 3
"""How a sender ends that no way out lets in."""


class _Enough(Exception):
    """It is warm now."""


def main() -> None:
    """Carry out one order after the other until there are no more."""
    project = load(Path(sys.argv[1]))
    shop = Shop(project, open_store(store_address(project.settings, project.folder)))
    warm_up(shop)
    gc.freeze()
    tell({"ready": True})
    for line in sys.stdin.buffer:
        order = orjson.loads(line)
        child = os.fork()
        if child == 0:
            live(shop, order)
        tell({"pid": child})
        _, status = os.waitpid(child, 0)
        tell({"ended": os.waitstatus_to_exitcode(status)})


def warm_up(shop: Shop) -> None:
    """Take a block and let go of it, so that templates and statements are compiled already."""
    project = shop.project
    rules = terms(project)
    compose = composer(project.templates, letterhead(project), rules.owner)
    delivering.composer = lambda *_: compose
    moment = Moment("", NOW, NOW, 0.0)
    with (
        Ways(project.settings, project.folder, most_failures=1) as ways,
        suppress(_Enough),
        side_by_side(shop.engine) as connection,
    ):
        take(connection, ways, compose, rules, moment, 8, Counter())
        raise _Enough
    shop.engine.dispose()


def tell(what: dict[str, Any]) -> None:
    """A line to who gives the orders."""
    os.write(sys.stdout.fileno(), orjson.dumps(what) + b"\n")


def live(shop: Shop, order: dict[str, Any]) -> None:
    """The life of a sender. It never comes back from here."""
    code = 1
    try:
        os.dup2(2, 1)
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        if "file_size" in order:
            limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_size"], limit))
        _DEEDS[order["what"]](shop, datetime.fromisoformat(order["now"]), order)
        code = 0
    except DeliveryError as error:
        sys.stderr.write(f"{error}\n")
        code = REFUSED
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _deliver(shop: Shop, now: datetime, order: dict[str, Any]) -> None:
    """The shipped stage, from its beginning to its end."""
    delivering.deliver(shop, now, ticking=order.get("ticking", False))


def _send(shop: Shop, now: datetime, order: dict[str, Any]) -> None:
    """What each of several processes does that send at once, by small blocks."""
    project = shop.project
    rules = replace(terms(project), block=order["block"], most=order["block"])
    compose = delivering.composer(project.templates, letterhead(project), rules.owner)
    most_failures = rules.sending.provider_errors
    with Ways(project.settings, project.folder, most_failures=most_failures) as ways:
        Delivery(shop.engine, ways, compose, rules, standing(now)).empty()


_DEEDS = {"deliver": _deliver, "send": _send}


if __name__ == "__main__":
    main()
