"""Where sound ends by the sizes in headers, on files of real encoders."""

from __future__ import annotations

import io
from time import thread_time

import pytest

from fpcore.audio.completeness import missing
from fpcore.audio.stated_sizes import stated_end
from tests.odd_files import faults
from tests.odd_files.kinds import encoded

EXACT = ["pcm16.w64", "pcm16.rf64", "pcm16.au", "pcm16.8svx", "pcm16.nist", "flac.mka"]
BEFORE_THE_END = ["pcm16.caf", "dsd64.dsf", "pcm16.voc", "pcm16.avi", "opus.webm"]


@pytest.mark.parametrize("kind", [*EXACT, *BEFORE_THE_END])
def test_sound_ends_within_a_whole_file_and_beyond_a_cut_one(kind: str) -> None:
    content = encoded(kind)
    end = stated_end(io.BytesIO(content))
    assert end is not None
    assert len(content) * 0.9 < end <= len(content) + 1
    assert missing(io.BytesIO(content)) is None
    cut = faults.cut(content)
    lacks = missing(io.BytesIO(cut))
    assert lacks is not None
    assert lacks.text.startswith(f"is cut off: {len(cut)} of ")


@pytest.mark.parametrize("kind", ["pcm16.wav", "untagged.mp3", "ac3.ac3"])
def test_other_kinds_state_nothing_here(kind: str) -> None:
    assert stated_end(io.BytesIO(encoded(kind))) is None


@pytest.mark.parametrize(
    "content",
    [
        b".snd" + (24).to_bytes(4) + b"\xff" * 4 + bytes(100),
        b"caff\0\1\0\0data" + b"\xff" * 8 + bytes(100),
        b"\x1aE\xdf\xa3\x80\x18S\x80g\xff\x1fC\xb6u\xff" + bytes(100),
        b"RF64\xff\xff\xff\xffWAVEds64" + bytes(100),
    ],
    ids=["AU", "CAF", "Matroska", "RF64"],
)
def test_a_streamed_file_states_nothing(content: bytes) -> None:
    assert stated_end(io.BytesIO(content)) is None


@pytest.mark.parametrize("kind", [*EXACT, *BEFORE_THE_END])
@pytest.mark.parametrize("n_bytes", [1, 7, 11, 16, 40, 90])
def test_a_file_that_ends_in_its_header_is_no_error(kind: str, n_bytes: int) -> None:
    stated_end(io.BytesIO(encoded(kind)[:n_bytes]))


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"\x1aE\xdf\xa3\x80\x18S\x80g\x01" + b"\xff" * 7, b"\xec\x80"),
        (b"caff\0\1\0\0", b"free" + bytes(8)),
        (b"Creative Voice File\x1a\x1a\0" + bytes(4), b"\1\0\0\0"),
        (b"RIFF\xff\xff\0\0AVI ", b"junk\1\0\0\0\0\0"),
    ],
)
def test_a_file_of_countless_small_parts_is_given_up_soon(head: bytes, part: bytes) -> None:
    started = thread_time()
    assert stated_end(io.BytesIO(head + part * 3_000_000)) is None
    assert thread_time() - started < 3
