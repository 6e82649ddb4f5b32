"""The facade on real files: opening, learning, recognising, and many threads at once."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import fpcore
from fpcore.audio import AudioLimits, checksum
from fpcore.config import Profile
from fpcore.errors import AudioError, ConfigError, ConfigMismatchError, StoreError
from fpcore.library import Library
from fpcore.profiles import load_profile, save_profile
from fpcore.records import Cut
from fpcore.store import open_store
from tests import audio_files, tagged_files
from tests.fpcore.indexed import PROFILE, RATE_HZ, UNKNOWN, part, silence
from tests.fpcore.synthetic import LEAN

SONG_S = 12.0


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six songs of 12 s in FLAC files."""
    folder = tmp_path_factory.mktemp("music")
    return [_flac(folder / f"song {index}.flac", index) for index in range(6)]


def _flac(path: Path, index: int, start_s: float = 0.0, duration_s: float = SONG_S) -> Path:
    soundfile.write(path, part(index, start_s, duration_s), RATE_HZ, subtype="PCM_24")
    return path


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "songs.db", PROFILE, create=True) as library:
        yield library


# Opening


def test_a_new_index_is_made_with_the_default_profile_or_the_one_asked_for(
    tmp_path: Path,
) -> None:
    (tmp_path / "empty.db").touch()
    saved = tmp_path / "saved.json"
    save_profile(PROFILE, saved)
    for file, profile, name in (
        ("a.db", None, "balanced"),
        ("empty.db", None, "balanced"),
        ("b.db", "seed", "seed"),
        ("c.db", str(saved), "tested"),
        ("d.db", saved, "tested"),
        ("e.db", PROFILE, "tested"),
    ):
        with Library.open(tmp_path / file, profile, create=True) as library:
            assert library.profile.name == name
            assert library.store.config == library.profile.fingerprint
            assert library.store.n_songs() == 0


@pytest.mark.parametrize("create", [False, True])
def test_an_index_is_opened_under_the_profile_that_it_was_made_with(
    create: bool, tmp_path: Path
) -> None:
    for name in ("seed", "balanced"):
        path = tmp_path / f"{name}.db"
        Library.open(path, name, create=True).close()
        with Library.open(path, create=create) as library:
            assert library.profile == load_profile(name)


def test_of_profiles_with_one_fingerprint_the_default_one_is_taken_then_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPCORE_PROFILES", str(tmp_path))
    Library.open(tmp_path / "songs.db", PROFILE, create=True).close()
    for name in ("b", "c"):
        save_profile(PROFILE.model_copy(update={"name": name}), tmp_path / f"{name}.json")
    (tmp_path / "a.json").write_text("broken, and no reason to lock out the others")
    with Library.open(tmp_path / "songs.db") as library:
        assert library.profile.name == "b"
    save_profile(PROFILE.model_copy(update={"name": "balanced"}), tmp_path / "balanced.json")
    with Library.open(tmp_path / "songs.db") as library:
        assert library.profile.name == "balanced"


