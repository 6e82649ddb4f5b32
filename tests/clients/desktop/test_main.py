"""The command ``fpdesk`` before there is any window."""

from __future__ import annotations

from importlib import metadata

import pytest

from clients.desktop.__main__ import main


def test_the_version_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["fpdesk", "--version"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert capsys.readouterr().out == f"fpdesk {metadata.version('fpworkbench')}\n"
