"""Run folders: their manifest, their names, and that one process alone runs into them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from experiments.errors import RunError
from experiments.results.run_folder import FORMAT, RunFolder, run_folder, run_names
from tests.experiments.holding import held


def test_a_manifest_is_replaced_whole_and_reads_back(swept: RunFolder, tmp_path: Path) -> None:
    manifest = swept.manifest()
    other = RunFolder(tmp_path / "other")
    other.write_manifest(manifest)
    assert other.manifest() == manifest
    assert [path.name for path in other.path.iterdir()] == ["manifest.json"]


def test_a_manifest_says_on_what_and_with_what_it_ran(swept: RunFolder) -> None:
    manifest = swept.manifest()
    assert manifest.corpus == "generated:8"
    assert len(manifest.corpus_checksum) == 64
    assert sum(manifest.split_sizes.values()) == 8
    assert {"numpy", "scikit-learn", "algorithm"} <= set(manifest.versions)
    assert manifest.host["n_cores"] == os.cpu_count()
    assert manifest.finished is not None
    assert manifest.swept["t000-fanout3-qfanout10"] == {
        "fingerprint.pairs.fan_out": 3,
        "query.fan_out": 10,
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"format": 99}', f"written in format 99, this version reads {FORMAT}"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        (f'{{"format": {FORMAT}}}', "is damaged at run"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(RunError, match=sentence):
        RunFolder(tmp_path).manifest()


def test_a_manifest_that_was_changed_is_refused_and_one_without_a_checksum_is_read(
    swept: RunFolder, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    run.write_manifest(swept.manifest())
    file = run.path / "manifest.json"
    content = json.loads(file.read_text())
    content["swept"]["t000-fanout3-qfanout10"]["query.fan_out"] = 11
    file.write_text(json.dumps(content))
    with pytest.raises(RunError, match="is not as it was written: remove the folder"):
        run.manifest()
    del content["checksum"]
    file.write_text(json.dumps(content))
    assert run.manifest().swept["t000-fanout3-qfanout10"]["query.fan_out"] == 11


def test_a_run_that_is_not_there_is_told_with_those_that_are(swept: RunFolder) -> None:
    assert "swept" in run_names()
    with pytest.raises(RunError, match=r"no run 'nothing'.*swept"):
        run_folder("nothing").manifest()


@pytest.mark.parametrize("name", ["", "a b", "-x", "a\nb"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(RunError, match="cannot name a run"):
        run_folder(name)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = RunFolder(tmp_path / "file" / "run")
    with pytest.raises(RunError, match=r"cannot write .*file.*: Not a directory"), run.locked():
        pass


def test_only_one_process_runs_into_a_folder_and_a_killed_one_frees_it(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    assert run.holder() is None
    with held(run) as holder:
        assert run.holder() == holder.pid
        with pytest.raises(RunError, match="being run by another process"), run.locked():
            pass
        holder.kill()
        holder.wait()
        assert run.holder() is None
    with run.locked():
        assert run.holder() == os.getpid()
