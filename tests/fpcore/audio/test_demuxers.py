"""FFmpeg's demuxers: which are allowed, and what is believed of each."""

from __future__ import annotations

import io

import av
import pytest

from fpcore.audio.demuxers import WHITELIST, demuxer_of, end_s, name_of, start_s
from tests.odd_files import faults
from tests.odd_files.kinds import encoded

PLAYLISTS = {"hls", "concat", "dash", "sdp", "image2", "lavfi", "tee", "rtsp", "imf", "avisynth"}


def test_no_demuxer_is_allowed_that_opens_other_files() -> None:
    allowed = WHITELIST.split(",")
    assert len(allowed) == len(set(allowed)) > 40
    assert not PLAYLISTS & set(allowed)


@pytest.mark.parametrize(
    ("kind", "name", "length_s"),
    [
        ("tta.tta", "tta", 6.0),
        ("wavpack.wv", "wv", 6.0),
        ("mp3.flv", "flv", 6.02),
        ("ac3.ac3", "ac3", None),
        ("mp2.ts", "mpegts", None),
    ],
)
def test_the_length_of_a_cut_file_is_that_of_its_header_or_unknown(
    kind: str, name: str, length_s: float | None
) -> None:
    with av.open(io.BytesIO(faults.cut(encoded(kind)))) as container:
        stream = container.streams.audio[0]
        assert name_of(container) == name
        found = end_s(container, stream, states_duration=False)
        assert found == (None if length_s is None else pytest.approx(length_s, abs=0.03))


def test_the_clock_of_a_broadcast_begins_where_it_was_set() -> None:
    with av.open(io.BytesIO(encoded("mp2.mpg"))) as container:
        assert demuxer_of(container).longest_hole_s == 10
        assert start_s(container) == pytest.approx(0.5)
    with av.open(io.BytesIO(encoded("aac.m4a"))) as container:
        assert start_s(container) == 0
