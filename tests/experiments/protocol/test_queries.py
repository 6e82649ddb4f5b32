"""Which recordings are asked about: those that are long enough, in turn, the same every time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.corpora import Corpus, Track
from experiments.degradations import Condition, conditions, degrade
from experiments.degradations.config import Recording
from experiments.errors import CorpusError
from experiments.protocol.excerpts import Excerpt, pick_excerpts
from experiments.protocol.queries import Query, by_track, clip, degraded, excerpts_of, plan
from experiments.seeds import seeded_rng
from fpcore.errors import ConfigError
from fpcore.records import Signal

CONDITIONS = conditions(["clean", "white-0db"])


def _tracks(durations_s: list[float], kind: str = "indexed") -> list[Track]:
    return [
        Track(
            id=f"{kind}-{number}",
            group="g",
            path=f"{kind}-{number}.wav",
            checksum=f"{number:064x}",
            duration_s=duration_s,
            work=f"{kind}-{number}",
        )
        for number, duration_s in enumerate(durations_s)
    ]


def _asked(
    indexed: list[Track], left_out: list[Track] | None = None, *, n: int = 6, seed: int = 0
) -> list[Query]:
    return plan(
        indexed,
        left_out or [],
        conditions=CONDITIONS,
        clip_lengths_s=(3.0, 8.0),
        n_indexed=n,
        n_left_out=n if left_out else 0,
        seed=seed,
    )


def test_only_tracks_as_long_as_the_longest_clip_are_asked_about() -> None:
    durations_s = [2.0, 8.0, 7.99, 60.0, 5.0]
    asked = _asked(_tracks(durations_s), _tracks(durations_s, "left-out"), n=20)
    # Shorter clips are beginnings of the longest: no shorter track is asked for them either.
    assert {query.track.id for query in asked} == {
        "indexed-1", "indexed-3", "left-out-1", "left-out-3",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["indexed", "left-out"])
def test_a_group_without_a_long_track_is_named(kind: str) -> None:
    long, short = _tracks([60.0, 60.0]), _tracks([7.9, 3.0], kind)
    groups = (short, long) if kind == "indexed" else (long, short)
    with pytest.raises(CorpusError, match=rf"^no {kind} track lasts 8 s: take shorter clips"):
        _asked(*groups)


def test_every_track_is_asked_before_any_is_asked_again() -> None:
    asked = _asked(_tracks([60.0] * 4), n=10)
    excerpts = {(query.track.id, query.number) for query in asked}
    assert len(excerpts) == 10
    per_track = Counter(track for track, _ in excerpts)
    assert sorted(per_track.values()) == [2, 2, 3, 3]
    for track, n in per_track.items():
        assert {number for one, number in excerpts if one == track} == set(range(n))


def test_each_excerpt_is_asked_at_all_lengths_and_under_all_conditions_once() -> None:
    asked = _asked(_tracks([60.0] * 4), _tracks([60.0] * 3, "left-out"), n=5)
    assert len(asked) == 2 * 5 * 2 * 2
    assert len({query.id for query in asked}) == len(asked)
    assert {query.id.split("/", 1)[1] for query in asked} == {
        "3s/clean", "3s/white-0db", "8s/clean", "8s/white-0db",
    }  # fmt: skip
    assert all(query.indexed == query.track.id.startswith("indexed") for query in asked)


def test_which_tracks_are_asked_once_more_follows_from_the_seed() -> None:
    tracks = _tracks([60.0] * 10)
    chosen = [
        tuple(sorted({query.track.id for query in _asked(tracks, n=3, seed=seed)}))
        for seed in range(8)
    ]
    assert len(set(chosen)) > 4
    assert _asked(tracks, n=3, seed=5) == _asked(tracks, n=3, seed=5)


def test_tracks_are_asked_in_the_order_that_the_seed_draws() -> None:
    tracks = _tracks([60.0] * 10)
    asked = [query.track for query in _asked(tracks, n=10, seed=5)]
    order = seeded_rng(5, "rounds").permutation(10)
    assert list(dict.fromkeys(asked)) == [tracks[number] for number in order]


def test_a_plan_of_a_repeat_asks_the_same_under_names_of_its_own() -> None:
    def of(repeat: int) -> list[Query]:
        return plan(
            _tracks([60.0] * 3),
            [],
            conditions=CONDITIONS,
            clip_lengths_s=(3.0,),
            n_indexed=4,
            n_left_out=0,
            seed=0,
            repeat=repeat,
        )

    assert of(2) == [replace(query, repeat=2) for query in of(0)]


def test_nothing_is_asked_of_a_group_without_queries() -> None:
    assert _asked([], n=0) == []
    assert all(query.indexed for query in _asked(_tracks([60.0])))


def test_queries_come_by_track_in_the_order_of_their_ids() -> None:
    asked = _asked(_tracks([60.0] * 3), n=7)
    groups = list(by_track(reversed(asked)))
    assert [{query.track.id for query in group} for group in groups] == [
        {"indexed-0"}, {"indexed-1"}, {"indexed-2"},
    ]  # fmt: skip
    ids = [query.id for group in groups for query in group]
    assert ids == sorted(ids)
    assert Counter(ids) == Counter(query.id for query in asked)


def test_repeats_come_one_after_the_other_each_by_track() -> None:
    first = _asked(_tracks([60.0] * 2), n=2)
    again = [replace(query, repeat=1) for query in first]
    groups = list(by_track([*again, *first]))
    assert [(group[0].repeat, group[0].track.id) for group in groups] == [
        (0, "indexed-0"), (0, "indexed-1"), (1, "indexed-0"), (1, "indexed-1"),
    ]  # fmt: skip
    assert all(query.id == f"{query.drawn_as}~1" for query in again)
    assert all(query.id == query.drawn_as for query in first)


# What is heard

RATE_HZ = 8000
NOISE = Signal(np.random.default_rng(4).standard_normal(20 * RATE_HZ).astype(np.float32), RATE_HZ)


def test_excerpts_follow_from_the_seed_the_corpus_and_the_track() -> None:
    [track, other] = _tracks([20.0, 20.0])
    corpus = Corpus("folder:music", Path(), (track, other))
    found = excerpts_of(corpus, track, NOISE, n=3, longest_s=5.0, seed=7)
    rng = seeded_rng(7, "excerpts", "folder", "indexed-0")
    assert found == pick_excerpts(NOISE, track_id="indexed-0", n=3, duration_s=5.0, rng=rng)
    assert found != excerpts_of(corpus, track, NOISE, n=3, longest_s=5.0, seed=8)
    elsewhere = replace(corpus, name="folder:elsewhere")
    assert found == excerpts_of(elsewhere, track, NOISE, n=3, longest_s=5.0, seed=7)
    starts = [one.start_s for one in excerpts_of(corpus, other, NOISE, n=3, longest_s=5.0, seed=7)]
    assert starts != [one.start_s for one in found]


def test_a_clip_is_the_beginning_of_its_excerpt_and_a_copy() -> None:
    excerpt = Excerpt("indexed-0", 2.5, 8.0)
    short = clip(NOISE, excerpt, 3.0)
    assert short.sample_rate_hz == RATE_HZ
    np.testing.assert_array_equal(short.samples, NOISE.samples[20_000:44_000])
    assert not np.shares_memory(short.samples, NOISE.samples)


def test_a_clip_is_degraded_as_its_query_says_by_its_own_noise() -> None:
    asked = _asked(_tracks([60.0]), n=2)
    clean = clip(NOISE, Excerpt("indexed-0", 0.0, 3.0), 3.0)
    noisy = [query for query in asked if query.condition.name == "white-0db"]
    heard = [degraded(clean, query, sources={}, seed=5) for query in noisy]
    for query, signal in zip(noisy, heard, strict=True):
        rng = seeded_rng(5, "degrade", query.drawn_as)
        expected = degrade(clean, query.condition.chain, rng=rng, sources={})
        np.testing.assert_array_equal(signal.samples, expected.samples)
    assert len({signal.samples.tobytes() for signal in heard}) == len(noisy)


def test_a_condition_draws_from_the_sources_that_are_given() -> None:
    [query, *_] = _asked(_tracks([60.0]))
    chain = (Recording(source="rain", snr_db=0.0),)
    in_rain = replace(query, condition=Condition(name="rain", chain=chain))
    with pytest.raises(ConfigError, match=r"source 'rain', which is not given \(given: street\)"):
        degraded(NOISE, in_rain, sources={"street": []}, seed=5)
