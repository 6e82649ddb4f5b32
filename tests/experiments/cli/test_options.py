"""What options say, as commands take it."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.cli.options import read_spec


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
