"""On a phone all is kept where the phone keeps what apps keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.mobile import device


def test_the_folder_is_the_phones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPMOBILE_FOLDER", str(tmp_path / "own"))
    monkeypatch.delenv(device.STORAGE_VARIABLE, raising=False)
    assert device.folder() == tmp_path / "own"
    monkeypatch.setenv(device.STORAGE_VARIABLE, str(tmp_path / "phone"))
    assert device.folder() == tmp_path / "phone"
