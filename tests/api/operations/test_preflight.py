"""What cannot be served is one sentence, before anything is started."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from api.operations import preflight
from api.settings import Settings
from fpcore.config import FingerprintConfig
from fpcore.errors import FpError
from fpcore.store import open_store


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("FPAPI_DATABASE", "notes.txt", "notes.txt"),
        ("FPAPI_DATABASE", "missing/index.db", "missing/index.db"),
        ("FPAPI_PROFILE", "nosuch", "cannot read profile 'nosuch'"),
        ("FPAPI_KEEP_AUDIO", "notes.txt/kept", "FPAPI_KEEP_AUDIO: notes.txt/kept: "),
        ("FPAPI_TEMP_FOLDER", "missing", "FPAPI_TEMP_FOLDER: missing: No such file"),
        ("FPAPI_HOST", "203.0.113.7", "FPAPI_HOST and FPAPI_PORT: cannot serve at 203.0.113.7:"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(
    variable: str, value: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.txt").write_text("no database, " * 100)
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({"FPAPI_PORT": "0", variable: value})
    with pytest.raises(FpError, match=re.escape(sentence)) as refusal:
        preflight.check(settings)
    assert "\n" not in str(refusal.value)


def test_an_index_made_under_another_configuration_is_refused(tmp_path: Path) -> None:
    with open_store(tmp_path / "index.db", FingerprintConfig(), create=True):
        pass
    with pytest.raises(FpError, match="was made with another configuration"):
        preflight.check(Settings(database=tmp_path / "index.db", profile="balanced", port=0))


def test_what_can_be_served_has_its_index_and_its_folder_afterwards(tmp_path: Path) -> None:
    settings = Settings(
        database=tmp_path / "index.db",
        keep_audio=tmp_path / "deep" / "kept",
        temp_folder=tmp_path,
        port=0,
    )
    preflight.check(settings)
    assert settings.database.is_file()
    assert list((tmp_path / "deep" / "kept").iterdir()) == []


def test_a_port_that_was_tried_is_free_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = Settings(database=tmp_path / "index.db", port=port)
    for _ in range(2):
        preflight.check(settings)
    with socket.create_server(("127.0.0.1", port)) as taken:
        assert taken.getsockname()[1] == port
