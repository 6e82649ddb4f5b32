"""The folder that packages are built of holds all that the app needs, and nothing else of ours."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from clients.mobile.pack import main, pack

START = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
import flet
begun = []
flet.run = begun.append
runpy.run_path(sys.argv[1] + "/main.py")
assert begun, "the app was not run"
ours = {name for name in sys.modules if name.startswith(("clients", "fpcore", "api"))}
print(sys.modules["clients.mobile.app"].__file__, *ours)
"""


def test_the_app_starts_from_the_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    pack(folder)
    done = subprocess.run(
        [sys.executable, "-P", "-c", START, str(folder)],
        cwd=tmp_path,
        env={"PATH": "", "PYTHONPATH": ""},
        check=True,
        capture_output=True,
        text=True,
    )
    place, *ours = done.stdout.split()
    assert Path(place).is_relative_to(folder)
    assert "clients.rest" in ours
    assert not any(one.startswith(("clients.desktop", "fpcore", "api")) for one in ours)
    assert not (folder / "clients" / "desktop").exists()
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["tool"]["flet"]["android"]["permission"]["android.permission.RECORD_AUDIO"]
    assert "NSMicrophoneUsageDescription" in project["tool"]["flet"]["ios"]["info"]


def test_nothing_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pack", str(tmp_path)])
    assert main() == 1
    assert "is there already" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
