from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fpcore import Library
from fpcore.bulk.reindex import reindex
from fpcore.errors import ConfigMismatchError, FpError, StoreBusyError, StoreError
from fpcore.profiles import load_profile
from fpcore.records import Cut
from fpcore.store import NewSong, open_store
from tests import audio_files
from tests.fpcore.store.material import hashes, no_peaks
from tests.fpcore.store.old_index import make_old

OLD = load_profile("seed")
NEW = load_profile("balanced")
OTHER = load_profile("tiny")
KIND = "pcm16.wav"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index under the old profile, and the files of its three songs."""
    folder = tmp_path_factory.mktemp("learned")
    with Library.open(folder / "music.db", OLD, create=True) as library:
        for number in range(3):
            samples = audio_files.noisy_tones(6.0, 48_000, n_channels=2, seed=number)
            path = audio_files.write(folder / f"song-{number}.wav", samples, 48_000, kind=KIND)
            library.learn(path, name=f"Song {number}", metadata={"number": number})
    return folder


@pytest.fixture
def learned(tmp_path: Path, template: Path) -> tuple[Path, list[Path]]:
    """An index under the old profile, and the files of its three songs."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    database, files = tmp_path / "music.db", [tmp_path / f"song-{n}.wav" for n in range(3)]
    with open_store(database, OLD.fingerprint) as store:
        for song, path in zip(store.songs(), files, strict=True):
            store.update_metadata(song.id, {"source": str(path)})
    return database, files


def test_songs_are_found_under_the_new_profile_with_names_metadata_and_order(
    learned: tuple[Path, list[Path]],
) -> None:
    database, files = learned
    made = reindex(database, NEW, n_workers=2)
    assert (made.n_songs, made.gone, made.swapped) == (3, (), True)
    assert not made.beside.exists()
    with Library.open(database, NEW) as library:
        songs = library.store.songs()
        assert [song.name for song in songs] == ["Song 0", "Song 1", "Song 2"]
        assert [song.metadata["number"] for song in songs] == [0, 1, 2]
        assert library.store.check(full=True).ok
        best = library.recognize(files[1]).candidates[0]
        assert best.song_name == "Song 1"


