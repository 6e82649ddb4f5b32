"""What is timed, and what an index costs: on the small corpus, and on numbers of one's own."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.corpora import Corpus, corpus
from experiments.evaluation.context import Context
from experiments.evaluation.index import build_index
from experiments.protocol.queries import by_track
from experiments.results.trial_folder import TrialFolder
from experiments.sweeps import latency
from experiments.sweeps.prepared import prepare
from fpcore.profiles import load_profile
from fpcore.records import StageTimes
from fpcore.store import open_store, segment_folder
from tests.experiments import small

BALANCED = load_profile("balanced")
CONFIG = BALANCED.fingerprint


@pytest.fixture(scope="module")
def context(workbench: Path) -> Context:
    return prepare(small.spec(repeats=2, excerpts={"indexed": 8, "left_out": 8})).context


@pytest.fixture(scope="module")
def database(context: Context, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the small corpus."""
    file = tmp_path_factory.mktemp("index") / "index.db"
    build_index(context, CONFIG, file, n_jobs=1)
    return file


def test_queries_of_the_first_repeat_are_timed_spread_evenly_over_the_plan(
    context: Context,
) -> None:
    first = [query for query in context.queries("calibration") if not query.repeat]
    ids = [query.id for group in by_track(first) for query in group]
    assert len(ids) == 32
    found = latency.recordings(context, CONFIG, 3)
    assert [one.query for one in found] == [ids[0], ids[10], ids[21]]
    assert latency.recordings(context, CONFIG, 0) == []
    assert len(latency.recordings(context, CONFIG, 99)) == 32


def test_a_recording_is_the_query_as_16_bit_wav(context: Context) -> None:
    [recorded] = latency.recordings(context, CONFIG, 1)
    [query] = [one for one in context.queries("calibration") if one.id == recorded.query]
    [clip] = context.clips([query], CONFIG)
    samples, rate_hz = soundfile.read(io.BytesIO(recorded.wav))
    expected = context.recording(clip)
    assert rate_hz == expected.sample_rate_hz
    # Half of a step of 16 bits, and what rounding to it may add.
    np.testing.assert_allclose(samples, expected.samples, atol=1e-4)


def test_every_stage_of_every_recording_takes_time(context: Context, database: Path) -> None:
    recorded = latency.recordings(context, CONFIG, 2)
    [found, nothing] = latency.time_queries(
        [latency.Timed(BALANCED, database, recorded), latency.Timed(BALANCED, database, [])]
    )
    assert tuple(found.columns) == latency.COLUMNS
    assert found["query"].tolist() == [one.query for one in recorded]
    assert (found.drop(columns="query") > 0).all(axis=None)
    assert tuple(nothing.columns) == latency.COLUMNS
    assert nothing.empty


def _timed_by(
    seconds: dict[str, list[float]], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, float], str]:
    """Return the time of each configuration, and in which order they were asked.

    The n-th recognition under each takes the n-th of its seconds.
    """
    order: list[str] = []
    left = {name: iter(times) for name, times in seconds.items()}

    def in_turn(one: latency.Timed) -> list[StageTimes]:
        order.append(one.profile.name)
        took_s = next(left[one.profile.name])
        return [StageTimes(decode_s=0.0, fingerprint_s=0.0, lookup_s=0.0, align_s=took_s)]

    monkeypatch.setattr(latency, "_round", in_turn)
    recorded = [latency.WavQuery("q", b"")]
    named = [BALANCED.model_copy(update={"name": name}) for name in seconds]
    frames = latency.time_queries(
        [latency.Timed(profile, Path("index.db"), recorded) for profile in named]
    )
    return {
        name: float(rows["align_s"].iloc[0]) for name, rows in zip(seconds, frames, strict=True)
    }, "".join(order)


def test_rounds_take_all_configurations_there_and_back_until_times_settle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A busy first round slows both; the second is 1% off, and nothing more is to be gained.
    found, order = _timed_by({"a": [3.0, 1.0, 0.99], "b": [6.0, 2.0, 2.5]}, monkeypatch)
    assert order == "abbaab"
    assert found == {"a": 0.99, "b": 2.0}


def test_times_that_never_settle_end_with_the_last_round(monkeypatch: pytest.MonkeyPatch) -> None:
    falling = [float(10 - n) for n in range(latency.MOST_ROUNDS)]
    found, order = _timed_by({"a": falling}, monkeypatch)
    assert len(order) == latency.MOST_ROUNDS
    assert found == {"a": falling[-1]}


def test_decoding_is_timed_of_tracks_that_give_a_fingerprint(
    workbench: Path, tmp_path: Path
) -> None:
    source = corpus(small.CORPUS)
    assert 0 < latency.time_ingest(source, source.tracks, CONFIG) < 1
    soundfile.write(tmp_path / "silence.wav", np.zeros(5 * 8000), 8000)
    # The preparation of a corpus leaves such a file out, as long as it does not change.
    silence = source.tracks[0].model_copy(update={"path": "silence.wav", "duration_s": 5.0})
    silent = Corpus("silent", tmp_path, (silence,))
    assert math.isnan(latency.time_ingest(silent, silent.tracks, CONFIG))
    assert math.isnan(latency.time_ingest(silent, [], CONFIG))


def test_an_index_costs_its_writing_and_the_decoding_of_its_music(database: Path) -> None:
    with open_store(database, None) as store:
        stats = store.stats()
    costs = latency.index_costs(database, write_s=2.0, extract_s_per_s=0.01)
    assert (costs["n_songs"], costs["n_postings"]) == (stats.n_songs, stats.n_postings)
    files = [database, *segment_folder.path_of(database).glob("*.segment")]
    assert len(files) == 2
    assert costs["file_bytes"] == sum(file.stat().st_size for file in files)
    assert costs["build_s"] == pytest.approx(2.0 + 0.01 * stats.duration_s)
    assert costs["postings_per_s"] == pytest.approx(stats.n_postings / stats.duration_s)


def test_what_was_not_measured_is_nothing_in_the_file_and_reads_back_as_nan(
    database: Path, tmp_path: Path
) -> None:
    costs = latency.index_costs(database, write_s=2.0, extract_s_per_s=math.nan)
    assert (costs["build_s"], costs["ingest_x_real_time"]) == (None, None)
    latency.write_costs(costs, tmp_path / "index.json")
    read = TrialFolder(tmp_path).index
    assert math.isnan(read["build_s"])
    assert read["file_bytes"] == costs["file_bytes"]
