"""Parts of a file: links of an Ogg file, joined WAVs, and a WAV that understates its size."""

from __future__ import annotations

import io

import pytest

from fpcore.audio.parts import FilePart, parts_of
from tests.fpcore.audio.material import Make, wav

SOUND = bytes(range(1, 201)) * 100


def test_a_part_reads_like_a_file_of_its_own_with_other_bytes_in_places() -> None:
    part = FilePart(io.BytesIO(b"0123456789"), 2, 8, {1: b"ab", 5: b"cd"})
    assert part.read() == b"2ab56c"
    assert part.seek(2) == part.tell() == 2
    assert part.read(2) == b"b5"
    assert part.seek(-1, 2) == 5
    assert (part.read(9), part.read(9)) == (b"c", b"")
    assert part.seek(-1) == -1


def test_the_links_of_an_ogg_file_begin_with_its_streams(make_audio: Make) -> None:
    link = make_audio("vorbis.ogg", duration_s=1.0).read_bytes()
    assert len(parts_of(io.BytesIO(link)).parts) == 1
    found = parts_of(io.BytesIO(link + b"nothing" + link)).parts
    assert [part.file.read() for part in found] == [link + b"nothing", link]
    assert all(part.has_all_pages for part in found)


def test_it_is_noticed_that_a_page_of_an_ogg_file_is_missing(make_audio: Make) -> None:
    content = make_audio("vorbis.ogg", duration_s=3.0).read_bytes()
    last = content.rindex(b"OggS")
    before = content.rindex(b"OggS", 0, last)
    [part] = parts_of(io.BytesIO(content[:before] + content[last:])).parts
    assert not part.has_all_pages


def test_joined_wavs_are_parts() -> None:
    one = wav(1, 1000, SOUND)
    found = parts_of(io.BytesIO(one + b"LIST\x04\0\0\0abcd" + one))
    assert [part.file.read()[: len(one)] for part in found.parts] == [one, one]
    assert found.understatement == (10.0, 20.0)


@pytest.mark.parametrize("n_stated", [2, 10_000])
def test_the_size_of_a_wav_is_set_to_what_there_is(n_stated: int) -> None:
    whole = wav(1, 1000, SOUND)
    content = whole[:40] + n_stated.to_bytes(4, "little") + whole[44:]
    found = parts_of(io.BytesIO(content))
    assert [part.file.read() for part in found.parts] == [whole]
    assert found.understatement == (n_stated / 2000, 10.0)


@pytest.mark.parametrize(
    "rest", [b"", bytes(9000), b"LIST\x88\x13\0\0" + bytes(5000), b"TAG" + b"x" * 9000, b"x" * 4096]
)
def test_chunks_tags_zeros_and_a_few_bytes_behind_the_samples_are_no_sound(rest: bytes) -> None:
    file = io.BytesIO(wav(1, 1000, SOUND) + rest)
    assert parts_of(file) == (((file, False),), None)
