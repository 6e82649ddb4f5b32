"""Files that stay: whole or not at all, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import storage


def test_what_is_written_is_read_again_and_only_its_owner_may(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.json"
    assert storage.read_json(path) is None
    storage.write_json(path, {"a": ["é", None, 1.5]})
    assert storage.read_json(path) == {"a": ["é", None, 1.5]}
    assert path.stat().st_mode & 0o077 == 0


def test_a_write_that_fails_leaves_the_file_of_before_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    storage.write_json(path, 1)
    with pytest.raises(TypeError):
        storage.write_json(path, {"a": object()})
    assert storage.read_json(path) == 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_damaged(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(storage.DamagedError, match="not JSON"):
        storage.read_json(path)


def test_files_that_are_set_aside_overwrite_none(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for number in (1, 2):
        path.write_text(str(number))
        assert storage.set_aside(path).read_text() == str(number)
    assert not path.exists()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_DATA_HOME": "/d"}, "/d/fpdesk"),
        ("linux", {}, "/home/me/.local/share/fpdesk"),
        ("darwin", {}, "/home/me/Library/Application Support/fpdesk"),
        ("win32", {"APPDATA": "/a"}, "/a/fpdesk"),
        ("linux", {"FPDESK_FOLDER": "/own"}, "/own"),
    ],
)
def test_the_folder_is_the_platforms(
    platform: str, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "APPDATA", "FPDESK_FOLDER"):
        monkeypatch.delenv(name, raising=False)
    for name, text in {"HOME": "/home/me", **variables}.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr(storage.sys, "platform", platform)
    assert storage.data_folder("fpdesk") == Path(expected)
