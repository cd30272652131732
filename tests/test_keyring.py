"""The secret of links is replaced by a command, and nothing that was sent stops working."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows import tokens
from flows.cli import app
from flows.initial import init
from flows.keyring import Keyring
from flows.settings import SECRET_VARIABLE, link_secrets


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    init(tmp_path / "shop")
    return tmp_path / "shop"


def said(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["--project", str(folder), "secret", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_new_one_makes_links_and_all_read_them_without_a_restart(folder: Path):
    running = Keyring(folder)
    (first,) = running
    sent = tokens.make(first, 7, "advertising")
    told = said(folder, "rotate")
    second, *older = link_secrets(folder)
    assert older == [first]
    assert list(running) == [second, first]
    for secret in (first, second):
        assert secret.decode() not in told
    assert tokens.read(running, sent) == (7, "advertising")
    assert tokens.read(running, tokens.make(second, 8, "advertising")) == (8, "advertising")
    assert (folder / "var" / "secret.key").stat().st_mode & 0o077 == 0
    said(folder, "rotate")
    assert link_secrets(folder)[1:] == (second, first)


def test_a_file_that_is_gone_or_empty_leaves_what_was_known(folder: Path):
    running = Keyring(folder)
    known = list(running)
    file = folder / "var" / "secret.key"
    file.write_text("", encoding="utf-8")
    assert list(running) == known
    file.unlink()
    assert list(running) == known
    assert not file.exists()


def test_what_the_environment_holds_is_left_to_whoever_put_it_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(SECRET_VARIABLE, "newest older")
    told = said(folder, "rotate")
    assert SECRET_VARIABLE in told
    (fresh,) = [word for word in told.split() if len(word) == 64]
    assert not (folder / "var" / "secret.key").exists()
    monkeypatch.setenv(SECRET_VARIABLE, f"{fresh} newest older")
    assert link_secrets(folder) == (fresh.encode(), b"newest", b"older")


def test_they_are_told_apart_without_being_shown(folder: Path):
    said(folder, "rotate")
    told = said(folder, "show")
    assert "var/secret.key" in told
    assert len(told.splitlines()) == 3
    for secret in link_secrets(folder):
        assert secret.decode() not in told
