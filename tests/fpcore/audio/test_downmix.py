"""Mixing to mono: the average where that keeps the music, and what is done where it does not."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from fpcore import Library, audio, pipeline
from fpcore.audio.decoding import DecodedBlock
from fpcore.audio.downmix import Downmix, average
from fpcore.records import Cut, FloatArray, Remixed
from tests import audio_files
from tests.fpcore import synthetic

RATE_HZ = 22_050
SONG_S = 24.0
N_SONGS = 10
START_S, CLIP_S = 7.0, 12.0

Channels = NDArray[np.float32]
MakeChannels = Callable[[FloatArray], Channels]


def noise(n_samples: int, *, level_db: float, seed: int) -> FloatArray:
    """Return white noise whose level is relative to full scale."""
    samples = np.random.default_rng(seed).standard_normal(n_samples)
    return (10 ** (level_db / 20) * samples).astype(np.float32)


def level_db(samples: FloatArray) -> float:
    return float(10 * np.log10(np.mean(samples**2)))


def noises(music: FloatArray, *, snr_db: float, n_channels: int) -> Channels:
    """Return other noise for each channel, (n_channels, n), below the level of ``music``."""
    under_db = level_db(music) - snr_db
    seeds = range(n_channels)
    return np.stack([noise(len(music), level_db=under_db, seed=seed) for seed in seeds])


def gains(*factors: float, snr_db: float = 40.0) -> MakeChannels:
    """Return what gives each channel the music times its factor, and noise of its own."""

    def make(music: FloatArray) -> Channels:
        scaled = np.array(factors, np.float32)[:, np.newaxis] * music
        return scaled + noises(music, snr_db=snr_db, n_channels=len(factors))

    return make


def reversed_after_half(music: FloatArray) -> Channels:
    other = music.copy()
    other[len(music) // 2 :] *= -1
    return np.stack([music, other])


def over_a_constant(music: FloatArray) -> Channels:
    return np.stack([music + np.float32(0.3), -music + np.float32(0.3)])


def over_a_hum(music: FloatArray) -> Channels:
    hum = synthetic.tone(50.0, len(music) / RATE_HZ, RATE_HZ, amplitude=0.3)
    return np.stack([music + hum, -music + hum])


def beside_noise(music: FloatArray) -> Channels:
    return np.stack([music, noise(len(music), level_db=level_db(music) + 15, seed=3)])


def beside_noise_and_reversed(music: FloatArray) -> Channels:
    loud = noise(len(music), level_db=level_db(music) + 15, seed=3)
    return np.stack([loud, music, -music])


CANCELLING: dict[str, tuple[MakeChannels, Remixed]] = {
    "one of two reversed": (
        lambda music: np.stack([music, -music]),
        Remixed((2,), (), CLIP_S),
    ),
    "in noise on each side": (gains(1, -1, snr_db=3.0), Remixed((2,), (), CLIP_S)),
    "the reversed one softer": (gains(1, -0.5, snr_db=10.0), Remixed((2,), (), CLIP_S)),
    "the reversed one louder": (gains(0.5, -1, snr_db=10.0), Remixed((2,), (), CLIP_S)),
    "for its second half": (reversed_after_half, Remixed((2,), (), CLIP_S / 2)),
    "over a constant": (over_a_constant, Remixed((2,), (), CLIP_S)),
    "over a hum": (over_a_hum, Remixed((2,), (), CLIP_S)),
    "surround channels of six": (
        gains(0, 0, 0, 0, 1, -1, snr_db=6.0),
        Remixed((6,), (), CLIP_S),
    ),
    "pairs of four": (gains(1, 1, -1, -1, snr_db=3.0), Remixed((3, 4), (), CLIP_S)),
    "one of three": (gains(1, 1, -1, snr_db=3.0), Remixed((3,), (), CLIP_S)),
    "beside a channel of loud noise": (beside_noise, Remixed((), (2,), CLIP_S)),
    "and beside loud noise": (beside_noise_and_reversed, Remixed((3,), (1,), CLIP_S)),
}
"""Recordings of which the average keeps the noise: how they are made, and what is said of them."""


def ordinary_stereo(music: FloatArray) -> Channels:
    return np.stack([music, 0.8 * music])


def two_songs_apart(music: FloatArray) -> Channels:
    return np.stack([music, synthetic.music(CLIP_S, RATE_HZ, seed=11)])


def delayed(music: FloatArray, *, delay_s: float) -> Channels:
    return np.stack([music, np.roll(music, round(delay_s * RATE_HZ))])


def chorus(music: FloatArray) -> Channels:
    """Return the music with a copy whose delay wavers, in opposite phase in the other channel."""
    n = np.arange(len(music))
    delay = RATE_HZ * (0.012 + 0.004 * np.sin(2 * np.pi * 0.7 * n / RATE_HZ))
    wavering = np.interp(n - delay, n, music)
    return np.stack([music + wavering, music - wavering]).astype(np.float32)


def wide_room(music: FloatArray) -> Channels:
    """Return the music in a long reverberation that is another one in each channel."""
    tails = np.random.default_rng(4).standard_normal((2, RATE_HZ))
    tails *= np.exp(-5 * np.arange(RATE_HZ) / RATE_HZ)
    wet = np.stack([fftconvolve(music, tail)[: len(music)] for tail in tails])
    wet *= np.sqrt(np.mean(music**2) / np.mean(wet**2))
    return (0.3 * music + np.array([[1.0], [-0.7]]) * wet).astype(np.float32)


def wide_sides(music: FloatArray) -> Channels:
    """Return a song in the middle, and a softer one that is reversed in one channel."""
    sides = synthetic.music(CLIP_S, RATE_HZ, seed=12)
    sides = sides * np.float32(np.sqrt(0.3 * np.mean(music**2) / np.mean(sides**2)))
    return np.stack([music + sides, music - sides])


ORDINARY: dict[str, MakeChannels] = {
    "panned": ordinary_stereo,
    "equal": lambda music: np.stack([music, music]),
    "other channel silent": lambda music: np.stack([music, np.zeros_like(music)]),
    "first channel silent": lambda music: np.stack([np.zeros_like(music), music]),
    "two songs apart": two_songs_apart,
    "in noise": gains(1, 1, snr_db=0.0),
    "other channel softer and reversed": gains(1, -0.1),
    "other channel soft noise": gains(1, 0, snr_db=6.0),
    "one of four reversed": gains(1, -1, 1, 1),
    "delayed by 0.2 ms": lambda music: delayed(music, delay_s=0.000_2),
    "delayed by 5 ms": lambda music: delayed(music, delay_s=0.005),
    "chorus": chorus,
    "wide room": wide_room,
    "wide sides": wide_sides,
    "noise alone": lambda music: noises(music, snr_db=0.0, n_channels=2),
    "silence": lambda music: np.zeros((2, len(music)), np.float32),
}
"""Recordings of which the average is kept as it is."""


def music(seed: int = 0) -> FloatArray:
    """Return the part of a song that is recorded, over some noise."""
    start = round(START_S * RATE_HZ)
    whole = synthetic.over_noise(synthetic.music(SONG_S, RATE_HZ, seed), seed)
    return whole[start : start + round(CLIP_S * RATE_HZ)]


def wav(channels: Channels) -> io.BytesIO:
    file = io.BytesIO()
    soundfile.write(file, channels.T, RATE_HZ, format="WAV", subtype="FLOAT")
    return file


def mixed(channels: Channels, *, block_frames: int = 32_768) -> tuple[FloatArray, list[Remixed]]:
    """Return the samples of a file with these channels, and what is said of it."""
    notes: list[Remixed] = []
    blocks = audio.decode_blocks(
        wav(channels),
        sample_rate_hz=RATE_HZ,
        block_frames=block_frames,
        on_remixed=notes.append,
    )
    return np.concatenate(list(blocks)), notes


def likeness(samples: FloatArray, reference: FloatArray) -> float:
    """Return the correlation of two signals without their means, whatever the polarity."""
    return float(abs(np.corrcoef(samples, reference)[0, 1]))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("downmix") / "songs.db"
    with Library.open(path, create=True) as library:
        for seed in range(N_SONGS):
            song = synthetic.over_noise(synthetic.music(SONG_S, RATE_HZ, seed), seed)
            library.learn(wav(song[np.newaxis]), name=f"song {seed}")
        yield library


@pytest.mark.parametrize("kind", CANCELLING)
def test_a_song_is_found_though_the_average_of_the_channels_would_lose_it(
    kind: str, library: Library
) -> None:
    make, expected = CANCELLING[kind]
    for seed in (1, 5):
        found = library.recognize(wav(make(music(seed))))
        assert found.match is not None
        assert found.match.song_name == f"song {seed}"
        assert found.match.offset_s == pytest.approx(START_S, abs=0.1)
        assert found.remixed is not None
        assert found.remixed.reversed == expected.reversed
        assert found.remixed.left_out == expected.left_out
        # A stretch in which little stands out of the noise is averaged.
        assert found.remixed.duration_s == pytest.approx(expected.duration_s, abs=4.1)


@pytest.mark.parametrize("kind", ORDINARY)
def test_of_any_other_recording_every_sample_is_the_average(kind: str) -> None:
    for seed in (1, 5):
        channels = ORDINARY[kind](music(seed))
        samples, notes = mixed(channels)
        assert notes == []
        np.testing.assert_array_equal(samples, average(channels))


CLEAN = ["one of two reversed", "over a constant", "beside a channel of loud noise"]


@pytest.mark.parametrize("kind", CLEAN)
def test_the_fingerprint_is_that_of_the_music_alone(kind: str, library: Library) -> None:
    make, _ = CANCELLING[kind]
    config = library.profile.fingerprint

    def hashes(channels: Channels) -> set[tuple[int, int]]:
        found = pipeline.fingerprint([mixed(channels)[0]], config).hashes
        return set(zip(found.token.tolist(), found.frame.tolist(), strict=True))

    alone, remixed = hashes(music(1)[np.newaxis]), hashes(make(music(1)))
    assert len(alone) > 100
    # A constant leaves traces at the beginning, where it sets in.
    assert len(alone & remixed) >= 0.97 * max(len(alone), len(remixed))


def test_each_part_is_mixed_by_its_own_polarity() -> None:
    original = music(1)
    half = len(original) // 2
    samples, [note] = mixed(reversed_after_half(original))
    stretch = 2 * RATE_HZ
    np.testing.assert_array_equal(samples[:half], original[:half])
    assert likeness(samples[half + stretch :], original[half + stretch :]) > 0.999
    assert note == Remixed((2,), (), pytest.approx(CLIP_S / 2, abs=2.0))


@pytest.mark.parametrize("kind", ["for its second half", "pairs of four", "and beside loud noise"])
def test_the_samples_do_not_depend_on_the_size_of_the_blocks(kind: str) -> None:
    channels = CANCELLING[kind][0](music(2))
    once, notes = mixed(channels, block_frames=10**6)
    assert len(once) == channels.shape[1]
    for block_frames in (997, 4_096, 44_100):
        pieces, again = mixed(channels, block_frames=block_frames)
        np.testing.assert_array_equal(pieces, once)
        assert again == notes


@pytest.mark.parametrize("kind", [*audio_files.LOSSY, "pcm16.flac", "pcm8.wav"])
def test_a_reversed_channel_is_noticed_in_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    original = synthetic.over_noise(synthetic.music(6.0, 48_000, seed=4), 4)
    channels = np.stack([original, -original], axis=1)
    path = audio_files.write(tmp_path / kind, channels, 48_000, kind=kind)
    notes: list[Remixed] = []
    samples = audio.load(path, sample_rate_hz=48_000, on_remixed=notes.append).samples
    assert notes == [Remixed((2,), (), pytest.approx(6.0, abs=0.01))]
    assert likeness(samples, original) > 0.95


def test_a_part_is_mixed_as_in_the_whole() -> None:
    channels = gains(1, -1, snr_db=6.0)(music(3))
    whole, _ = mixed(channels)
    notes: list[Remixed] = []
    part = audio.load(
        wav(channels),
        sample_rate_hz=RATE_HZ,
        start_s=2.5,
        duration_s=4.0,
        on_remixed=notes.append,
    )
    start = round(2.5 * RATE_HZ)
    np.testing.assert_array_equal(part.samples, whole[start : start + 4 * RATE_HZ])
    assert notes == [Remixed((2,), (), 8.0)]  # what is mixed is 2 s at a time


def test_of_a_cut_recording_what_there_is_is_mixed_as_well() -> None:
    channels = gains(1, -1)(music(3))
    content = wav(channels).getvalue()
    cuts: list[Cut] = []
    notes: list[Remixed] = []
    samples = audio.load(
        io.BytesIO(content[: round(0.61 * len(content))]),
        sample_rate_hz=RATE_HZ,
        on_cut=cuts.append,
        on_remixed=notes.append,
    ).samples
    [cut] = cuts
    assert len(samples) == round(cut.decoded_s * RATE_HZ)
    assert notes == [Remixed((2,), (), pytest.approx(cut.decoded_s))]


def test_a_recording_shorter_than_a_stretch() -> None:
    samples, notes = mixed(gains(1, -1)(music(1))[:, :RATE_HZ])
    assert notes == [Remixed((2,), (), 1.0)]
    assert likeness(samples, music(1)[:RATE_HZ]) > 0.99


@pytest.mark.parametrize("n_samples", [1, 30, 1_000])
def test_a_recording_too_short_to_tell_is_averaged(n_samples: int) -> None:
    samples, notes = mixed(np.stack([music(1), -music(1)])[:, :n_samples])
    assert notes == []
    np.testing.assert_array_equal(samples, np.zeros(n_samples, np.float32))


def test_a_new_layout_on_the_way_begins_anew() -> None:
    one, pair = music(1)[np.newaxis], np.stack([music(1), -music(1)])
    downmix = Downmix()
    parts = [one, pair, one, 0.5 * pair, np.stack([music(2)] * 3)]
    blocks = [block for part in parts for block in downmix.add(DecodedBlock(part, RATE_HZ))]
    samples = np.concatenate([block.samples for block in [*blocks, *downmix.rest()]])
    loudness = [1, 1, 1, 0.5]
    expected = np.concatenate([*[gain * music(1) for gain in loudness], average(parts[-1])])
    np.testing.assert_allclose(samples, expected, atol=1e-6)
    assert downmix.remixed == Remixed((2,), (), 2 * CLIP_S)


def test_memory_is_bounded_by_the_number_of_channels() -> None:
    downmix = Downmix()
    channels = np.zeros((32, 700_000), np.float32)
    blocks = list(downmix.add(DecodedBlock(channels, 768_000)))
    # 2**22 samples of 32 channels
    assert [len(block.samples) for block in blocks] == [131_072] * 5
    assert [len(block.samples) for block in downmix.rest()] == [700_000 - 5 * 131_072]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 3e38])
def test_samples_that_are_no_sound_are_averaged_for_the_check_that_refuses_them(bad: float) -> None:
    channels = np.stack([music(1), -music(1)])
    channels[:, 1_000:20_000:7] = bad
    downmix = Downmix()
    blocks = [*downmix.add(DecodedBlock(channels, RATE_HZ)), *downmix.rest()]
    samples = np.concatenate([block.samples for block in blocks])
    stretch = 2 * RATE_HZ
    np.testing.assert_array_equal(samples[:stretch], average(channels)[:stretch])
    assert downmix.remixed == Remixed((2,), (), CLIP_S - 2)


# The average itself


@pytest.mark.parametrize("n_channels", [1, 2, 3, 6])
def test_mono_is_the_average_of_the_channels(n_channels: int) -> None:
    channels = np.random.default_rng(1).uniform(-1, 1, (n_channels, 500)).astype(np.float32)
    mono = average(channels)
    assert mono.dtype == np.float32
    # Some roundings of float32 near 1, one for each channel.
    np.testing.assert_allclose(mono, channels.mean(axis=0), atol=2.0**-22)


def test_mono_has_the_same_bits_wherever_a_block_begins() -> None:
    channels = np.random.default_rng(2).uniform(-1, 1, (6, 997)).astype(np.float32)
    whole = average(channels)
    for start in (1, 3, 500, 996):
        np.testing.assert_array_equal(average(channels[:, start:]), whole[start:])


def test_mono_is_a_new_array_also_of_one_channel() -> None:
    channels = np.ones((1, 4), np.float32)
    average(channels)[:] = 0
    assert channels.all()


def test_channels_that_add_up_to_too_much_give_an_infinity_and_no_warning() -> None:
    assert np.isinf(average(np.full((2, 3), 3e38, np.float32))).all()


@pytest.mark.parametrize(
    ("signs", "expected"),
    [((1, -1, 1), 4 / 3), ((1, 1, -1), -2 / 3), ((1, 0, 1), 3), ((0, 1, -1), -1.5), ((0, 0, 1), 5)],
)
def test_signs_reverse_channels_and_leave_them_out(signs: tuple[int, ...], expected: float) -> None:
    channels = np.array([[1], [2], [5]], np.float32)
    assert average(channels, signs).tolist() == pytest.approx([expected])
