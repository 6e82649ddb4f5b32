"""A folder of music as a corpus: it follows the files, and says what it cannot use."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from experiments.corpora import Corpus, corpus
from experiments.corpora.reading import as_surveyed
from experiments.errors import CorpusError
from experiments.protocol.queries import excerpts_of
from fpcore import audio
from tests.experiments.corpora.material import QUIET, RATE_HZ, OpenCorpus, write_tone
from tests.fpcore.store.disks import make_read_only, small_disk


class TestFolder:
    def test_tracks_are_named_and_grouped_by_their_paths(
        self, music: Path, open_corpus: OpenCorpus
    ) -> None:
        found = open_corpus(f"folder:{music}")
        assert [t.id for t in found.tracks] == ["b.wav", "rock/a.wav", "rock/Ünï côdé.flac"]
        assert [t.group for t in found.tracks] == [".", "rock", "rock"]
        assert [t.duration_s for t in found.tracks] == [1.0, 1.5, 1.0]
        assert all(t.work == t.id and t.duplicate_of is None for t in found.tracks)
        assert found.by_id["b.wav"].checksum == audio.checksum(music / "b.wav")
        assert found.path_of(found.tracks[1]) == music / "rock" / "a.wav"
        assert found.duration_s == 3.5
        assert found.skipped == ()

    def test_files_that_cannot_be_used_are_listed_with_reasons(
        self, music: Path, open_corpus: OpenCorpus
    ) -> None:
        (music / "text.mp3").write_text("no music at all\n" * 100)
        (music / "empty.ogg").touch()
        soundfile.write(music / "silent.wav", np.zeros(RATE_HZ), RATE_HZ)
        (music / "gone.wav").symlink_to(music / "nowhere.wav")
        (music / "notes.txt").write_text("not looked at")
        found = open_corpus(f"folder:{music}")
        assert len(found.tracks) == 3
        reasons = {skipped.name: skipped.reason for skipped in found.skipped}
        assert set(reasons) == {"text.mp3", "empty.ogg", "silent.wav", "gone.wav"}
        assert reasons["silent.wav"] == "is silent throughout"
        assert reasons["gone.wav"] == "does not exist"
        assert not any(str(music) in reason for reason in reasons.values())

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
    def test_a_name_that_is_no_text_is_written_with_escapes(
        self, music: Path, tmp_path: Path, decoded: list[str]
    ) -> None:
        odd, folder = os.fsdecode(b"caf\xe9.wav"), tmp_path / os.fsdecode(b"m\xfcsic")
        write_tone(music / "x.wav", hz=900).rename(music / odd)
        (music / os.fsdecode(b"\xff.wav")).write_bytes(b"")
        music.rename(folder)
        for name in (f"folder:{folder}", rf"folder:{tmp_path}/m\xfcsic"):
            found = corpus(name, cache_dir=tmp_path / "cache", console=QUIET)
            assert found.name == rf"folder:{tmp_path}/m\xfcsic"
            track = found.by_id[r"caf\xe9.wav"]
            assert found.path_of(track) == folder / odd
            with as_surveyed(found, track) as file:
                assert file == folder / odd
            assert [(s.name, s.reason) for s in found.skipped] == [(r"\xff.wav", "is empty")]
            assert r'"caf\\xe9.wav"' in found.to_json()
        assert decoded.count(odd) == 1  # and then remembered

    def test_files_are_judged_by_what_they_hold_and_what_is_passed_over_is_told(
        self, music: Path, tmp_path: Path
    ) -> None:
        write_tone(music / "x.wav", hz=900).rename(music / "blob")
        (music / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(5000))
        (music / "notes.txt").write_text("Not music.")
        shown = Console(file=io.StringIO(), width=40)
        found = corpus(f"folder:{music}", cache_dir=tmp_path / "cache", console=shown)
        assert "blob" in found.by_id
        assert found.skipped == ()
        assert (
            f"folder:{music}: passed over 2 files without audio that can be read: "
            "cover.jpg, notes.txt\n"
        ) in shown.file.getvalue()  # type: ignore[attr-defined]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_subfolder_without_rights_is_listed(
        self, music: Path, open_corpus: OpenCorpus
    ) -> None:
        (music / "rock").chmod(0)
        found = open_corpus(f"folder:{music}")
        (music / "rock").chmod(0o755)
        assert [t.id for t in found.tracks] == ["b.wav"]
        assert [(s.name, s.reason) for s in found.skipped] == [
            ("rock", "cannot be read, permission denied")
        ]

    def test_exact_duplicates_are_marked_and_share_a_work(
        self, music: Path, open_corpus: OpenCorpus
    ) -> None:
        (music / "again.wav").write_bytes((music / "rock" / "a.wav").read_bytes())
        found = open_corpus(f"folder:{music}")
        assert found.by_id["again.wav"].duplicate_of is None
        assert found.by_id["rock/a.wav"].duplicate_of == "again.wav"
        assert found.by_id["rock/a.wav"].work == "again.wav"

    def test_reopening_decodes_nothing(
        self, music: Path, open_corpus: OpenCorpus, decoded: list[str]
    ) -> None:
        first = open_corpus(f"folder:{music}")
        assert len(decoded) == 3
        assert open_corpus(f"folder:{music}") == first
        assert len(decoded) == 3

    def test_it_follows_new_changed_and_removed_files(
        self, music: Path, open_corpus: OpenCorpus, decoded: list[str]
    ) -> None:
        first = open_corpus(f"folder:{music}")
        decoded.clear()
        write_tone(music / "new.wav", hz=900)
        write_tone(music / "b.wav", hz=301, duration_s=2.0)
        (music / "rock" / "a.wav").unlink()
        second = open_corpus(f"folder:{music}")
        assert sorted(decoded) == ["b.wav", "new.wav"]
        assert [t.id for t in second.tracks] == ["b.wav", "new.wav", "rock/Ünï côdé.flac"]
        assert second.by_id["b.wav"].duration_s == 2.0
        assert second.checksum != first.checksum

    def test_what_is_asked_of_it_does_not_depend_on_where_it_is(
        self, music: Path, open_corpus: OpenCorpus
    ) -> None:
        def starts(found: Corpus) -> list[float]:
            track = found.by_id["b.wav"]
            whole = audio.load(found.path_of(track), sample_rate_hz=RATE_HZ)
            asked = excerpts_of(found, track, whole, n=3, longest_s=0.2, seed=0)
            return [excerpt.start_s for excerpt in asked]

        before = open_corpus(f"folder:{music}")
        asked_before = starts(before)
        moved = music.rename(music.parent / "elsewhere")
        after = open_corpus(f"folder:{moved}")
        assert after.root != before.root
        assert after.checksum == before.checksum
        assert starts(after) == asked_before
        assert len(set(asked_before)) == 3

    def test_a_folder_without_music_is_refused(
        self, tmp_path: Path, open_corpus: OpenCorpus
    ) -> None:
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "notes.txt").write_text("no music")
        with pytest.raises(CorpusError, match=r"docs holds no audio file that can be used$"):
            open_corpus(f"folder:{tmp_path / 'docs'}")

    def test_a_folder_of_broken_files_is_refused_with_the_first_reason(
        self, tmp_path: Path, open_corpus: OpenCorpus
    ) -> None:
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "empty.wav").touch()
        with pytest.raises(CorpusError, match=r"can be used; the first of 1: empty\.wav .*empty"):
            open_corpus(f"folder:{tmp_path / 'docs'}")

    @pytest.mark.parametrize("name", ["folder:", "folder", "folder:/no/such/folder"])
    def test_a_folder_that_is_none_is_refused(self, name: str, open_corpus: OpenCorpus) -> None:
        with pytest.raises(CorpusError, match="names no folder"):
            open_corpus(name)

    def test_a_prepared_corpus_may_lie_on_a_disk_that_is_read_only(self, tmp_path: Path) -> None:
        write_tone(tmp_path / "music" / "one.wav", hz=440)
        with small_disk(tmp_path / "disk", megabytes=1) as disk:
            prepared = corpus(f"folder:{tmp_path / 'music'}", cache_dir=disk, console=QUIET)
            make_read_only(disk)
            assert corpus(f"folder:{tmp_path / 'music'}", cache_dir=disk, console=QUIET) == prepared
