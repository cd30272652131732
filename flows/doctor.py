"""`stammkunde doctor`: what is wrong with the set-up, and how to mend it. Changes nothing."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import typer

from flows import clock
from flows.config import Project, load
from flows.delivery.routes import reachable
from flows.deploying import known_by
from flows.entries import ALERT, Entry, alert_entry
from flows.errors import FAILED, WRONG, ConfigError
from flows.findings import print_json, print_lines
from flows.glance import locale_of, needs_config, server_of
from flows.health import cluster, disk, domains, endpoint, keys, schedules, stores, versions, work
from flows.health.asking import NoAnswerError
from flows.health.finding import Area, Finding, Grade, broken, fine, look, skipped, worst
from flows.health.resolving import DnsResolver, Resolver
from flows.health.server import RefusedError, Server
from flows.outlet_settings import SendGridOutletSettings, SmtpOutletSettings
from flows.reaching import is_address
from flows.running import found as running
from flows.settings import store_address
from flows.store import health
from flows.store.looking import DamagedError, LookError, ask, looking
from flows.store.place import POSTGRESQL, file_of
from flows.store.revisions import known, revision_seen

DEAD_RUNS = "stammkunde: dead runs are shown as crashed"
ALERTS = "stammkunde: alert"
"""How what the server does by itself is called; a test holds it against what is registered."""

_INSTALLED = (*versions.PACKAGES, "psycopg", "dkimpy")
_LATELY = timedelta(days=7)
_PATIENCE = 10.0
"""Whoever asks what is wrong waits for a server that is busy."""


def examine(
    folder: Path, *, offline: bool, as_json: bool, resolver: Resolver | None = None
) -> None:
    """Say how each part of the set-up stands; the exit code says how bad the worst of it is."""
    needs_config(folder)
    now = clock.now()
    locale, zone = locale_of(folder), "Europe/Berlin"
    installed = {name: versions.version_of(name) for name in _INSTALLED}
    try:
        project = load(folder)
    except ConfigError as error:
        found = [broken(Area.CONFIG, "config_wrong", fault=fault) for fault in error.faults]
        found += versions.together(sys.version_info[:3], installed)
        found += disk.room([folder / "var"], None)
        wrong = True
    else:
        zone, wrong = project.policy.zone, False
        found = list(
            _all(project, installed, now, offline=offline, resolver=resolver or DnsResolver())
        )
    if as_json:
        print_json(found, locale, zone, now)
    else:
        print_lines(found, locale, zone)
    if wrong:
        raise typer.Exit(WRONG)
    if worst(found) == Grade.BROKEN:
        raise typer.Exit(FAILED)


def _all(
    project: Project,
    installed: Mapping[str, str | None],
    now: datetime,
    *,
    offline: bool,
    resolver: Resolver,
) -> Iterator[Finding]:
    settings, environment = project.settings, os.environ
    names = reachable(settings)
    ways = {name: settings.outlets[name] for name in names}
    yield from _config(project)
    yield from versions.together(sys.version_info[:3], installed)
    for name, way in ways.items():
        if isinstance(way, SmtpOutletSettings) and way.dkim is not None:
            yield from versions.for_signing(installed, name)
    entries = _entries(project)
    yield from _store(project, installed, entries, names, now)
    yield from keys.outlets(ways, environment)
    yield from keys.webhooks(settings.web, environment)
    yield from keys.events_unheard(ways, settings.web)
    yield from keys.alerts(settings.alerts)
    yield from keys.links(project.folder, environment)
    if offline:
        yield skipped(Area.DOMAINS, "domains_offline")
    else:
        yield from domains.domains(settings, project.senders, names, environment, resolver)
    yield from endpoint.endpoint(settings.web.address, ways, now, offline=offline)
    yield from _server(project, entries, installed, now)
    yield from _cluster(project)
    yield from _disk(project)


def _config(project: Project) -> Iterator[Finding]:
    if project.broken:
        for fault in project.broken:
            yield look(Area.CONFIG, "left_out", fault=fault)
    else:
        yield fine(Area.CONFIG, "config_fine", zone=project.policy.zone)


def _entries(project: Project) -> list[Entry]:
    zone = project.deployments.zone or project.policy.zone
    whose, called = _whose(project), project.deployments.called
    return [
        Entry(called(each.name), each.runs, each.cron, each.enabled, zone, "", whose)
        for each in project.deployments.deployments
    ]


def _whose(project: Project) -> str:
    """What tells our deployments from another project's; what is wrong with the store is told."""
    try:
        return known_by(project, project.folder)
    except ConfigError:
        return ""


