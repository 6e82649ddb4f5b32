"""A folder of music as a corpus: it follows the files, and says what it cannot use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.corpora import Corpus, corpus
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
    def test_a_name_that_is_no_text_is_listed_and_not_fatal(
        self, music: Path, open_corpus: OpenCorpus
    ) -> None:
        write_tone(music / "x.wav").rename(music / os.fsdecode(b"caf\xe9.wav"))
        found = open_corpus(f"folder:{music}")
        assert len(found.tracks) == 3
        assert [(s.name, s.reason) for s in found.skipped] == [
            ("caf\\udce9.wav", "has a name that is not valid UTF-8")
        ]

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
