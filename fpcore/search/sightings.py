"""Songs in one window of a long recording: which are heard, from when to when.

A window may hold several short songs in a row, or two at once. The songs that the whole window
gives are told first. What votes are left gather at other places in songs; the seconds in which such
a place gathers them are recognised once more by themselves, as if they were a recording of their
own. Every peak of the window speaks for one song only: a place most of whose votes begin at peaks
of an earlier song is not told, but kept as a rival of that song. Copies of a song and
its own repetitions are such rivals, and which of them was played shows only over many windows.

A line at another tempo may run through two plays of a spot, where the song repeats itself a little
sooner or later than the spot does. So such a line is told only if it explains no fewer votes than
all songs that are heard at the tempo that was assumed.

Times are in seconds of the recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fpcore import pipeline
from fpcore.config import Profile
from fpcore.records import (
    AS_LEARNED,
    BoolArray,
    Candidates,
    DoubleArray,
    IntArray,
    LongArray,
    Match,
    Signal,
)
from fpcore.search.passes import SearchTrace, align, answer_of, passes
from fpcore.stages import matching
from fpcore.stages.decision import FEWEST_VOTES
from fpcore.stages.hashing import unpack
from fpcore.stages.verification import verify
from fpcore.store.base import Index

SPARSE = 0.2
"""A song is heard where its votes come at least this often, compared with all of its run: chance
votes before and after it, or those of its own repetitions, are fewer."""

EXPLAINED = 0.5
"""A place with at least this share of its votes at peaks of another song is a rival of that song.
"""

MOST_TRIED = 4
"""So many further places in songs are recognised by themselves, the heaviest first."""

LEAST_CONTRAST = 1.5
"""Only places with so many times the weight of chance matches are tried. In unknown music nine in
ten have less; pieces of 3 and 4 s have it in at least one window, also in noise as loud as they."""

MARGIN_S = 0.25
"""Seconds before the first and after the last vote that are recognised with them."""

SHORTEST_S = 2.0
"""Votes that span fewer seconds are not recognised by themselves."""

REFINEMENTS = 3
"""How often the run of a song's votes is narrowed down by what it gathers on average."""


@dataclass(frozen=True, slots=True)
class Line:
    """A song along a recording: at ``recording_s`` it is at ``song_s`` and runs at ``tempo``."""

    song_id: int
    song_name: str
    recording_s: float
    song_s: float
    tempo: float = 1.0

    def song_at(self, recording_s: float) -> float:
        """Return where in the song the recording is at another time, in seconds."""
        return self.song_s + (recording_s - self.recording_s) * self.tempo


@dataclass(frozen=True, slots=True)
class Rival:
    """A line that the votes of a song may be of as well.

    ``weight`` is that of its votes in the seconds of that song, ``n_peaks`` how many of its peaks
    are heard in them, each counted by how near it lies.
    """

    line: Line
    weight: float
    n_peaks: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """A song heard in a window from ``start_s`` to ``end_s``.

    ``line`` is where in the song it is, and one of ``rivals``, the lines that may explain the same
    peaks: of those of its song the one with most weight in these seconds.
    """

    start_s: float
    end_s: float
    match: Match
    line: Line
    rivals: tuple[Rival, ...]


def sightings(
    signal: Signal, window_s: float, followed: Sequence[Line], store: Index, profile: Profile
) -> list[Sighting]:
    """Return the songs that are heard in a window.

    Parameters
    ----------
    signal : Signal
        The window, mono, at the sample rate of the profile.
    window_s : float
        Where the window begins in the recording, in seconds.
    followed : sequence of Line
        Lines of songs that were heard shortly before. They are looked at even if others weigh more.
    store : Index
        The songs to search.
    profile : Profile
        Its fingerprint part must be the one that the index was made with.

    Returns
    -------
    list of Sighting
        No two of them explain the same peaks.

    Raises
    ------
    StoreError
        When the index cannot be read, or is damaged.
    """
    # What interrupts a song in one window does not in the next ones.
    asked = profile.query.model_copy(update={"interruptions": False})
    profile = profile.model_copy(update={"query": asked})
    query = pipeline.query(signal, profile.fingerprint, asked)
    traces: list[SearchTrace] = []
    for (trace,) in passes([query], store, profile):
        traces.append(trace)
        heard = [trace]
        if trace.recognition.match is not None:
            answer = answer_of(traces, store, profile)
            heard = [answer, trace] if answer.pass_name == "tempo" else [answer]
        ways = [_Window(signal, window_s, one, store, profile, followed) for one in heard]
        found = max((way.songs() for way in ways), key=_weight)
        if found:
            return found
    return []


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """A line with its votes: ``rows`` int64 (n,) of the query's hashes, distinct, ascending."""

    line: Line
    rows: LongArray


