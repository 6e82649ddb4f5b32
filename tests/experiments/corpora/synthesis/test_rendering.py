"""Scores become sound: notes at their time and pitch, at one level, the same for equal seeds."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.corpora.synthesis.composition import Hit, Note, Score
from experiments.corpora.synthesis.instruments import RATE_HZ, Samples
from experiments.corpora.synthesis.rendering import ROOM, TAIL_S, TIMING_ERROR_S, render


def score(*, tuning_cents: float = 0.0, hits: tuple[Hit, ...] = (), **parts: list[Note]) -> Score:
    """Return four beats of half a second."""
    notes: dict[str, list[Note]] = {"melody": [], "chords": [], "bass": [], "pad": [], **parts}
    return Score(120.0, tuning_cents, 4.0, 4.0, notes, [*hits])


def rendered(written: Score, *, n_channels: int = 1, seed: int = 0) -> Samples:
    return render(written, n_channels=n_channels, rng=np.random.default_rng(seed))


BASS = [Note(start_beat=2.0, n_beats=1.0, pitch=45, velocity=0.9)]


@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_score_is_as_long_as_its_beats_and_a_tail_and_peaks_at_0_9(n_channels: int) -> None:
    samples = rendered(score(bass=BASS), n_channels=n_channels)
    assert samples.shape == (round((4 * 0.5 + TAIL_S) * RATE_HZ), n_channels)
    assert np.max(np.abs(samples)) == pytest.approx(0.9)


def test_a_note_sounds_at_its_beat() -> None:
    samples = rendered(score(bass=BASS))[:, 0]
    start_s = np.flatnonzero(np.abs(samples) > 1e-4)[0] / RATE_HZ
    # An attack of some milliseconds comes on top of the player's own error.
    assert 1.0 - TIMING_ERROR_S <= start_s <= 1.0 + TIMING_ERROR_S + 0.005


def test_a_drum_is_struck_at_its_beat_and_softer_strokes_are_softer() -> None:
    strokes = (Hit(1.0, "snare", 1.0), Hit(3.0, "snare", 0.5))
    samples = rendered(score(hits=strokes))[:, 0]
    loud, soft = (
        np.std(samples[round(at_s * RATE_HZ) :][: round(0.2 * RATE_HZ)]) for at_s in (0.5, 1.5)
    )
    assert np.max(np.abs(samples[: round(0.49 * RATE_HZ)])) == 0
    assert 1.5 < loud / soft < 3


@pytest.mark.parametrize("tuning_cents", [-40.0, 0.0, 40.0])
def test_notes_have_the_pitch_of_the_score_in_its_tuning(tuning_cents: float) -> None:
    note = Note(start_beat=0.0, n_beats=4.0, pitch=57, velocity=0.9)
    samples = rendered(score(bass=[note], tuning_cents=tuning_cents))[:, 0]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 19))
    found_hz = np.argmax(spectrum) * RATE_HZ / (1 << 19)
    # MIDI 57 is an octave below 440 Hz; a cent is 0.06%.
    assert found_hz == pytest.approx(220 * 2 ** (tuning_cents / 1200), rel=0.003)


def test_a_bass_stands_in_the_middle_and_its_echoes_come_from_alternating_sides() -> None:
    left, right = rendered(score(bass=BASS), n_channels=2).T
    np.testing.assert_array_equal(left, right)  # equal channels have equal echoes
    melody = [Note(2.0, 1.0, 69, 0.9)]
    left, right = rendered(score(melody=melody), n_channels=2).T
    direct = slice(round(1.0 * RATE_HZ), round((1.0 + ROOM[0][0]) * RATE_HZ) - 500)
    assert np.std(left[direct]) != pytest.approx(np.std(right[direct]), rel=0.05)


def test_equal_seeds_give_equal_sound_and_others_another_player() -> None:
    written = score(bass=BASS, melody=[Note(0.0, 2.0, 60, 0.8)])
    first = rendered(written, seed=1)
    np.testing.assert_array_equal(first, rendered(written, seed=1))
    assert not np.array_equal(first, rendered(written, seed=2))
