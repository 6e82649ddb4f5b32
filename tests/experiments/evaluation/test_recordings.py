"""Recordings whose song is known: rows like those of excerpts, from an index of their songs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from experiments.corpora import Corpus, corpus
from experiments.errors import CorpusError
from experiments.evaluation.recordings import COLUMNS, RecordingRows, ask_corpus, ask_database
from experiments.evaluation.rows import Answers
from experiments.metrics import overall, summary
from experiments.metrics.paired import compare
from experiments.progress import Step
from experiments.protocol.recordings import KnownSongs, QuerySet, read_queries
from fpcore.library import Library
from fpcore.profiles import load_profile
from tests.experiments import recorded

PROFILE = load_profile("balanced")
THRESHOLD = PROFILE.decision.threshold


@pytest.fixture(scope="module")
def folder(source: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("recordings")
    recorded.record(source, made)
    return made


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return []


@pytest.fixture(scope="module")
def asked(source: Corpus, folder: Path, steps: list[Step]) -> RecordingRows:
    found = read_queries(folder / "recordings.csv", KnownSongs.of_corpus(source))
    assert found.faults == ()
    return ask_corpus(found, PROFILE, source, n_jobs=1, show=steps.append)


def test_the_rows_are_those_of_excerpts_and_a_column_for_each_group(
    asked: RecordingRows, answers: Answers
) -> None:
    assert set(COLUMNS) == set(answers.outcomes.columns)
    assert list(asked.outcomes.columns) == [*COLUMNS, "device", "distance"]
    rows = asked.outcomes
    for name in COLUMNS:
        assert rows[name].dtype.kind == answers.outcomes[name].dtype.kind, name
    assert set(rows["role"]) == {"test"}
    assert set(rows["condition"]) == {"recorded"}
    assert set(rows["clip_s"]) == {recorded.LENGTH_S}
    assert (rows[["decode_s", "fingerprint_s", "lookup_s", "align_s"]] > 0).all(axis=None)
    assert asked.faults == ()
    assert asked.notes == ()


def test_a_row_says_what_is_true_of_the_answer(asked: RecordingRows) -> None:
    rows = asked.outcomes.assign(name=asked.outcomes["query"].str.partition("@")[0])
    rows = rows.set_index("name")
    accepted = rows["probability"] >= THRESHOLD
    for name, track in (("phone-0.wav", 0), ("laptop-0.wav", 0), ("phone-1.wav", 1)):
        row = rows.loc[name]
        assert row["answer"] == row["track"] == row["work"] == f"song-000{track}.flac"
        assert row["right"]
        assert accepted[name]
    assert abs(rows.loc["phone-0.wav", "offset_error_s"]) < 0.05
    assert rows.loc["phone-0.wav", "same_passage"]
    # One that is listed at a wrong place is answered at the right one.
    assert rows.loc["laptop-0.wav", "offset_error_s"] == pytest.approx(recorded.OFF_BY_S, abs=0.05)
    assert not rows.loc["laptop-0.wav", "same_passage"]
    unplaced = rows.loc["phone-1.wav"]
    assert np.isnan(unplaced["start_s"])
    assert np.isnan(unplaced["offset_error_s"])
    assert not unplaced["same_passage"]
    assert not accepted["deaf-2.wav"]
    mislabelled = rows.loc["mislabelled-3.wav"]
    assert mislabelled["answer"] == "song-0004.flac"
    assert mislabelled["indexed"]
    assert not mislabelled["right"]
    stranger = rows.loc["stranger.wav"]
    assert not stranger["indexed"]
    assert not accepted["stranger.wav"]
    assert (stranger["track"], stranger["work"]) == ("", "none: stranger.wav")


def test_metrics_and_paired_tests_work_on_the_rows_as_they_are(asked: RecordingRows) -> None:
    rows = asked.outcomes
    counted = overall(rows, THRESHOLD)
    assert counted.loc["accepted_right", ["n_right", "n"]].tolist() == [3, 5]
    assert counted.loc["wrong_name", ["n_right", "n"]].tolist() == [1, 5]
    assert counted.loc["false_accept", ["n_right", "n"]].tolist() == [0, 1]
    assert set(summary(rows, THRESHOLD)["condition"]) == {"recorded"}
    worse = rows.assign(probability=rows["probability"].where(rows["device"] != "laptop", 0.0))
    paired = compare(rows, worse, thresholds=(THRESHOLD, THRESHOLD), rng=np.random.default_rng(0))
    assert (paired.n, paired.n_unpaired, paired.n_works) == (5, 0, 4)
    assert (paired.only_a, paired.only_b, paired.both) == (1, 0, 2)


def test_progress_goes_forward_on_one_scale(
    asked: RecordingRows, steps: list[Step], source: Corpus
) -> None:
    assert len(steps) == len(source.tracks) + len(asked.outcomes)
    assert len({step.n_total for step in steps}) == 1
    done = [step.n_done for step in steps]
    assert done == sorted(done)
    assert done[-1] == steps[-1].n_total
    assert steps[0].label == f"learning tracks, 1 of {len(source.tracks)}"
    assert steps[-1].label == f"asking, {len(asked.outcomes)} of {len(asked.outcomes)}"


def test_a_group_must_not_have_the_name_of_a_column(source: Corpus, folder: Path) -> None:
    path = recorded.listed(folder, "taken.csv", ())
    path.write_text("file,song,votes\nphone-0.wav,song-0000,3\n")
    found = read_queries(path, KnownSongs.of_corpus(source))
    with pytest.raises(CorpusError, match=r"taken\.csv has a column 'votes', which rows have"):
        ask_corpus(found, PROFILE, source, n_jobs=1)


@pytest.fixture(scope="module")
def repeating(
    workbench: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Corpus, KnownSongs, QuerySet, Path]:
    """A song whose first eight seconds come again, and a recording that is listed at both."""
    folder = tmp_path_factory.mktemp("repeating")
    rate_hz, rng = recorded.RATE_HZ, np.random.default_rng(3)
    time_s = np.arange(rate_hz // 4) / rate_hz
    first, second = (
        np.sin(2 * np.pi * rng.uniform(200, 4000, (32, 1)) * time_s).ravel() for _ in range(2)
    )
    music = folder / "music"
    music.mkdir()
    soundfile.write(music / "loop.wav", 0.5 * np.concatenate([first, second, first]), rate_hz)
    heard = first[rate_hz : 7 * rate_hz]
    heard = heard + 0.3 * rng.standard_normal(len(heard))
    soundfile.write(folder / "heard.wav", 0.3 * heard, rate_hz)
    (folder / "r.csv").write_text("file,song,start_s,condition\nheard.wav,loop,1,room\n")
    source = corpus(f"folder:{music}")
    known = KnownSongs.of_corpus(source)
    found = read_queries(folder / "r.csv", known)
    [query] = found.queries
    twice = replace(found, queries=(query, replace(query, start_s=17.0)))
    return source, known, twice, folder


def test_an_exact_repeat_of_the_place_is_as_right(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path],
) -> None:
    source, _, found, _ = repeating
    rows = ask_corpus(found, PROFILE, source, n_jobs=1).outcomes
    assert rows["right"].all()
    # The answer is the same both times, so it is at one of the places and not at the other.
    assert sorted(rows["offset_error_s"].abs().round().tolist()) == [0.0, 16.0]
    assert rows["same_passage"].all()
    assert set(rows["condition"]) == {"room"}
    assert list(rows.columns) == list(COLUMNS)


def test_a_database_answers_the_same_without_knowing_repeats(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path],
) -> None:
    source, _, found, folder = repeating
    database = folder / "music.db"
    with Library.open(database, PROFILE, create=True) as library:
        library.learn(source.path_of(source.tracks[0]))
        known = KnownSongs.of_store(library.store)
    [song] = known.by_id.values()
    queries = tuple(replace(query, song=song, work=song.work) for query in found.queries)
    broken = replace(queries[0], place="r.csv line 9", file=folder / "r.csv")
    asked = ask_database(
        replace(found, queries=(*queries, broken)), PROFILE, database, known, n_jobs=1
    )
    rows = asked.outcomes
    assert rows["answer"].tolist() == ["loop", "loop"]
    assert rows["right"].all()
    assert rows["same_passage"].tolist() == (rows["offset_error_s"].abs() < 0.05).tolist()
    assert sorted(rows["same_passage"]) == [False, True]
    [fault] = asked.faults
    assert fault.kind == "no audio"
    assert fault.sentence.startswith("r.csv line 9: ")
    assert "is not audio" in fault.sentence


def test_a_recording_that_is_cut_off_is_asked_and_noted(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path],
) -> None:
    source, _, found, folder = repeating
    whole = (folder / "heard.wav").read_bytes()
    cut = folder / "cut.wav"
    cut.write_bytes(whole[: len(whole) // 2])
    query = replace(found.queries[0], file=cut)
    asked = ask_corpus(replace(found, queries=(query,)), PROFILE, source, n_jobs=1)
    assert asked.outcomes["right"].tolist() == [True]
    [note] = asked.notes
    assert note.startswith("r.csv line 2: heard.wav: decoded 3.0 of 6.0 s: the recording is cut")


def test_nothing_that_can_be_heard_gives_no_rows(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path],
) -> None:
    source, _, found, folder = repeating
    query = replace(found.queries[0], file=folder / "r.csv")
    asked = ask_corpus(replace(found, queries=(query,)), PROFILE, source, n_jobs=1)
    assert isinstance(asked.outcomes, pd.DataFrame)
    assert len(asked.outcomes) == 0
    assert len(asked.faults) == 1
