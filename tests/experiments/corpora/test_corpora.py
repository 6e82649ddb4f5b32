"""Corpora by name, manifests, and what happens to them when files change or a process is killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from experiments.corpora import Corpus, Track, corpus, demo
from experiments.corpora.manifest import mark_duplicates, read_manifest, with_works
from experiments.errors import CorpusError
from experiments.protocol.queries import excerpts_of
from fpcore import audio
from fpcore.atomic import write_text
from tests.fpcore.store.disks import make_read_only, small_disk

RATE_HZ = 8000
QUIET = Console(quiet=True)


def write_tone(path: Path, *, hz: float = 440.0, duration_s: float = 1.0) -> Path:
    """Write a WAV file with a sine of a third of full scale."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    soundfile.write(path, np.sin(2 * np.pi * hz * time_s) / 3, RATE_HZ)
    return path


def track(track_id: str, *, content: str = "", work: str = "") -> Track:
    """Return a track whose checksum is made of ``content``, by default its id."""
    return Track(
        id=track_id,
        group="g",
        path=f"{track_id}.wav",
        checksum=content or track_id,
        duration_s=1.0,
        work=work or track_id,
    )


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Return a folder with three recordings, two of them in a subfolder."""
    root = tmp_path / "music"
    write_tone(root / "b.wav", hz=300)
    write_tone(root / "rock" / "a.wav", hz=500, duration_s=1.5)
    write_tone(root / "rock" / "Ünï côdé.flac", hz=700)
    return root


@pytest.fixture
def open_corpus(tmp_path: Path) -> Callable[[str], Corpus]:
    """Return `corpus` with a cache folder of this test's own."""
    return lambda name: corpus(name, cache_dir=tmp_path / "cache", console=QUIET)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of each file that is decoded from now on."""
    names: list[str] = []
    decode_blocks = audio.decode_blocks

    def note(source, **options):
        names.append(Path(source).name)
        return decode_blocks(source, **options)

    monkeypatch.setattr(audio, "decode_blocks", note)
    return names


class TestFolder:
    def test_tracks_are_named_and_grouped_by_their_paths(self, music, open_corpus) -> None:
        found = open_corpus(f"folder:{music}")
        assert [t.id for t in found.tracks] == ["b.wav", "rock/a.wav", "rock/Ünï côdé.flac"]
        assert [t.group for t in found.tracks] == [".", "rock", "rock"]
        assert [t.duration_s for t in found.tracks] == [1.0, 1.5, 1.0]
        assert all(t.work == t.id and t.duplicate_of is None for t in found.tracks)
        assert found.by_id["b.wav"].checksum == audio.checksum(music / "b.wav")
        assert found.path_of(found.tracks[1]) == music / "rock" / "a.wav"
        assert found.duration_s == 3.5
        assert found.skipped == ()

    def test_files_that_cannot_be_used_are_listed_with_reasons(self, music, open_corpus) -> None:
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
    def test_a_name_that_is_no_text_is_listed_and_not_fatal(self, music, open_corpus) -> None:
        write_tone(music / "x.wav").rename(music / os.fsdecode(b"caf\xe9.wav"))
        found = open_corpus(f"folder:{music}")
        assert len(found.tracks) == 3
        assert [(s.name, s.reason) for s in found.skipped] == [
            ("caf\\udce9.wav", "has a name that is not valid UTF-8")
        ]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_subfolder_without_rights_is_listed(self, music, open_corpus) -> None:
        (music / "rock").chmod(0)
        found = open_corpus(f"folder:{music}")
        (music / "rock").chmod(0o755)
        assert [t.id for t in found.tracks] == ["b.wav"]
        assert [(s.name, s.reason) for s in found.skipped] == [
            ("rock", "cannot be read, permission denied")
        ]

    def test_exact_duplicates_are_marked_and_share_a_work(self, music, open_corpus) -> None:
        (music / "again.wav").write_bytes((music / "rock" / "a.wav").read_bytes())
        found = open_corpus(f"folder:{music}")
        assert found.by_id["again.wav"].duplicate_of is None
        assert found.by_id["rock/a.wav"].duplicate_of == "again.wav"
        assert found.by_id["rock/a.wav"].work == "again.wav"

    def test_reopening_decodes_nothing(self, music, open_corpus, decoded) -> None:
        first = open_corpus(f"folder:{music}")
        assert len(decoded) == 3
        assert open_corpus(f"folder:{music}") == first
        assert len(decoded) == 3

    def test_it_follows_new_changed_and_removed_files(self, music, open_corpus, decoded) -> None:
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

    def test_what_is_asked_of_it_does_not_depend_on_where_it_is(self, music, open_corpus) -> None:
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

    def test_a_folder_without_music_is_refused(self, tmp_path, open_corpus) -> None:
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "notes.txt").write_text("no music")
        with pytest.raises(CorpusError, match=r"docs holds no audio file that can be used$"):
            open_corpus(f"folder:{tmp_path / 'docs'}")

    def test_a_folder_of_broken_files_is_refused_with_the_first_reason(
        self, tmp_path, open_corpus
    ) -> None:
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "empty.wav").touch()
        with pytest.raises(CorpusError, match=r"can be used; the first of 1: empty\.wav .*empty"):
            open_corpus(f"folder:{tmp_path / 'docs'}")

    @pytest.mark.parametrize("name", ["folder:", "folder", "folder:/no/such/folder"])
    def test_a_folder_that_is_none_is_refused(self, name, open_corpus) -> None:
        with pytest.raises(CorpusError, match="names no folder"):
            open_corpus(name)

    def test_a_prepared_corpus_may_lie_on_a_disk_that_is_read_only(self, tmp_path: Path) -> None:
        write_tone(tmp_path / "music" / "one.wav", hz=440)
        with small_disk(tmp_path / "disk", megabytes=1) as disk:
            prepared = corpus(f"folder:{tmp_path / 'music'}", cache_dir=disk, console=QUIET)
            make_read_only(disk)
            assert corpus(f"folder:{tmp_path / 'music'}", cache_dir=disk, console=QUIET) == prepared


class TestKilled:
    SCRIPT = """
