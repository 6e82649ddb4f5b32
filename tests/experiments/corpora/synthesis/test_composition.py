"""Composed songs: their length, their variety, their parts and their structure."""

from __future__ import annotations

import functools
from collections import defaultdict
from itertools import combinations

import numpy as np

from experiments.corpora import generated
from experiments.corpora.synthesis.composition import Score, compose


@functools.cache
def scores() -> list[Score]:
    return [compose(np.random.default_rng((generated.VERSION, i))) for i in range(60)]


class TestComposition:
    def test_songs_last_from_half_a_minute_to_a_minute(self) -> None:
        durations_s = [score.n_beats * score.beat_s for score in scores()]
        assert min(durations_s) > 30
        assert max(durations_s) <= 58

    def test_songs_differ_in_tempo_tuning_and_drumming(self) -> None:
        made = scores()
        assert np.ptp([score.tempo_bpm for score in made]) > 60
        assert np.ptp([score.tuning_cents for score in made]) > 60
        with_drums = sum(bool(score.hits) for score in made)
        assert 30 < with_drums < 60

    def test_every_part_plays_within_its_register_and_the_song(self) -> None:
        registers = {"bass": (24, 60), "chords": (48, 96), "pad": (48, 96), "melody": (48, 96)}
        for score in scores():
            for part, (low, high) in registers.items():
                for note in score.notes[part]:
                    assert low <= note.pitch <= high
                    assert 0 <= note.start_beat < score.n_beats
                    assert 0 < note.n_beats <= 8
                    assert 0 < note.velocity <= 1

    def test_sections_come_back_varied_but_recognisable(self) -> None:
        returned = []
        for score in scores():
            tunes: dict[float, set[tuple[float, int]]] = defaultdict(set)
            for note in score.notes["melody"]:
                place, beat = divmod(note.start_beat, score.section_beats)
                tunes[place].add((round(beat, 3), note.pitch))
            shares = [len(a & b) / len(a | b) for a, b in combinations(tunes.values(), 2)]
            returned.append(max(shares))
        assert min(returned) > 0.5
        assert np.median(returned) < 1.0
