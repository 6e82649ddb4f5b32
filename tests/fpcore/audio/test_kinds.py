"""First bytes place files without opening them; what they leave open is for the decoders."""

from __future__ import annotations

import pytest

from fpcore.audio.kinds import HEAD_BYTES, Kind, kind_of
from tests import audio_files
from tests.fpcore.audio.material import Make

PLACED = {
    "wav": Kind.AUDIO,
    "aiff": Kind.AUDIO,
    "flac": Kind.AUDIO,
    "mp3": Kind.AUDIO,
    "ogg": Kind.CONTAINER,
    "opus": Kind.CONTAINER,
    "m4a": Kind.CONTAINER,
    "mp4": Kind.CONTAINER,
    "webm": Kind.CONTAINER,
    "aac": Kind.UNKNOWN,
}


@pytest.mark.parametrize("name", sorted(set(audio_files.EVERY_KIND) - {"untagged.mp3"}))
def test_audio_is_placed_by_its_container(name: str, make_audio: Make) -> None:
    head = make_audio(name, duration_s=1.0).read_bytes()[:HEAD_BYTES]
    assert kind_of(head) is PLACED[name.rpartition(".")[2]]


@pytest.mark.parametrize("text", ["#EXTM3U\n", "naïve ", "東京\t\r\n", "\x1b[31m"])
def test_text_of_any_script_is_no_audio_even_if_a_character_is_cut(text: str) -> None:
    for n_before in range(4):
        head = (b"x" * n_before + text.encode() * HEAD_BYTES)[:HEAD_BYTES]
        assert kind_of(head) is Kind.OTHER
    assert kind_of(text.encode()) is Kind.OTHER


def test_films_of_quicktime_without_a_brand_may_hold_audio_and_pictures_do_not() -> None:
    assert kind_of(b"\0\0\1\xba" + b"moov" + bytes(99)) is Kind.CONTAINER
    assert kind_of(b"\0\0\0\x18ftypavif" + bytes(99)) is Kind.OTHER


def test_what_is_no_text_and_begins_like_nothing_known_is_left_open() -> None:
    assert kind_of(bytes(99)) is Kind.UNKNOWN
    assert kind_of("é".encode("latin-1") * 99) is Kind.UNKNOWN
    assert kind_of(b"") is Kind.OTHER