class _Window:
    """One pass over a window: its places in songs, and which of its peaks are explained."""

    def __init__(
        self,
        signal: Signal,
        window_s: float,
        trace: SearchTrace,
        store: Index,
        profile: Profile,
        followed: Sequence[Line],
    ) -> None:
        self._signal, self._window_s = signal, window_s
        self._trace, self._store, self._profile = trace, store, profile
        hashes, config = trace.query.hashes, profile.fingerprint
        self._n_hypotheses = trace.n_hypotheses
        self._tempo = trace.query.playback.tempo
        self._song_tick_s = config.hop_s / hashes.ticks_per_frame
        self._anchor_bin, _, delta_frames = unpack(hashes.token, config)
        tick = hashes.tick.astype(np.float64)
        tick_s = self._song_tick_s / self._tempo
        self._start_s = window_s + tick * tick_s
        self._end_s = window_s + (tick + delta_frames * hashes.ticks_per_frame) * tick_s
        self._anchor = peak_numbers(self._anchor_bin, hashes.tick, hashes.ticks_per_frame)
        self._explained = np.zeros(len(tick), np.bool_)
        self._weight = trace.hits.weights / trace.hits.usual_weight
        names = {match.song_id: match.song_name for match in trace.matches}
        found = trace.candidates
        self._places = [
            self._place(song_id, names[song_id], offset)
            for song_id, offset in zip(
                found.song_id.tolist(), found.offset_ticks.tolist(), strict=True
            )
        ]
        self._followed = [self._place_of(line) for line in followed]

    def songs(self) -> list[Sighting]:
        """Return the songs that are heard."""
        return [*self.songs_of_the_whole(), *self.songs_of_parts()]

    def songs_of_the_whole(self) -> Iterator[Sighting]:
        """Yield the songs that are accepted by the evidence of the whole window."""
        for row, match in zip(self._trace.rows, self._trace.matches, strict=True):
            place = self._places[row]
            if match.accepted and self._share_explained(place) < EXPLAINED:
                yield self._sighting(place, match)

    def songs_of_parts(self) -> Iterator[Sighting]:
        """Yield the songs that are accepted by the evidence of the seconds of their votes alone."""
        if self._trace.query.playback != AS_LEARNED:
            return
        tried: set[int] = set()
        for _ in range(MOST_TRIED):
            best = self._heaviest_run(tried)
            if best is None:
                return
            number, start_s, end_s = best
            tried.add(number)
            found = self._recognised(self._places[number].line.song_id, start_s, end_s)
            if found is not None and self._has_own_votes(found[0]):
                yield self._sighting(*found)

    def _place(self, song_id: int, song_name: str, offset_ticks: float) -> _Place:
        width_ticks = self._profile.query.width_ticks(self._trace.query.hashes.ticks_per_frame)
        votes = matching.hits_at_offset(self._trace.hits, song_id, offset_ticks, width_ticks)
        rows = np.unique(self._trace.hits.rows(votes))
        song_s = offset_ticks * self._song_tick_s
        return _Place(Line(song_id, song_name, self._window_s, song_s, self._tempo), rows)

    def _place_of(self, line: Line) -> _Place:
        offset_ticks = line.song_at(self._window_s) / self._song_tick_s
        return self._place(line.song_id, line.song_name, offset_ticks)

    def _share_explained(self, place: _Place) -> float:
        """Return the share of a place's votes that begin at peaks that a song explains."""
        weight = self._weight[place.rows]
        return _share(weight, self._explained[self._anchor[place.rows]])

    @property
    def _least_weight(self) -> float:
        """The weight that the votes of a place must exceed to be tried, and to be told."""
        return LEAST_CONTRAST * float(self._trace.candidates.chance.max(initial=0.0))

    def _has_own_votes(self, place: _Place) -> bool:
        """Whether enough votes of a place, and most of them, begin at peaks that are free.

        A part that was tried may turn out to be at another place than that for which it was.
        """
        is_free = self._share_explained(place) < EXPLAINED
        return is_free and self._weight_of(self._free(place)) > self._least_weight

    def _heaviest_run(self, tried: set[int]) -> tuple[int, float, float] | None:
        """Return the place, and the seconds, with most votes that no song explains yet."""
        best, most = None, self._least_weight
        free = [self._free(place) for place in self._places]
        weights = [self._weight_of(rows) for rows in free]
        for number in sorted(range(len(free)), key=weights.__getitem__, reverse=True):
            place, rows = self._places[number], free[number]
            if weights[number] <= most:
                break
            if number in tried or self._share_explained(place) >= EXPLAINED:
                continue
            if len(rows) < FEWEST_VOTES:
                continue
            start_s, end_s = self._run_of(rows)
            weight = self._weight_of(self._within(rows, start_s, end_s))
            if weight > most and end_s - start_s >= SHORTEST_S:
                best, most = (number, start_s, end_s), weight
        return best

    def _recognised(
        self, song_id: int, start_s: float, end_s: float
    ) -> tuple[_Place, Match] | None:
        """Return where in a song some seconds are by themselves, None when they are not in it.

        That they are is one more hypothesis about the window.
        """
        rate_hz, hop = self._signal.sample_rate_hz, self._profile.fingerprint.spectrogram.hop_length
        first = max(0, round((start_s - MARGIN_S - self._window_s) * rate_hz)) // hop * hop
        past = round((end_s + MARGIN_S - self._window_s) * rate_hz)
        part = Signal(self._signal.samples[first:past], rate_hz)
        query = self._profile.query.model_copy(update={"playback": None})
        asked = self._profile.model_copy(update={"query": query})
        trace = align(part, self._store, asked, n_before=self._n_hypotheses)
        self._n_hypotheses = trace.n_hypotheses
        for match in trace.matches:
            if match.song_id == song_id and match.accepted:
                part_s = self._window_s + first / rate_hz
                line = Line(song_id, match.song_name, part_s, match.offset_s)
                return self._place_of(line), match
        return None

    def _sighting(self, place: _Place, match: Match) -> Sighting:
        """Return a song that was recognised, and let it explain the peaks that it has.

        A line that was recognised may run through two plays, of which each has a line of its own
        with more votes. So the seconds are those of the line with most votes in the run.
        """
        lines = (place, *self._places, *self._followed)
        of_song = [one for one in lines if one.line.song_id == place.line.song_id]
        run_s = self._run_of(self._free(place))
        free = [self._within(self._free(one), *run_s) for one in of_song]
        place = of_song[max(range(len(free)), key=lambda number: self._weight_of(free[number]))]
        start_s, end_s = self._run_of(self._free(place))
        peaks = self._peaks_of(place, start_s, end_s)
        self._explained |= peaks
        rivals, weights = [place.line], [self._weight_of(self._within(place.rows, start_s, end_s))]
        for other in lines:
            rows = self._within(other.rows, start_s, end_s)
            if len(rows) and _share(self._weight[rows], peaks[self._anchor[rows]]) >= EXPLAINED:
                rivals.append(other.line)
                weights.append(self._weight_of(rows))
        told = tuple(map(Rival, rivals, weights, self._peaks_heard(rivals, start_s, end_s)))
        of_one_song = [one for one in told if one.line.song_id == place.line.song_id]
        line = max(of_one_song, key=lambda one: one.weight).line
        return Sighting(start_s, end_s, match, line, told)

    def _free(self, place: _Place) -> LongArray:
        """Return the rows of a place's votes at peaks that no song explains yet."""
        return place.rows[~self._explained[self._anchor[place.rows]]]

    def _run_of(self, rows: LongArray) -> tuple[float, float]:
        return heaviest_run(self._start_s[rows], self._end_s[rows], self._weight[rows])

    def _within(self, rows: LongArray, start_s: float, end_s: float) -> LongArray:
        """Return those of some votes that begin and end from one time to another."""
        return rows[(self._start_s[rows] >= start_s) & (self._end_s[rows] <= end_s)]

    def _weight_of(self, rows: LongArray) -> float:
        return float(self._weight[rows].sum())

    def _peaks_of(self, place: _Place, start_s: float, end_s: float) -> BoolArray:
        """Return which anchors are peaks of a song from one time to another, by their numbers."""
        config, ticks = self._profile.fingerprint, self._trace.query.hashes.ticks_per_frame
        offset_ticks = place.line.song_at(self._window_s) / self._song_tick_s
        frame = np.rint((self._trace.query.hashes.tick + offset_ticks) / ticks).astype(np.int64)
        song = self._store.constellations([place.line.song_id])[place.line.song_id]
        beyond = config.spectrogram.n_fft  # more than there are bins: one number for each peak
        is_peak = np.zeros(len(frame), np.bool_)
        for late in (-1, 0, 1):
            for higher in (-1, 0, 1):
                peak = (song.frame.astype(np.int64) + late) * beyond + song.bin + higher
                is_peak |= np.isin(frame * beyond + self._anchor_bin, peak)
        is_peak[place.rows] = True
        is_peak &= (self._start_s >= start_s) & (self._start_s <= end_s)
        numbers = np.zeros(len(frame), np.bool_)
        numbers[self._anchor[is_peak]] = True
        return numbers

    def _peaks_heard(self, lines: Sequence[Line], start_s: float, end_s: float) -> list[float]:
        """Return how many of the peaks kept of a song are heard in some seconds, for each line.

        Beyond them, where the song may be played once more, another line would count what is its.
        """
        query, n = self._trace.query, len(lines)
        frame_s = self._profile.fingerprint.hop_s / self._tempo
        first, last = ((at_s - self._window_s) / frame_s for at_s in (start_s, end_s))
        peaks = [of.taken((of.frame > first - 1) & (of.frame < last + 1)) for of in query.peaks]
        offsets = [line.song_at(self._window_s) / self._song_tick_s for line in lines]
        song_id = np.array([line.song_id for line in lines])
        places = Candidates(
            song_id, np.array(offsets), np.zeros(n, np.int64), np.zeros(n), np.ones(n)
        )
        songs = self._store.constellations(np.unique(song_id).tolist())
        found = verify(places, peaks, query.heard.ranks, songs, query.playback)
        heard: list[float] = found.kept_verified.tolist()
        return heard


