"""Decoding by libsndfile: the bits, the blocks and the faults."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore import audio
from fpcore.audio import pyav_decoder, soundfile_decoder
from fpcore.audio.decoding import DecoderError, FaultDepth
from fpcore.audio.limits import AudioRefusedError
from tests import audio_files
from tests.fpcore.audio.material import Make, blocks_of, decoded, wav

BOTH_READ = [kind for kind in audio_files.LOSSLESS if kind != "alac.m4a"]


@pytest.mark.parametrize("kind", BOTH_READ)
def test_both_decoders_give_the_same_bits_for_lossless_files(make_audio: Make, kind: str) -> None:
    path = make_audio(kind, duration_s=0.7)
    by_soundfile = decoded(soundfile_decoder, path)
    assert by_soundfile.any()
    np.testing.assert_array_equal(by_soundfile, decoded(pyav_decoder, path))


def test_every_block_but_the_last_has_the_length_asked_for() -> None:
    blocks = blocks_of(soundfile_decoder, wav(1, 8_000, bytes(2 * 2_500)), block_frames=1_000)
    assert [block.n_frames for block in blocks] == [1_000, 1_000, 500]
    assert {block.sample_rate_hz for block in blocks} == {8_000}


@pytest.mark.parametrize("kind", ["lame.mp3", "alac.m4a"])
def test_what_libsndfile_shall_not_read_is_left_to_another_decoder(
    make_audio: Make, kind: str
) -> None:
    content = make_audio(kind, duration_s=0.5).read_bytes()
    with pytest.raises(DecoderError, match=r"^libsndfile: ") as caught:
        blocks_of(soundfile_decoder, content)
    assert caught.value.rank[0] is FaultDepth.NOTHING


def test_a_layout_outside_the_limits_is_refused_before_anything_is_decoded() -> None:
    limits = audio.AudioLimits(max_channels=1)
    with pytest.raises(AudioRefusedError, match="has 2 channels"):
        blocks_of(soundfile_decoder, wav(2, 44_100, b"no samples"), limits=limits)


def test_a_file_without_samples_comes_less_far_than_one_that_ends_early(make_audio: Make) -> None:
    whole = make_audio("pcm16.flac", duration_s=1.0).read_bytes()
    with pytest.raises(DecoderError, match="holds no audio samples") as empty:
        blocks_of(soundfile_decoder, wav(1, 8_000, b""))
    with pytest.raises(DecoderError, match="is damaged or cut off") as short:
        blocks_of(soundfile_decoder, whole[: len(whole) // 2])
    assert empty.value.rank < short.value.rank
    assert 0.3 < short.value.rank[1] < 0.6
