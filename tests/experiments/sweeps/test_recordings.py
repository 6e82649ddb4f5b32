"""Recordings beside excerpts: in the rows of trials, in decisions, in reports and in promotion."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from rich.console import Console

from experiments.corpora import Corpus, corpus
from experiments.errors import CorpusError, RunError
from experiments.evaluation.stage_cache import StageCache
from experiments.protocol.splits import ROLES
from experiments.report import sentences, tables, worst
from experiments.report.study import load
from experiments.results.run_folder import RunFolder, changed_recordings
from experiments.specs.spec import SweepSpec
from experiments.sweeps.manifest import recordings_asked
from experiments.sweeps.prepared import PreparedSweep, prepare
from experiments.sweeps.promotion import ask_test
from experiments.sweeps.runner import sweep
from experiments.sweeps.tuning import objectives
from fpcore.errors import ConfigError
from tests.experiments import small

HEADING = "file,song,start_s,device,remark"


def _record(source: Corpus, folder: Path) -> Path:
    """Write two recordings of each song and of two strangers, and return their list."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    rows = [HEADING]
    for number, track in enumerate(source.tracks):
        with soundfile.SoundFile(source.path_of(track)) as song:
            for device, start_s in (("phone", 4.0), ("laptop", 9.0)):
                song.seek(round(start_s * song.samplerate))
                heard = song.read(6 * song.samplerate, always_2d=True).mean(axis=1)
                heard += 0.2 * heard.std() * rng.standard_normal(len(heard))
                name = f"{device}-{number}.wav"
                soundfile.write(folder / name, 0.5 * heard / np.abs(heard).max(), song.samplerate)
                place = f"{start_s}" if device == "phone" else ""
                rows.append(f"{name},{track.id},{place},{device},{number}")
    for name in ("humming", "birds"):
        soundfile.write(folder / f"{name}.wav", 0.1 * rng.standard_normal(100_000), 22_050)
        rows.append(f"{name}.wav,none: {name},,phone,")
    path = folder / "recordings.csv"
    path.write_text("\n".join([*rows, ""]))
    return path


