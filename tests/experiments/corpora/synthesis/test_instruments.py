"""Notes have the pitch asked for, without clicks and without aliases."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.corpora.synthesis import instruments
from experiments.corpora.synthesis.instruments import RATE_HZ, Instrument


class TestInstruments:
    @pytest.mark.parametrize(
        "play",
        [
            instruments.organ,
            instruments.brass,
            instruments.pad,
            instruments.electric_piano,
            instruments.plucked_string,
            instruments.bass_guitar,
            instruments.synth_bass,
        ],
    )
    @pytest.mark.parametrize("frequency_hz", [82.41, 440.0, 1046.5])
    def test_a_note_has_the_pitch_asked_for(self, play: Instrument, frequency_hz: float) -> None:
        wave = play(frequency_hz, 1.0, np.random.default_rng(1))
        assert np.all(np.isfinite(wave))
        assert 0.3 < np.max(np.abs(wave)) < 2.5
        spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 19))
        around = round(frequency_hz * (1 << 19) / RATE_HZ)
        reach = around // 20
        peak = around - reach + np.argmax(spectrum[around - reach : around + reach])
        # A fifth of a semitone is 1.2%; the pad's voices and the vibrato stay within half.
        assert peak / around == pytest.approx(1, abs=0.006)
        # What lies halfway to the octave is far below: this is a harmonic tone.
        between = spectrum[round(1.4 * around) : round(1.6 * around)]
        assert np.max(between) < 0.1 * np.max(spectrum)

    @pytest.mark.parametrize(
        "play", [instruments.organ, instruments.brass, instruments.pad, instruments.plucked_string]
    )
    def test_a_note_starts_and_ends_without_a_click(self, play: Instrument) -> None:
        wave = play(261.63, 0.5, np.random.default_rng(1))
        assert abs(wave[0]) < 0.05
        assert abs(wave[-1]) < 0.01

    def test_high_notes_do_not_alias(self) -> None:
        wave = instruments.brass(3000.0, 1.0, np.random.default_rng(1))
        spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
        bins_hz = np.arange(len(spectrum)) * RATE_HZ / len(wave)
        harmonic = np.abs(bins_hz / 3000.0 - np.rint(bins_hz / 3000.0)) < 0.05
        assert np.max(spectrum[~harmonic]) < 0.01 * np.max(spectrum)
