"""What is heard in the lessons: excerpts, two tones and two clicks, a constellation, players."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.corpora import Corpus, Track
from experiments.errors import CorpusError
from fpcore.records import Peaks, Signal
from notebooks.lessons.sounds import constellation_sound, excerpt, player, tones_and_clicks
from tests.notebooks.lessons.material import CONFIG, RATE_HZ, SILENCE, sine, song


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """One track of four seconds."""
    soundfile.write(tmp_path / "a.wav", song().samples, RATE_HZ, subtype="FLOAT")
    track = Track(id="a", group="", path="a.wav", checksum="1", duration_s=4.0, work="a")
    return Corpus("mine", tmp_path, (track,))


def test_an_excerpt_is_that_part_of_the_track(corpus: Corpus) -> None:
    found = excerpt(corpus, 0, start_s=1.0, duration_s=3.0)
    np.testing.assert_array_equal(found.samples, song().samples[RATE_HZ : 4 * RATE_HZ])
    assert found.sample_rate_hz == RATE_HZ


@pytest.mark.parametrize(
    ("number", "start_s", "message"),
    [
        (1, 0.0, "mine has no track 1: choose one from 0 to 0"),
        (-1, 0.0, "mine has no track -1"),
        (0, 1.5, "a lasts 4.0 s, so 3 s cannot start at 1.5 s: start earlier"),
    ],
)
def test_an_excerpt_that_there_is_not_is_refused(
    number: int, start_s: float, message: str, corpus: Corpus
) -> None:
    with pytest.raises(CorpusError, match=message):
        excerpt(corpus, number, start_s=start_s, duration_s=3.0)


def test_the_tones_lie_where_asked_and_the_clicks_half_way() -> None:
    sound = tones_and_clicks(tones_hz=(1000.0, 1030.0), gap_s=0.03)
    assert sound.duration_s == 2.0
    clicks = np.flatnonzero(sound.samples == 1)
    assert (clicks / sound.sample_rate_hz).tolist() == pytest.approx([1.0, 1.03], abs=1e-4)
    level = np.abs(np.fft.rfft(sound.samples[: sound.sample_rate_hz]))  # a bin every hertz
    assert sorted(np.argsort(level)[-2:].tolist()) == [1000, 1030]
    # An amplitude of 0.1 is -20 dB re full scale.
    assert level[1000] * 2 / sound.sample_rate_hz == pytest.approx(0.1, rel=0.01)


def test_a_constellation_beeps_at_the_time_and_frequency_of_each_peak_the_higher_the_louder() -> (
    None
):
    frame, bin_ = np.array([20, 60], np.int32), np.array([100, 300], np.int32)
    peaks = Peaks(frame, bin_, np.array([30, 20], np.float32), np.zeros(2, np.float32))
    sound = constellation_sound(peaks, CONFIG, duration_s=4.0)
    assert (sound.duration_s, np.max(np.abs(sound.samples))) == (4.0, pytest.approx(0.9, rel=0.01))
    heard = []
    for one in range(2):
        start = round(frame[one] * CONFIG.hop_s * RATE_HZ)
        beep = sound.samples[start : start + round(0.12 * RATE_HZ)]
        spectrum = np.abs(np.fft.rfft(beep, RATE_HZ))
        assert np.argmax(spectrum) == pytest.approx(bin_[one] * CONFIG.bin_hz, abs=2)
        heard.append(np.max(np.abs(beep)))
    assert 20 * np.log10(heard[0] / heard[1]) == pytest.approx(10, abs=0.2)
    first = round(frame[0] * CONFIG.hop_s * RATE_HZ)
    assert not np.any(sound.samples[:first])


def test_no_peaks_are_silence_and_late_ones_are_left_out() -> None:
    none = np.empty(0, np.int32)
    empty = Peaks(none, none, none.astype(np.float32), none.astype(np.float32))
    late = Peaks(
        np.array([1000], np.int32), np.array([100], np.int32), *np.zeros((2, 1), np.float32)
    )
    for peaks in (empty, late):
        assert not np.any(constellation_sound(peaks, CONFIG, duration_s=1.0).samples)


@pytest.mark.parametrize(("signal", "peak"), [(sine(440.0), 1.0), (SILENCE, 0.0)])
def test_a_player_is_at_full_scale_and_silence_stays_silent(signal: Signal, peak: float) -> None:
    samples, rate_hz = soundfile.read(io.BytesIO(player(signal).data))
    assert (rate_hz, len(samples)) == (signal.sample_rate_hz, len(signal.samples))
    assert np.max(np.abs(samples)) == pytest.approx(peak, abs=1e-3)
