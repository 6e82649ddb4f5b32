"""What the decoders share: faults in the order of their depth."""

from __future__ import annotations

import pytest

from fpcore.audio.decoding import (
    DecoderError,
    FaultDepth,
    damaged,
    no_audio,
    too_short,
)


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
