"""Pipeline: the stages composed, from audio to the fingerprint of a song or the hashes of a query.

A song gives one constellation and its hashes. A query gives hashes at several sub-hop shifts,
whose times count in ticks, a hop divided by the number of shifts (see
`fpcore.records.QueryHashes`). Durations are in seconds. No store is read or written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fpcore.config import FingerprintConfig, PhysicalNeighbourhood, QueryConfig, ThoroughPass
from fpcore.records import (
    AS_LEARNED,
    BoolArray,
    Constellation,
    Cut,
    FloatArray,
    Hashes,
    LevelRanks,
    Peaks,
    Playback,
    QueryHashes,
    Remixed,
    Signal,
)
from fpcore.stages import hashing, level_ranks, peaks, spectrogram, splicing
from fpcore.stages.crest import crest_db
from fpcore.stages.landmarks import landmarks
from fpcore.stages.pauses import Pause, pauses, without
from fpcore.stages.windows import LONGEST_S, window_frames


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is stored of a song: its constellation, its hashes and its length in seconds.

    ``cut`` says when only a part of its recording could be decoded, ``remixed`` when channels of it
    were reversed or left out.
    """

    constellation: Constellation
    hashes: Hashes
    duration_s: float
    cut: Cut | None = None
    remixed: Remixed | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What is found in a window of a recording before anything is left out of it.

    Times are those of the recording, which lasts ``duration_s``. ``maxima`` are the local maxima at
    each sub-hop shift, ``fine_maxima`` those by the smaller neighbourhood of the thorough pass
    (empty without one). ``ranks`` says how loud each bin is at each time, ``crest_db`` by how many
    dB the peaks stand out. Where ``cut_out`` is not empty, all this is of the recording without
    those pauses, or without what interrupts its music.
    """

    maxima: tuple[Peaks, ...]
    fine_maxima: tuple[Peaks, ...]
    ranks: LevelRanks
    crest_db: float
    duration_s: float
    cut_out: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class QueryFingerprint:
    """What is looked up for a window of a recording: hashes at all shifts, and peaks at each.

    Times are those of the recording: its windows give offsets that can be compared.

    ``heard`` and ``peaks`` are as the recording was played. ``hashes`` are those that it would have
    if it had not been played as ``playback`` says, their ticks included.
    """

    hashes: QueryHashes
    peaks: tuple[Peaks, ...]
    heard: Heard
    playback: Playback = AS_LEARNED

    @property
    def duration_s(self) -> float:
        """Length in seconds of the recording, without pauses that were cut out."""
        return self.heard.duration_s


def fingerprint(blocks: Iterable[FloatArray], config: FingerprintConfig) -> Fingerprint:
    """Return the fingerprint of a song given as a stream of sample blocks.

    ``blocks`` are float32 (n,), mono, at the sample rate of ``config``, cut anywhere. Memory stays
    bounded however long the song is. Silence gives an empty fingerprint.

    >>> import numpy as np
    >>> generator = np.random.default_rng(1)
    >>> noise = generator.uniform(-0.5, 0.5, 5 * 22050).astype(np.float32)
    >>> found = fingerprint([noise[:1000], noise[1000:]], FingerprintConfig())
    >>> found.duration_s, len(found.hashes) > 0
    (5.0, True)
    >>> len(fingerprint([np.zeros(22050, np.float32)], FingerprintConfig()).hashes)
    0
    """
    counter = _Counter(blocks)
    maxima = peaks.local_maxima_of_tiles(spectrogram.tiles_of(counter, config), config)
    return fingerprint_of(maxima, counter.n_samples / config.sample_rate_hz, config)


def fingerprint_of(maxima: Peaks, duration_s: float, config: FingerprintConfig) -> Fingerprint:
    """Return the fingerprint of a song whose local maxima are known.

    Parameters
    ----------
    maxima : Peaks
        All local maxima of the song, sorted by (frame, bin).
    duration_s : float
        Length of the song in seconds.
    config : FingerprintConfig
        The configuration that ``maxima`` were found with.

    Returns
    -------
    Fingerprint
        With hashes sorted by frame.
    """
    return fingerprint_from(peaks.constellation(maxima, config), duration_s, config)


def fingerprint_from(
    constellation: Constellation, duration_s: float, config: FingerprintConfig
) -> Fingerprint:
    """Return the fingerprint of a song whose constellation is known.

    Parameters
    ----------
    constellation : Constellation
        The kept peaks of the song; the paired ones make hashes.
    duration_s : float
        Length of the song in seconds.
    config : FingerprintConfig
        The configuration that ``constellation`` was made with.

    Returns
    -------
    Fingerprint
        With hashes sorted by frame.
    """
    found = hashing.hashes(landmarks(constellation.paired_peaks, config), config)
    return Fingerprint(constellation, found, duration_s)


def queries(
    signal: Signal, config: FingerprintConfig, query_config: QueryConfig
) -> tuple[QueryFingerprint, ...]:
    """Return the hashes to look up for each window of a recording, at every sub-hop shift.

    Parameters
    ----------
    signal : Signal
        The recording, mono, at the sample rate of ``config``.
    config : FingerprintConfig
        The configuration of the index.
    query_config : QueryConfig
        Sets shifts, density and fan-out.

    Returns
    -------
    tuple of QueryFingerprint
        At least one, as `hear_windows` returns them. Without hashes where the recording is silent
        or shorter than an analysis window.

    Raises
    ------
    ValueError
        When the signal has another sample rate than ``config``.
    """
    heard = hear_windows(signal, config, query_config)
    return tuple(query_of(one, config, query_config) for one in heard)


def query(signal: Signal, config: FingerprintConfig, query_config: QueryConfig) -> QueryFingerprint:
    """Return the hashes to look up for a recording that is taken as one window.

    Parameters
    ----------
    signal : Signal
        The recording, mono, at the sample rate of ``config``.
    config : FingerprintConfig
        The configuration of the index.
    query_config : QueryConfig
        Sets shifts, density and fan-out.

    Returns
    -------
    QueryFingerprint
        Without hashes when the recording is silent or shorter than an analysis window.

    Raises
    ------
    ValueError
        When the signal has another sample rate than ``config``.
    """
    return query_of(hear(signal, config, query_config), config, query_config)


def hear_windows(
    signal: Signal, config: FingerprintConfig, query_config: QueryConfig
) -> tuple[Heard, ...]:
    """Return what is found in each window of a recording, as it is and without its pauses.

    Parameters
    ----------
    signal : Signal
        The recording, mono, at the sample rate of ``config``.
    config : FingerprintConfig
        The configuration of the index.
    query_config : QueryConfig
        Sets the shifts, and whether there is a thorough pass to prepare.

    Returns
    -------
    tuple of Heard
        At least one, by the start of their windows; see `fpcore.stages.windows`. If the recording
        has pauses, those of the recording without them come after those of it as it is.

    Raises
    ------
    ValueError
        When the signal has another sample rate than ``config``.
    """
    found = _windows_of(signal, config, query_config)
    cut_out = pauses(_sounding(found, query_config.n_shifts), config)
    if not cut_out:
        return tuple(found)
    joined = _windows_of(without(signal, cut_out), config, query_config)
    return (*found, *(replace(heard, cut_out=cut_out) for heard in joined))


def _windows_of(
    signal: Signal, config: FingerprintConfig, query_config: QueryConfig
) -> list[Heard]:
    hop, found = config.spectrogram.hop_length, []
    for start, length in window_frames(signal.duration_s, config.hop_s):
        samples = signal.samples[start * hop : (start + length) * hop]
        window = Signal(samples, signal.sample_rate_hz)
        heard = hear(window, config, query_config, first_frame=start)
        found.append(replace(heard, duration_s=signal.duration_s))
    return found


def _sounding(windows: Sequence[Heard], n_shifts: int) -> BoolArray:
    """Return which frames of a recording are not silent, bool (n_frames,)."""
    first = [heard.ranks.first_tick // n_shifts for heard in windows]
    sounding = [heard.ranks.sounding[::n_shifts] for heard in windows]
    ends = [start + len(one) for start, one in zip(first, sounding, strict=True)]
    of_recording = np.zeros(max(ends), np.bool_)
    for start, end, one in zip(first, ends, sounding, strict=True):
        of_recording[start:end] |= one
    return of_recording


def hear(
    signal: Signal, config: FingerprintConfig, query_config: QueryConfig, *, first_frame: int = 0
) -> Heard:
    """Return what is found in a window of a recording at each of its sub-hop shifts.

    Shift ``i`` of n leaves out the first ``i / n`` of a hop, so that at one of the shifts the
    frames of the query lie close to those that the song was indexed with.

    Parameters
    ----------
    signal : Signal
        The window, mono, at the sample rate of ``config``.
    config : FingerprintConfig
        The configuration of the index.
    query_config : QueryConfig
        Sets the shifts, and whether there is a thorough pass to prepare.
    first_frame : int, optional
        Where the window begins in the recording.

    Returns
    -------
    Heard
        With one constellation of maxima for each shift, in order, as if the recording ended with
        the window.

    Raises
    ------
    ValueError
        When the signal has another sample rate than ``config``.
    """
    n_shifts = query_config.n_shifts
    fine = _fine(config, query_config.thorough)
    maxima, fine_maxima, heights_db, sounding = [], [], [], []
    for shift in range(n_shifts):
        skip = shift * config.spectrogram.hop_length // n_shifts
        shifted = Signal(signal.samples[skip:], signal.sample_rate_hz)
        levels = replace(spectrogram.spectrogram(shifted, config), first_frame=first_frame)
        heights_db.append(peaks.whiten(levels, config))
        sounding.append(spectrogram.sounding(levels, config))
        maxima.append(peaks.maxima_of(heights_db[-1], levels, config))
        if fine is not None:
            fine_maxima.append(peaks.maxima_of(heights_db[-1], levels, fine))
    ranks = level_ranks.level_ranks(
        heights_db,
        sounding=sounding,
        first_bin=config.first_bin,
        first_tick=first_frame * n_shifts,
    )
    heard_s = signal.duration_s * float(np.mean(sounding[0])) if len(sounding[0]) else 0.0
    clear_db = crest_db(heights_db[0][sounding[0]], maxima[0], heard_s)
    return Heard(tuple(maxima), tuple(fine_maxima), ranks, clear_db, signal.duration_s)


def uninterrupted(
    before: Heard, after: Heard, start: int, end: int, config: FingerprintConfig
) -> Heard:
    """Return what is found around a stretch of a recording as if the stretch were not there.

    Parameters
    ----------
    before, after : Heard
        What is found in a window with what lies before the stretch, and in one with what lies after
        it, at n sub-hop shifts. They may be the same.
    start, end : int
        First tick of the stretch and first tick after it, in n-ths of a hop.
    config : FingerprintConfig
        The configuration that both were found with.

    Returns
    -------
    Heard
        At most as long as a window may be. How far peaks stand out is the mean of both. Times are
        those of the recording without the stretch.
    """
    hop, n_shifts = config.spectrogram.hop_length, len(before.maxima)
    splice = _around(before, after, start, end, round(LONGEST_S / config.hop_s) * n_shifts)
    stretch = Pause(start * hop // n_shifts, end * hop // n_shifts)
    return Heard(
        splicing.spliced_peaks(before.maxima, after.maxima, splice),
        splicing.spliced_peaks(before.fine_maxima, after.fine_maxima, splice),
        splicing.spliced_ranks(before.ranks, after.ranks, splice),
        (before.crest_db + after.crest_db) / 2,
        before.duration_s - stretch.length / config.sample_rate_hz,
        (stretch,),
    )


def _around(before: Heard, after: Heard, start: int, end: int, longest: int) -> splicing.Splice:
    """Return the most that may be taken of two windows around a stretch, from both sides alike."""
    first, last = before.ranks.first_tick, after.ranks.first_tick + len(after.ranks.rank)
    n_before, n_after = start - first, last - end
    half = longest // 2
    first = max(first, start - max(half, longest - n_after))
    last = min(last, end + max(half, longest - n_before))
    return splicing.Splice(first, start, end, last)


def window_s(found: QueryFingerprint, config: FingerprintConfig) -> tuple[float, float]:
    """Return where the window of a query starts and ends, in seconds.

    Times are those of the recording without what was cut out of it.
    """
    ranks, ticks_per_frame = found.heard.ranks, found.hashes.ticks_per_frame
    start = ranks.first_tick // ticks_per_frame
    n_more = config.spectrogram.n_fft // config.spectrogram.hop_length - 1
    n_frames = len(ranks.rank) // ticks_per_frame + n_more
    length = dict(window_frames(found.duration_s, config.hop_s)).get(start, n_frames)
    # Frames that are begun, and sub-hop shifts, take up to three. It was else put together of two.
    if not length - 3 <= n_frames <= length:
        length = n_frames
    end_s = (start + length) * config.hop_s
    return start * config.hop_s, min(end_s, found.duration_s)


def _fine(config: FingerprintConfig, thorough: ThoroughPass | None) -> FingerprintConfig | None:
    """Return the configuration with the neighbourhood of the thorough pass."""
    if thorough is None:
        return None
    area = PhysicalNeighbourhood(width_s=thorough.width_s, width_hz=thorough.width_hz)
    return config.model_copy(
        update={"peaks": config.peaks.model_copy(update={"neighbourhood": area})}
    )


def query_of(
    heard: Heard, config: FingerprintConfig, query_config: QueryConfig
) -> QueryFingerprint:
    """Return the hashes to look up in the first pass over a window that was heard.

    Parameters
    ----------
    heard : Heard
        One of those that `hear` found, with the same configurations.
    config : FingerprintConfig
        The configuration of the index.
    query_config : QueryConfig
        Sets density and fan-out.

    Returns
    -------
    QueryFingerprint
        Its hashes are ordered by shift, those of one shift by frame.
    """
    return _query(heard, heard.maxima, config, query_config)


def thorough_query_of(
    heard: Heard, config: FingerprintConfig, query_config: QueryConfig
) -> QueryFingerprint:
    """Return the hashes to look up in the thorough pass over a window that was heard for one.

    Parameters
    ----------
    heard : Heard
        One of those that `hear` found, with a ``query_config`` that has a thorough pass.
    config : FingerprintConfig
        The configuration of the index.
    query_config : QueryConfig
        Its thorough pass sets density and fan-out.

    Returns
    -------
    QueryFingerprint
        Its hashes are ordered by shift, those of one shift by frame.
    """
    return _query(heard, heard.fine_maxima, config, query_config.thoroughly)


def _query(
    heard: Heard,
    maxima: Sequence[Peaks],
    config: FingerprintConfig,
    query_config: QueryConfig,
) -> QueryFingerprint:
    n_shifts = len(maxima)
    density = query_config.max_peaks_per_s or config.peaks.max_peaks_per_s
    constellations = tuple(peaks.thin(found, config, density) for found in maxima)
    pairs = [landmarks(kept, config, query_config.fan_out) for kept in constellations]
    hashes = [hashing.hashes(found, config) for found in pairs]
    all_hashes = QueryHashes(
        np.concatenate([one.token for one in hashes]),
        np.concatenate(
            [one.frame * np.int32(n_shifts) + np.int32(shift) for shift, one in enumerate(hashes)]
        ),
        n_shifts,
    )
    return QueryFingerprint(all_hashes, constellations, heard)


class _Counter:
    """Passes sample blocks on and counts their samples."""

    def __init__(self, blocks: Iterable[FloatArray]) -> None:
        self._blocks = blocks
        self.n_samples = 0

    def __iter__(self) -> Iterator[FloatArray]:
        for block in self._blocks:
            self.n_samples += len(block)
            yield block
