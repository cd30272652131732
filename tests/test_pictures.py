"""Pictures by command: which files, what is said of them, and what is refused."""

from pathlib import Path

import pytest

from flows.errors import ConfigError
from flows.pictures import write_pictures
from flows.reporting.subjects import Format, Subject
from segments.names import Locale
from tests.small import copied, stored

OF_ALL = {"effects.svg", "quadrants.svg", "phases.svg", "not-sent.svg"}


def draw(folder: Path, out: Path | None = None, **wanted: object) -> None:
    write_pictures(folder, out, Format.SVG, "2024-11-07", **wanted)  # type: ignore[arg-type]


def test_every_picture_has_a_file_and_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(tmp_path, Locale.EN)
    draw(folder)
    written = folder / "var" / "pictures"
    files = {file.name for file in written.iterdir()}
    assert files >= OF_ALL
    assert "funnel-newsletter.svg" in files
    assert "effect-newsletter.svg" in files
    said = capsys.readouterr().out.splitlines()
    assert said[::2] == [str(written / Path(line).name) for line in said[::2]]
    assert {Path(line).name for line in said[::2]} == files
    assert all(line.startswith("  ") and len(line) > 20 for line in said[1::2])
    assert "Funnel of the journey Monthly letter: began the journey:" in "\n".join(said)


def test_drawing_again_gives_the_same_bytes_and_leaves_the_store_alone(tmp_path: Path) -> None:
    folder = copied(tmp_path, Locale.EN)
    draw(folder, tmp_path / "one")
    before = stored(folder)
    draw(folder, tmp_path / "two")
    assert stored(folder) == before
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_one_journey_or_one_subject_alone(tmp_path: Path) -> None:
    folder = copied(tmp_path, Locale.EN)
    draw(folder, tmp_path / "journey", journey="second_order")
    draw(folder, tmp_path / "subject", only=Subject.PHASES)
    draw(folder, tmp_path / "both", journey="newsletter", only=Subject.FUNNEL)
    names = {out: sorted(file.name for file in (tmp_path / out).iterdir()) for out in
             ("journey", "subject", "both")}  # fmt: skip
    assert names == {
        "journey": ["effect-second-order.svg", "funnel-second-order.svg"],
        "subject": ["phases.svg"],
        "both": ["funnel-newsletter.svg"],
    }


def test_what_cannot_be_drawn_is_refused_with_what_can(tmp_path: Path) -> None:
    folder = copied(tmp_path, Locale.EN)
    with pytest.raises(ConfigError, match=r'no journey "newsleter".*newsletter'):
        draw(folder, journey="newsleter")
    with pytest.raises(ConfigError, match=r'"phases" of one journey\. Write effect or funnel'):
        draw(folder, journey="newsletter", only=Subject.PHASES)
    assert not (folder / "var" / "pictures").exists()
