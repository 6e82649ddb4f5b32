"""Plays: what is heard in windows of a long recording, joined to one appearance for each play.

A play is one song that runs on along a line. Sightings in windows that overlap or follow one
another belong to one play when a line that may explain both runs through them. Copies of the song
run along lines of their own in the same seconds: of all lines of a play the one of which most peaks
are heard says which song it was. A song that skips ahead is still the same play; one that goes back
is another. Which of these it was shows once all of what follows was heard: of a few seconds, a
repetition further on may be taken for the begin. Times are in seconds of the recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fpcore.records import Appearance
from fpcore.search.sightings import Line, Sighting

GAP_S = 8.0
"""A song that is not heard for longer has ended."""

SAME_PLACE_S = 0.25
"""Two lines are one when they differ by at most this much: where a song is at another tempo is
known to about a frame at either end of a window."""

COMMON = 0.5
"""A line runs on through a sighting where it has this share of the weight of the heaviest line."""

COMMON_OF_ONE_SONG = 0.25
"""The same for the song that was sighted and leads the play: of itself it has repetitions. That
counts only as long as the play is heard on: after a break a repetition of the song may happen to
lie where its line would be by now."""

BREAK_S = 1.0
"""A play that is not heard for longer has a break."""

COVER_S = 1.0
"""A play of a song within another of it, give or take this, is a wrong place in that song."""


@dataclass(slots=True)
class _Course:
    """A line of a play as it was ``first`` and ``last`` seen, its peaks, and its share at last.

    ``n_before`` sightings of the play are before the first one on this line.
    """

    n_before: int
    first: Line
    last: Line
    n_peaks: float = 0.0
    share: float = 0.0


class Play:
    """A song that is being heard, with all lines that it may run along.

    Parameters
    ----------
    sighting : Sighting
        Where it was heard first.
    follows : Play, optional
        The last play of the same song, of which this one may be a part.
    """

    def __init__(self, sighting: Sighting, follows: Play | None = None) -> None:
        self.follows = follows
        self._sightings: list[Sighting] = []
        self._courses: list[_Course] = []
        self.add(sighting)

    @property
    def start_s(self) -> float:
        """Where it begins."""
        return min(sighting.start_s for sighting in self._sightings)

    @property
    def end_s(self) -> float:
        """Where it was heard last."""
        return max(sighting.end_s for sighting in self._sightings)

    @property
    def lines(self) -> list[Line]:
        """The lines that it may run along, as they were last seen."""
        return [course.last for course in self._courses if course.share >= COMMON_OF_ONE_SONG]

    def add(self, sighting: Sighting) -> None:
        """Take a sighting that belongs to this play."""
        for course in self._courses:
            course.share = 0.0
        rivals = sorted(sighting.rivals, key=lambda rival: -rival.weight)
        for rival in rivals:
            course = self._course_of(rival.line, sighting) or self._new_course(rival.line)
            if not course.share:  # else a heavier line was the same
                course.last = rival.line
                course.share = rival.weight / rivals[0].weight
                course.n_peaks += rival.n_peaks if course.share >= COMMON else 0.0
        self._sightings.append(sighting)

    def share_of(self, sighting: Sighting) -> float:
        """Return how well a line of this play explains a sighting, 1 or more where well enough.

        Lines of the song that was sighted count more: under noise it may be put in the wrong place.
        """
        heaviest = max(rival.weight for rival in sighting.rivals)
        best = 0.0
        for rival in sighting.rivals:
            course = self._course_of(rival.line, sighting)
            if course is None:
                continue
            is_song = course is self._leading and rival.line.song_id == sighting.line.song_id
            is_heard_on = sighting.start_s <= self.end_s + BREAK_S
            needed = COMMON_OF_ONE_SONG if is_song and is_heard_on else COMMON
            best = max(best, min(course.share, rival.weight / heaviest) / needed)
        return best

    def is_of(self, song_id: int) -> bool:
        """Whether it is of a song, as far as was heard."""
        return self._leading.last.song_id == song_id

    def joined_with(self, following: Play) -> bool:
        """Take a play that follows if it is this one further on; return whether it is.

        It is where this one would be by now, or this one skipped ahead to it: it is further on, and
        was from the first.
        """
        at_s, line = following.start_s, following._first_line
        ahead_s = self._ahead_s(line, at_s)
        skipped = min(ahead_s, self._ahead_s(following._sightings[0].line, at_s)) > 0
        if not self.is_of(line.song_id) or not (skipped or abs(ahead_s) <= SAME_PLACE_S):
            return False
        for sighting in following._sightings:
            self.add(sighting)
        return True

    def _ahead_s(self, line: Line, at_s: float) -> float:
        """Return how much further on a line is at a time than this play would be."""
        return line.song_at(at_s) - self._leading.last.song_at(at_s)

    def covers(self, other: Play) -> bool:
        """Whether another play of the same song lies within this one, and is shorter."""
        return (
            self.end_s - self.start_s > other.end_s - other.start_s
            and self._leading.last.song_id == other._leading.last.song_id
            and self.start_s <= other.start_s + COVER_S
            and self.end_s >= other.end_s - COVER_S
        )

    def appearance(self) -> Appearance:
        """Return what was heard, as it is told."""
        line = self._first_line
        of_song = [one for one in self._sightings if one.line.song_id == line.song_id]
        best = max(of_song or self._sightings, key=lambda one: one.match.confidence)
        return Appearance(
            song_id=line.song_id,
            song_name=line.song_name,
            start_s=self.start_s,
            end_s=self.end_s,
            song_offset_s=line.song_at(self.start_s),
            votes=max(one.match.votes for one in of_song or self._sightings),
            confidence=best.match.confidence,
            playback=best.match.playback,
        )

    @property
    def _first_line(self) -> Line:
        """The line of the song at the beginning: after a skip another one may lead."""
        leading = self._leading
        of_song = (one for one in self._courses if one.first.song_id == leading.first.song_id)
        return leading.first if not leading.n_before else next(of_song).first

    @property
    def _leading(self) -> _Course:
        return max(self._courses, key=lambda course: course.n_peaks)

    def _new_course(self, line: Line) -> _Course:
        self._courses.append(_Course(len(self._sightings), line, line))
        return self._courses[-1]

    def _course_of(self, line: Line, sighting: Sighting) -> _Course | None:
        """Return the line of this play that a line seen now is, None when it is a new one."""
        at_s = sighting.start_s
        same = [
            course
            for course in self._courses
            if course.last.song_id == line.song_id
            and abs(course.last.song_at(at_s) - line.song_at(at_s)) <= SAME_PLACE_S
        ]
        return min(
            same, key=lambda one: abs(one.last.song_at(at_s) - line.song_at(at_s)), default=None
        )


class Plays:
    """The plays that are not settled yet."""

    def __init__(self) -> None:
        self._open: list[Play] = []

    @property
    def lines(self) -> list[Line]:
        """The lines that the open plays may run along."""
        return [line for play in self._open for line in play.lines]

    def add(self, sightings: Sequence[Sighting]) -> None:
        """Take what was heard in the next window."""
        for sighting in sorted(sightings, key=lambda one: one.start_s):
            play = self._play_of(sighting)
            if play is None:
                self._open.append(Play(sighting, self._last_of(sighting)))
            else:
                play.add(sighting)

    def settled(self, before_s: float) -> Iterator[Appearance]:
        """Yield the plays that have ended, by start, when all before ``before_s`` was heard."""
        self._join(before_s)
        followed = [play.follows for play in self._open]
        done = [
            play for play in self._open if play.end_s + GAP_S < before_s and play not in followed
        ]
        within = [
            play
            for play in done
            if any(other.covers(play) for other in self._open if other is not play)
        ]
        self._open = [play for play in self._open if play not in done]
        for play in sorted(done, key=lambda one: one.start_s):
            if play not in within:
                yield play.appearance()

    def _play_of(self, sighting: Sighting) -> Play | None:
        near = self._near(sighting)
        best = max(near, key=lambda play: play.share_of(sighting), default=None)
        return best if best is not None and best.share_of(sighting) >= 1 else None

    def _last_of(self, sighting: Sighting) -> Play | None:
        """Return the last play of the song of a sighting, None when it is not heard any more."""
        song_id = sighting.line.song_id
        return next((one for one in reversed(self._near(sighting)) if one.is_of(song_id)), None)

    def _near(self, sighting: Sighting) -> list[Play]:
        return [play for play in self._open if sighting.start_s <= play.end_s + GAP_S]

    def _join(self, before_s: float) -> None:
        """Join plays that have ended to those that they are part of, the first ones first."""
        for play in self._open.copy():
            earlier = play.follows
            if earlier is None or play.end_s + GAP_S >= before_s:
                continue
            play.follows = None
            if earlier.joined_with(play):
                self._open.remove(play)
                for other in self._open:
                    if other.follows is play:
                        other.follows = earlier
