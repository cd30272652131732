"""The secrets links are made with: the newest makes, all of them read."""

from pathlib import Path

import pytest

from flows.errors import ConfigError
from flows.settings import SECRET_VARIABLE, link_secrets, secret


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)


def test_one_is_made_once_and_kept_to_ourselves(tmp_path: Path):
    (made,) = link_secrets(tmp_path)
    assert len(made) == 64
    assert link_secrets(tmp_path) == (made,)
    assert secret(tmp_path) == made
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o077 == 0


def test_a_new_one_is_put_before_those_that_go_on_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (old,) = link_secrets(tmp_path)
    file = tmp_path / "var" / "secret.key"
    file.write_text(f"new\n{old.decode()}\n", encoding="utf-8")
    assert link_secrets(tmp_path) == (b"new", old)
    assert secret(tmp_path) == b"new"
    monkeypatch.setenv(SECRET_VARIABLE, " newest  new\t")
    assert link_secrets(tmp_path) == (b"newest", b"new")


def test_an_empty_file_is_told_and_not_replaced(tmp_path: Path):
    link_secrets(tmp_path)
    file = tmp_path / "var" / "secret.key"
    file.write_text(" \n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is empty"):
        link_secrets(tmp_path)
    assert file.read_text(encoding="utf-8") == " \n"