import os, signal, sys
from pathlib import Path
from rich.console import Console
from experiments.corpora import corpus
from fpcore import audio

checksum, calls = audio.checksum, []

def kill_on_the_seventh(path):
    calls.append(path)
    if len(calls) == 7:
        ledger = next(Path(sys.argv[2]).rglob("survey.jsonl"))
        with ledger.open("a") as stream:
            stream.write('\\n{"path": "torn')
        os.kill(os.getpid(), signal.SIGKILL)
    return checksum(path)

audio.checksum = kill_on_the_seventh
os.cpu_count = lambda: 1
corpus(f"folder:{sys.argv[1]}", cache_dir=Path(sys.argv[2]), console=Console(quiet=True))
"""

    def test_a_killed_survey_goes_on_where_it_was(self, tmp_path, open_corpus, decoded) -> None:
        for number in range(12):
            write_tone(tmp_path / "many" / f"{number:02d}.wav", hz=200 + 10 * number)
        killed = subprocess.run(
            [sys.executable, "-c", self.SCRIPT, tmp_path / "many", tmp_path / "cache"],
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        ledger = next((tmp_path / "cache").rglob("survey.jsonl"))
        n_recorded = ledger.read_text().count('"checksum"')
        assert n_recorded >= 1
        assert not list((tmp_path / "cache").rglob("manifest.json"))
        found = open_corpus(f"folder:{tmp_path / 'many'}")
        assert len(found.tracks) == 12
        assert len(decoded) == 12 - n_recorded
        decoded.clear()
        assert open_corpus(f"folder:{tmp_path / 'many'}") == found
        assert decoded == []


class TestDemo:
    def test_it_has_the_28_recordings_by_mood(self, open_corpus) -> None:
        pytest.importorskip("immich_memories_music")
        found = open_corpus("demo")
        assert len(found.tracks) == 28
        assert all(t.path.endswith(".opus") and t.id.startswith(t.group) for t in found.tracks)
        assert all(29 < t.duration_s < 36 for t in found.tracks)
        assert len({t.work for t in found.tracks}) == 28
        assert found.skipped == ()
        assert [source.name for source in found.sources] == ["immich-memories-music"]

    def test_a_missing_package_is_named_with_the_remedy(self, open_corpus, monkeypatch) -> None:
        # None in sys.modules makes Python's own import fail as for a missing package.
        monkeypatch.setitem(sys.modules, "immich_memories_music", None)
        with pytest.raises(CorpusError, match=f"run `pip install {demo.DISTRIBUTION}`"):
            open_corpus("demo")


class TestNames:
    @pytest.mark.parametrize("name", ["", "deom", "demo:3", "debian-games:2", "generated:"])
    def test_an_unknown_name_is_refused_with_the_known_ones(self, name, open_corpus) -> None:
        with pytest.raises(CorpusError, match=r"choose one of generated, generated:N, demo, "):
            open_corpus(name)


class TestManifest:
    CORPUS = Corpus("folder:x", Path("root"), (track("a"), track("b")))

    def test_it_is_read_back_as_it_was_written(self, tmp_path) -> None:
        write_text(tmp_path / "manifest.json", self.CORPUS.to_json(), durable=True)
        assert read_manifest(tmp_path / "manifest.json", root=Path("root")) == self.CORPUS
        assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]

    def test_its_bytes_are_canonical(self) -> None:
        text = self.CORPUS.to_json()
        assert text.isascii()
        assert json.dumps(json.loads(text), sort_keys=True, indent=1) + "\n" == text

    def test_the_checksum_covers_tracks_and_nothing_else(self) -> None:
        assert replace(self.CORPUS, name="y", root=Path("z")).checksum == self.CORPUS.checksum
        for change in ({"checksum": "c"}, {"work": "c"}, {"duration_s": 2.0}, {"id": "c"}):
            tracks = (self.CORPUS.tracks[0], self.CORPUS.tracks[1].model_copy(update=change))
            assert replace(self.CORPUS, tracks=tracks).checksum != self.CORPUS.checksum

    def test_the_checksum_is_the_same_on_every_machine(self) -> None:
        assert self.CORPUS.checksum.startswith("f3c1ed8ba763fe58")

    def test_a_missing_one_and_one_of_another_format_are_made_anew(self, tmp_path) -> None:
        path = tmp_path / "manifest.json"
        assert read_manifest(path, root=tmp_path) is None
        path.write_text('{"format": 0, "whatever": 1}')
        assert read_manifest(path, root=tmp_path) is None

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("{", "", "is not a corpus manifest"),
            ('"name"', '"nome"', "is not a corpus manifest"),
            ('"duration_s": 1.0', '"duration_s": "long"', "is not a corpus manifest"),
            ('"duration_s": 1.0', '"duration_s": 1.5', "does not have the checksum"),
        ],
    )
    def test_a_changed_one_is_refused(self, tmp_path, old, new, message) -> None:
        path = tmp_path / "manifest.json"
        path.write_text(self.CORPUS.to_json().replace(old, new, 1))
        with pytest.raises(CorpusError, match=f"{message}.*remove it"):
            read_manifest(path, root=tmp_path)

    @pytest.mark.parametrize("text", ["[]", "3", ""])
    def test_json_of_another_shape_is_refused(self, tmp_path, text) -> None:
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(CorpusError, match="is not a corpus manifest"):
            read_manifest(tmp_path / "manifest.json", root=tmp_path)

    def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(self, tmp_path) -> None:
        path = tmp_path / "manifest.json"
        write_text(path, "old", durable=True)
        with pytest.raises(UnicodeEncodeError):
            write_text(path, "\udcff", durable=True)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]


class TestWorks:
    CORPUS = Corpus(
        "x",
        Path(),
        mark_duplicates([track("d", content="1"), track("a", content="1"), track("b"), track("c")]),
    )

    def works(self, *groups: tuple[str, ...]) -> dict[str, str]:
        return {t.id: t.work for t in with_works(self.CORPUS, groups).tracks}

    def test_without_groups_only_duplicates_share_a_work(self) -> None:
        assert self.works() == {"a": "a", "b": "b", "c": "c", "d": "a"}

    def test_the_first_of_a_group_names_the_work(self) -> None:
        assert self.works(("c", "b")) == {"a": "a", "b": "c", "c": "c", "d": "a"}

    @pytest.mark.parametrize("member", ["a", "d"])
    def test_a_duplicate_and_its_original_go_together(self, member) -> None:
        assert self.works(("b", member)) == {"a": "b", "b": "b", "c": "c", "d": "b"}

    def test_naming_a_duplicate_beside_its_original_is_harmless(self) -> None:
        assert self.works(("a", "d", "b")) == {"a": "a", "b": "a", "c": "c", "d": "a"}

    def test_tracks_of_a_missing_package_are_passed_over(self) -> None:
        assert self.works(("gone", "b", "c")) == {"a": "a", "b": "gone", "c": "gone", "d": "a"}

    def test_groups_are_not_sticky(self) -> None:
        grouped = with_works(self.CORPUS, [("b", "c")])
        assert with_works(grouped, []) == self.CORPUS

    def test_a_track_in_two_groups_is_refused(self) -> None:
        with pytest.raises(CorpusError, match="'b' stands in two groups"):
            self.works(("a", "b"), ("b", "c"))
