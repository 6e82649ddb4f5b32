"""Recordings in halves: songs where the split has them, strangers divided by what they are of."""

from __future__ import annotations

from pathlib import Path

from experiments.corpora import Track
from experiments.protocol.recordings import KnownSong, RecordedQuery
from experiments.protocol.recordings.halves import AskedRecording, in_halves
from experiments.protocol.splits import Split


def _track(name: str) -> Track:
    return Track(id=name, group="", path=name, checksum=name, duration_s=60.0, work=f"w {name}")


PARTS = Split((_track("a"),), (_track("b"),), (_track("c"),), (_track("d"),))


def _of(song: str, device: str = "") -> RecordedQuery:
    """Return a recording of a track, or of a stranger of another name."""
    known = KnownSong(song, f"w {song}", 60.0) if song in "abcd" else None
    work = known.work if known else f"none: {song}"
    file = f"{song} {device}.wav"
    return RecordedQuery(
        "r.csv line 2", file, Path(file), "0" * 64, known, work, groups={"device": device}
    )


def _halved(
    *queries: RecordedQuery,
    by: str | None = None,
    lengths_s: tuple[float, ...] = (),
    seed: int = 0,
    calibration_share: float = 0.5,
) -> tuple[AskedRecording, ...]:
    lengths = lengths_s or (5.0,) * len(queries)
    durations_s = {query.id: length for query, length in zip(queries, lengths, strict=True)}
    return in_halves(
        queries, durations_s, PARTS, by=by, seed=seed, calibration_share=calibration_share
    )


def test_a_song_is_asked_in_its_half_and_is_a_stranger_where_it_is_left_out() -> None:
    found = _halved(*map(_of, "dcba"))
    assert [(one.song, one.role, one.indexed) for one in found] == [
        ("d", "test", False),
        ("c", "test", True),
        ("b", "calibration", False),
        ("a", "calibration", True),
    ]
    assert [one.work for one in found] == ["w d", "w c", "w b", "w a"]


def test_recordings_of_one_stranger_are_asked_in_one_half_and_strangers_are_divided() -> None:
    strangers = [f"stranger {number}" for number in range(10)]
    queries = [_of(name, device) for device in ("phone", "desk") for name in strangers]
    halves = []
    for seed in (1, 1, 2):
        found = _halved(*queries, seed=seed, calibration_share=0.3)
        assert {(one.song, one.indexed) for one in found} == {("", False)}
        roles = [one.role for one in found]
        assert roles[:10] == roles[10:]
        assert (roles.count("calibration"), roles.count("test")) == (6, 14)
        halves.append(roles)
    assert halves[0] == halves[1] != halves[2]
    # The same on every machine, and from one release to the next.
    chosen = [name for name, role in zip(strangers, halves[0], strict=False) if role != "test"]
    assert chosen == ["stranger 5", "stranger 8", "stranger 9"]


def test_lengths_are_their_own_and_rows_are_told_apart_by_the_median_one() -> None:
    found = _halved(*map(_of, "abc"), lengths_s=(3.0, 30.0, 6.7))
    assert [one.duration_s for one in found] == [3.0, 30.0, 6.7]
    assert {one.clip_s for one in found} == {7.0}


def test_a_column_makes_conditions() -> None:
    queries = (_of("a", "phone"), _of("b", ""))
    assert [one.condition_name for one in _halved(*queries)] == ["recordings"] * 2
    by_device = _halved(*queries, by="device")
    assert [one.condition_name for one in by_device] == ["device phone", "device (empty)"]


def test_a_recording_is_asked_once_under_its_own_name() -> None:
    [one] = _halved(_of("a", "phone"))
    assert one.id == one.drawn_as == "a phone.wav@00000000"
    assert one.repeat == 0


def test_without_recordings_nothing_is_asked() -> None:
    assert _halved() == ()
