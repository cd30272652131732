"""`stammkunde show`: a message exactly as it was delivered, or why there is none."""

import sys
from pathlib import Path

import typer

from flows import clock
from flows.errors import ConfigError
from flows.messages.compose import compose
from flows.messages.library import Library
from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings
from flows.stages import delivering
from flows.stages.shop import Shop, opened
from flows.store.facts import message_facts
from flows.store.outbox import SendRecord
from flows.store.session import reading
from segments.names import Outcome


def show_send(
    folder: Path, send_id: int, out: Path | None, part: str = "mail", *, as_json: bool = False
) -> None:
    """The message of a send, byte for byte; or what became of it where there is none."""
    with opened(folder) as shop:
        record, mail = delivering.as_delivered(shop, send_id)
        if record is None:
            raise ConfigError.at("show", f"there is no send {send_id}")
        if mail is None and record.outcome == Outcome.QUEUED:
            mail = _as_it_would_go(shop, send_id)
            typer.echo(f"send {send_id} has not gone yet; it would read so now", err=True)
        if mail is None:
            if record.claimed_at is not None and record.context is None:
                typer.echo(
                    f"send {send_id} was handed over ({record.outcome}), but its text is no longer "
                    "kept: it grew too old (retention: rendered), or the person was erased",
                    err=True,
                )
                raise typer.Exit(1)
            why = f" ({record.reason})" if record.reason else ""
            detail = f". {record.detail}" if record.detail else ""
            typer.echo(f"send {send_id} was not delivered: {record.outcome}{why}{detail}", err=True)
            raise typer.Exit(1)
        if record.outcome == Outcome.REJECTED:
            typer.echo(f"send {send_id} was refused: {record.detail}", err=True)
        content = _request(shop, record, mail) if as_json else mail.part(part)
    if out is not None:
        out.write_bytes(content)
        typer.echo(out)
    else:
        sys.stdout.buffer.write(content)


def _as_it_would_go(shop: Shop, send_id: int) -> Outgoing | None:
    """A message that waits, composed as of this moment."""
    now = clock.now()
    with reading(shop.engine) as connection:
        facts = message_facts(connection, [send_id], now, shop.project.owners.default)
    if not facts:
        return None
    library = Library.open(shop.project.templates)
    return compose(library, facts[0], delivering.letterhead(shop.project), now).outgoing


def _request(shop: Shop, record: SendRecord, mail: Outgoing) -> bytes:
    """What SendGrid was asked, had the message gone in a request of its own."""
    way = shop.project.settings.outlets.get(record.outlet or "")
    if not isinstance(way, SendGridOutletSettings):
        through = f"through {record.outlet}" if record.outlet else "nowhere yet"
        raise ConfigError.at("show", f"send {record.id} went {through}, and not to SendGrid")
    # Other ways out have no need of it, and it takes time to load.
    from flows.delivery.sendgrid.payload import single

    return single(
        mail, record.request_id or "", way, batch_id=record.batch_id, send_at=record.send_at
    )
