"""Sightings joined to plays: what goes on, what is another play, and which line a play was."""

from __future__ import annotations

import numpy as np

from fpcore.records import Appearance, Match
from fpcore.search.plays import GAP_S, Plays
from fpcore.search.sightings import Line, Rival, Sighting

NAMES = {1: "song", 2: "copy", 3: "other"}


def _line(song_id: int, starts_s: float) -> Line:
    """Return the line of a song that starts at a time of the recording."""
    return Line(song_id, NAMES[song_id], 0.0, -starts_s)


def _seen(start_s: float, end_s: float, *lines: Line, n_peaks: tuple[float, ...] = ()) -> Sighting:
    """Return a sighting of the first line, of which the others are rivals of equal weight."""
    first = lines[0]
    match = Match(first.song_id, first.song_name, first.song_s, 50, 0.9, 0.9)
    peaks = n_peaks or (100.0,) + (90.0,) * (len(lines) - 1)
    rivals = tuple(Rival(line, 40.0, n) for line, n in zip(lines, peaks, strict=True))
    return Sighting(start_s, end_s, match, first, rivals)


def _told(*windows: list[Sighting]) -> list[Appearance]:
    plays = Plays()
    for window in windows:
        plays.add(window)
    return list(plays.settled(np.inf))


def test_sightings_on_one_line_are_one_play() -> None:
    line = _line(1, 3.0)
    (found,) = _told([_seen(3, 10, line)], [_seen(5, 15, line)], [_seen(20, 25, line)])
    assert (found.start_s, found.end_s, found.song_offset_s) == (3, 25, 0)


def test_a_line_that_is_not_heard_for_long_has_ended() -> None:
    line = _line(1, 0.0)
    assert len(_told([_seen(0, 10, line)], [_seen(10.1 + GAP_S, 30, line)])) == 2


def test_a_song_that_goes_back_is_another_play_and_one_that_skips_is_not() -> None:
    first = [_seen(10, 20, _line(1, 0.0))]
    assert len(_told(first, [_seen(20, 30, _line(1, 10.0))])) == 2
    (found,) = _told(first, [_seen(20, 30, _line(1, -15.0))])
    assert (found.start_s, found.end_s, found.song_offset_s) == (10, 30, 10)


def test_the_line_with_most_peaks_over_all_windows_names_the_play() -> None:
    song, copy = _line(1, 0.0), _line(2, 0.4)
    (found,) = _told(
        [_seen(0, 10, copy, song, n_peaks=(100, 99))],
        [_seen(5, 15, song, copy, n_peaks=(100, 80))],
        [_seen(10, 20, copy, song, n_peaks=(100, 99))],
    )
    assert found.song_name == "song"


def test_songs_at_once_that_share_no_line_are_plays_of_their_own() -> None:
    found = _told(
        [_seen(0, 10, _line(1, 0.0)), _seen(0, 10, _line(3, -7.0))],
        [_seen(5, 15, _line(3, -7.0)), _seen(5, 15, _line(1, 0.0))],
    )
    assert [one.song_name for one in found] == ["song", "other"]


def test_a_play_within_another_of_its_song_is_not_told() -> None:
    right, wrong = _line(1, 0.0), _line(1, 4.0)
    (found,) = _told(
        [_seen(0, 10, right)], [_seen(5, 9, wrong)], [_seen(5, 15, right)], [_seen(10, 20, right)]
    )
    assert (found.start_s, found.end_s) == (0, 20)


def test_a_play_is_told_once_no_later_window_can_add_to_it() -> None:
    plays = Plays()
    plays.add([_seen(0, 10, _line(1, 0.0))])
    assert list(plays.settled(10 + GAP_S)) == []
    assert plays.lines == [_line(1, 0.0)]
    assert len(list(plays.settled(10.1 + GAP_S))) == 1
    assert plays.lines == []