def test_it_equals_an_index_that_was_learned_under_the_new_profile(
    learned: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    database, files = learned
    reindex(database, NEW, n_workers=1)
    with Library.open(tmp_path / "fresh.db", NEW, create=True) as fresh:
        for path in files:
            fresh.learn(path)
        stats = fresh.store.token_stats(n_hottest=1000)
    with open_store(database, NEW.fingerprint) as store:
        again = store.token_stats(n_hottest=1000)
    assert again.n_distinct_tokens == stats.n_distinct_tokens > 0
    assert again.hottest == stats.hottest


def test_songs_of_recordings_that_are_cut_off_stay_marked_and_duplicates_stay(
    learned: tuple[Path, list[Path]],
) -> None:
    database, files = learned
    content = files[0].read_bytes()
    cut = files[0].with_name("cut.wav")
    cut.write_bytes(content[: len(content) // 2])
    twin = files[0].with_name("twin.wav")
    twin.write_bytes(content + b"LIST\4\0\0\0INFO")
    with Library.open(database, OLD) as library:
        library.learn(cut, allow_duplicates=True)
        assert library.learn(twin).known_by == "audio"
        library.learn(twin, allow_duplicates=True)
    assert reindex(database, NEW, n_workers=1).n_songs == 5
    with open_store(database, NEW.fingerprint) as store:
        songs = {song.name: song for song in store.songs()}
        assert [name for name, song in songs.items() if not song.complete] == ["cut"]
        assert songs["cut"].cut == Cut(pytest.approx(3.0, abs=0.01), pytest.approx(6.0))
        assert songs["twin"].fingerprint_checksum == songs["Song 0"].fingerprint_checksum
        assert store.check(full=True).ok


def test_an_index_of_the_version_before_is_made_anew_with_checksums(
    learned: tuple[Path, list[Path]],
) -> None:
    database, _ = learned
    make_old(database, OLD.fingerprint)
    assert reindex(database, NEW, n_workers=1).swapped
    with open_store(database, NEW.fingerprint) as store:
        assert all(song.fingerprint_checksum for song in store.songs())
        assert store.check(full=True).notes == ()


def test_songs_whose_audio_is_gone_are_listed_and_the_old_index_stays(
    learned: tuple[Path, list[Path]],
) -> None:
    database, files = learned
    before = database.read_bytes()
    files[0].unlink()
    files[2].write_bytes(files[1].read_bytes())
    made = reindex(database, NEW, n_workers=1)
    assert not made.swapped
    assert [one.song.name for one in made.gone] == ["Song 0", "Song 2"]
    assert "not there any more" in made.gone[0].reason
    assert "holds something else" in made.gone[1].reason
    assert database.read_bytes() == before
    made = reindex(database, NEW, n_workers=1, drop_gone=True)
    assert made.swapped
    with open_store(database, NEW.fingerprint) as store:
        assert [song.name for song in store.songs()] == ["Song 1"]


def test_an_interrupted_run_is_gone_on_with(learned: tuple[Path, list[Path]]) -> None:
    database, files = learned
    moved = files[0].rename(files[0].with_suffix(".away"))
    first = reindex(database, NEW, n_workers=1)
    assert (first.n_songs, first.swapped) == (2, False)
    moved.rename(files[0])
    with open_store(first.beside, NEW.fingerprint) as store:
        learned_at = {song.checksum: song.id for song in store.songs()}
    second = reindex(database, NEW, n_workers=1)
    assert (second.n_songs, second.swapped) == (3, True)
    with open_store(database, NEW.fingerprint) as store:
        kept = {song.checksum: song.id for song in store.songs()}
        assert [song.name for song in store.songs()] == ["Song 1", "Song 2", "Song 0"]
    assert learned_at.items() <= kept.items()


def test_an_index_that_is_open_elsewhere_is_not_replaced(
    learned: tuple[Path, list[Path]],
) -> None:
    database, _ = learned
    with open_store(database, OLD.fingerprint) as store:
        assert store.n_songs() == 3
        with pytest.raises(StoreBusyError, match=r"open in another program.*service"):
            reindex(database, NEW, n_workers=1, busy_timeout_s=0.2)
        assert store.n_songs() == 3
    with open_store(database, OLD.fingerprint) as store:
        assert store.check(full=True).ok
    assert reindex(database, NEW, n_workers=1).swapped


def test_whoever_had_it_in_use_before_is_told_when_it_comes_back(
    learned: tuple[Path, list[Path]],
) -> None:
    database, _ = learned
    with open_store(database, OLD.fingerprint) as store:
        assert store.n_songs() == 3
        if not (child := os.fork()):  # a fork closes all connections
            os._exit(0)
        os.waitpid(child, 0)
        assert reindex(database, NEW, n_workers=1).swapped
        with pytest.raises(ConfigMismatchError, match=r"music\.db was indexed again .* open it"):
            store.n_songs()
        with pytest.raises(ConfigMismatchError, match="indexed again"):
            store.remove(1)
    with open_store(database, NEW.fingerprint) as store:
        assert store.n_songs() == 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE meta SET value = '0' WHERE key = 'algorithm_version'",
        """UPDATE meta SET value = '{"of": "another version"}' WHERE key = 'config'""",
    ],
)
def test_an_index_that_this_version_cannot_use_can_be_made_anew(
    learned: tuple[Path, list[Path]], change: str
) -> None:
    database, files = learned
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE meta SET value = 'of then' WHERE key = 'digest'")
        connection.execute(change)
    with pytest.raises(FpError, match="`fpcore reindex --profile NAME`"):
        open_store(database, None)
    assert reindex(database, OLD, n_workers=1).swapped
    with Library.open(database, OLD) as library:
        assert library.recognize(files[0]).candidates[0].song_name == "Song 0"


def test_a_link_to_a_database_stays_one(learned: tuple[Path, list[Path]], tmp_path: Path) -> None:
    database, _ = learned
    link = tmp_path / "link" / "of it.db"
    link.parent.mkdir()
    link.symlink_to(database)
    assert reindex(link, NEW, n_workers=1).swapped
    assert link.is_symlink()
    assert list(link.parent.iterdir()) == [link]
    with open_store(database, NEW.fingerprint) as store:
        assert store.n_songs() == 3


def test_one_file_that_two_songs_came_from_is_one_of_them_and_the_other_is_gone(
    learned: tuple[Path, list[Path]],
) -> None:
    database, files = learned
    files[1].write_bytes(files[0].read_bytes())
    files[0].write_bytes(files[2].read_bytes())
    with Library.open(database, OLD) as library:
        moved = library.store.songs()[0]
        library.store.remove(moved.id)
        library.learn(files[1], name="Song 0")  # where song 1 was
    made = reindex(database, NEW, n_workers=2)
    assert [(one.song.name, one.reason) for one in made.gone] == [
        ("Song 1", f"{files[1]} holds something else now")
    ]
    assert made.n_songs == 2


def test_an_index_of_the_same_configuration_is_left_alone(
    learned: tuple[Path, list[Path]],
) -> None:
    database, _ = learned
    before = database.read_bytes()
    made = reindex(database, OLD)
    assert (made.n_songs, made.swapped) == (3, False)
    assert database.read_bytes() == before


def test_an_index_keeps_the_profile_that_it_was_made_anew_under(
    learned: tuple[Path, list[Path]],
) -> None:
    database, _ = learned
    other = NEW.model_copy(update={"description": "of an earlier run"})
    beside = database.with_name(f"{database.name}.{NEW.fingerprint.digest[:12]}.new")
    Library.open(beside, other, create=True).close()
    assert reindex(database, NEW, n_workers=1).swapped
    with Library.open(database) as library:
        assert library.profile == NEW
    made = reindex(database, other)
    assert (made.swapped, made.renewed) == (False, True)
    with Library.open(database) as library:
        assert library.profile == other


@pytest.mark.parametrize("one_by_one", [True, False])
def test_music_that_was_moved_is_reindexed_once_it_is_learned_from_its_new_place(
    learned: tuple[Path, list[Path]], one_by_one: bool
) -> None:
    database, files = learned
    folder = database.parent / "moved"
    folder.mkdir()
    moved = [file.rename(folder / file.name) for file in files]
    with Library.open(database, OLD) as library:
        if one_by_one:
            assert not any(library.learn(file).created for file in moved)
        else:
            assert {one.status for one in library.learn_files(moved, n_workers=1)} == {"known"}
        songs = library.store.songs()
    assert [song.metadata for song in songs] == [
        {"source": str(file), "number": number} for number, file in enumerate(moved)
    ]
    assert [song.name for song in songs] == ["Song 0", "Song 1", "Song 2"]
    made = reindex(database, NEW, n_workers=1)
    assert (made.n_songs, made.gone, made.swapped) == (3, (), True)


def test_a_copy_does_not_take_the_place_of_a_file_that_is_there(
    learned: tuple[Path, list[Path]],
) -> None:
    database, files = learned
    copy = files[0].with_name("copy.wav")
    copy.write_bytes(files[0].read_bytes())
    with Library.open(database, OLD) as library:
        assert library.learn(copy).song.metadata["source"] == str(files[0])


def test_an_index_is_not_replaced_by_one_without_any_song(
    learned: tuple[Path, list[Path]],
) -> None:
    database, files = learned
    before = database.read_bytes()
    for file in files:
        file.rename(file.with_suffix(".away"))
    with pytest.raises(StoreError, match=r"no song of it would remain: .*song-0\.wav is not there"):
        reindex(database, NEW, n_workers=1, drop_gone=True)
    assert database.read_bytes() == before


@pytest.fixture
def unfinished(learned: tuple[Path, list[Path]]) -> Path:
    """What a run under another profile left that was killed after its first song."""
    database, files = learned
    digest = OTHER.fingerprint.digest
    left = database.with_name(f"{database.name}.{digest[:12]}.new")
    with Library.open(left, OTHER, create=True) as library:
        library.learn(files[0])
    return left


def test_what_a_run_under_another_profile_left_is_gone_on_with_or_removed_at_the_end(
    learned: tuple[Path, list[Path]], unfinished: Path
) -> None:
    database, files = learned
    files[2].unlink()
    assert reindex(database, NEW, n_workers=1).tidied == ()  # which is not at its end
    assert unfinished.exists()
    made = reindex(database, NEW, drop_gone=True, n_workers=1)
    assert (made.swapped, made.tidied) == (True, (unfinished,))
    assert sorted(path.name for path in database.parent.iterdir() if "music" in path.name) == [
        "music.db"
    ]
    again = reindex(database, NEW, n_workers=1)
    assert (again.swapped, again.tidied) == (False, ())


def test_what_a_run_left_that_was_killed_at_its_very_end_is_removed(
    learned: tuple[Path, list[Path]],
) -> None:
    database, files = learned
    left = database.with_name(f"{database.name}.{OLD.fingerprint.digest[:12]}.new")
    with Library.open(left, OLD, create=True) as library:
        library.learn(files[0])
    assert reindex(database, OLD).tidied == (left,)
    assert not left.exists()


def test_only_what_a_run_left_is_removed(
    learned: tuple[Path, list[Path]], unfinished: Path, tmp_path: Path
) -> None:
    database, _ = learned
    content = unfinished.read_bytes()
    others = {
        "music.db.new": content,
        "music.db.mine.new": content,
        "music.db.0123456789ab.new": content,  # made under another configuration
        "music.db.abcdefabcdef.new": b"notes of somebody",
        f"other.db.{OTHER.fingerprint.digest[:12]}.new": content,
    }
    for name, held in others.items():
        (tmp_path / name).write_bytes(held)
    with open_store(unfinished, OTHER.fingerprint) as at_work:
        assert at_work.n_songs() == 1
        assert reindex(database, OLD).tidied == ()
    with open_store(unfinished, OTHER.fingerprint) as store:
        song = store.songs()[0]
        store.add_song(NewSong("only here", "only here", 1.0), hashes((1, 1)), no_peaks())
    assert reindex(database, OLD).tidied == ()
    with open_store(unfinished, OTHER.fingerprint) as store:
        assert [one.id for one in store.songs()] == [song.id, song.id + 1]
    for name, held in others.items():
        assert (tmp_path / name).read_bytes() == held


def test_a_run_that_could_make_nothing_leaves_nothing(
    learned: tuple[Path, list[Path]],
) -> None:
    database, files = learned
    for file in files:
        file.unlink()
    assert not reindex(database, NEW, n_workers=1).swapped
    with pytest.raises(StoreError, match="no song of it would remain"):
        reindex(database, NEW, drop_gone=True, n_workers=1)
    assert [path.name for path in database.parent.iterdir()] == ["music.db"]
