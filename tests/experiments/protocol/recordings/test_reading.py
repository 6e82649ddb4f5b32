"""Checks of a query set: each fault is one sentence with its line, and the others go on."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import pytest

from experiments.errors import CorpusError
from experiments.progress import Step
from experiments.protocol.recordings import LAYOUTS, QuerySet, read_queries
from tests.experiments.protocol.recordings.material import KNOWN, recordings


def read(folder: Path, *rows: str, heading: str = "file,song,start_s") -> QuerySet:
    (folder / "r.csv").write_text("\n".join([heading, *rows]))
    return read_queries(folder / "r.csv", KNOWN)


def test_a_query_has_what_its_row_says(tmp_path: Path) -> None:
    recordings(tmp_path, "a.wav", "b.wav", "c.wav", "d.wav")
    rows = (
        "a.wav,B/Full_Circle_Live.wma,59.9,phone",
        "b.wav,A/01,,tablet",
        "c.wav,none,,",
        "d.wav,none: her,,",
    )
    found = read(tmp_path, *rows, heading="file,song,start_s,device")
    assert found.faults == ()
    assert found.columns == ("device",)
    assert found.n_listed == 4
    first, second, third, fourth = found.queries
    assert first.song == KNOWN.by_id["B/Full_Circle_Live.wma"]
    assert (first.work, first.start_s) == ("A/Full_Circle.mp3", 59.9)
    assert (first.place, first.file) == ("r.csv line 2", tmp_path / "a.wav")
    assert first.groups == {"device": "phone"}
    assert first.id == f"a.wav@{first.checksum[:8]}"
    assert second.song == KNOWN.by_id["A/01.mp3"]
    assert math.isnan(second.start_s)
    assert third.song is None
    assert fourth.song is None
    assert (third.work, fourth.work) == ("none: c.wav", "none: her")


def test_equal_recordings_have_equal_names_and_others_do_not(tmp_path: Path) -> None:
    recordings(tmp_path / "one", "a.wav")
    recordings(tmp_path / "two", "a.wav")
    (tmp_path / "three").mkdir()
    (tmp_path / "three" / "a.wav").write_text("another recording")
    ids = [read(tmp_path / name, "a.wav,none,").queries[0].id for name in ("one", "two", "three")]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("row", "kind", "sentence"),
    [
        ("x.wav,A/01,", "missing file", "there is no file x.wav in"),
        ("folder,A/01,", "missing file", "there is no file folder in"),
        ("a\0.wav,A/01,", "missing file", "there is no file"),
        (",A/01,", "missing file", "names no file: name one"),
        ("empty.wav,A/01,", "empty file", "empty.wav is empty: record it anew"),
        ("a.wav,A/01,", "duplicate", "a.wav is the recording of r.csv line 2 once more"),
        ("./a.wav,B/01,7", "duplicate", "./a.wav is the recording of r.csv line 2 once more"),
        ("copy.wav,A/01,", "duplicate", "copy.wav is the recording of r.csv line 2 once more"),
        ("b.wav,A/02,", "unknown song", "nobody knows the song A/02: correct it, or learn"),
        ("b.wav,,", "unknown song", "names no song: name one, or write none"),
        ("b.wav,01,", "unknown song", "01 may be 'A/01.mp3' and 'B/01.mp3': name it by its id"),
        ("b.wav,A/01,-0.5", "wrong place", "the place -0.5 lies before the song"),
        ("b.wav,A/01,60", "wrong place", "beyond the end of A/01.mp3, which lasts 60.0 s"),
        ("b.wav,A/01,1:30", "wrong place", "the place 1:30 is no number of seconds"),
        ("b.wav,A/01,nan", "wrong place", "the place nan is no number of seconds"),
        ("b.wav,none,3", "wrong place", "the place 3 is in a song that is none: leave it empty"),
    ],
)
def test_a_fault_is_one_sentence_with_its_line_and_the_rest_goes_on(
    tmp_path: Path, row: str, kind: str, sentence: str
) -> None:
    recordings(tmp_path, "a.wav", "b.wav", "last.wav")
    shutil.copy(tmp_path / "a.wav", tmp_path / "copy.wav")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder").mkdir()
    found = read(tmp_path, "a.wav,A/01,", row, "last.wav,none,")
    assert [one.name for one in found.queries] == ["a.wav", "last.wav"]
    [fault] = found.faults
    assert fault.kind == kind
    assert fault.sentence.startswith("r.csv line 3")
    assert sentence in fault.sentence
    assert "\n" not in fault.sentence
    assert found.n_listed == 3


def test_a_recording_whose_first_row_has_a_fault_is_asked_by_the_second(tmp_path: Path) -> None:
    recordings(tmp_path, "a.wav")
    found = read(tmp_path, "a.wav,nobody,", "a.wav,A/01,")
    assert [one.place for one in found.queries] == ["r.csv line 3"]


def test_a_name_that_is_no_text_is_found_by_its_escapes(tmp_path: Path) -> None:
    with (tmp_path / os.fsdecode(b"caf\xe9.wav")).open("w") as file:
        file.write("recording")
    [query] = read(tmp_path, "caf\\xe9.wav,none,").queries
    assert query.file.is_file()


def test_reading_is_shown_row_by_row(tmp_path: Path) -> None:
    recordings(tmp_path, "a.wav", "b.wav")
    (tmp_path / "r.csv").write_text("file,song\na.wav,none\nb.wav,none\n")
    steps: list[Step] = []
    read_queries(tmp_path / "r.csv", KNOWN, show=steps.append)
    assert [(one.n_done, one.n_total) for one in steps] == [(1, 2), (2, 2)]


def test_a_folder_is_read_as_one_and_a_file_is_not(tmp_path: Path) -> None:
    recordings(tmp_path, "A/01/a.wav")
    assert [one.work for one in read_queries(tmp_path, KNOWN).queries] == ["A/01.mp3"]
    with pytest.raises(CorpusError, match="is a folder, so its layout is not csv"):
        read_queries(tmp_path, KNOWN, layout="csv")
    with pytest.raises(CorpusError, match="is no folder, so its layout is not folder"):
        read_queries(tmp_path / "A" / "01" / "a.wav", KNOWN, layout="folder")
    with pytest.raises(CorpusError, match=r"there is no .*nix: name a list or a folder"):
        read_queries(tmp_path / "nix", KNOWN)


def test_every_layout_says_what_it_maps_to() -> None:
    for name, reader in LAYOUTS.items():
        module = __import__(reader.__module__, fromlist=["__doc__"])
        assert f"``{name}``" in (module.__doc__ or "")
