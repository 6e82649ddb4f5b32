"""Parts of a file: links of an Ogg file, joined WAVs, and a WAV that understates its size."""

from __future__ import annotations

import io

import pytest

from fpcore.audio.parts import FilePart, parts_of
from tests.fpcore.audio.material import Make, wav
from tests.odd_files import faults

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


def au(n_bytes: int, *, stated: int, encoding: int = 3) -> bytes:
    """Return an AU file of mono at 1000 Hz."""
    numbers = (24, stated, encoding, 1000, 1)
    return b".snd" + b"".join(number.to_bytes(4) for number in numbers) + SOUND[:n_bytes]


@pytest.mark.parametrize("stated", [0, 2000, 0xFFFF_FFFF])
def test_joined_aus_are_parts_whether_they_state_a_size_or_not(stated: int) -> None:
    one = au(2000, stated=stated)
    found = parts_of(io.BytesIO(one + one + au(500, stated=500)))
    assert [part.file.read() for part in found.parts] == [one, one, au(500, stated=500)]
    assert found.understatement == ((1.0, 2.25) if stated == 2000 else None)


def test_joined_aus_of_samples_that_are_no_whole_bytes_have_no_length() -> None:
    one = au(2000, stated=2000, encoding=23)
    assert parts_of(io.BytesIO(one + one)).understatement is None


@pytest.mark.parametrize("content", [au(99, stated=99) + b".snd" + SOUND, b".snd" + SOUND])
def test_an_au_is_one_part_where_no_other_header_follows(content: bytes) -> None:
    file = io.BytesIO(content)
    assert parts_of(file) == (((file, False),), None)


def test_joined_amrs_are_parts() -> None:
    narrow, wide = b"#!AMR\n" + SOUND, b"#!AMR-WB\n" + SOUND
    file = io.BytesIO(narrow)
    assert parts_of(file) == (((file, False),), None)
    found = parts_of(io.BytesIO(narrow + wide))
    assert [part.file.read() for part in found.parts] == [narrow, wide]


TAGS = {
    "ID3v1": faults.ID3V1,
    "ID3v2": faults.ID3V2,
    "APE": faults.APE,
    "APE without a header": faults.ape(has_header=False),
    "LYRICS3": faults.LYRICS3 + faults.ID3V1,
    "all": faults.ID3V2 + faults.ape(has_header=False) + faults.LYRICS3 + faults.ID3V1,
}


@pytest.mark.parametrize("tags", TAGS.values(), ids=TAGS)
def test_tags_after_amr_are_left_out(tags: bytes) -> None:
    narrow, wide = b"#!AMR\nTAG" + SOUND, b"#!AMR-WB\nID3" + SOUND
    found = parts_of(io.BytesIO(narrow + tags + wide + tags))
    assert [part.file.read() for part in found.parts] == [narrow, wide]
    file = io.BytesIO(narrow + tags + b"more")  # what follows is no tag, so nothing is left out
    assert parts_of(file) == (((file, False),), None)


def ac3(n_frames: int, content: bytes = b"") -> bytes:
    """Return AC-3 at 48 kHz and 32 kbit/s, of which each frame of 128 bytes begins with content."""
    return (b"\x0bw\0\0\0\x40" + content + bytes(122 - len(content))) * n_frames


@pytest.mark.parametrize("tags", TAGS.values(), ids=TAGS)
def test_ac3_is_divided_by_tags_between_frames(tags: bytes) -> None:
    first, second = ac3(20), ac3(30)
    found = parts_of(io.BytesIO(first + tags + second + tags + first))
    assert [part.file.read() for part in found.parts] == [first, second, first]
    found = parts_of(io.BytesIO(faults.ID3V2 + first + tags + second))
    assert [part.file.read() for part in found.parts] == [faults.ID3V2 + first, second]


@pytest.mark.parametrize(
    "content",
    [
        ac3(20),
        ac3(20, b"TAG"),
        # What looks like ID3v1, but is the end of a frame, whose next one follows as it would.
        ac3(20) + b"\x0bw\0\0\x04\x40" + bytes(58) + b"TAG" + bytes(125) + ac3(20),
        ac3(20) + faults.ID3V1,
        ac3(20) + faults.ID3V1 + bytes(500),
        ac3(20) + faults.ID3V1 + ac3(3) + bytes(500),
    ],
    ids=["plain", "in frames", "at the end of a frame", "at the end", "and zeros", "few frames"],
)
def test_ac3_is_one_part_where_no_tags_divide_it(content: bytes) -> None:
    file = io.BytesIO(content)
    assert parts_of(file) == (((file, False),), None)


@pytest.mark.parametrize(
    ("content", "rest"),
    [
        (b"#!AMR\n" + bytes(3), 9),
        (au(2, stated=2), 26),
        (wav(1, 1000, b"ab"), 46),
        (b"OggS\0\2" + bytes(20) + b"\0OggS\0\0" + bytes(20) + b"\0", 54),
    ],
)
def test_of_far_too_many_parts_the_last_takes_what_is_left(
    monkeypatch: pytest.MonkeyPatch, content: bytes, rest: int
) -> None:
    monkeypatch.setattr("fpcore.audio.parts._MOST_PARTS", 3)
    monkeypatch.setattr("fpcore.audio.parts.SLACK_BYTES", 0)
    found = parts_of(io.BytesIO(content * 5))
    assert [len(part.file.read()) for part in found.parts] == [rest, rest, 3 * rest]


def test_a_header_is_found_far_away_and_where_two_stretches_of_the_search_meet() -> None:
    one = au(2, stated=0xFFFF_FFFF)
    for n_bytes in (990, 1010, 1024, 70_000):
        content = one[:24] + b"." * n_bytes + one
        assert len(parts_of(io.BytesIO(content)).parts) == 2