def test_an_index_of_no_profile_at_hand_names_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPCORE_PROFILES", str(tmp_path))
    path = tmp_path / "songs.db"
    Library.open(path, PROFILE, create=True).close()
    with pytest.raises(ConfigMismatchError, match="none of the profiles at hand has "):
        Library.open(path)
    other = PROFILE.fingerprint.model_copy(update={"sample_rate_hz": 16000})
    save_profile(PROFILE.model_copy(update={"fingerprint": other}), tmp_path / "other.json")
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(ConfigMismatchError, match=r"\(balanced, broken, other, ") as caught:
        Library.open(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_another_profile_than_the_indexs_is_refused_with_the_differences(tmp_path: Path) -> None:
    path = tmp_path / "songs.db"
    Library.open(path, PROFILE, create=True).close()
    before = path.read_bytes()
    for create in (False, True):
        with pytest.raises(ConfigMismatchError, match=r"whitening\.kind is 'box' there") as caught:
            Library.open(path, "seed", create=create)
        assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    with (
        open_store(path, LEAN) as store,
        pytest.raises(ConfigMismatchError, match=f"^{path}: .* profile 'seed'"),
    ):
        Library(store, load_profile("seed"))


def test_what_differs_at_query_time_alone_opens_the_same_index(tmp_path: Path) -> None:
    path = tmp_path / "songs.db"
    Library.open(path, PROFILE, create=True).close()
    sharper = PROFILE.model_copy(update={"name": "sharper", "query": load_profile("seed").query})
    with Library.open(path, sharper) as library:
        assert library.profile is sharper


def test_a_missing_index_is_not_made_unasked(tmp_path: Path) -> None:
    for profile in (None, "seed", PROFILE):
        with pytest.raises(StoreError, match=r"missing\.db"):
            Library.open(tmp_path / "missing.db", profile)
    with pytest.raises(ConfigError, match="cannot read profile 'no such'"):
        Library.open(tmp_path / "missing.db", "no such", create=True)
    assert list(tmp_path.iterdir()) == []


def test_a_closed_library_says_so(library: Library, music: list[Path]) -> None:
    library.close()
    library.close()
    with pytest.raises(StoreError, match="closed"):
        library.learn(music[0])


# Learning


def test_a_song_is_learned_under_the_stem_of_its_file(library: Library, music: list[Path]) -> None:
    added = library.learn(music[0])
    assert added.created
    assert added.song == library.store.song(added.song.id)
    assert added.song.name == "song 0"
    assert added.song.duration_s == pytest.approx(SONG_S, abs=1e-3)
    assert added.song.n_fingerprints > 100
    assert added.song.checksum == checksum(music[0])
    assert added.song.metadata == {"source": str(music[0].resolve())}


def test_a_profile_from_a_file_is_not_told_to_be_found_by_the_name_that_it_bears(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.json").write_text(load_profile("seed").model_dump_json())
    with (
        open_store(tmp_path / "x.db", load_profile().fingerprint, create=True) as store,
        pytest.raises(ConfigMismatchError, match=r"reindex --profile NAME\|FILE`, with its name"),
    ):
        Library(store, load_profile(tmp_path / "mine.json"))


def test_the_same_content_under_another_name_is_the_song_that_is_there(
    library: Library, music: list[Path], tmp_path: Path
) -> None:
    first = library.learn(music[0], metadata={"year": 1999})
    size = library.store.stats()
    copy = Path(shutil.copy(music[0], tmp_path / "another name.flac"))
    for again in (
        library.learn(copy),
        library.learn(str(copy), name="another", metadata={"year": 2000}),
        library.learn(io.BytesIO(copy.read_bytes())),
    ):
        assert again.song == first.song
        assert not again.created
    (outcome,) = library.learn_files([copy], n_workers=1)
    assert (outcome.status, outcome.song) == ("known", first.song)
    assert library.store.stats() == size


def test_the_same_audio_in_another_container_is_the_song_that_is_there_unless_allowed(
    library: Library, music: list[Path], tmp_path: Path
) -> None:
    first = library.learn(music[0]).song
    tagged = tmp_path / "the same.wav"
    soundfile.write(tagged, *soundfile.read(music[0]), subtype="PCM_16")
    again = library.learn(tagged)
    assert (again.song, again.created, again.known_by) == (first, False, "audio")
    (outcome,) = library.learn_files([tagged], n_workers=1)
    assert (outcome.status, outcome.song) == ("known", first)
    assert outcome.reason == f'already there as "song 0" (id {first.id}): same audio'
    assert library.learn(tagged, allow_duplicates=True).created
    (outcome,) = library.learn_files([tagged], n_workers=1, allow_duplicates=True)
    assert (outcome.status, outcome.reason) == ("known", None)
    assert library.store.n_songs() == 2


def test_of_a_song_that_is_cut_off_what_there_is_is_learned_unless_strict(
    library: Library, music: list[Path], tmp_path: Path
) -> None:
    cut = tmp_path / "cut.wav"
    soundfile.write(cut, part(4, 0, 10), RATE_HZ)
    cut.write_bytes(cut.read_bytes()[: round(0.8 * cut.stat().st_size)])
    with pytest.raises(AudioError, match=r"cut\.wav: is cut off after 8\.00 s of 10\.00 s"):
        library.learn(cut, strict=True)
    (outcome,) = library.learn_files([cut], n_workers=1, strict=True)
    assert outcome.status == "failed"
    outcomes = {one.path: one for one in library.learn_files([cut, music[0]], n_workers=1)}
    assert {one.status for one in outcomes.values()} == {"learned"}
    whole, found = outcomes[music[0]].song, outcomes[cut].song
    assert whole is not None
    assert whole.cut is None
    assert found is not None
    assert found.cut == Cut(pytest.approx(8.0, abs=1e-3), 10.0)
    library.store.remove(found.id)
    assert library.learn(cut).song.cut == found.cut
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, part(4, 2, 5), RATE_HZ)
    match = library.recognize(clip).match
    assert match is not None
    assert match.song_name == "cut"


def test_the_source_is_kept_beside_ones_own_metadata(library: Library, music: list[Path]) -> None:
    given = {"artist": "Zoë", "tags": ["a", {"b": None}]}
    song = library.learn(str(music[0]), name="Aria", metadata=given).song
    assert song.name == "Aria"
    assert song.metadata == {"source": str(music[0].resolve()), **given}
    other = library.learn(music[1], metadata={"source": "a record"}).song
    assert other.metadata == {"source": "a record", "named_by": "file"}


def test_an_open_file_is_learned_from_its_beginning_and_has_no_source(
    library: Library, music: list[Path]
) -> None:
    with open(music[0], "rb") as file:
        file.seek(1000)
        song = library.learn(file, name="stream").song
        assert not file.closed
    assert (song.name, song.metadata) == ("stream", {})
    assert song.checksum == checksum(music[0])
    unnamed = library.learn(io.BytesIO(music[1].read_bytes())).song
    assert (unnamed.name, unnamed.metadata) == ("unnamed", {})


def test_a_song_is_called_as_its_tags_say_unless_it_is_given_a_name(
    library: Library, tmp_path: Path
) -> None:
    names = {}
    for seed, (how, given) in enumerate({"tags": {}, "name": {"name": "mine"}}.items(), 90):
        sound = io.BytesIO()
        soundfile.write(sound, part(seed % 2, 20.0, 4.0), RATE_HZ, format="WAV")
        names[how] = library.learn(
            io.BytesIO(tagged_files.tagged(sound.getvalue(), "Aria")), **given
        ).song.name
    assert names == {"tags": "Aria", "name": "mine"}


def test_what_gives_no_fingerprint_or_no_audio_is_refused_and_leaves_nothing(
    library: Library, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "silence.wav", silence(5), RATE_HZ)
    _flac(tmp_path / "blip.flac", 0, duration_s=0.1)
    (tmp_path / "text.wav").write_text("no audio " * 100)
    for name, reason in (
        ("silence.wav", r"5\.0 s of audio give no fingerprint"),
        ("blip.flac", r"0\.1 s of audio give no fingerprint"),
        ("text.wav", ""),
        ("missing.wav", ""),
    ):
        with pytest.raises(AudioError, match=rf"{name}.*{reason}"):
            library.learn(tmp_path / name)
    assert library.store.n_songs() == 0


def test_audio_beyond_the_limits_is_refused_when_learned(tmp_path: Path, music: list[Path]) -> None:
    limits = AudioLimits(max_duration_s=5.0)
    with Library.open(tmp_path / "songs.db", PROFILE, create=True, limits=limits) as library:
        with pytest.raises(AudioError, match=music[0].name):
            library.learn(music[0])
        (outcome,) = library.learn_files([music[0]], n_workers=1)
        assert outcome.status == "failed"
        assert library.store.n_songs() == 0


def test_bad_files_among_good_ones_are_reported_and_the_rest_is_learned(
    library: Library, music: list[Path], tmp_path: Path
) -> None:
    library.learn(music[0], name="known before")
    bad = [tmp_path / "text.wav", tmp_path / "missing.flac", tmp_path / "silence.wav"]
    bad[0].write_text("no audio")
    soundfile.write(bad[2], silence(5), RATE_HZ)
    twin = Path(shutil.copy(music[1], tmp_path / "twin.flac"))
    files = [bad[0], music[0], music[1], bad[1], twin, music[2], bad[2], music[3]]
    outcomes = {one.path: one for one in library.learn_files(files, n_workers=2)}
    assert sorted(outcomes) == sorted(files)
    for path in bad:
        assert outcomes[path].status == "failed"
        assert outcomes[path].song is None
        assert path.name in str(outcomes[path].reason)
    assert outcomes[music[0]].status == "known"
    assert outcomes[music[0]].song == library.store.find(checksum(music[0]))
    assert {outcomes[music[1]].status, outcomes[twin].status} == {"learned", "known"}
    assert outcomes[music[1]].song == outcomes[twin].song
    names = {song.name for song in library.store.songs()}
    assert names - {"song 1", "twin"} == {"known before", "song 2", "song 3"}
    assert library.store.n_songs() == 4
    assert library.store.check(full=True).ok


def test_one_file_or_many_give_the_same_song(tmp_path: Path, music: list[Path]) -> None:
    songs = []
    for number in (1, 2):
        with Library.open(tmp_path / f"{number}.db", PROFILE, create=True) as library:
            if number == 1:
                song = library.learn(music[0]).song
            else:
                (outcome,) = library.learn_files([music[0]], n_workers=1)
                assert outcome.song is not None
                song = outcome.song
            stats = library.store.stats()
            songs.append((song.name, song.checksum, song.duration_s, song.metadata, stats))
            peaks = library.store.constellation(song.id)
            songs[-1] += (peaks.frame.tolist(), peaks.bin.tolist())
    assert songs[0] == songs[1]


# Recognising


def test_a_recording_is_named_from_a_path_or_an_open_file(
    library: Library, music: list[Path], tmp_path: Path
) -> None:
    for path in music:
        library.learn(path)
    clip = _flac(tmp_path / "clip.flac", 3, start_s=4.3, duration_s=5)
    for source in (clip, str(clip), io.BytesIO(clip.read_bytes())):
        found = library.recognize(source)
        assert found.match is not None
        assert found.match.song_name == "song 3"
        assert found.match.offset_s == pytest.approx(4.3, abs=0.05)
        assert found.times.decode_s > 0
    assert library.recognize(_flac(tmp_path / "unknown.flac", UNKNOWN)).match is None


CUT_KINDS = (
    *("pcm16.wav", "pcm16.flac", "pcm16.aiff", "lame.mp3", "vorbis.ogg"),
    *("opus.opus", "opus.webm", "faststart.m4a"),
)


@pytest.mark.parametrize("kind", CUT_KINDS)
def test_a_recording_that_is_cut_off_is_named_by_what_there_is(
    library: Library, music: list[Path], tmp_path: Path, kind: str
) -> None:
    for path in music:
        library.learn(path)
    clip = soxr.resample(part(3, 1.0, 10.0), RATE_HZ, 48_000)  # a rate that Opus has
    both = np.stack([clip, clip], axis=1)
    whole = audio_files.write(tmp_path / kind, both, 48_000, kind=kind)
    content = whole.read_bytes()
    found = library.recognize(io.BytesIO(content[: round(0.7 * len(content))]))
    assert found.match is not None
    assert found.match.song_name == "song 3"
    assert found.cut is not None
    assert 5 < found.cut.decoded_s < 8.5
    assert found.query_s == pytest.approx(found.cut.decoded_s, abs=0.1)
    assert library.recognize(whole).cut is None


def test_a_long_recording_that_is_cut_off_is_scanned_up_to_there(
    library: Library, music: list[Path], tmp_path: Path
) -> None:
    for path in music[:2]:
        library.learn(path)
    long = tmp_path / "long.wav"
    soundfile.write(long, np.concatenate([part(0, 0, 12), part(1, 0, 12)]), RATE_HZ)
    long.write_bytes(long.read_bytes()[: round(0.8 * long.stat().st_size)])
    cuts: list[Cut] = []
    heard = [one.song_name for one in library.scan(long, on_cut=cuts.append)]
    assert heard == ["song 0", "song 1"]
    assert [str(one) for one in cuts] == ["decoded 19.2 of 24.0 s: the recording is cut off"]


def test_of_a_long_recording_the_beginning_is_recognised_and_all_of_it_scanned(
    tmp_path: Path, music: list[Path]
) -> None:
    query_config = PROFILE.query.model_copy(update={"max_query_s": 10.0})
    profile = PROFILE.model_copy(update={"query": query_config})
    long = tmp_path / "long.flac"
    soundfile.write(long, np.concatenate([part(0, 0, 12), part(1, 0, 12)]), RATE_HZ)
    with Library.open(tmp_path / "songs.db", profile, create=True) as library:
        for path in music[:2]:
            library.learn(path)
        found = library.recognize(long)
        assert found.match is not None
        assert found.match.song_name == "song 0"
        assert found.query_s == pytest.approx(10.0, abs=0.01)
        heard = [(one.song_name, round(one.start_s / 12)) for one in library.scan(long)]
    assert heard == [("song 0", 0), ("song 1", 1)]


def test_a_song_after_more_than_a_minute_of_silence_is_recognised_in_its_place(
    library: Library, music: list[Path], tmp_path: Path
) -> None:
    for path in music:
        library.learn(path)
    late = tmp_path / "late.flac"
    soundfile.write(late, np.concatenate([silence(75), part(2, 3.0, 8.0)]), RATE_HZ)
    found = library.recognize(late)
    assert found.match is not None
    assert found.match.song_name == "song 2"
    assert found.match.offset_s == pytest.approx(3.0 - 75.0, abs=0.1)
    assert found.query_s == pytest.approx(83.0)


def test_what_is_no_audio_cannot_be_recognised_but_silence_can(
    library: Library, tmp_path: Path
) -> None:
    (tmp_path / "text.wav").write_text("no audio")
    for call in (library.recognize, lambda source: list(library.scan(source))):
        with pytest.raises(AudioError, match=r"text\.wav"):
            call(tmp_path / "text.wav")
    soundfile.write(tmp_path / "silence.wav", silence(5), RATE_HZ)
    assert library.recognize(tmp_path / "silence.wav").candidates == ()
    assert list(library.scan(tmp_path / "silence.wav")) == []


def test_threads_learn_remove_and_recognise_at_once(
    library: Library, music: list[Path], tmp_path: Path
) -> None:
    library.learn(music[0])
    passing = library.learn(music[5]).song
    clips = [_flac(tmp_path / f"{i}.flac", i, start_s=2, duration_s=5) for i in (0, 5)]

    def named(turn: int) -> str | None:
        match = library.recognize(clips[turn % 2]).match
        return match.song_name if match else None

    with ThreadPoolExecutor(8) as threads:
        # Each song is learned by two threads, and one goes away while it is asked for.
        learned = [threads.submit(library.learn, path) for path in music[1:5] * 2]
        asked = [threads.submit(named, turn) for turn in range(12)]
        removed = threads.submit(library.store.remove, passing.id)
        asked += [threads.submit(named, turn) for turn in range(12)]
    assert removed.result() == passing
    assert sorted(one.result().created for one in learned) == [False] * 4 + [True] * 4
    answers = [one.result() for one in asked]
    assert answers[::2] == ["song 0"] * 12
    assert set(answers[1::2]) <= {"song 5", None}
    assert library.store.n_songs() == 5
    assert library.store.check(full=True).ok


# Public names


def test_every_public_name_is_there_and_no_other() -> None:
    assert sorted(fpcore.__all__) == fpcore.__all__
    for name in fpcore.__all__:
        assert getattr(fpcore, name).__name__ == name
    assert fpcore.Library is Library
    assert fpcore.Profile is Profile
    with pytest.raises(AttributeError, match="module 'fpcore' has no attribute 'Libary'"):
        _ = fpcore.Libary
