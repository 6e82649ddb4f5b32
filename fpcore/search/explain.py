"""Explanation of an answer, as arrays in seconds and hertz: what the pictures draw.

Conventions: ``query_s`` is a time in the recording and ``song_s`` a time in a song, each that
of the first sample of a frame. An *offset* is song time minus query time, so all that belongs
together has one offset, and the offset is where in the song the recording begins. A recording
at another speed, pitch or tempo is shown as if it were not, and one that was recognised without its
pauses, or without what interrupts its music, is shown without them. Records compare by identity;
their arrays are read-only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fpcore import pipeline
from fpcore.config import FingerprintConfig, Profile
from fpcore.kernels import packed_sort
from fpcore.records import (
    AS_LEARNED,
    DoubleArray,
    LongArray,
    Match,
    Playback,
    Signal,
    Spectrogram,
)
from fpcore.search.passes import SearchTrace
from fpcore.stages import hashing, matching, spectrogram, verification
from fpcore.stages.pauses import without
from fpcore.store.base import Store

if TYPE_CHECKING:
    from fpcore.kernels.verifying import HeardPeaks


class _ReadOnly:
    """Base of records that makes their arrays read-only."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]  # every child is a dataclass
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                view = value.view()
                view.flags.writeable = False
                object.__setattr__(self, field.name, view)


@dataclass(frozen=True, slots=True, eq=False)
class QueryPeaks(_ReadOnly):
    """The recording's peaks at all its shifts: ``query_s``, ``frequency_hz`` float64 (n,), by time.

    Analysed at several shifts, one sound gives several peaks that are less than a hop apart.
    """

    query_s: DoubleArray
    frequency_hz: DoubleArray


@dataclass(frozen=True, slots=True, eq=False)
class SongPeaks(_ReadOnly):
    """The song's peaks in the span that the recording covers, sorted by time; all (n,).

    ``song_s``, ``query_s`` (where the trace puts them) and ``frequency_hz`` are float64.
    ``nearness`` float64 is 1 where the recording has the peak at its place, falls with the
    distance beyond half a frame, and is 0 where it was missed.
    """

    song_s: DoubleArray
    query_s: DoubleArray
    frequency_hz: DoubleArray
    nearness: DoubleArray

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which peaks the recording has too."""
        return self.nearness > 0


@dataclass(frozen=True, slots=True, eq=False)
class Pairs(_ReadOnly):
    """Hits: pairs of peaks that the recording shares with a song; all float64 (k,).

    The anchor is at ``query_s`` in the recording, at ``song_s`` in the song and at
    ``anchor_hz``, the target ``delta_s`` later at ``target_hz``.
    """

    query_s: DoubleArray
    song_s: DoubleArray
    anchor_hz: DoubleArray
    target_hz: DoubleArray
    delta_s: DoubleArray

    def __len__(self) -> int:
        return len(self.query_s)


@dataclass(frozen=True, slots=True, eq=False)
class OffsetHistogram(_ReadOnly):
    """Votes of a song at each offset: ``offset_s`` float64, ``votes`` int64, both (n,).

    The offsets are a tick of the query apart. Each counts the query's hashes with a hit within
    ``tolerance_s`` to either side, so that neighbours share votes.
    """

    offset_s: DoubleArray
    votes: LongArray
    tolerance_s: float

    def highest_elsewhere(self, offset_s: float) -> int:
        """Return the most votes at any offset that shares none with a candidate's."""
        apart = np.abs(self.offset_s - offset_s) > 3 * self.tolerance_s
        return int(self.votes[apart].max(initial=0))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the decision rests on, in numbers that one can picture.

    ``votes`` of the query's hashes agree, and weigh ``contrast`` times as much as chance matches.
    ``verified`` of ``expected`` song peaks are found again, each counted by how near it lies.
    ``rank_z`` says by how many standard deviations the recording is louder at them than elsewhere,
    ``broadband_z`` by how many it is louder as a whole at their times. ``crest_db`` is how far the
    recording's own peaks stand out, and ``n_hypotheses`` how many hypotheses were tried so far,
    those at other playbacks included.
    """

    votes: int
    contrast: float
    verified: float
    expected: int
    rank_z: float
    broadband_z: float
    crest_db: float
    n_hypotheses: int

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return each kind of evidence as (what it counts, its value), in words."""
        return (
            ("shared hashes at one offset (votes)", f"{self.votes}"),
            ("their weight over the chance level", f"{self.contrast:.1f} times"),
            ("song peaks found (near ones in part)", f"{self.verified:.0f} of {self.expected}"),
            ("loudness at the song's peaks (rank z)", _signed(self.rank_z)),
            ("loudness of all bins then (broadband z)", _signed(self.broadband_z)),
            ("spectral crest of the recording", f"{self.crest_db:.0f} dB"),
            ("hypotheses tried, each a chance to err", f"{self.n_hypotheses}"),
        )


def _signed(deviations: float) -> str:
    return f"{round(deviations, 1) + 0.0:+.1f}"  # adding 0 turns -0 into 0


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A candidate song laid over the recording at its best offset.

    ``aligned`` are the hits at that offset, ``scattered`` the song's other hits.
    """

    match: Match
    evidence: Evidence
    song_duration_s: float
    peaks: SongPeaks
    aligned: Pairs
    scattered: Pairs
    histogram: OffsetHistogram


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Everything that shows why a recording was, or was not, taken for a song.

    ``places`` holds the best candidate and the runner-up as far as they exist. ``matches`` are all
    candidates, the likeliest first, which is the answer if its probability reaches ``threshold``.
    ``calibrated`` says whether the model behind the probability was ever fitted to data. ``reason``
    says why there is no candidate, and is None when there is one. ``band_hz`` is the lowest and the
    highest frequency in use, ``query_s`` the length of the recording. What is shown was heard in
    it from ``window_s[0]`` to ``window_s[1]``. Pauses and interruptions, ``left_out_s`` seconds,
    are not shown, and not in these times. ``spectrogram`` is None unless the recording was given.
    """

    query: QueryPeaks
    query_s: float
    window_s: tuple[float, float]
    left_out_s: float
    n_hashes: int
    band_hz: tuple[float, float]
    threshold: float
    calibrated: bool
    matches: tuple[Match, ...]
    places: tuple[Place, ...]
    reason: str | None
    spectrogram: Spectrogram | None

    @property
    def playback(self) -> Playback:
        """How the recording was played by the best candidate: it is shown as if it was not."""
        return self.matches[0].playback if self.matches else AS_LEARNED

    @property
    def accepted(self) -> bool:
        """Whether the best candidate is the answer."""
        return bool(self.matches) and self.matches[0].accepted


def explain(
    trace: SearchTrace, store: Store, profile: Profile, *, signal: Signal | None = None
) -> Explanation:
    """Return how the answer to a recording came about.

    Parameters
    ----------
    trace : SearchTrace
        What `fpcore.search.passes.align` found, with the same ``store`` and ``profile``.
    store : Store
        The songs that were searched.
    profile : Profile
        The configuration of the search.
    signal : Signal, optional
        The recording, for the spectrogram behind the peaks.

    Returns
    -------
    Explanation
        With one place for each of the two likeliest songs.

    Raises
    ------
    UnknownSongError
        When the best songs have been removed from the store since.
    """
    config, query = profile.fingerprint, trace.query
    heard = verification.merged(query.peaks, query.playback)
    tick_s = config.hop_s / query.hashes.ticks_per_frame
    low_hz = config.first_bin * config.bin_hz
    return Explanation(
        query=QueryPeaks(_scaled(heard.tick, tick_s), _scaled(heard.bin, config.bin_hz)),
        query_s=query.duration_s * query.playback.tempo,
        window_s=pipeline.window_s(query, config),
        left_out_s=sum(one.length for one in query.heard.cut_out) / config.sample_rate_hz,
        n_hashes=len(query.hashes),
        band_hz=(low_hz, low_hz + (config.n_bins - 1) * config.bin_hz),
        threshold=profile.decision.threshold,
        calibrated=profile.decision.calibration is not None,
        matches=trace.matches,
        places=tuple(
            _place(trace, match, int(row), heard, store, profile)
            for match, row in zip(trace.matches[:2], trace.rows[:2], strict=True)
        ),
        reason=None if trace.matches else _reason(trace, store),
        spectrogram=None if signal is None else _restored(signal, query, config),
    )


def _restored(
    signal: Signal, query: pipeline.QueryFingerprint, config: FingerprintConfig
) -> Spectrogram:
    """Return the spectrogram of a recording, with its axes as if it had not been so played."""
    heard = spectrogram.spectrogram(without(signal, query.heard.cut_out), config)
    playback = query.playback
    return replace(heard, hop_s=heard.hop_s * playback.tempo, bin_hz=heard.bin_hz / playback.pitch)


def _reason(trace: SearchTrace, store: Store) -> str:
    """Return why a recording has no candidate."""
    if not len(trace.query.peaks[0]):
        return "the recording is silent, or shorter than one window: it has no peaks."
    if not len(trace.query.hashes):
        return "the recording has too few peaks to make a pair."
    if not store.n_songs():
        return "the index holds no songs."
    return f"none of the recording's {len(trace.query.hashes)} hashes is in the index."


def _place(
    trace: SearchTrace,
    match: Match,
    row: int,
    heard: HeardPeaks,
    store: Store,
    profile: Profile,
) -> Place:
    """Return a match with the peaks and hits that bear it out."""
    config, ticks = profile.fingerprint, trace.query.hashes.ticks_per_frame
    tick_s = config.hop_s / ticks
    offset_ticks = float(trace.candidates.offset_ticks[row])
    song = store.constellation(match.song_id).paired_peaks
    inside, nearness, _ = verification.nearness(song, offset_ticks, heard, ticks)
    song_s = _scaled(song.frame[inside], config.hop_s)
    hits = matching.hits_of_song(trace.hits, match.song_id)
    width_ticks = profile.query.width_ticks(ticks)
    centre_ticks = _window_centre(trace.hits, match.song_id, offset_ticks, width_ticks)
    line = matching.hits_at_offset(trace.hits, match.song_id, centre_ticks, width_ticks)
    return Place(
        match=match,
        evidence=_evidence(trace, row),
        song_duration_s=store.song(match.song_id).duration_s,
        peaks=SongPeaks(
            song_s, song_s - match.offset_s, _scaled(song.bin[inside], config.bin_hz), nearness
        ),
        aligned=_pairs(trace, np.arange(line.start, line.stop), profile),
        scattered=_pairs(
            trace,
            np.r_[hits.start : line.start, line.stop : hits.stop].astype(np.int64),
            profile,
        ),
        histogram=_histogram(trace, hits, width_ticks, tick_s),
    )


def _window_centre(
    found: matching.Hits, song_id: int, offset_ticks: float, width_ticks: int
) -> float:
    """Return the middle of the window of offsets whose mean is ``offset_ticks``.

    A candidate's offset is the mean of the votes in its window. The window itself begins at one
    of them, and only around its middle are the votes exactly those that were counted.
    """
    # A tick more than the width: the mean of equal offsets may round past them.
    near = matching.hits_at_offset(found, song_id, offset_ticks - width_ticks / 2, width_ticks + 1)
    starts = np.unique(found.offset_ticks[near])
    means = []
    for start in starts.tolist():
        window = matching.hits_at_offset(found, song_id, start + width_ticks / 2, width_ticks)
        means.append(np.average(found.offset_ticks[window], weights=found.weight[window]))
    return float(starts[np.argmin(np.abs(np.array(means) - offset_ticks))]) + width_ticks / 2


def _evidence(trace: SearchTrace, row: int) -> Evidence:
    candidates, verified = trace.candidates, trace.verification
    return Evidence(
        votes=int(candidates.votes[row]),
        contrast=float(candidates.contrast[row]),
        verified=float(verified.verified[row]),
        expected=int(verified.expected[row]),
        rank_z=float(verified.rank_z[row]),
        broadband_z=float(verified.broadband_z[row]),
        crest_db=trace.query.heard.crest_db,
        n_hypotheses=trace.n_hypotheses,
    )


def _pairs(trace: SearchTrace, rows: LongArray, profile: Profile) -> Pairs:
    """Return hits, given as rows of `fpcore.stages.matching.Hits`, in seconds and hertz."""
    config, hashes, found = profile.fingerprint, trace.query.hashes, trace.hits
    of_query = found.row[rows]
    anchor_bin, target_bin, delta = hashing.unpack(hashes.token[of_query], config)
    return Pairs(
        query_s=_scaled(hashes.tick[of_query], config.hop_s / hashes.ticks_per_frame),
        song_s=_scaled(found.frame[rows], config.hop_s),
        anchor_hz=_scaled(anchor_bin, config.bin_hz),
        target_hz=_scaled(target_bin, config.bin_hz),
        delta_s=_scaled(delta, config.hop_s),
    )


def _histogram(trace: SearchTrace, hits: slice, width_ticks: int, tick_s: float) -> OffsetHistogram:
    """Return the votes in every window of offsets of one song, whose ``hits`` these are."""
    offset_ticks = trace.hits.offsets(hits)
    first = int(offset_ticks.min()) - width_ticks
    start = offset_ticks[:, None] - np.arange(width_ticks + 1) - first
    # A hash that meets several postings of its token within one window votes once there.
    n_rows = len(trace.query.hashes)
    once = packed_sort.distinct((start * n_rows + trace.hits.row[hits][:, None]).ravel())
    votes = np.bincount(once // n_rows).astype(np.int64)
    middle_ticks = np.arange(first, first + len(votes)) + width_ticks / 2
    return OffsetHistogram(_scaled(middle_ticks, tick_s), votes, width_ticks / 2 * tick_s)


def _scaled(count: NDArray[Any], unit: float) -> DoubleArray:
    """Return counts of frames, ticks or bins in seconds or hertz."""
    scaled: DoubleArray = np.multiply(count, unit, dtype=np.float64)
    return scaled
