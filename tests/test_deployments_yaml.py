"""config/deployments.yaml is read with file and line, and told in words."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.deploying import deploy, entries_of
from flows.deployments import Deployments, business_zone, load_deployments
from flows.entries import as_text, from_text
from flows.errors import ConfigError
from flows.initial import init
from flows.shipping import shipped


@pytest.fixture
def project(tmp_path: Path) -> Path:
    init(tmp_path / "shop")
    return tmp_path / "shop"


def written(project: Path, text: str) -> Path:
    (project / "config" / "deployments.yaml").write_text(text, encoding="utf-8")
    return project


def test_what_is_shipped_runs_by_itself(project: Path) -> None:
    _, entries = entries_of(project)
    by_name = {entry.name: entry for entry in entries}
    assert {entry.runs for entry in entries} == {
        "daily",
        "deliver",
        "respond",
        "suppressions",
        "measure",
        "digest",
        "retention",
        "preview",
    }
    assert {entry.zone for entry in entries} == {"Europe/Berlin"}
    assert [name for name, entry in by_name.items() if not entry.cron] == ["preview"]
    assert [name for name, entry in by_name.items() if entry.poll] == [
        "what-came-back",
        "lists-hourly",
    ]
    assert by_name["weekday-morning"].parameters == {"dry_run": False}
    for entry in entries:
        assert (shipped() / "flows" / f"{entry.runs}.py").is_file()


def test_a_description_says_what_when_and_where_to_change_it(project: Path) -> None:
    _, entries = entries_of(project)
    told = {entry.name: entry.description for entry in entries}
    assert told["weekday-morning"].startswith("Holt die Kundendaten herein")
    assert "**Montag bis Freitag um 08:30 (Europe/Berlin).**" in told["weekday-morning"]
    assert "`config/deployments.yaml`" in told["weekday-morning"]
    assert "**Nur von Hand: *Run* wählen.**" in told["preview"]


def test_what_is_switched_off_says_so(project: Path) -> None:
    written(
        project,
        "zone: America/New_York\ndeployments:\n  - name: at-night\n    runs: measure\n"
        '    cron: "0 2 * * *"\n    enabled: false\n    description: Did it help?\n',
    )
    _, (entry,) = entries_of(project)
    assert not entry.enabled
    assert entry.description.startswith(
        "Did it help?\n\n**Abgeschaltet; sonst täglich um 02:00 (America/New_York).**"
    )


def test_everything_wrong_is_said_at_once_with_its_line(project: Path) -> None:
    written(
        project,
        "zone: Europe/Berln\ndeployments:\n  - name: Morning\n    runs: dayly\n"
        '    cron: "30 25 * * *"\n  - runs: measure\n    crom: "0 2 * * *"\n    name: x\n',
    )
    with pytest.raises(ConfigError) as raised:
        entries_of(project)
    said = [f"{fault.place}:{fault.line} {fault.what}" for fault in raised.value.faults]
    assert [line.split(" ")[0] for line in said] == [
        f"config/deployments.yaml:{number}" for number in (1, 3, 4, 5, 7)
    ]
    assert '"Europe/Berln" is not a time zone' in said[0]
    assert '"25" is no hour: write 0 to 23, or *' in said[3]
    assert 'Did you mean "cron"?' in said[4]


def test_a_name_is_given_once(project: Path) -> None:
    one = "  - name: morning\n    runs: daily\n"
    written(project, f"deployments:\n{one}{one}")
    _, faults = load_deployments(project)
    assert [(fault.line, fault.what) for fault in faults] == [
        (4, '"morning" is the name of another deployment already')
    ]
    written(project, f"at_once: 0\ndeployments:\n{one}{one}  - name: Two Words\n    runs: daily\n")
    _, faults = load_deployments(project)
    assert [(fault.line, fault.what.partition(". ")[0]) for fault in faults] == [
        (1, "at_once: 0 does not go; write at least 1"),
        (5, '"morning" is the name of another deployment already'),
        (7, 'name: "Two Words" is no name'),
    ]
    assert faults[2].what.endswith("Write small letters, digits and - only, a letter first")


def test_a_pool_is_called_as_prefect_can_call_it(project: Path) -> None:
    written(project, "pool: two words\ndeployments: []\n")
    _, faults = load_deployments(project)
    assert [fault.what for fault in faults] == [
        'pool: "two words" is no name. Write letters, digits, - and _ only'
    ]


def test_a_wrong_time_stops_no_run_that_is_under_way(project: Path) -> None:
    from flows.config import load

    written(project, 'deployments:\n  - name: x\n    runs: daily\n    cron: "nine"\n')
    read = load(project)
    assert read.deployments == Deployments()
    assert [fault.place for fault in read.broken] == ["config/deployments.yaml"]


def test_without_the_file_nothing_starts(project: Path) -> None:
    (project / "config" / "deployments.yaml").unlink()
    assert entries_of(project)[1] == []


def test_entries_are_handed_on_whole(project: Path) -> None:
    _, entries = entries_of(project)
    assert from_text(as_text(entries)) == entries


def test_the_day_is_due_when_an_enabled_daily_run_is() -> None:
    def of(**more: object) -> Deployments:
        return Deployments.model_validate(
            {"deployments": [{"name": "x", "runs": "daily", "cron": "30 8 * * 1-5", **more}]}
        )

    friday, monday = datetime(2026, 5, 8, 5, tzinfo=UTC), datetime(2026, 5, 11, 12, tzinfo=UTC)
    assert [f"{m:%a %H:%M}" for m in of().daily_moments("Europe/Berlin", friday, monday)] == [
        "Fri 06:30",
        "Mon 06:30",
    ]
    assert list(of(enabled=False).daily_moments("Europe/Berlin", friday, monday)) == []
    assert list(of(runs="measure").daily_moments("Europe/Berlin", friday, monday)) == []


def test_the_business_zone_is_read_alone(project: Path) -> None:
    assert business_zone(project) == "Europe/Berlin"
    policy = project / "config" / "policy.yaml"
    text = policy.read_text("utf-8").replace("zone: Europe/Berlin", "zone: Asia/Tokyo")
    policy.write_text(text, encoding="utf-8")
    assert business_zone(project) == "Asia/Tokyo"
    shutil.rmtree(project / "config")
    assert business_zone(project) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("lambda", None), '"lambda" is no type of pool. Write process, docker, kubernetes'),
        (("docker", None), "a docker pool starts containers: say which image"),
        (("process", None), "is not set, so nobody knows which server is meant"),
    ],
)
def test_deploying_says_what_is_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, str | None], said: str
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(ConfigError) as raised:
        deploy(project, None, *asked)
    assert said in str(raised.value)


def test_how_long_a_run_may_take_is_written_or_known(project: Path) -> None:
    written(
        project,
        "deployments:\n"
        "  - {name: morning, runs: daily, longest: 2 hours}\n"
        "  - {name: evening, runs: daily, longest: 30 minutes}\n"
        "  - {name: letters, runs: deliver}\n",
    )
    found, faults = load_deployments(project)
    assert not faults
    asked = [("daily", "evening"), ("daily", ""), ("deliver", "letters"), ("respond", "x")]
    assert [str(found.longest_of(*each)) for each in asked] == [
        "30 minutes",
        "2 hours",
        "6 hours",
        "30 minutes",
    ]
    assert found.longest_of("plan") is None
    written(project, "deployments:\n  - {name: morning, runs: daily, longest: 2}\n")
    _, (fault,) = load_deployments(project)
    assert (fault.line, '"2" is not a span of time' in fault.what) == (2, True)


def test_a_named_project_has_deployments_of_its_own(project: Path) -> None:
    _, before = entries_of(project)
    file = project / "config" / "deployments.yaml"
    file.write_text(f"project: north\n{file.read_text('utf-8')}", encoding="utf-8")
    _, entries = entries_of(project)
    assert [entry.name for entry in entries] == [f"north-{entry.name}" for entry in before]
    assert {entry.project for entry in entries} == {"north"}
    assert load_deployments(project)[0].longest_of("daily", "north-weekday-morning") is not None
    # Without a name it is known by its house and its store, the password left out.
    assert len({entry.project for entry in before}) == 1
    settings = project / "config" / "settings.yaml"
    text = settings.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace("project: north\n", ""), encoding="utf-8")
    known = []
    for store in ("postgresql://a:1@db/shop", "postgresql://a:2@db/shop", "SHOP_STORE"):
        settings.write_text(
            "\n".join(
                f"store: {store}" if row.startswith("store:") else row for row in text.split("\n")
            ),
            encoding="utf-8",
        )
        known.append(entries_of(project)[1][0].project)
    assert known[0] == known[1] != known[2]
