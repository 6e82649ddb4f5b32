"""Recordings whose song is known: rows like those of excerpts, from an index of their songs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import soundfile

from experiments.corpora import Corpus, corpus
from experiments.errors import CorpusError
from experiments.evaluation import index, recordings
from experiments.evaluation.recordings import COLUMNS, RecordingRows, ask_corpus, ask_database
from experiments.evaluation.rows import Answers
from experiments.folders import CACHE_VARIABLE
from experiments.metrics import overall, summary
from experiments.metrics.paired import compare
from experiments.progress import Step
from experiments.protocol.recordings import (
    KnownSong,
    KnownSongs,
    QuerySet,
    RecordedQuery,
    read_queries,
)
from experiments.workers import Workers
from fpcore.library import Library
from fpcore.profiles import load_profile
from fpcore.records import Match, StageTimes
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
    with pytest.raises(
        CorpusError,
        match=r"^taken\.csv has a column 'votes', which rows have for something else: call it",
    ):
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


@pytest.fixture(scope="module")
def learned(repeating: tuple[Corpus, KnownSongs, QuerySet, Path]) -> tuple[Path, KnownSongs]:
    """A database of that song, and the song as it is known there."""
    source, _, _, folder = repeating
    database = folder / "music.db"
    with Library.open(database, PROFILE, create=True) as library:
        library.learn(source.path_of(source.tracks[0]))
        return database, KnownSongs.of_store(library.store)


def test_a_database_answers_the_same_without_knowing_repeats(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path], learned: tuple[Path, KnownSongs]
) -> None:
    _, _, found, folder = repeating
    database, known = learned
    [song] = known.by_id.values()
    queries = tuple(replace(query, song=song, work=song.work) for query in found.queries)
    broken = replace(queries[0], place="r.csv line 9", file=folder / "r.csv")
    steps: list[Step] = []
    asked = ask_database(
        replace(found, queries=(*queries, broken)),
        PROFILE,
        database,
        known,
        n_jobs=1,
        show=steps.append,
    )
    assert steps == [Step("asking", n_done, 3) for n_done in (1, 2, 3)]
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
    both = replace(found, queries=(query, found.queries[0]))
    asked = ask_corpus(both, PROFILE, source, n_jobs=1)
    assert asked.outcomes["right"].tolist() == [True, True]
    [note] = asked.notes
    assert note.startswith("r.csv line 2: heard.wav: decoded 3.0 of 6.0 s: the recording is cut")


def test_what_is_heard_is_the_likeliest_answer_its_hashes_and_notes(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path],
    learned: tuple[Path, KnownSongs],
    tmp_path: Path,
) -> None:
    _, _, found, _ = repeating
    samples, rate_hz = soundfile.read(found.queries[0].file)
    soundfile.write(tmp_path / "reversed.wav", np.column_stack([samples, -samples]), rate_hz)
    soundfile.write(tmp_path / "silence.wav", np.zeros(2 * rate_hz), rate_hz)
    with Library.open(learned[0], PROFILE) as library:
        heard = recordings._heard(library, tmp_path / "reversed.wav")
        trace = library.align(tmp_path / "reversed.wav")
        silence = recordings._heard(library, tmp_path / "silence.wav")
    assert isinstance(heard, recordings._Heard)
    assert heard.best == trace.matches[0]
    assert heard.n_hashes == len(trace.query.hashes) > 100
    assert heard.duration_s == pytest.approx(6.0)
    assert heard.notes == ("6.0 s were mixed with channel 2 reversed, or the channels cancel out",)
    assert isinstance(silence, recordings._Heard)
    assert (silence.best, silence.n_hashes, silence.notes) == (None, 0, ())


def test_songs_out_of_the_cache_weigh_less_in_progress(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, _, found, _ = repeating
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    for name, weight_s in (("_ASKED_S", 1.0), ("_LEARNED_S", 0.5), ("_RELEARNED_S", 0.25)):
        monkeypatch.setattr(recordings, name, weight_s)
    for learned_s in (12, 6):  # the song lasts 24 s
        steps: list[Step] = []
        ask_corpus(found, PROFILE, source, n_jobs=1, show=steps.append)
        n_total = 100 * (learned_s + 2)
        assert [(step.n_done, step.n_total) for step in steps] == [
            (n_total - 200, n_total),
            (n_total - 100, n_total),
            (n_total, n_total),
        ]


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many processes were asked for; what they are to do is done in this one."""
    counts: list[int] = []

    def processes(n_jobs: int) -> joblib.Parallel:
        counts.append(n_jobs)
        return joblib.Parallel(n_jobs=1, return_as="generator")

    def workers(n_jobs: int) -> Workers:
        counts.append(n_jobs)
        return Workers(1)

    monkeypatch.setattr(index, "processes", processes)
    monkeypatch.setattr(recordings, "processes", processes)
    monkeypatch.setattr(recordings, "Workers", workers)
    return counts


