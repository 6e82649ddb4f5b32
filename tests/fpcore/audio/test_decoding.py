"""What the decoders share: mixing to mono, and faults in the order of their depth."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore.audio.decoding import (
    DecoderError,
    FaultDepth,
    damaged,
    mix_to_mono,
    no_audio,
    too_short,
)


@pytest.mark.parametrize("n_channels", [1, 2, 3, 6])
def test_mono_is_the_average_of_the_channels(n_channels: int) -> None:
    channels = np.random.default_rng(1).uniform(-1, 1, (n_channels, 500)).astype(np.float32)
    mono = mix_to_mono(channels)
    assert mono.dtype == np.float32
    # Some roundings of float32 near 1, one for each channel.
    np.testing.assert_allclose(mono, channels.mean(axis=0), atol=2.0**-22)


def test_mono_has_the_same_bits_wherever_a_block_begins() -> None:
    channels = np.random.default_rng(2).uniform(-1, 1, (6, 997)).astype(np.float32)
    whole = mix_to_mono(channels)
    for start in (1, 3, 500, 996):
        np.testing.assert_array_equal(mix_to_mono(channels[:, start:]), whole[start:])


def test_mono_is_a_new_array_also_of_one_channel() -> None:
    channels = np.ones((1, 4), np.float32)
    mix_to_mono(channels)[:] = 0
    assert channels.all()


def test_channels_that_add_up_to_too_much_give_an_infinity_and_no_warning() -> None:
    assert np.isinf(mix_to_mono(np.full((2, 3), 3e38, np.float32))).all()


def test_of_several_faults_that_ranks_highest_which_came_farthest() -> None:
    nothing = DecoderError("cannot be opened", FaultDepth.NOTHING)
    faults = [damaged(3.0, 4.0), too_short(3.5, 4.0), nothing, damaged(2.0, None), no_audio()]
    in_order = sorted(faults, key=lambda fault: fault.rank)
    assert in_order == [nothing, faults[4], faults[1], faults[3], faults[0]]


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (damaged(1.234, None), "is damaged or cut off after 1.23 s: use a complete copy"),
        (damaged(1.234, 4.0), "is damaged or cut off after 1.23 s of 4.00 s: use a complete copy"),
        (
            too_short(1.0, 2.5),
            "is damaged or cut off: only 1.00 s of the 2.50 s that its header states can be "
            "decoded, use a complete copy",
        ),
    ],
)
def test_a_fault_says_how_far_it_came_and_of_how_much(fault: DecoderError, text: str) -> None:
    assert str(fault) == text