def _weight(found: Sequence[Sighting]) -> float:
    """Return the weight of the votes that sightings explain; the first rival is their place."""
    return sum(sighting.rivals[0].weight for sighting in found)


def _share(weight: DoubleArray, chosen: BoolArray) -> float:
    total = float(weight.sum())
    return float(weight[chosen].sum()) / total if total else 1.0


def peak_numbers(bin_: IntArray | LongArray, tick: IntArray, ticks_per_frame: int) -> LongArray:
    """Return numbers of the peaks at which votes begin, equal for one peak at several shifts.

    Parameters
    ----------
    bin_ : int32 or int64 (n,)
        The bin of each peak.
    tick : int32 (n,)
        Its time in ticks. Peaks of a bin that are at most a frame apart are one.
    ticks_per_frame : int
        Ticks in a frame, >= 1.

    Returns
    -------
    int64 (n,)
        Numbers below n.

    Examples
    --------
    >>> peak_numbers(np.array([7, 9, 7, 7]), np.array([0, 0, 5, 1]), 2)
    array([0, 2, 1, 0])
    """
    order = np.lexsort((tick, bin_))
    is_new = (np.diff(bin_[order]) != 0) | (np.diff(tick[order]) > ticks_per_frame)
    numbers = np.zeros(len(order), np.int64)
    numbers[order[1:]] = np.cumsum(is_new)
    return numbers