@pytest.fixture(scope="module")
def listed(workbench: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _record(corpus(small.CORPUS), tmp_path_factory.mktemp("recordings"))


def _spec(path: Path, **changes: Any) -> SweepSpec:
    content = {"degradations": ["clean"], "fingerprint": {}, "query": {"fan_out": [10]}}
    queries = {"list": str(path), "by": "device"}
    return small.spec(**{**content, "queries": queries, "timed_queries": 0, **changes})


@pytest.fixture(scope="module")
def prepared(listed: Path) -> PreparedSweep:
    return prepare(_spec(listed))


@pytest.fixture(scope="module")
def run(listed: Path) -> RunFolder:
    return sweep(_spec(listed), run="recorded", workers=small.ONE, show=small.silent)


def test_each_half_asks_the_recordings_of_its_own_songs(prepared: PreparedSweep) -> None:
    context = prepared.context
    assert len(context.recordings) == prepared.n_listed == 18
    for role in ROLES:
        indexed, left_out = context.parts.half(role)
        asked = context.recorded(role)
        assert {one.song for one in asked if one.indexed} == {track.id for track in indexed}
        unknown = {one.song for one in asked if not one.indexed} - {""}
        assert unknown == {track.id for track in left_out}
        assert sum(one.song == "" for one in asked) == 1
    assert {one.condition_name for one in context.recordings} == {"device phone", "device laptop"}
    assert {one.clip_s for one in context.recordings} == {6.0}


def test_recordings_of_tuning_songs_stand_in_the_rows_of_a_trial(
    run: RunFolder, prepared: PreparedSweep
) -> None:
    [trial] = run.manifest().trials
    asked = {one.id: one for one in prepared.context.recorded("calibration")}
    rows = run.trial(trial).outcomes.set_index("query")
    found = rows.loc[list(asked)]
    assert len(rows) == len(found) + 2 * small.N_EXCERPTS
    assert found["indexed"].tolist() == [one.indexed for one in asked.values()]
    assert found["condition"].tolist() == [one.condition_name for one in asked.values()]
    assert (found["role"] == "calibration").all()
    positives = found[found["indexed"]]
    assert positives["right"].all()
    placed = positives[positives["condition"] == "device phone"]
    assert (placed["offset_error_s"].abs() < 0.05).all()
    assert placed["same_passage"].all()
    assert positives.loc[positives["condition"] == "device laptop", "start_s"].isna().all()
    # Their strangers are among those that the threshold rests on, masked songs included.
    strangers = run.trial(trial).strangers
    assert strangers is not None
    kinds = strangers[strangers["query"].isin(asked)].groupby("kind")["query"].nunique()
    assert kinds["left out"] == int((~found["indexed"]).sum())
    assert kinds["own song masked"] == len(positives)


def test_promotion_asks_the_recordings_of_test_songs(
    run: RunFolder, prepared: PreparedSweep
) -> None:
    [trial] = run.manifest().trials
    rows = ask_test(prepared.context, run.trial(trial).profile, n_jobs=1, note=small.silent)
    found = rows[rows["condition"].str.startswith("device")]
    assert set(found["query"]) == {one.id for one in prepared.context.recorded("test")}
    assert found.loc[found["indexed"], "right"].all()


def test_recordings_stand_in_ranking_pairs_and_pages(run: RunFolder) -> None:
    found = load([run.path])
    [result] = found.results
    board = tables.leaderboard(found)
    n_asked = len(run.manifest().recordings.asked)  # type: ignore[union-attr]
    assert board["n_queries"].item() == int(result.outcomes["indexed"].sum())
    cells = tables.conditions([result])
    assert {"device laptop", "device phone", "clean"} == set(cells["condition"])
    paired = tables.paired(result, result)
    assert paired.n == int(result.outcomes["indexed"].sum())
    # Places are paired where they are known: not those of the laptop's recordings.
    placed = tables.paired(result, result, metric="same_passage")
    assert placed.n == int((result.outcomes["indexed"] & result.outcomes["start_s"].notna()).sum())
    assert placed.n < paired.n
    told = " ".join(sentences.caveats(found, board))
    assert "9 of the queries are recordings of recordings.csv" in told
    assert n_asked == 18
    [again] = worst.explained(found, result, [next(iter(run.manifest().recordings.asked))])  # type: ignore[union-attr]
    assert again.degraded.duration_s == pytest.approx(6.0, abs=0.01)


def test_optuna_counts_recordings_of_indexed_songs(run: RunFolder) -> None:
    [trial] = run.manifest().trials
    rows = run.trial(trial).outcomes
    threshold = run.trial(trial).decision.threshold
    positives = rows[rows["indexed"]]
    right = positives["right"] & (positives["confidence_probability"] >= threshold)
    assert objectives(run, trial)[0] == pytest.approx(right.mean())
    assert positives["condition"].str.startswith("device").any()


def test_excerpts_are_answered_as_without_recordings(listed: Path, run: RunFolder) -> None:
    """The candidates are; which of them answers is decided with what recordings tell."""
    alone = _spec(listed, queries=None)
    without = sweep(alone, run="unrecorded", workers=small.ONE, show=small.silent)
    [trial] = run.manifest().trials
    tables = [folder.trial(trial).candidates for folder in (run, without)]
    both = tables[0][tables[0]["query"].isin(tables[1]["query"])].reset_index(drop=True)
    assert both.equals(tables[1])


def test_a_spec_without_recordings_leaves_no_trace_of_them(listed: Path, swept: RunFolder) -> None:
    manifest = json.loads((swept.path / "manifest.json").read_text())
    assert "recordings" not in manifest
    assert "queries" not in manifest["spec"]
    assert small.spec(queries=None).digest == small.spec().digest
    assert _spec(listed).digest != small.spec().digest


def test_what_changes_of_a_recording_is_told_by_its_name(
    listed: Path, tmp_path: Path, workbench: Path
) -> None:
    folder = shutil.copytree(listed.parent, tmp_path / "copied")
    spec = _spec(folder / listed.name)
    before = recordings_asked(prepare(spec))
    assert changed_recordings(before, before) == []
    rows = (folder / listed.name).read_text().splitlines()
    rows[1] = rows[1].replace(",4.0,", ",5.0,")
    (folder / listed.name).write_text("\n".join([*rows[:-2], ""]))
    shutil.copy(folder / "humming.wav", folder / "laptop-3.wav")
    now = recordings_asked(prepare(spec))
    told = changed_recordings(before, now)
    assert "the recording laptop-3.wav has other content" in told
    assert "the list has fewer recordings (birds.wav, humming.wav)" in told
    assert "the list says something else of the recording phone-0.wav" in told
    assert "the list has more recordings (birds.wav, humming.wav)" in changed_recordings(
        now, before
    )


def test_a_recording_that_changes_during_the_run_is_named(listed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(listed.parent, tmp_path / "copied")
    spec = _spec(folder / listed.name)
    ready = prepare(spec, cache=StageCache(tmp_path / "stages"))
    [recording, *_] = ready.context.recordings
    soundfile.write(recording.recorded.file, np.full(22_050, 0.1), 22_050)
    with pytest.raises(CorpusError, match=rf"{recording.recorded.name} has other content"):
        ready.context.heard_recording(recording, spec.profiles[0])


def test_a_run_does_not_go_on_with_other_recordings(listed: Path, run: RunFolder) -> None:
    before = listed.read_text()
    try:
        listed.write_text(before.replace("laptop-1.wav", "./laptop-1.wav"))
        with pytest.raises(RunError, match=r"the list has fewer recordings \(laptop-1\.wav\)"):
            sweep(_spec(listed), run=run.path, workers=small.ONE, show=small.silent)
    finally:
        listed.write_text(before)


def test_rows_that_cannot_be_asked_are_told_and_the_others_go_on(
    listed: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(listed.parent, tmp_path / "copied")
    path = folder / listed.name
    soundfile.write(folder / "hush.wav", np.zeros(22_050), 22_050)
    (folder / "notes.wav").write_text("no sound")
    with path.open("a") as stream:
        stream.write("nix.wav,none,,phone,\nhumming.wav,song-9,,phone,\n")
        stream.write("hush.wav,none,,phone,\nnotes.wav,none,,phone,\n")
    said = io.StringIO()
    found = prepare(_spec(path), console=Console(file=said))
    assert len(found.context.recordings) == 18
    assert found.n_listed == 22
    for sentence in (
        "line 20: there is no file nix.wav",
        "line 21: humming.wav is the recording of recordings.csv line 18 once more",
        "line 22: hush.wav is silent throughout",
        "line 23: notes.wav",
        "4 of 22 rows of recordings.csv are not asked",
    ):
        assert sentence in said.getvalue()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("phone-0.wav,song-9,,phone,", "nobody knows the song song-9"),
        ("nix.wav,none,,phone,", "there is no file nix.wav"),
    ],
)
def test_a_list_without_a_usable_recording_is_refused_with_its_first_fault(
    listed: Path, row: str, sentence: str
) -> None:
    path = listed.parent / "faulty.csv"
    path.write_text(f"{HEADING}\n{row}\n")
    with pytest.raises(CorpusError, match=f"no recording of .* can be asked.*{sentence}"):
        prepare(_spec(path), console=Console(file=io.StringIO()))


def test_a_list_of_test_songs_alone_is_refused(listed: Path, prepared: PreparedSweep) -> None:
    [one, *_] = prepared.context.recorded("test")
    path = listed.parent / "late.csv"
    path.write_text(f"{HEADING}\n{one.recorded.name},{one.song or 'none'},,phone,\n")
    with pytest.raises(CorpusError, match="songs of the test half, which no sweep asks"):
        prepare(_spec(path))


def test_columns_that_cannot_be_conditions_are_refused(listed: Path, tmp_path: Path) -> None:
    queries = {"list": str(listed)}
    with pytest.raises(ConfigError, match=r"no column 'devise' .* choose of device, remark"):
        prepare(_spec(listed, queries={**queries, "by": "devise"}))
    with pytest.raises(ConfigError, match="there is no layout 'xml': choose one of csv"):
        _spec(listed, queries={**queries, "layout": "xml"})
    named = {"name": "recordings", "chain": []}
    with pytest.raises(ConfigError, match="a degradation is called recordings"):
        prepare(_spec(listed, degradations=[named]))


def test_recordings_are_one_condition_where_no_column_is_named(listed: Path) -> None:
    found = prepare(_spec(listed, queries=str(listed)))
    assert {one.condition_name for one in found.context.recordings} == {"recordings"}
