"""The web endpoint on the command line: what people click and providers tell arrives here."""

import os
from pathlib import Path

import typer
import uvicorn

from flows import clock
from flows.errors import ConfigError
from flows.keyring import Keyring
from flows.messages.compose import links_of
from flows.responses.app import Office, application
from flows.responses.event_routes import Inbound
from flows.responses.limits import Limits
from flows.stages.shop import opened

_SHORTEST_SECRET = 16


def serve(folder: Path, host: str | None, port: int | None) -> None:
    """Answer until Ctrl-C or SIGTERM; addresses come from settings.yaml unless said otherwise."""
    with opened(folder) as shop:
        project = shop.project
        web = project.settings.web
        app = application(
            Office(
                shop.engine,
                web.sendgrid_keys,
                Keyring(folder),
                project.senders.name,
                project.policy.locale,
                clock.now,
                surveys=project.surveys,
                targets=links_of,
                inbound=Inbound(web.inbound.keys, _inbound_secret(web.inbound.secret)),
                limits=Limits(web.per_minute, web.proxies, web.client_header),
            )
        )
        listening = host or web.host, port or web.port
        typer.echo(
            f"Listening on http://{listening[0]}:{listening[1]}: events of SendGrid at "
            "/events/sendgrid, pages for people behind the links of their mails. Ctrl-C ends it"
        )
        if not web.sendgrid_keys:
            typer.echo(
                "No batch of events is accepted: config/settings.yaml has no web: sendgrid_keys",
                err=True,
            )
        if not web.address:
            typer.echo(
                "Mails do not point here: config/settings.yaml has no web: address", err=True
            )
        try:
            # Tokens are part of addresses: no access log.
            uvicorn.run(
                app,
                host=listening[0],
                port=listening[1],
                access_log=False,
                log_level="warning",
                proxy_headers=False,
                server_header=False,
            )
        except SystemExit as error:
            raise ConfigError.at(
                "web", f"port {listening[1]} of {listening[0]} is taken; say another --port"
            ) from error


def _inbound_secret(variable: str | None) -> str | None:
    if variable is None:
        return None
    if len(value := os.environ.get(variable, "").strip()) < _SHORTEST_SECRET:
        raise ConfigError.at(
            "config/settings.yaml",
            f'"web: inbound: secret: {variable}" names an environment variable that is not set, or '
            f"holds less than {_SHORTEST_SECRET} characters",
        )
    return value
