"""The index of a corpus: whose songs are in it, and that it does not depend on who makes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.corpora import Corpus
from experiments.evaluation import index
from experiments.evaluation.context import Context
from experiments.evaluation.index import build_index
from experiments.progress import Step
from experiments.protocol.plan import Plan
from fpcore import pipeline
from fpcore.audio import load
from fpcore.profiles import load_profile
from fpcore.store import open_store

CONFIG = load_profile("balanced").fingerprint


@pytest.fixture
def context(source: Corpus, plan: Plan) -> Context:
    return Context.of(source, plan)


def peaks_of(database: Path) -> dict[str, list[tuple[int, int]]]:
    """Return frame and bin of all peaks of each song, in the order of the songs."""
    with open_store(database, CONFIG) as store:
        songs = store.songs()
        found = store.constellations([song.id for song in songs])
        return {
            song.name: list(
                zip(found[song.id].frame.tolist(), found[song.id].bin.tolist(), strict=True)
            )
            for song in songs
        }


def test_the_songs_of_the_plan_are_learned_under_their_ids(
    context: Context, tmp_path: Path
) -> None:
    steps: list[Step] = []

    def note(step: Step) -> None:
        steps.append(step)

    build_index(context, CONFIG, tmp_path / "index.db", n_jobs=1, show=note)
    with open_store(tmp_path / "index.db", CONFIG) as store:
        songs = {song.name: song for song in store.songs()}
    assert set(songs) == {track.id for track in context.parts.indexed}
    for track in context.parts.indexed:
        assert songs[track.id].checksum == track.checksum
        assert songs[track.id].duration_s == pytest.approx(track.duration_s, abs=1e-3)
    assert steps == [Step("learning tracks", n, len(songs)) for n in range(1, len(songs) + 1)]


def test_what_is_learned_from_the_cache_is_what_the_file_gives(
    context: Context, tmp_path: Path
) -> None:
    [track, *_] = context.corpus.tracks
    build_index(context, CONFIG, tmp_path / "index.db", tracks=[track], n_jobs=1)
    samples = load(context.corpus.path_of(track), sample_rate_hz=CONFIG.sample_rate_hz).samples
    expected = pipeline.fingerprint([samples], CONFIG).hashes
    with open_store(tmp_path / "index.db", CONFIG) as store:
        postings = store.lookup(np.unique(expected.token))
        assert store.n_songs() == 1
        assert store.stats().n_postings == len(expected.token) == len(postings.frame)


def test_an_index_is_the_same_whatever_the_batches_it_was_written_in(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = context.corpus.tracks[:5]
    build_index(context, CONFIG, tmp_path / "one.db", tracks=tracks, n_jobs=1)
    monkeypatch.setattr(index, "BATCH_SONGS", 2)
    build_index(context, CONFIG, tmp_path / "two.db", tracks=tracks, n_jobs=1)
    one, two = (peaks_of(tmp_path / name) for name in ("one.db", "two.db"))
    assert list(one) == list(two) == [track.id for track in tracks]
    assert one == two


def test_what_look_ups_read_is_in_one_piece(context: Context, tmp_path: Path) -> None:
    build_index(context, CONFIG, tmp_path / "index.db", n_jobs=1)
    with open_store(tmp_path / "index.db", CONFIG) as store:
        made, n_songs = store.snapshot(), store.n_songs()
    assert made is not None
    assert (made.n_songs, made.n_newer, made.refusal) == (n_songs, 0, None)
    assert len(list(made.path.glob("*.segment"))) == 1