def _store(
    project: Project,
    installed: Mapping[str, str | None],
    entries: Sequence[Entry],
    outlets: Sequence[str],
    now: datetime,
) -> Iterator[Finding]:
    """The store, and what it knows of the work."""
    try:
        address = store_address(project.settings, project.folder)
    except ConfigError as error:
        yield broken(Area.STORE, "store_unknown", fault=error)
        return
    if address.startswith("postgresql") and (missing := versions.for_postgres(installed)):
        yield from missing
        return
    file = file_of(address)
    if file is not None and not file.exists():
        yield fine(Area.STORE, "store_to_be_made")
        return
    try:
        with looking(address) as store:
            at = revision_seen(store)
            yield from stores.revision(at, known())
            yield from stores.database(store.kind, store.version)
            before = clock.now()
            theirs = ask(store, health.moment_now()) if store.kind == POSTGRESQL else None
            yield from stores.clocks(None if theirs is None else theirs - before)
            if at != max(known()):
                return
            kinds = tuple(dict.fromkeys(work.STAGE.get(e.runs, e.runs) for e in entries))
            age = timedelta(days=project.sources.max_age.days)
            yield from work.source(ask(store, health.newest_order(now)), age, now)
            yield from work.flows(entries, ask(store, health.runs(kinds)), now)
            through = [
                name
                for name in outlets
                if isinstance(project.settings.outlets[name], SendGridOutletSettings)
            ]
            yield from work.lists(through, ask(store, health.polls()), now)
            yield from work.waiting(
                ask(store, health.queue(now)),
                ask(store, health.doubts()),
                ask(store, health.batches(now - _LATELY)),
                now,
            )
            yield from work.halts(ask(store, health.standing_still(now)))
            yield from work.alerts(
                project.settings.alerts,
                ask(store, health.alerts()),
                now,
                posting=any(project.settings.outlets[name].kind != "folder" for name in outlets),
            )
    except DamagedError as error:
        yield broken(Area.STORE, "store_damaged", place=file, why=error)
    except LookError as error:
        yield broken(Area.STORE, "store_away", why=error)


def _server(
    project: Project,
    entries: Sequence[Entry],
    installed: Mapping[str, str | None],
    now: datetime,
) -> Iterator[Finding]:
    """Prefect's server, and what it starts."""
    api = server_of(project.folder, os.environ)
    if api is None:
        yield from work.without_server(entries)
        return
    if not is_address(api):
        yield broken(Area.SERVER, "server_no_address", api=api)
        return
    try:
        facts = Server(api, os.environ, _PATIENCE).facts(now)
    except NoAnswerError as error:
        yield broken(Area.SERVER, "server_silent", api=api, why=error)
        return
    except RefusedError as error:
        key = "server_not_let_in" if error.status in (401, 403) else "server_strange"
        yield broken(Area.SERVER, key, api=api, status=error.status)
        return
    yield from versions.server_and_client(installed["prefect"] or "0", facts.version)
    alerts = project.settings.alerts
    told = alerts is not None and alerts.ways
    yield from schedules.automations(facts, [DEAD_RUNS, ALERTS] if told else [DEAD_RUNS])
    yield from schedules.pools(facts)
    expected = [*entries, _alert(project)] if told else entries
    up = running(project.folder) is not None
    yield from schedules.schedules(expected, facts, now, up=up)


def _cluster(project: Project) -> Iterator[Finding]:
    """Who decides and sends where several processes or machines share the work of a run."""
    scale = project.settings.scale
    if scale.runner == "threads":
        return
    with suppress(ConfigError):
        if file_of(store_address(project.settings, project.folder)) is not None:
            yield cluster.needs_postgres(scale.runner)
    if scale.dask is None or scale.runner != "dask":
        return
    if versions.version_of("prefect-dask") is None:
        yield cluster.not_installed()
        return
    try:
        facts = cluster.ask(scale.dask)
    except cluster.SilentError as error:
        yield cluster.silent(scale.dask, error)
        return
    yield from cluster.findings(scale.dask, facts, cluster.installed_here())


def _alert(project: Project) -> Entry:
    return alert_entry(project.policy.zone, project.deployments.called(ALERT), _whose(project))


def _disk(project: Project) -> Iterator[Finding]:
    home = Path(os.environ.get("PREFECT_HOME", project.folder / "var" / "prefect"))
    places = [project.folder / "var", home]
    file = None
    # What is wrong with the address is told with the store.
    with suppress(ConfigError):
        file = file_of(store_address(project.settings, project.folder))
    if file is not None:
        places.insert(0, file.parent)
    yield from disk.room(places, file)
    yield from disk.writable(dict.fromkeys(places))
    yield from disk.history(home / "prefect.db")
