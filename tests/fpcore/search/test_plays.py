"""Sightings joined to plays: what goes on, what is another play, and which line a play was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fpcore.records import Appearance, Match, Playback
from fpcore.search.plays import COVER_S, GAP_S, SAME_PLACE_S, Play, Plays
from fpcore.search.sightings import Line, Rival, Sighting

NAMES = {1: "song", 2: "copy", 3: "other"}


def _line(song_id: int, starts_s: float) -> Line:
    """Return the line of a song that starts at a time of the recording."""
    return Line(song_id, NAMES[song_id], 0.0, -starts_s)


def _seen(
    start_s: float,
    end_s: float,
    *lines: Line,
    n_peaks: tuple[float, ...] = (),
    weights: tuple[float, ...] = (),
) -> Sighting:
    """Return a sighting of the first line, of which the others are rivals, of equal weight."""
    first = lines[0]
    match = Match(first.song_id, first.song_name, first.song_s, 50, 0.9, 0.9)
    peaks = n_peaks or (100.0,) + (90.0,) * (len(lines) - 1)
    rivals = tuple(map(Rival, lines, weights or (40.0,) * len(lines), peaks))
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
    assert len(_told([_seen(0, 10, line)], [_seen(10 + GAP_S, 30, line)])) == 1
    assert len(_told([_seen(0, 10, line)], [_seen(10.1 + GAP_S, 30, line)])) == 2


def test_a_song_that_goes_back_is_another_play_and_one_that_skips_is_not() -> None:
    first = [_seen(10, 20, _line(1, 0.0))]
    assert len(_told(first, [_seen(20, 30, _line(1, 10.0))])) == 2
    for further_s in (0.5, 15.0):
        skipped = _seen(20, 30, _line(1, -further_s), n_peaks=(200,))
        (found,) = _told(first, [skipped])
        assert (found.start_s, found.end_s, found.song_offset_s) == (10, 30, 10)


def test_what_looks_like_a_skip_at_first_is_another_play_when_its_begin_is_played_again() -> None:
    """Of the first seconds of a repeated spot a repetition further on is as heavy as they are."""
    again = _line(1, 12.0)
    spot = [[_seen(0, 10, _line(1, 0.0))], [_seen(12, 15, _line(1, -40.0), again)]]
    found = _told(*spot, [_seen(12, 20, again)], [_seen(15, 22, again)])
    assert [(one.start_s, one.end_s, one.song_offset_s) for one in found] == [
        (0, 10, 0),
        (12, 22, 0),
    ]
    (skipped,) = _told(*spot)
    assert (skipped.start_s, skipped.end_s, skipped.song_offset_s) == (0, 15, 0)


@pytest.mark.parametrize(("break_s", "n_plays"), [(1.0, 1), (2.0, 2)])
def test_after_a_break_a_repetition_in_the_place_of_the_line_is_no_sign_of_it(
    break_s: float, n_plays: int
) -> None:
    start_s = 10.0 + break_s
    again = _seen(start_s, start_s + 9, _line(1, start_s), _line(1, 0.0), weights=(40, 12))
    found = _told([_seen(0, 10, _line(1, 0.0))], [again])
    assert len(found) == n_plays


def test_a_play_goes_on_after_a_break_in_which_it_was_put_in_the_wrong_place() -> None:
    line, wrong = _line(1, 0.0), _line(1, 30.0)
    lost = _seen(14, 17, wrong, line, weights=(40, 12))
    (found,) = _told([_seen(0, 10, line)], [lost], [_seen(15, 25, line, n_peaks=(300,))])
    assert (found.start_s, found.end_s, found.song_offset_s) == (0, 25, 0)


def test_a_song_may_skip_ahead_again_and_again() -> None:
    plays = Plays()
    for number in range(9):
        start_s = 10.0 * number
        plays.add([_seen(start_s, start_s + 8, _line(1, -20.0 * number))])
        assert list(plays.settled(start_s + 5)) == []
    (found,) = plays.settled(np.inf)
    assert (found.start_s, found.end_s, found.song_offset_s) == (0, 88, 0)


def test_plays_that_only_look_like_skips_are_told_without_waiting_for_the_last_one() -> None:
    plays, told = Plays(), list[float]()
    for number in range(9):
        start_s = 12.0 * number
        again = _line(1, start_s)
        plays.add([_seen(start_s, start_s + 3, _line(1, start_s - 300.0 * (number > 0)), again)])
        plays.add([_seen(start_s, start_s + 10, again)])
        told += [one.start_s for one in plays.settled(start_s + 10)]
    assert told == [12.0 * number for number in range(7)]
    assert [one.start_s for one in plays.settled(np.inf)] == [84.0, 96.0]


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


def test_a_play_is_told_by_the_surest_match_and_the_most_votes_of_its_song() -> None:
    song, copy = _line(1, -2.0), _line(2, -2.0)
    slow = Playback(1.0, 0.98)
    matches = [
        Match(1, "song", 2.0, 60, 0.9, 0.7, slow),
        Match(1, "song", 2.0, 90, 0.9, 0.6),
        Match(2, "copy", 2.0, 200, 0.9, 0.8),
    ]
    seen = [_seen(0, 10, song), _seen(5, 15, song), _seen(10, 20, copy, song, n_peaks=(70, 70))]
    (found,) = _told(*([replace(one, match=of)] for one, of in zip(seen, matches, strict=True)))
    assert found == Appearance(1, "song", 0, 20, 2.0, 90, 0.7, slow)


def test_a_song_that_only_its_copy_was_taken_for_is_told_by_the_match_of_the_copy() -> None:
    (found,) = _told([_seen(0, 10, _line(2, 0.0), _line(1, 0.0), n_peaks=(90, 100))])
    assert (found.song_name, found.votes, found.confidence) == ("song", 50, 0.9)


@pytest.mark.parametrize(("weight", "named"), [(19.9, "song"), (20.0, "copy")])
def test_peaks_of_a_line_count_where_it_has_half_the_weight_of_the_heaviest(
    weight: float, named: str
) -> None:
    song, copy = _line(1, 0.0), _line(2, 0.0)
    (found,) = _told([_seen(0, 10, song, copy, weights=(40, weight), n_peaks=(0.5, 1000))])
    assert found.song_name == named


def test_a_play_may_run_along_lines_with_a_quarter_of_the_weight_of_the_heaviest() -> None:
    song, copy, other = _line(1, 0.0), _line(2, 0.0), _line(3, 0.0)
    play = Play(_seen(0, 10, other, copy, song, weights=(9.9, 10, 40)))
    assert play.lines == [song, copy]
    play.add(_seen(5, 15, copy))
    assert play.lines == [copy]


def test_of_two_lines_that_are_one_the_heavier_counts() -> None:
    heavy, light = _line(1, 0.0), _line(1, 0.2)
    play = Play(_seen(0, 10, light, heavy, weights=(20, 40)))
    assert play.lines == [heavy]


def test_lines_of_a_song_are_one_within_a_quarter_of_a_second() -> None:
    first = [_seen(0, 10, _line(1, 0.0))]
    assert len(_told(first, [_seen(5, 15, _line(1, SAME_PLACE_S))])) == 1
    assert len(_told(first, [_seen(5, 15, _line(1, SAME_PLACE_S + 0.01))])) == 2


def test_a_line_goes_on_from_the_nearest_one_before() -> None:
    late, early = _line(1, 0.3), _line(1, 0.0)
    (found,) = _told(
        [_seen(0, 10, late, early, n_peaks=(100, 90))],
        [_seen(5, 15, _line(1, 0.1), n_peaks=(50,))],
    )
    assert found.song_offset_s == early.song_at(0)


# A play goes on where one of its lines explains what is seen.

SONG, COPY, OTHER = _line(1, 0.0), _line(2, 0.0), _line(3, 0.0)
SONG_AGAIN, COPY_AGAIN = _line(1, 20.0), _line(2, 20.0)
"""Repetitions, which would be a step back."""


@pytest.mark.parametrize(
    ("seen", "weights", "n_plays"),
    [
        ((OTHER, SONG), (40, 40), 1),  # whichever comes first
        ((OTHER, SONG), (40, 20), 1),  # half the weight is enough
        ((OTHER, SONG), (40, 19), 2),
        ((SONG_AGAIN, SONG), (40, 10), 1),  # and a quarter for the song that is seen
        ((SONG_AGAIN, SONG), (40, 9), 2),
        ((COPY_AGAIN, COPY), (40, 20), 1),
        ((COPY_AGAIN, COPY), (40, 10), 2),  # which has to lead the play
        ((SONG, OTHER), (9, 40), 2),  # what goes on does not skip
    ],
)
def test_a_play_goes_on_along_a_line_that_explains_enough(
    seen: tuple[Line, ...], weights: tuple[float, ...], n_plays: int
) -> None:
    first = _seen(0, 10, SONG, COPY)
    assert len(_told([first], [_seen(5, 15, *seen, weights=weights)])) == n_plays


@pytest.mark.parametrize(("weight", "n_plays"), [(19.0, 2), (20.0, 1)])
def test_a_line_that_explained_little_before_explains_little_now(
    weight: float, n_plays: int
) -> None:
    first = _seen(0, 10, SONG, COPY, weights=(40, weight))
    assert len(_told([first], [_seen(5, 15, COPY)])) == n_plays


@pytest.mark.parametrize(
    ("longer", "shorter", "covers"),
    [
        ((0, 20), (10, 15), True),
        ((0, 20), (0.5, 5), True),
        ((0, 20), (15, 19.5), True),
        ((COVER_S, 20), (0, 10), True),
        ((COVER_S + 0.01, 20), (0, 10), False),
        ((0, 20), (15, 20 + COVER_S), True),
        ((0, 20), (15, 20.01 + COVER_S), False),
        ((0, 20), (0, 20), False),
        ((5, 10), (5, 10.5), False),
    ],
)
def test_a_play_covers_a_shorter_one_of_its_song_give_or_take_a_second(
    longer: tuple[float, float], shorter: tuple[float, float], covers: bool
) -> None:
    play = Play(_seen(*longer, _line(1, 0.0)))
    assert play.covers(Play(_seen(*shorter, _line(1, 4.0)))) is covers
    assert not play.covers(Play(_seen(*shorter, _line(3, 4.0))))