def heaviest_run(
    start_s: DoubleArray, end_s: DoubleArray, weight: DoubleArray
) -> tuple[float, float]:
    """Return from when to when votes are heaviest.

    Every second without votes costs `SPARSE` times what a second of the run gathers on average, so
    that a hole within it is bridged, and a few votes far before or after it are left out.

    Parameters
    ----------
    start_s, end_s : float64 (n,), n >= 1
        The times of anchor and target of each vote, in any order.
    weight : float64 (n,)
        The weight of each vote, which counts at both times. Only ratios matter.

    Returns
    -------
    start_s, end_s : float
        Two of the times.

    Examples
    --------
    >>> times_s = np.append(0.0, np.arange(6.0, 9.0, 0.25))
    >>> heaviest_run(times_s, times_s + 0.5, np.ones(13))
    (6.0, 9.25)
    """
    time_s = np.concatenate([start_s, end_s])
    order = np.argsort(time_s, kind="stable")
    time_s = time_s[order]
    past = np.cumsum(np.concatenate([weight, weight])[order])
    before = np.concatenate([[0.0], past[:-1]])
    first, last = 0, len(time_s) - 1
    for _ in range(REFINEMENTS):
        length_s = max(time_s[last] - time_s[first], SHORTEST_S)
        cost = SPARSE * (past[last] - before[first]) / length_s
        lowest = before - cost * time_s
        gain = past - cost * time_s - np.minimum.accumulate(lowest)
        last = int(np.argmax(gain))
        first = int(np.argmin(lowest[: last + 1]))
    return float(time_s[first]), float(time_s[last])
