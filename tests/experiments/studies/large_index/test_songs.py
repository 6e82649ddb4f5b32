"""Songs of a large index: real ones, synthetic ones that are spread alike, and clips."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.corpora import Corpus, corpus
from experiments.degradations.config import White
from experiments.studies.large_index.songs import (
    clips,
    fill,
    real_songs,
    synthetic_songs,
    tokens_of,
)
from fpcore import pipeline
from fpcore.audio import load
from fpcore.profiles import load_profile
from fpcore.records import LongArray
from fpcore.stages.hashing import pack, unpack
from fpcore.store import Entry, open_store
from tests.experiments import small

CONFIG = load_profile("balanced").fingerprint
RATE_HZ = CONFIG.sample_rate_hz
FIRST_BIN, LAST_BIN = CONFIG.first_bin, CONFIG.first_bin + CONFIG.n_bins - 1


@pytest.fixture(scope="module")
def source(workbench: Path) -> Corpus:
    return corpus(small.CORPUS)


def pool() -> LongArray:
    """Return tokens of a few bins near both ends of the band."""
    rng = np.random.default_rng(0)
    ends = [FIRST_BIN, FIRST_BIN + 1, LAST_BIN - 1, LAST_BIN]
    f1, f2 = rng.choice(ends, (2, 500)).astype(np.int32)
    return pack(f1, f2, rng.integers(0, 3, 500), CONFIG)


def synthetic(n_songs: int, *, seed: int = 1, duration_s: float = 30.0) -> list[Entry]:
    rng = np.random.default_rng(seed)
    return list(synthetic_songs(pool(), CONFIG, rng, n_songs, duration_s=duration_s))


def test_real_songs_are_those_of_the_corpus_fingerprinted(source: Corpus) -> None:
    song, hashes, constellation = next(iter(real_songs(source, CONFIG)))
    track = source.tracks[0]
    assert (song.name, song.checksum) == (track.id, track.checksum)
    assert song.duration_s == pytest.approx(track.duration_s, abs=0.01)
    samples = load(source.path_of(track), sample_rate_hz=RATE_HZ).samples
    expected = pipeline.fingerprint([samples], CONFIG)
    np.testing.assert_array_equal(hashes.token, expected.hashes.token)
    np.testing.assert_array_equal(constellation.frame, expected.constellation.frame)


def test_tokens_are_those_of_all_songs_in_their_order() -> None:
    first, second = synthetic(2)
    both = tokens_of(iter([second, first]))
    np.testing.assert_array_equal(both, [*second[1].token, *first[1].token])


def test_synthetic_songs_have_as_many_hashes_a_second_as_real_ones_in_the_same_regions() -> None:
    [(song, hashes, peaks)] = synthetic(1)
    assert song.duration_s == 30.0
    n_a_second = len(hashes.token) / song.duration_s
    assert n_a_second == pytest.approx(10 * CONFIG.pairs.fan_out)
    f1, f2, dt = unpack(hashes.token, CONFIG)
    for bins in (f1, f2):
        assert (bins.min(), bins.max()) == (FIRST_BIN, LAST_BIN)
        # Nothing is moved farther than 20 bins from the ends that the pool holds.
        assert not np.any((bins > FIRST_BIN + 21) & (bins < LAST_BIN - 21))
    assert (dt.min(), dt.max()) == (0, 3)
    assert len(set(hashes.token.tolist())) > len(set(pool().tolist()))
    assert np.all(np.diff(hashes.frame) >= 0)
    assert hashes.frame.max() < round(30.0 / CONFIG.hop_s)
    in_order = np.lexsort((peaks.bin, peaks.frame))
    np.testing.assert_array_equal(in_order, np.arange(len(peaks)))
    assert peaks.paired.sum() == len(hashes.token) / CONFIG.pairs.fan_out


def test_synthetic_songs_follow_from_the_generator_and_differ() -> None:
    first, again, other = synthetic(2), synthetic(2), synthetic(2, seed=2)
    for (song, hashes, _), (same, hashes_again, _) in zip(first, again, strict=True):
        assert song == same
        np.testing.assert_array_equal(hashes.token, hashes_again.token)
    assert not np.array_equal(first[0][1].token, first[1][1].token)
    assert not np.array_equal(first[0][1].token, other[0][1].token)
    checksums = {song.checksum for song, *_ in [*first, *other]}
    assert len(checksums) == 4


@pytest.mark.parametrize("n_songs", [0, -3])
def test_no_synthetic_songs_are_made_where_none_are_wanted(n_songs: int) -> None:
    assert synthetic(n_songs) == []


def test_a_store_is_filled_in_batches_and_tells_its_size_after_each(tmp_path: Path) -> None:
    told: list[int] = []
    made = iter(synthetic(7, duration_s=2.0))
    with open_store(tmp_path / "index.db", CONFIG, create=True) as store:
        fill(store, itertools.islice(made, 5), told.append, batch_songs=2)
        assert told == [2, 4, 5]
        fill(store, made, told.append, batch_songs=2)
        fill(store, [], told.append)
        assert told == [2, 4, 5, 7]
        assert store.n_songs() == 7


def test_clips_are_passages_of_songs_that_are_long_enough_the_same_each_time(
    source: Corpus,
) -> None:
    found = list(clips(source, RATE_HZ, n=2, duration_s=3.0))
    assert found == list(clips(source, RATE_HZ, n=2, duration_s=3.0))
    for wav, track in zip(found, source.tracks[::4], strict=True):
        samples, rate_hz = soundfile.read(io.BytesIO(wav), dtype="float32")
        assert (rate_hz, samples.shape) == (RATE_HZ, (3 * RATE_HZ,))
        song = load(source.path_of(track), sample_rate_hz=RATE_HZ).samples
        place = np.argmin(np.abs(song[: -len(samples)] - samples[0]))
        assert place >= 0
    longest = max(track.duration_s for track in source.tracks)
    assert list(clips(source, RATE_HZ, n=2, duration_s=longest + 1)) == []


def test_clips_are_heard_through_the_degradations(source: Corpus) -> None:
    one = replace(source, tracks=source.tracks[:1])
    [clean] = clips(one, RATE_HZ, n=1, duration_s=3.0)
    [noisy] = clips(one, RATE_HZ, n=1, duration_s=3.0, chain=(White(snr_db=0.0),))
    heard = [soundfile.read(io.BytesIO(wav))[0] for wav in (clean, noisy)]
    ratio = np.std(heard[1] - heard[0]) / np.std(heard[0])
    assert ratio == pytest.approx(1.0, abs=0.2)
