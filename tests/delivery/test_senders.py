"""Several processes send at once: each message goes once, whoever of them dies."""

import signal
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from flows.delivery.folder import FolderOutlet
from flows.delivery.report import DeliveryReport
from flows.delivery.senders import side_by_side, until_noted
from flows.errors import ConfigError, DeliveryError, PipelineError
from flows.store.models import Send
from segments.names import HaltCause, Outcome
from tests.delivery import sending
from tests.delivery.outlets import deliver, delivery
from tests.delivery.rows import NOW, furnish, outcomes, send
from tests.delivery.sending import Job, handed_over

MANY = 3_000
only_postgres = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


def nothing() -> None: ...


def never() -> bool:
    return False


@pytest.fixture
def full(engine: Engine) -> Engine:
    """A store with many messages that are due."""
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(insert(Send), [send(n) for n in range(1, MANY + 1)])
    return engine


def job(engine: Engine, folder: Path, dies_after: int | None = None) -> Job:
    return Job(engine.url.render_as_string(hide_password=False), folder / "mails", 2, dies_after)


@only_postgres
def test_two_processes_share_the_work_and_nobody_gets_a_second_copy(
    full: Engine, tmp_path: Path
) -> None:
    delivery(full, FolderOutlet(tmp_path / "mails")).begin()
    report, failed = side_by_side(
        sending.send, [job(full, tmp_path)] * 2, meanwhile=nothing, stopping=never
    )
    assert failed == []
    assert report.handed_over == MANY
    assert set(outcomes(full).values()) == {"accepted"}
    shares = handed_over(tmp_path / "mails")
    assert sorted(chain(*shares)) == list(range(1, MANY + 1))
    assert min(map(len, shares)) > 0
    assert (tmp_path / "mails" / "index.html").read_text().count('class="mail"') == MANY


@only_postgres
def test_when_one_process_is_killed_the_others_go_on_and_its_claims_come_back_in_doubt(
    full: Engine, tmp_path: Path
) -> None:
    jobs = [job(full, tmp_path, dies_after=70), job(full, tmp_path)]
    report, failed = side_by_side(sending.send, jobs, meanwhile=nothing, stopping=never)
    assert [str(error) for error in failed] == [
        "1 of 2 sending processes ended before their time (exit code -9). What they had taken is "
        "in doubt until it is looked into; everything else went on. Deliver once more"
    ]
    by_outcome = list(outcomes(full).values())
    assert (by_outcome.count("accepted"), by_outcome.count("claimed")) == (MANY - 50, 50)
    assert report.handed_over == MANY - 100
    handed = list(chain(*handed_over(tmp_path / "mails")))
    assert len(handed) == len(set(handed)) == MANY - 50 + 20
    # Once their lease is over, they are in doubt, and never simply sent again.
    with FolderOutlet(tmp_path / "mails") as outlet:
        assert deliver(full, outlet, now=NOW + timedelta(minutes=11)).found_stale == 50
    assert list(outcomes(full).values()).count("in_doubt") == 50


@only_postgres
def test_processes_that_are_told_to_stop_leave_nothing_claimed(
    full: Engine, tmp_path: Path
) -> None:
    mails = tmp_path / "mails"
    report, failed = side_by_side(
        sending.send,
        [job(full, tmp_path)] * 2,
        meanwhile=nothing,
        stopping=lambda: any(handed_over(mails)),
    )
    assert failed == []
    by_outcome = list(outcomes(full).values())
    went = len(list(chain(*handed_over(mails))))
    assert by_outcome.count("accepted") == report.handed_over == went
    assert set(by_outcome) <= {"accepted", "queued"}


def test_what_goes_wrong_in_a_process_is_told_and_what_it_did_is_counted(
    capfd: pytest.CaptureFixture[str],
) -> None:
    report, failed = side_by_side(
        sending.fail, ["configuration", "key", "bug"], meanwhile=nothing, stopping=never
    )
    assert report.put_off == 3
    wrong, refused, bug = failed
    assert isinstance(wrong, ConfigError)
    assert str(wrong) == "config/settings.yaml:3  the key is missing"
    assert isinstance(refused, DeliveryError)
    assert (str(refused), refused.cause) == ("the key is refused", HaltCause.KEY)
    assert type(bug) is PipelineError
    assert str(bug).startswith("a sending process failed (ZeroDivisionError)")
    assert "ada@example.com" not in str(bug)
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_when_the_one_who_watches_fails_the_processes_are_not_left_alone() -> None:
    def broken() -> None:
        raise RuntimeError("the progress cannot be shown")

    with pytest.raises(RuntimeError):
        side_by_side(sending.fail, ["key"], meanwhile=broken, stopping=never)


def test_reports_add_up() -> None:
    report, other = DeliveryReport(), DeliveryReport()
    for each in (report, other):
        each.count("hello", Outcome.ACCEPTED, "main")
        each.count("", Outcome.RENDER_FAILED)
    other.set_aside = {"hello"}
    report.add(other)
    assert report.outcomes == {"accepted": 2, "render_failed": 2}
    assert report.by_outlet == {("main", "accepted"): 2}
    assert report.by_message == {("hello", "accepted"): 2}
    assert report.set_aside == {"hello"}


def interrupted(*numbers: int) -> None:
    """End with whether one was to stop after each of these signals."""
    seen = []
    with until_noted() as stopping:
        for number in numbers:
            signal.raise_signal(number)
            seen.append(stopping())
        raise LookupError(seen)


def test_an_interruption_waits_until_all_is_noted_and_the_second_one_does_not() -> None:
    with pytest.raises(LookupError) as noted:
        interrupted(signal.SIGINT)
    assert noted.value.args == ([True],)
    with pytest.raises(KeyboardInterrupt):
        interrupted(signal.SIGINT, signal.SIGINT)


def test_what_was_asked_for_happens_once_all_is_noted() -> None:
    with pytest.raises(KeyboardInterrupt), until_noted():
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(SystemExit) as ended, until_noted():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM
