"""A table of tracks as a corpus: works, halves and titles as it says, faults by their lines."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from experiments.corpora import corpus
from experiments.corpora.titles import titles
from experiments.errors import CorpusError
from experiments.protocol.splits import split
from tests.experiments.corpora.material import RATE_HZ, OpenCorpus, write_tone

HEADING = "file,title,artist,work,split,label"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    for number in range(8):
        write_tone(tmp_path / "music" / f"{number}.wav", hz=300 + 50 * number)
    path = tmp_path / "tracks.csv"
    path.write_text(
        f"{HEADING}\n"
        "music/0.wav,Prelude,Ada,prelude,tune,x\n"
        '"music/1.wav","Prelude, live",Ada,prelude,,x\n'
        "./music/2.wav,Waltz,,,test,x\n"
        "music/3.wav,,Ada,,,x\n"
        "\n"
        "music/4.wav,,,,tune,x\n"
        "music/5.wav,,,,test,x\n"
    )
    return path


def _refused_lines(path: Path, *lines: str) -> tuple[list[str], list[str]]:
    """Return what is told of more lines, and the ids of the tracks all the same."""
    with path.open("a") as stream:
        stream.write("".join(f"{line}\n" for line in lines))
    said = io.StringIO()
    found = corpus(f"csv:{path}", cache_dir=path.parent / "cache", console=Console(file=said))
    return said.getvalue().splitlines(), [track.id for track in found.tracks]


def test_tracks_are_those_of_the_table_with_its_works_and_titles(
    table: Path, open_corpus: OpenCorpus
) -> None:
    found = open_corpus(f"csv:{table}")
    assert [track.id for track in found.tracks] == [f"music/{n}.wav" for n in range(6)]
    assert found.path_of(found.tracks[2]) == table.parent / "music" / "2.wav"
    works = [track.work for track in found.tracks]
    assert works == ["music/0.wav", "music/0.wav", *(f"music/{n}.wav" for n in range(2, 6))]
    assert found.titles == {
        "music/0.wav": "Ada – Prelude",
        "music/1.wav": "Ada – Prelude, live",
        "music/2.wav": "Waltz",
    }
    assert found.seeded_as == "folder"
    assert found.skipped == ()


def test_what_a_table_fixes_holds_under_every_seed(table: Path, open_corpus: OpenCorpus) -> None:
    found = open_corpus(f"csv:{table}")
    sides = set()
    for seed in range(8):
        parts = split(found, seed=seed, calibration_share=0.5, left_out_share=0.0)
        tuned, tested = (
            {one.id for one in parts.half(role)[0]} for role in ("calibration", "test")
        )
        # A version whose half is not said goes with the others of its work.
        assert {"music/0.wav", "music/1.wav", "music/4.wav"} <= tuned
        assert {"music/2.wav", "music/5.wav"} <= tested
        sides.add("music/3.wav" in tuned)
    assert len(sides) == 1  # half of one free work, rounded


def test_tracks_without_a_title_in_the_table_have_that_of_their_tags(
    table: Path, open_corpus: OpenCorpus
) -> None:
    samples = np.sin(np.arange(2 * RATE_HZ)) / 3
    with soundfile.SoundFile(
        table.parent / "music" / "3.wav", "w", RATE_HZ, 1, format="WAV"
    ) as song:
        song.title, song.artist = "Fugue", "Bea"
        song.write(samples)
    found = open_corpus(f"csv:{table}")
    asked = ["music/0.wav", "music/3.wav", "music/4.wav", "nobody"]
    assert titles(found, asked) == {"music/0.wav": "Ada – Prelude", "music/3.wav": "Bea – Fugue"}


def test_titles_change_nothing_that_runs_depend_on(table: Path, open_corpus: OpenCorpus) -> None:
    before = open_corpus(f"csv:{table}").checksum
    table.write_text(table.read_text().replace("Waltz", "Minuet"))
    assert open_corpus(f"csv:{table}").checksum == before
    table.write_text(table.read_text().replace(",test,", ",tune,"))
    assert open_corpus(f"csv:{table}").checksum != before


def test_a_track_without_works_and_halves_is_that_of_a_folder(
    table: Path, open_corpus: OpenCorpus
) -> None:
    names = "\n".join(f"music/{n}.wav" for n in range(8))
    table.write_text(f"file\n{names}\n")
    listed, folder = open_corpus(f"csv:{table}"), open_corpus(f"folder:{table.parent / 'music'}")
    assert [one.checksum for one in listed.tracks] == [one.checksum for one in folder.tracks]
    assert "half" not in listed.tracks[0].model_dump()


def test_rows_that_cannot_be_used_are_told_by_their_lines_and_the_others_go_on(
    table: Path,
) -> None:
    soundfile.write(table.parent / "hush.wav", np.zeros(RATE_HZ), RATE_HZ)
    (table.parent / "notes.wav").write_text("no sound")
    said, ids = _refused_lines(
        table,
        "music/9.wav,,,,,x",
        "music/0.wav,,,,,x",
        "music/6.wav,,,,maybe,x",
        "music/6.wav,,,prelude,test,x",
        "music/6.wav,x",
        '"music/6.wav',
        ",,,,,x",
        "hush.wav,,,,,x",
        "notes.wav,,,,,x",
        "music/6.wav,,,,,x",
    )
    told = [line for line in said if line.startswith("tracks.csv")]
    assert [line.partition(":")[0][:18] for line in told] == [
        f"tracks.csv line {number}" for number in range(9, 18)
    ]
    for line, sentence in zip(
        told,
        (
            "there is no file music/9.wav",
            "music/0.wav is listed in tracks.csv line 2 already: list it once",
            "the split 'maybe' is none: write tune, test or nothing",
            "the work 'prelude' is in the other half in tracks.csv line 2",
            "has 2 values for 6 columns",
            "has a quote that does not end",
            "names no file: name one",
            "hush.wav is silent throughout",
            "notes.wav",
        ),
        strict=True,
    ):
        assert sentence in line
    assert ids == [f"music/{n}.wav" for n in range(7)]


def test_a_table_that_gives_no_track_is_refused(tmp_path: Path, open_corpus: OpenCorpus) -> None:
    path = tmp_path / "tracks.csv"
    with pytest.raises(CorpusError, match="names no file: give the path of a table"):
        open_corpus(f"csv:{path}")
    path.write_text("file\nnix.wav\n")
    with pytest.raises(CorpusError, match=r"no row of .* tracks\.csv line 2: there is no file nix"):
        open_corpus(f"csv:{path}")
    path.write_text("path\nnix.wav\n")
    with pytest.raises(CorpusError, match=r"line 1 has no column file: .* the column file$"):
        open_corpus(f"csv:{path}")
