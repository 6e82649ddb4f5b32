"""Learning many files: what is yielded, when it is on the disk, and stopping in the middle."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from fpcore import Library
from fpcore.audio import decode_blocks
from fpcore.bulk import learn
from fpcore.errors import AudioError, StoreError
from fpcore.pipeline import Fingerprint
from fpcore.profiles import load_profile
from fpcore.records import Cut
from fpcore.store import SqliteStore, open_store
from fpcore.store.derived_names import NameBy
from tests.fpcore.indexed import RATE_HZ, part
from tests.fpcore.synthetic import LEAN
from tests.tagged_files import tagged


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Seven songs of four seconds."""
    paths = [tmp_path / f"{number}.wav" for number in range(7)]
    for number, path in enumerate(paths):
        soundfile.write(path, part(0, 4.0 * number, 4.0), RATE_HZ)
    return paths


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with open_store(tmp_path / "songs.db", LEAN, create=True) as store:
        yield store


@pytest.mark.parametrize("way", ["in place", "replaced"])
def test_a_file_that_is_written_to_while_it_is_read_is_not_learned(
    store: SqliteStore, files: list[Path], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    path, other = files[0], files[1].read_bytes()

    def written_to(*source: Any, **how: Any) -> Iterator[Any]:
        if way == "replaced":
            path.unlink()
        path.write_bytes(other)
        return decode_blocks(*source, **how)

    library = Library(store, load_profile().model_copy(update={"fingerprint": LEAN}))
    monkeypatch.setattr("fpcore.bulk.learn.decode_blocks", written_to)
    with pytest.raises(AudioError, match=r"0\.wav: it was changed while it was read: learn it"):
        library.learn(path)
    monkeypatch.undo()
    assert store.n_songs() == 0
    assert library.learn(path).created


def test_what_is_yielded_is_on_the_disk_and_stopping_ends_the_workers(
    store: SqliteStore, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learn, "BATCH_SONGS", 2)
    outcomes = learn.learn_files(files, store, n_workers=1)
    for _ in range(3):
        outcome = next(outcomes)
        assert outcome.status == "learned"
        assert outcome.song is not None
        with open_store(store.path, LEAN) as other:
            assert other.song(outcome.song.id) == outcome.song
    assert multiprocessing.active_children()
    outcomes.close()
    assert not multiprocessing.active_children()
    assert store.n_songs() == 4  # batches are written whole
    rest = [one.status for one in learn.learn_files(files, store, n_workers=2)]
    assert sorted(rest) == ["known"] * 4 + ["learned"] * 3
    assert store.check(full=True).ok


def test_a_song_that_another_program_removes_meanwhile_is_told_to_be_learned_again(
    store: SqliteStore, files: list[Path]
) -> None:
    assert list(learn.learn_files(files[:1], store, n_workers=1))

    def removed_on_the_way() -> Iterator[Path]:
        with open_store(store.path, LEAN) as other:
            other.clear()
        yield files[0]

    (outcome,) = learn.learn_files(removed_on_the_way(), store, n_workers=1)
    assert (outcome.status, outcome.song) == ("failed", None)
    assert outcome.reason is not None
    assert "0.wav: its song was removed meanwhile" in outcome.reason
    assert [one.status for one in learn.learn_files(files[:1], store, n_workers=1)] == ["learned"]


def test_few_files_are_taken_before_they_are_needed(store: SqliteStore, files: list[Path]) -> None:
    n_taken = 0

    def endless() -> Iterator[Path]:
        nonlocal n_taken
        while True:
            n_taken += 1
            yield files[n_taken % len(files)]

    outcomes = learn.learn_files(endless(), store, n_workers=1)
    for _ in range(learn.BATCH_SONGS):
        next(outcomes)
    outcomes.close()
    assert n_taken <= 2 * learn.BATCH_SONGS + learn.QUEUED_PER_WORKER


def test_no_files_give_nothing(store: SqliteStore) -> None:
    assert list(learn.learn_files([], store)) == []


def test_a_store_that_cannot_be_written_ends_the_run(
    store: SqliteStore, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learn, "BATCH_SONGS", 1)
    outcomes = learn.learn_files(files, store, n_workers=1)
    next(outcomes)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        list(outcomes)
    assert not multiprocessing.active_children()


def test_an_entry_keeps_the_whole_path_for_learning_again(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = learn.extract(files[0], LEAN, learn.AudioLimits())
    monkeypatch.chdir(tmp_path)
    song, hashes, peaks = learn.entry(Path("0.wav"), "sum", found, title=None)
    assert (song.name, song.checksum, song.duration_s) == ("0", "sum", 4.0)
    assert song.metadata == {"source": str(files[0].resolve())}
    assert (hashes, peaks) == (found.hashes, found.constellation)


@pytest.mark.parametrize(("name_by", "name"), [("tags", "Ada – Aria"), ("file", "0")])
def test_songs_are_called_as_their_tags_or_their_files(
    store: SqliteStore, files: list[Path], name_by: NameBy, name: str
) -> None:
    files[0].write_bytes(tagged(files[0].read_bytes(), "Aria", "Ada"))
    outcomes = learn.learn_files(files[:2], store, n_workers=1, name_by=name_by)
    named = {outcome.path: outcome.song and outcome.song.name for outcome in outcomes}
    assert named == {files[0]: name, files[1]: "1"}


def test_of_a_file_that_is_cut_off_there_is_a_fingerprint_unless_strict(files: list[Path]) -> None:
    content = files[0].read_bytes()
    whole = learn.extract(files[0], LEAN, learn.AudioLimits(), strict=True)
    assert whole.cut is None
    cut = io.BytesIO(content[: round(0.75 * len(content))])
    found = learn.extract(cut, LEAN, learn.AudioLimits())
    assert found.cut == Cut(pytest.approx(3.0, abs=1e-3), 4.0)
    assert 0 < len(found.hashes) < len(whole.hashes)
    song, *_ = learn.entry(files[0], "sum", found, title=None)
    assert song.cut == found.cut
    with pytest.raises(AudioError, match=r"^a name: is cut off after 3\.00 s of 4\.00 s"):
        learn.extract(cut, LEAN, learn.AudioLimits(), name="a name", strict=True)


def test_files_of_one_batch_with_the_same_audio_are_one_song(
    store: SqliteStore, files: list[Path]
) -> None:
    twin = files[0].with_name("twin.wav")
    twin.write_bytes(files[0].read_bytes() + b"LIST\4\0\0\0INFO")
    outcomes = list(learn.learn_files([files[0], twin, files[1]], store, n_workers=1))
    assert sorted(one.status for one in outcomes) == ["known", "learned", "learned"]
    (known,) = [one for one in outcomes if one.status == "known"]
    assert known.reason is not None
    assert known.reason.endswith("(id 1): same audio")
    assert store.n_songs() == 2
    both = list(learn.learn_files([files[0], twin], store, n_workers=1, allow_duplicates=True))
    assert sorted(one.status for one in both) == ["known", "learned"]


def test_a_second_run_over_a_folder_decodes_nothing_and_tells_the_duplicates_again(
    store: SqliteStore, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    music = files[0].read_bytes()
    names = "twin.wav", "odd.wav", "part.wav"
    twin, odd, part_ = (files[0].with_name(name) for name in names)
    twin.write_bytes(music + b"LIST\4\0\0\0INFO")
    odd.write_bytes(music + b"LIST\4\0\0\0INF2")
    part_.write_bytes(music[: len(music) * 3 // 4])
    folder = [files[0], twin, odd, part_]
    decoded: list[Path] = []
    extract_files = learn.extract_files

    def watched(*given: Any) -> Iterator[Any]:
        for finished in extract_files(*given):
            if finished is not None and getattr(finished[1], "fingerprint", None):
                decoded.append(finished[0])
            yield finished

    monkeypatch.setattr(learn, "extract_files", watched)
    list(learn.learn_files(files[:1], store, n_workers=1))
    first = list(learn.learn_files(folder, store, n_workers=1))
    assert sorted(decoded) == sorted([files[0], twin, odd, part_])
    decoded.clear()
    assert sorted(learn.learn_files(folder, store, n_workers=1), key=str) == sorted(first, key=str)
    assert decoded == []
    # What is refused, or learned, otherwise is looked into as before.
    strictly = list(learn.learn_files(folder, store, n_workers=1, strict=True))
    assert [one.path for one in strictly if one.status == "failed"] == [part_]
    assert decoded == []
    list(learn.learn_files(folder, store, n_workers=1, allow_duplicates=True))
    assert sorted(decoded) == sorted([twin, odd, part_])
    assert store.n_songs() == 4


def test_a_fingerprint_without_a_hash_is_refused_by_the_name_given(files: list[Path]) -> None:
    found = learn.extract(files[0], LEAN, learn.AudioLimits())
    assert learn.checked(found, "a") is found
    lone = Fingerprint(
        found.constellation,
        type(found.hashes)(found.hashes.token[:0], found.hashes.frame[:0]),
        0.25,
    )
    with pytest.raises(AudioError, match=r"^a name: its 0\.2 s of audio give no fingerprint"):
        learn.checked(lone, "a name")
