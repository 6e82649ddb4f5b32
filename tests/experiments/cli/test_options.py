"""What options say, as commands take it, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.cli.options import read_spec
from tests.experiments.cli.running import fpbench


@pytest.mark.parametrize("name", ["music #1", "été: live", 'say "so"', "🎵"])
def test_a_folder_is_the_named_one_whatever_its_name_means_in_yaml(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec, content = read_spec("fanout", None, f"folder:{name}")
    assert spec.corpus == content["corpus"] == f"folder:{tmp_path / name}"


def test_a_folder_in_the_home_folder_may_be_named_from_there() -> None:
    spec, _ = read_spec("fanout", ["corpus=generated"], "folder:~/music")
    assert spec.corpus == f"folder:{Path.home().resolve() / 'music'}"


@pytest.mark.parametrize(
    ("command", "arguments", "complaint"),
    [
        ("accuracy", ("--jobs", "0"), "no process does no work"),
        ("calibrate", ("--jobs", "0"), "no process does no work"),
        ("accuracy", ("--csv", "/nope/x.csv"), "there is no folder /nope"),
        ("false-alarms", ("--csv", "/nope/x.csv"), "there is no folder /nope"),
        ("false-alarms", ("-o", "/nope/x.png"), "there is no folder /nope"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_measured(
    command: str, arguments: tuple[str, ...], complaint: str
) -> None:
    done = fpbench(command, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert complaint in done.stderr
