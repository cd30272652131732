"""Runs that wait for approval: what the form asks, and how a run goes on with the answer.

A run is suspended, not paused: Prefect takes a paused run's place in its deployment away and ends
its process minutes later. Suspended, no process waits, no place is taken and nothing is lost when
the machine is switched off; resumed, the flow begins anew and finds here that it was asked before.
"""

import logging
from collections.abc import Mapping
from typing import Any, Literal

from prefect import suspend_flow_run
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.input import RunInput
from pydantic import Field, create_model

from flows import clock
from flows.reporting.figures import count
from flows.reporting.words import say
from flows.resuming import go_on
from flows.stages import approving
from flows.stages.shop import Shop
from flows.store import pauses, review
from flows.store.pauses import Paused
from flows.store.review import Decided
from flows.store.session import reading, writing
from segments.names import Locale, Review

_FIELD = "journey_"
_CHOICES = {
    "approval_later": None,
    "approval_approve": Review.APPROVED,
    "approval_reject": Review.REJECTED,
}
_BY_AT_MOST = 120
_log = logging.getLogger(__name__)


def answered(shop: Shop) -> list[str] | None:
    """What was decided while this run waited, in sentences; None if it has not waited.

    What its form says is done first; what was decided elsewhere meanwhile stays as it is.
    """
    run = _run()
    if run is None:
        return None
    with reading(shop.engine) as connection:
        paused = pauses.of_run(connection, str(run.id))
    if paused is None:
        return None
    locale: Locale = shop.project.policy.locale
    # Asked for the second time, it is not suspended but told the answer.
    given: Any = suspend_flow_run(
        wait_for_input=_form(shop, paused.asked, ""), key=_key(paused), timeout=None
    )
    _forget(given)
    said = {
        journey: decision
        for journey in paused.asked
        if (decision := _decision(getattr(given, _FIELD + journey), locale)) is not None
    }
    by = given.by.strip()[:_BY_AT_MOST] or say("approval_somebody", locale)
    now = clock.now()
    approving.decide(shop, said, Decided(by, now, given.note.strip() or None))
    with writing(shop.engine) as connection:
        pauses.answer(connection, paused.id, now)
    return _told(shop, paused)


def ask(shop: Shop) -> list[str]:
    """Suspend this run until somebody decides what waits for approval.

    Returns what waits, in a sentence, where nothing does, or where nobody could answer: a run that
    belongs to no deployment ends with its terminal.
    """
    found = approving.waiting(shop)
    if not found:
        return []
    run, now, locale = _run(), clock.now(), shop.project.policy.locale
    ends = approving.until(shop, now)
    waits = say("approval_waits", locale, n=count(sum(each.messages for each in found), locale))
    if run is None or run.deployment_id is None or ends <= now:
        return [waits]
    # Older questions are part of this one.
    go_on(shop.engine, now, everybody=True)
    asked = {each.journey: each.messages for each in found}
    said = approving.headline(found, locale)
    create_markdown_artifact(approving.page(shop, found, ends), key="approval", description=said)
    with writing(shop.engine) as connection:
        paused = pauses.ask(connection, str(run.id), asked, now, ends)
    suspend_flow_run(wait_for_input=_form(shop, asked, said), key=_key(paused), timeout=None)
    return [waits]


def _form(shop: Shop, asked: Mapping[str, int], said: str) -> type[RunInput]:
    """One choice a journey; where nothing is chosen, nothing happens."""
    locale: Locale = shop.project.policy.locale
    choices = tuple(say(key, locale) for key in _CHOICES)
    fields: dict[str, Any] = {}
    for journey, number in asked.items():
        program = shop.project.journeys.get(journey)
        title = program.journey.title if program else journey
        fields[_FIELD + journey] = (
            Literal[choices],
            Field(
                choices[0],
                title=say("approval_choice", locale, title=title, n=count(number, locale)),
                description=say("approval_choice_help", locale, journey=journey),
            ),
        )
    for name in ("by", "note"):
        title, help_ = say(f"approval_{name}", locale), say(f"approval_{name}_help", locale)
        fields[name] = (str, Field("", title=title, description=help_))
    form: type[RunInput] = create_model("Approval", __base__=RunInput, **fields)
    if said:
        form._description = say("approval_form", locale, headline=said)
    return form


def _decision(choice: str, locale: Locale) -> Review | None:
    return {say(key, locale): decision for key, decision in _CHOICES.items()}[choice]


def _told(shop: Shop, paused: Paused) -> list[str]:
    """What was decided since the run waits, by whom, and what nobody decided."""
    locale: Locale = shop.project.policy.locale
    with reading(shop.engine) as connection:
        decided = review.decisions(connection, paused.asked_at)
    decided = decided[decided["journey"].isin(list(paused.asked))]
    sums = decided.groupby(["decision", "decided_by"], sort=True)["messages"].sum()
    lines = [
        say(f"approval_{row['decision']}", locale, by=row["decided_by"], n=count(number, locale))
        for row, number in zip(sums.index.to_frame().to_dict("records"), sums.tolist(), strict=True)
    ]
    left = sum(each.messages for each in approving.waiting(shop) if each.journey in paused.asked)
    if left:
        key = "approval_over" if paused.until <= clock.now() else "approval_waits"
        lines.append(say(key, locale, n=count(left, locale)))
    return lines


def _forget(given: Any) -> None:
    """What somebody wrote into the form is kept in our store, and no longer at Prefect."""
    try:
        with get_client(sync_client=True) as client:
            client.delete_flow_run_input(given.metadata.receiver, given.metadata.key)
    except Exception as error:
        _log.info("what the form was told stays at Prefect: %s", type(error).__name__)


def _key(paused: Paused) -> str:
    return f"approval-{paused.id}"


def _run() -> Any:
    context = FlowRunContext.get()
    return context.flow_run if context else None
