"""Commands around sending, typed as people do: stop, resume and doubts."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flows.cli import main
from flows.stages.planning import plan
from flows.stages.pulling import pull
from flows.stages.shop import Shop
from flows.store.models import Doubt, Halt, Send
from tests.stages.house import Sends, furnished
from tests.stages.tiny import NOW, Tiny, after
from tests.store.rows import put, rows_of

MINUTE = timedelta(minutes=1)
Said = tuple[int, str, str]
Say = Callable[..., Said]


@pytest.fixture
def house(store_url: str, tmp_path: Path) -> Iterator[Shop]:
    """A project with two ways out, speaking English."""
    for shop in furnished(tmp_path / "project", store_url):
        Tiny(shop.project.folder).edit("policy.yaml", "locale: de", "locale: en")
        yield shop


@pytest.fixture
def sends(house: Shop) -> Sends:
    """Writes sends into its store."""
    return Sends(house.engine)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Say:
    """`stammkunde WORDS` in a folder at a Monday's 7 o'clock: exit code, output and errors."""
    monkeypatch.setenv("STAMMKUNDE_PROJECT", ".")
    monkeypatch.setenv("COLUMNS", "250")

    def said(folder: Path, *words: object, at: str = "2026-06-15T07:00") -> Said:
        line = ["stammkunde", "--project", folder, *words, "--as-of", at]
        monkeypatch.setattr(sys, "argv", list(map(str, line)))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return said


@pytest.fixture
def say(house: Shop, typed: Say) -> Say:
    """The same in that house."""
    return partial(typed, house.project.folder)


def queue(sends: Sends) -> None:
    """Four newsletters, one of them for tomorrow, and two messages of service."""
    sends.went(3, "queued", handed_over_at=None, outlet=None)
    sends.went(1, "queued", handed_over_at=None, outlet=None, not_before=after(1))
    sends.went(
        2, "queued", handed_over_at=None, outlet=None, journey="reassurance", purpose="service"
    )


def test_a_journey_is_stopped_once_and_resumed_once(say: Say, sends: Sends, house: Shop) -> None:
    queue(sends)
    behind = "Messages that wait behind it: 4, due by now: 3\n"
    how = "To let it go on: stammkunde resume newsletter\n"
    assert say("stop", "newsletter", "--why", "wrong price") == (
        0,
        f"Journey newsletter stands still from now on\n{behind}{how}",
        "",
    )
    assert say("stop", "newsletter", at="2026-06-15T07:30") == (
        0,
        "Journey newsletter stands still already, since 2026-06-15 07:00: stopped by hand "
        f"(wrong price)\n{behind}{how}",
        "",
    )
    assert rows_of(house.engine, Halt, "journey", "cause", "why", "ended_at") == [
        ("newsletter", "hand", "wrong price", None)
    ]
    assert say("resume", "newsletter", at="2026-06-15T08:00") == (
        0,
        "Journey newsletter goes on; it stood still since 2026-06-15 07:00: stopped by hand "
        "(wrong price)\n",
        "",
    )
    assert say("resume", "newsletter") == (0, "Journey newsletter did not stand still\n", "")
    assert rows_of(house.engine, Halt, "ended_at") == [NOW + 60 * MINUTE]


def test_everything_is_stopped_without_a_name(say: Say, sends: Sends) -> None:
    queue(sends)
    code, out, _ = say("stop")
    assert (code, out) == (
        0,
        "Everything stands still from now on\nMessages that wait behind it: 6, due by now: 5\n"
        "To let it go on: stammkunde resume\n",
    )
    say("stop", "newsletter")
    assert say("resume", "newsletter")[1] == (
        "Journey newsletter goes on; it stood still since 2026-06-15 07:00: stopped by hand\n"
        "But everything stands still since 2026-06-15 07:00: stopped by hand\n"
    )
    say("stop", "newsletter")
    assert say("resume")[1] == (
        "Everything goes on; it stood still since 2026-06-15 07:00: stopped by hand\n"
        "But journey newsletter stands still since 2026-06-15 07:00: stopped by hand\n"
    )
    assert say("resume")[1].startswith("There is no stop of everything\nBut journey newsletter")


def test_what_waits_for_a_way_out_is_told_and_which_way_it_takes_meanwhile(
    say: Say, sends: Sends, house: Shop
) -> None:
    queue(sends)
    assert say("stop", "--outlet", "spare")[1] == (
        "Way out spare stands still from now on\nMessages that wait behind it: 2, due by now: 2\n"
        "To let it go on: stammkunde resume --outlet spare\n"
    )
    Tiny(house.project.folder).edit(
        "settings.yaml", "folder: var/spare", "folder: var/spare\n    fallback: folder"
    )
    assert say("stop", "--outlet", "spare")[1].splitlines()[1:3] == [
        "Messages that wait behind it: 0, due by now: 0",
        "Its messages go through folder meanwhile",
    ]


def test_whatever_made_it_stand_still_is_listed_and_ends_with_a_word(
    say: Say, sends: Sends, house: Shop
) -> None:
    assert say("stop", "--list") == (0, "Nothing stands still.\n", "")
    assert say("resume", "--all") == (0, "Nothing stands still.\n", "")
    sends.went(3, "queued", handed_over_at=None, outlet=None)
    put(
        house.engine,
        Halt,
        {"journey": "newsletter", "cause": "bounces", "why": "9 of 9", "since": after(-1)},
        {"journey": "newsletter", "cause": "hand", "why": "", "since": NOW},
        {
            "outlet": "folder",
            "cause": "provider",
            "why": "5 in a row",
            "since": NOW,
            "until": NOW + 15 * MINUTE,
        },
        {"journey": "gone", "cause": "hand", "why": "", "since": NOW, "ended_at": NOW},
    )
    code, out, _ = say("stop", "--list")
    assert code == 0
    assert [
        [cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()[3:]
    ] == [
        [
            "way out folder",
            "the way out does not answer as it should (5 in a row)",
            "2026-06-15 07:00",
            "2026-06-15 07:15",
            "3",
        ],
        ["journey newsletter", "too many messages bounced (9 of 9)", "2026-06-14 07:00", "–", "3"],
        ["journey newsletter", "stopped by hand", "2026-06-15 07:00", "–", "3"],
    ]
    assert len(say("stop", "--list", at="2026-06-15T07:15")[1].splitlines()) == 5
    assert say("resume", "newsletter")[1].splitlines() == [
        "Journey newsletter goes on; it stood still since 2026-06-14 07:00: too many messages "
        "bounced (9 of 9)",
        "Journey newsletter goes on; it stood still since 2026-06-15 07:00: stopped by hand",
        "But way out folder stands still since 2026-06-15 07:00: the way out does not answer as "
        "it should (5 in a row)",
    ]
    assert say("resume", "--all")[1].startswith("Way out folder goes on")
    assert say("stop", "--list")[1] == "Nothing stands still.\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            ["stop", "newsleter"],
            'stop  there is no journey "newsleter". Did you mean "newsletter"?',
        ),
        (
            ["resume", "--outlet", "spar"],
            'resume  there is no way out "spar". Did you mean "spare"?',
        ),
        (["stop", "newsletter", "--outlet", "spare"], "stop  say a journey or a way out, not both"),
        (
            ["doubts", "newsleter"],
            'doubts  there is no journey "newsleter". Did you mean "newsletter"?',
        ),
        (["doubts", "9", "--accepted"], "doubts  there is no send 9"),
        (["doubts", "--send-again"], "doubts  say which send: its number"),
        (
            ["doubts", "9", "--accepted", "--send-again"],
            "doubts  say one of --resolve, --accepted and --send-again",
        ),
        (
            ["doubts", "newsletter", "--resolve"],
            "doubts  --resolve asks about all of them: say no name",
        ),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_makes_no_sense_is_told_and_does_nothing(
    say: Say, house: Shop, words: list[str], why: str
) -> None:
    assert say(*words) == (2, "", why + "\n")
    assert rows_of(house.engine, Halt, "id") == []


@pytest.mark.briefly("sqlite")
def test_a_journey_that_is_no_more_can_be_stopped_while_it_has_messages_and_resumed(
    say: Say, sends: Sends
) -> None:
    assert say("stop", "gone")[0] == 2
    sends.went(1, "queued", handed_over_at=None, outlet=None, journey="gone")
    assert say("stop", "gone")[1].startswith("Journey gone stands still from now on")
    assert say("resume", "gone")[1].startswith("Journey gone goes on")


@pytest.fixture
def doubted(house: Shop, sends: Sends) -> Callable[..., int]:
    """Puts a newsletter in doubt, two minutes ago; its number."""

    def make(minutes: int = 2, doubt: dict[str, Any] | None = None, **changes: Any) -> int:
        since = NOW - minutes * MINUTE
        taken = {"claimed_at": since, "handed_over_at": since, "lease_until": since + 10 * MINUTE}
        (number,) = sends.went(1, **(taken | {"outcome": "in_doubt"} | changes))
        values = {"send_id": number, "since": since, "why": "no answer within 30 seconds"}
        put(house.engine, Doubt, values | (doubt or {}))
        return number

    return make


def test_messages_in_doubt_are_listed_with_what_is_known_and_what_comes_next(
    say: Say, doubted: Callable[..., int], house: Shop
) -> None:
    assert say("doubts") == (0, "No message is in doubt.\n", "")
    assert say("doubts", "--json") == (0, "[]\n", "")
    doubted()
    doubted(30)
    doubted(30, {"settled_at": NOW, "settled_as": "in_doubt", "known": "not in the logs"})
    doubted(2, {"settled_as": "queued", "known": "withdrawn"}, journey="second_order")
    doubted(2, {"settled_as": "accepted", "settled_at": NOW}, outcome="delivered")
    code, out, _ = say("doubts")
    assert code == 0
    assert out.startswith("Messages in doubt: 4, still asked about: 3\n")
    assert "example.com" not in out
    found = json.loads(say("doubts", "--json")[1])
    assert found[2] == {
        "send": 1,
        "journey": "newsletter",
        "message": "thanks",
        "customer": "C1",
        "outlet": "folder",
        "since": "2026-06-15T04:58:00+00:00",
        "why": "no answer within 30 seconds",
        "asked_at": None,
        "known": None,
        "next": "leave",
        "next_at": "2026-06-15T05:13:00+00:00",
    }
    # The oldest first.
    assert [(each["send"], each["next"], each["known"]) for each in found] == [
        (2, "leave", None),
        (3, "nothing", "not in the logs"),
        (1, "leave", None),
        (4, "again", "withdrawn"),
    ]
    assert found[3]["next_at"] == "2026-06-15T05:09:00+00:00"
    for words in (
        "stays as it is, unless word comes before 2026-06-15 07:13",
        "stays as it is, unless word comes before the next look",
        "nothing by itself",
        "goes again with the next look, not before 2026-06-15 07:09",
        "nobody was asked yet",
    ):
        assert words in out
    assert say("doubts", "second_order")[1].startswith("Messages in doubt: 1, still asked about: 1")
    assert [each["send"] for each in json.loads(say("doubts", "3", "--json")[1])] == [3]
    Tiny(house.project.folder).edit(
        "journeys/newsletter.yaml",
        "purpose: advertising",
        "doubt: at_least_once\npurpose: advertising",
    )
    found = json.loads(say("doubts", "newsletter", "--json")[1])
    assert [(each["next"], each["next_at"]) for each in found] == [
        ("again", "2026-06-15T04:45:00+00:00"),
        ("nothing", None),
        ("again", "2026-06-15T05:13:00+00:00"),
    ]


@pytest.mark.briefly("sqlite")
def test_doubts_are_resolved_at_once_where_somebody_asks_for_it(
    say: Say, doubted: Callable[..., int], house: Shop
) -> None:
    doubted(30)
    doubted(30, outlet="gone")
    assert say("doubts", "--resolve") == (
        0,
        "1 asked about: 0 went, 1 go again, 1 stay in doubt; 0 were answered meanwhile, 0 are "
        "asked about again\n",
        "",
    )
    assert rows_of(house.engine, Send, "id", "outcome") == [(1, "queued"), (2, "in_doubt")]


def test_who_has_looked_settles_a_doubt_even_one_that_was_given_up(
    say: Say, doubted: Callable[..., int], house: Shop
) -> None:
    went = doubted(30)
    lost = doubted(30, {"settled_at": NOW, "settled_as": "in_doubt", "known": "not in the logs"})
    assert say("doubts", went, "--accepted") == (0, "Send 1 counts as sent\n", "")
    assert say("doubts", lost, "--send-again") == (0, "Send 2 is in the queue again\n", "")
    assert rows_of(house.engine, Send, "id", "outcome") == [(1, "accepted"), (2, "queued")]
    assert rows_of(house.engine, Doubt, "send_id", "settled_as", "known") == [
        (1, "accepted", "somebody looked: it went"),
        (2, "queued", "not in the logs; somebody looked: it is to go again"),
    ]
    assert say("doubts", went, "--send-again") == (2, "", "doubts  send 1 is not in doubt: sent\n")


def test_a_send_whose_lease_runs_goes_again_only_afterwards(
    say: Say, doubted: Callable[..., int], house: Shop
) -> None:
    number = doubted()
    assert say("doubts", number, "--send-again") == (
        0,
        "Send 1 goes again after 2026-06-15 07:09: until then a process may still be at work on "
        "it\n",
        "",
    )
    assert rows_of(house.engine, Send, "outcome") == ["in_doubt"]
    other = doubted()
    say("doubts", other, "--send-again")
    assert say("doubts", other, "--accepted")[1] == "Send 2 counts as sent\n", "a second thought"
    assert say("doubts", "--resolve", at="2026-06-15T07:09")[1].startswith(
        "0 asked about: 0 went, 1 go again,"
    )
    assert rows_of(house.engine, Send, "id", "outcome") == [(1, "queued"), (2, "accepted")]


def test_nothing_leaves_while_it_is_stopped_and_all_of_it_afterwards(
    typed: Say, store_url: str, tmp_path: Path
) -> None:
    tiny = Tiny(tmp_path / "project")
    tiny.make(store_url)
    with tiny.open() as shop:
        plan(shop, after(-2))
        pull(shop, NOW)
        plan(shop, NOW)
    say = partial(typed, tiny.folder)
    code, out, _ = say("stop", "reassurance", "--why", "Preise")
    assert (code, out.splitlines()[1]) == (
        0,
        "Nachrichten, die dahinter warten: 2, davon schon fällig: 2",
    )
    code, out, _ = say("deliver", "--plain", at="2026-06-15T08:00")
    assert code == 0
    assert (
        "Journey reassurance steht still seit 2026-06-15 07:00: von Hand angehalten (Preise). "
        "Nachrichten, die warten: 2"
    ) in out
    assert not tiny.mails()
    assert {row[0] for row in tiny.rows("send", "outcome")} == {"queued", "skipped"}
    assert say("resume", "reassurance", at="2026-06-15T08:30")[0] == 0
    assert say("deliver", "--plain", at="2026-06-15T09:00")[0] == 0
    assert len(tiny.mails()) == 2
    assert [row[0] for row in tiny.rows("halt", "ended_at")] == [NOW + 90 * MINUTE]