def test_many_processes_answer_as_one_in_the_order_of_the_list(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path],
    learned: tuple[Path, KnownSongs],
    asked_for: list[int],
) -> None:
    source, _, found, folder = repeating
    database, known = learned
    no_sound = replace(found.queries[0], file=folder / "r.csv")
    three = replace(found, queries=(found.queries[0], no_sound, found.queries[1]))
    alone, of_database, of_corpus = (
        ask_database(three, PROFILE, database, known, n_jobs=1),
        ask_database(three, PROFILE, database, known, n_jobs=3),
        ask_corpus(three, PROFILE, source, n_jobs=3),
    )
    recordings._opened.cache_clear()
    assert asked_for == [1, 3, 3, 3, 3, 3]
    assert alone.outcomes["start_s"].tolist() == [1.0, 17.0]
    for many in (of_database, of_corpus):
        assert many.faults == alone.faults
        for name in ("start_s", "probability", "votes", "offset_s", "n_hashes"):
            assert many.outcomes[name].tolist() == alone.outcomes[name].tolist()


def test_a_database_is_asked_with_the_decision_of_the_profile_that_asks(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path], learned: tuple[Path, KnownSongs]
) -> None:
    _, _, found, _ = repeating
    decision = PROFILE.decision.model_copy(update={"intercept": -1000.0})
    doubting = PROFILE.model_copy(update={"decision": decision})
    rows = ask_database(found, doubting, *learned, n_jobs=1).outcomes
    assert rows["answer"].tolist() == ["loop", "loop"]
    assert (rows["probability"] < 1e-6).all()


def test_nothing_that_can_be_heard_gives_no_rows(
    repeating: tuple[Corpus, KnownSongs, QuerySet, Path],
) -> None:
    source, _, found, folder = repeating
    query = replace(found.queries[0], file=folder / "r.csv")
    asked = ask_corpus(replace(found, queries=(query,)), PROFILE, source, n_jobs=1)
    assert isinstance(asked.outcomes, pd.DataFrame)
    assert len(asked.outcomes) == 0
    assert list(asked.outcomes.columns) == list(COLUMNS)
    assert len(asked.faults) == 1


LOOP, LIVE, OTHER = (
    KnownSong(name, work, 24.0)
    for name, work in (("loop", "loop"), ("loop, live", "loop"), ("other", "other"))
)
KNOWN = KnownSongs(((song, (), ()) for song in (LOOP, LIVE, OTHER)), {8: LIVE})


def _row_of(
    answer: KnownSong | None,
    *,
    number: int = 7,
    offset_s: float = 0.0,
    start_s: float = 0.0,
    song: KnownSong | None = LOOP,
) -> dict[str, Any]:
    """Return the row of a recording of 2.6 s that is answered so."""
    query = RecordedQuery(
        *("r.csv line 2", "a.wav", Path("a.wav"), "0123456789ab", song, "a work"),
        start_s,
        {"condition": "", "device": "phone"},
    )
    best = Match(number, answer.id, offset_s, 40, 0.75, 0.0) if answer else None
    heard = recordings._Heard(best, StageTimes(1.0, 2.0, 3.0, 4.0), 500, 2.6, ())
    return recordings._row(query, heard, KNOWN, None)


def test_a_row_holds_what_was_asked_and_what_was_answered() -> None:
    told = {"query": "a.wav@01234567", "track": "loop", "work": "a work", "condition": "recorded"}
    told |= {"clip_s": 3.0, "start_s": 5.0, "indexed": True, "role": "test", "device": "phone"}
    told |= {"decode_s": 1.0, "fingerprint_s": 2.0, "lookup_s": 3.0, "align_s": 4.0}
    told |= {"n_hashes": 500}
    found = {"answer": "loop", "probability": 0.75, "votes": 40, "offset_s": 5.5, "right": True}
    found |= {"offset_error_s": 0.5, "same_passage": False}
    assert _row_of(LOOP, offset_s=5.5, start_s=5.0) == told | found
    nothing = {"answer": "", "probability": 0.0, "votes": 0, "offset_s": 0.0, "right": False}
    nothing |= {"offset_error_s": pytest.approx(math.nan, nan_ok=True), "same_passage": False}
    assert _row_of(None, start_s=5.0) == told | nothing
    stranger = _row_of(LOOP, song=None)
    assert (stranger["track"], stranger["indexed"], stranger["right"]) == ("", False, False)


def test_an_answer_is_the_song_of_its_number_and_otherwise_of_its_name() -> None:
    assert _row_of(OTHER, number=8)["answer"] == "loop, live"
    assert _row_of(OTHER, number=7)["answer"] == "other"


def test_a_part_of_the_work_is_shown_on_the_scale_of_the_whole() -> None:
    shown: list[Step] = []
    show_part = recordings._part_of(shown.append, 20.0, done_s=5.0, part_s=10.0)
    for n_done in (1_000, 2_000):
        show_part(Step("asking", n_done, 2_000))
    assert shown == [
        Step("asking, 1,000 of 2,000", 1_000, 2_000),  # 5 s and half of 10 s, of 20 s
        Step("asking, 2,000 of 2,000", 1_500, 2_000),
    ]
    recordings._part_of(shown.append, 0.001, done_s=0.0, part_s=0.001)(Step("asking", 1, 1))
    assert shown[-1] == Step("asking, 1 of 1", 1, 1)
