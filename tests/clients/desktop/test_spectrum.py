"""Level and spectrogram: tones where and as loud as they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from clients.desktop import spectrum
from clients.desktop.spectrum import Columns, Samples

RATE_HZ = 22_050


def tone(frequency_hz: float, duration_s: float = 1.0, level_db: float = 0.0) -> Samples:
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * time_s)
    return np.round(32767 * wave).astype(np.int16)


@pytest.mark.parametrize("level_db", [0.0, -20.0, -50.0])
def test_the_level_of_a_tone_is_its_rms(level_db: float) -> None:
    told = spectrum.level_db(tone(440, level_db=level_db))
    assert told == pytest.approx(level_db + 20 * math.log10(math.sqrt(0.5)), abs=0.1)


def test_silence_has_the_lowest_level() -> None:
    for samples in (np.zeros(0, np.int16), np.zeros(9, np.int16), tone(440, level_db=-80)):
        assert spectrum.level_db(samples) == spectrum.FLOOR_DB


@pytest.mark.parametrize("frequency_hz", [100.0, 440.0, 3000.0])
def test_a_tone_is_brightest_in_its_band(frequency_hz: float) -> None:
    columns = Columns(RATE_HZ).of(tone(frequency_hz))
    edges = np.geomspace(spectrum.LOWEST_HZ, spectrum.HIGHEST_HZ, spectrum.N_BANDS + 1)
    band = int(np.searchsorted(edges, frequency_hz)) - 1
    width_hz = 1 / (2 * spectrum.COLUMN_S)
    bright = np.flatnonzero(columns[5] == columns[5].max())
    assert min(abs(edges[one] - frequency_hz) for one in bright) < 2 * width_hz + edges[band] / 10


def test_columns_do_not_depend_on_where_blocks_end() -> None:
    samples = tone(700, 0.7)
    whole = Columns(RATE_HZ).of(samples)
    parts = Columns(RATE_HZ)
    cut = [parts.of(samples[first : first + 331]) for first in range(0, len(samples), 331)]
    np.testing.assert_array_equal(np.concatenate(cut), whole)
    assert len(whole) == pytest.approx(0.7 / spectrum.COLUMN_S, abs=2)


def test_a_picture_has_the_newest_column_at_its_right_edge() -> None:
    columns = np.zeros((3, spectrum.N_BANDS), np.uint8)
    columns[2, 0] = 255
    colours = spectrum.palette("#000000", "#ffffff")
    content = spectrum.ppm(columns, colours, width=20, height=spectrum.N_BANDS, step=4)
    head, size, pixels = content.split(b"\n")[0], (spectrum.N_BANDS, 20, 3), content[-20 * 72 * 3 :]
    assert head == b"P6 20 72 255"
    picture = np.frombuffer(pixels, np.uint8).reshape(size)
    expected = np.zeros(size, np.uint8)
    expected[-1, 16:] = 255
    np.testing.assert_array_equal(picture, expected)
    empty = spectrum.ppm(columns[:0], colours, width=2, height=2, step=4)
    assert empty == b"P6 2 2 255\n" + bytes(12)
