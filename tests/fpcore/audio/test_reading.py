"""Odd files of every container: what is heard of each, when, and what is told of it.

Each row makes a file from 6 s of sound by a real encoder and a fault. The table says how long the
recording is, what is told of it, and which part of the sound must be heard at which time.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy.signal import correlate

from fpcore import audio
from fpcore.errors import AudioError
from fpcore.records import Cut
from tests import audio_files
from tests.fpcore.audio.material import Make
from tests.odd_files import faults
from tests.odd_files.kinds import encoded

RATE_HZ = 48_000
SOUND_S = 6.0


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def tagged(content: bytes) -> bytes:
    return faults.ID3V2 + content + faults.ID3V1


class Row(NamedTuple):
    """A file by kind and fault, its length, what is told, and which second is heard at which."""

    kind: str
    fault: Callable[[bytes], bytes]
    length_s: float
    told: tuple[str, ...] = ()
    heard: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    refused: str = ""


DAMAGED = "is damaged or cut off after"
INSIDE = "is cut off inside a frame, after"
TABLE = {
    "a WAV that understates its size": Row(
        "pcm16.wav", faults.stated(400_000), 6.0, ("understated",), ((1.0, 1.0), (4.5, 4.5))
    ),
    "two WAVs joined": Row(
        "pcm16.wav", faults.twice(), 12.0, ("understated",), ((1.0, 1.0), (1.0, 7.0))
    ),
    "a cut WAV": Row("pcm16.wav", half, 3.0, ("cut off",), refused="is cut off after"),
    "two Vorbis links": Row("vorbis.ogg", faults.twice(), 12.0, (), ((1.0, 1.0), (1.0, 7.0))),
    "a cut Vorbis file": Row("vorbis.ogg", half, 2.8, ("cut off",), refused="is cut off inside"),
    "a damaged Vorbis file": Row(
        "vorbis.ogg", faults.damaged, 6.0, ("damaged",), ((1.0, 1.0), (4.5, 4.5)), DAMAGED
    ),
    "a damaged Opus file": Row(
        "opus.opus", faults.damaged, 6.0, ("damaged",), ((1.0, 1.0), (4.5, 4.5)), DAMAGED
    ),
    "a damaged FLAC": Row(
        "pcm16.flac", faults.damaged, 6.0, ("damaged",), ((1.0, 1.0), (4.5, 4.5)), DAMAGED
    ),
    "a cut FLAC": Row("pcm16.flac", half, 3.0, ("cut off",), refused=DAMAGED),
    "joined MP3s": Row("lame.mp3", faults.twice(), 12.0),
    "joined MP3s, ID3v1 between": Row("untagged.mp3", faults.twice(faults.ID3V1), 12.0),
    "joined MP3s, ID3v2 between": Row("untagged.mp3", faults.twice(faults.ID3V2), 12.0),
    "joined MP3s, APE between": Row("untagged.mp3", faults.twice(faults.APE), 12.0),
    "joined MP3s, both with tags": Row("lame.mp3", faults.both(tagged, faults.twice()), 12.0),
    "a cut MP3": Row("untagged.mp3", half, 3.0, ("cut off",), refused=INSIDE),
    "an AAC with zeros after": Row("adts.aac", faults.after(bytes(9)), 6.0),
    "a damaged and cut MP3": Row(
        "untagged.mp3",
        faults.both(faults.damaged, lambda content: content[:-1000]),
        6.0,
        ("damaged", "cut off"),
        ((1.0, 1.025), (4.5, 4.525)),
        DAMAGED,
    ),
    "a damaged MP3": Row(
        "untagged.mp3", faults.damaged, 6.0, ("damaged",), ((1.0, 1.025), (4.5, 4.525)), DAMAGED
    ),
    "a damaged M4A": Row(
        "faststart.m4a", faults.damaged, 6.0, ("damaged",), ((1.0, 1.0), (4.5, 4.5)), DAMAGED
    ),
    "an MP4 that starts late": Row("aac.m4a", faults.moved(late_s=5.0), 11.0, (), ((1.0, 6.0),)),
    "an MP4 with a hole": Row(
        "aac.m4a", faults.moved(hole=True), 6.0, (), ((1.0, 1.0), (4.0, 4.0))
    ),
    "a WebM that starts late": Row("opus.webm", faults.moved(late_s=5.0), 11.0, (), ((1.0, 6.0),)),
    "a WebM with a hole": Row(
        "opus.webm", faults.moved(hole=True), 6.0, (), ((1.0, 1.0), (4.0, 4.0))
    ),
}


def similarity(samples: audio_files.Samples, sound_s: float, heard_s: float) -> float:
    """Return the best correlation of half a second of the sound with what is heard about then."""
    original = audio_files.noisy_tones(SOUND_S, RATE_HZ).mean(axis=1)
    start, n, reach = round(sound_s * RATE_HZ), RATE_HZ // 2, RATE_HZ // 10
    first = round(heard_s * RATE_HZ) - reach
    window, wanted = samples[first : first + n + 2 * reach], original[start : start + n]
    products = correlate(window, wanted, "valid", method="fft")
    energy = correlate(window**2, np.ones(n, np.float32), "valid", method="fft").clip(0)
    return float(np.max(products / np.sqrt(energy * np.sum(wanted**2) + 1e-9)))


@pytest.mark.parametrize("name", TABLE)
def test_the_sound_of_an_odd_file_is_heard_where_it_is(make_audio: Make, name: str) -> None:
    row = TABLE[name]
    content = row.fault(make_audio(row.kind, duration_s=SOUND_S).read_bytes())
    cuts: list[Cut] = []
    signal = audio.load(io.BytesIO(content), sample_rate_hz=RATE_HZ, on_cut=cuts.append)
    assert tuple(cut.kind for cut in cuts) == row.told
    assert signal.duration_s == pytest.approx(row.length_s, abs=0.35)
    for sound_s, heard_s in row.heard:
        assert similarity(signal.samples, sound_s, heard_s) > 0.8
    if row.refused:
        with pytest.raises(AudioError, match=row.refused):
            audio.load(io.BytesIO(content), sample_rate_hz=RATE_HZ)
    else:
        whole = audio.load(io.BytesIO(content), sample_rate_hz=RATE_HZ)
        np.testing.assert_array_equal(whole.samples, signal.samples)


@pytest.mark.parametrize("states_size", [True, False])
def test_of_joined_au_files_all_sound_is_read(tmp_path: Path, *, states_size: bool) -> None:
    samples = audio_files.noisy_tones(1.0, RATE_HZ)
    audio_files.by_libsndfile("AU", "PCM_16")(tmp_path / "one.au", samples, RATE_HZ)
    content = (tmp_path / "one.au").read_bytes()
    first = content if states_size else faults.au_unstated(content)[: len(content) // 2]
    [one, all_] = (
        audio.load(io.BytesIO(file), sample_rate_hz=RATE_HZ).samples
        for file in (content, first + content + content)
    )
    n_first = (len(first) - 24) // 4
    np.testing.assert_array_equal(all_, np.concatenate([one[:n_first], one, one]))


def test_of_joined_amr_files_all_sound_is_read_and_a_cut_first_one_told() -> None:
    one = encoded("amr.amr", duration_s=1.0)
    for first, told in ((one, []), (one[:-5], ["damaged"])):
        cuts: list[Cut] = []
        joined = audio.load(io.BytesIO(first + one), sample_rate_hz=8000, on_cut=cuts.append)
        assert joined.duration_s == pytest.approx(2.0, abs=0.1)
        assert [cut.kind for cut in cuts] == told


@pytest.mark.parametrize("kind", ["mp2.ts", "amr.amr"])
def test_zeros_after_a_stream_are_no_fault(kind: str) -> None:
    content = encoded(kind, duration_s=1.0)
    cuts: list[Cut] = []
    padded = io.BytesIO(content + bytes(3000))
    samples = audio.load(padded, sample_rate_hz=RATE_HZ, on_cut=cuts.append)
    assert samples.duration_s > 0.9 and cuts == []


def test_links_of_other_codecs_rates_and_channels_are_read(tmp_path: Path) -> None:
    content = b""
    for kind, rate_hz, n_channels in (("vorbis.ogg", 44_100, 2), ("opus.opus", 48_000, 1)):
        samples = audio_files.noisy_tones(2.0, rate_hz, n_channels=n_channels)
        content += audio_files.write(tmp_path / kind, samples, rate_hz, kind=kind).read_bytes()
    signal = audio.load(io.BytesIO(content), sample_rate_hz=22_050)
    assert signal.duration_s == pytest.approx(4.0, abs=0.02)


def test_a_file_that_is_too_long_is_used_up_to_the_limit_and_told_before(make_audio: Make) -> None:
    path = make_audio("pcm16.wav", duration_s=SOUND_S)
    limits = audio.AudioLimits(max_duration_s=4.0)
    cuts: list[Cut] = []
    blocks = audio.decode_blocks(path, sample_rate_hz=8000, limits=limits, on_cut=cuts.append)
    n_samples = len(next(blocks))
    assert cuts == [Cut(4.0, 6.0, "too long")]
    n_samples += sum(map(len, blocks))
    assert (n_samples, len(cuts)) == (32_000, 1)
    with pytest.raises(AudioError, match="lasts longer than 4 s, the limit for one file: split it"):
        next(audio.decode_blocks(path, sample_rate_hz=8000, limits=limits))
