"""Records that flow between the stages: frozen, with read-only NumPy arrays.

Each record states shape, dtype, unit and sort order. Shape and dtype are checked when it is
built, so no stage needs to check its input again; the order is not checked. Records compare by
identity (``eq=False``): compare their arrays instead.

Units: ``frame`` counts hops from the start of the audio, ``bin`` counts FFT bins from 0 Hz,
``_s`` is seconds, ``_hz`` hertz, ``_db`` decibels relative to a full-scale sine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from fpcore import markup
from fpcore.units import clock

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]
LongArray = NDArray[np.int64]
DoubleArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def _frozen(name: str, array: Any, dtype: type[np.generic], ndim: int = 1) -> NDArray[Any]:
    """Return a read-only view of ``array`` after checking its dtype and dimensions."""
    view = np.asarray(array)
    if view.dtype != dtype or view.ndim != ndim:
        raise ValueError(
            f"{name} must be a {ndim}-dimensional {np.dtype(dtype).name} array, "
            f"got {view.ndim}-dimensional {view.dtype.name}"
        )
    view = view.view()
    view.flags.writeable = False
    return view


class _Columns:
    """Shared behaviour of records whose fields are columns of equal length."""

    __slots__ = ()
    _DTYPES: ClassVar[dict[str, type[np.generic]]] = {}

    def __post_init__(self) -> None:
        lengths = set()
        for name, dtype in self._DTYPES.items():
            column = _frozen(f"{type(self).__name__}.{name}", getattr(self, name), dtype)
            object.__setattr__(self, name, column)
            lengths.add(len(column))
        if len(lengths) > 1:
            raise ValueError(f"the columns of {type(self).__name__} differ in length: {lengths}")

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self._DTYPES))))


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """Mono audio: ``samples`` float32 (n,), nominally in [-1, 1], at ``sample_rate_hz``."""

    samples: FloatArray
    sample_rate_hz: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", _frozen("Signal.samples", self.samples, np.float32))

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate_hz


@dataclass(frozen=True, slots=True, eq=False)
class Spectrogram:
    """Levels ``level_db`` float32 (n_frames, n_bins) of a band of a short-time Fourier transform.

    Row ``i`` is frame ``first_frame + i`` and column ``j`` is bin ``first_bin + j``. Frames are
    ``hop_s`` seconds apart, bins ``bin_hz`` hertz. A full-scale sine reads 0 dB in its bin.
    """

    level_db: FloatArray
    hop_s: float
    bin_hz: float
    first_frame: int = 0
    first_bin: int = 0

    def __post_init__(self) -> None:
        level_db = _frozen("Spectrogram.level_db", self.level_db, np.float32, ndim=2)
        object.__setattr__(self, "level_db", level_db)


@dataclass(frozen=True, slots=True, eq=False)
class Peaks(_Columns):
    """The constellation: ``frame``, ``bin`` int32, ``level_db``, ``fraction`` float32; each (n,).

    Sorted by (frame, bin), without repeats. ``level_db`` is the height that the peak was picked
    by: above the local mean where the spectrogram was whitened, else above full scale.
    ``fraction`` in (-0.5, 0.5) says how far in bins above ``bin`` the tone lies; 0 where that
    was not measured or not kept, as in a store.
    """

    frame: IntArray
    bin: IntArray
    level_db: FloatArray
    fraction: FloatArray
    _DTYPES: ClassVar = {
        "frame": np.int32,
        "bin": np.int32,
        "level_db": np.float32,
        "fraction": np.float32,
    }

    @staticmethod
    def on_bins(frame: IntArray, bin_: IntArray, level_db: FloatArray) -> Peaks:
        """Return peaks whose fractions are not known, and are 0.

        Parameters
        ----------
        frame, bin_ : int32 (n,)
            Frames and FFT bins, sorted by (frame, bin).
        level_db : float32 (n,)
            Heights in dB.

        Returns
        -------
        Peaks
            The n peaks in the same order.
        """
        return Peaks(frame, bin_, level_db, np.zeros(len(frame), np.float32))

    def taken(self, rows: slice | NDArray[Any]) -> Self:
        """Return the peaks in some rows, given as a slice, as row numbers or as bool (n,)."""
        return type(self)(*(getattr(self, name)[rows] for name in self._DTYPES))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the peaks of parts, none of which begins before the one before it ends."""
        columns = ([getattr(part, name) for part in parts] for name in cls._DTYPES)
        return cls(*map(np.concatenate, columns))


@dataclass(frozen=True, slots=True, eq=False)
class Constellation(Peaks):
    """The peaks of a song as an index keeps them; ``paired`` bool (n,) says which made hashes.

    The others are fainter. They are no evidence for the song, since other songs have many of the
    same peaks, but they tell one passage of it from another.
    """

    paired: NDArray[np.bool_]
    _DTYPES: ClassVar = {**Peaks._DTYPES, "paired": np.bool_}

    @classmethod
    def of(cls, peaks: Peaks, paired: NDArray[np.bool_]) -> Constellation:
        """Return peaks of which those are paired that ``paired`` bool (n,) says."""
        return cls(peaks.frame, peaks.bin, peaks.level_db, peaks.fraction, paired)

    @property
    def paired_peaks(self) -> Peaks:
        """The peaks that made hashes."""
        return Peaks(self.frame, self.bin, self.level_db, self.fraction).taken(self.paired)


@dataclass(frozen=True, slots=True, eq=False)
class LevelRanks:
    """How loud a recording is at each tick, bin by bin: ``rank`` uint8 (n_ticks, n_bins).

    The rank is the share of all ticks that are not silent at which the same bin and its neighbours
    are quieter, in 256ths; equal ones count half. ``sounding`` bool (n_ticks,) says which ticks are
    not silent; the ranks of the others mean nothing. Column ``j`` is bin ``first_bin + j``; a tick
    is a hop divided by the number of shifts. ``loudness`` float64 (n_ticks,) is computed from it:
    by how much the mean share over all bins exceeds 1/2. Row ``i`` is the tick ``first_tick + i``
    of the recording.
    """

    rank: NDArray[np.uint8]
    sounding: BoolArray
    first_bin: int
    first_tick: int = 0
    loudness: DoubleArray = field(init=False)

    def __post_init__(self) -> None:
        rank = _frozen("LevelRanks.rank", self.rank, np.uint8, ndim=2)
        object.__setattr__(self, "rank", rank)
        sounding = _frozen("LevelRanks.sounding", self.sounding, np.bool_)
        if len(sounding) != len(rank):
            raise ValueError(f"LevelRanks has {len(rank)} ticks of ranks, {len(sounding)} of sound")
        object.__setattr__(self, "sounding", sounding)
        total = rank.sum(axis=1, dtype=np.int64)
        loudness = (total / max(rank.shape[1], 1) + 0.5) / 256 - 0.5
        object.__setattr__(self, "loudness", loudness)


@dataclass(frozen=True, slots=True)
class Playback:
    """How a recording was played, compared with how the song was learned.

    Frequencies are ``pitch`` times as high and time runs ``tempo`` times as fast. A change of
    speed, as of a turntable or a sample rate, changes both alike.

    >>> str(Playback(pitch=1.02, tempo=1.02)), str(Playback(tempo=0.95)), str(AS_LEARNED)
    ('speed +2.0%', 'tempo -5.0%', '')
    """

    pitch: float = 1.0
    tempo: float = 1.0

    def __str__(self) -> str:
        """Return what was changed, such as "speed +2.0%"; empty when nothing was."""
        if self == AS_LEARNED:
            return ""
        if self.pitch == self.tempo:
            return f"speed {100 * (self.tempo - 1):+.1f}%"
        parts = []
        if self.pitch != 1:
            parts.append(f"pitch {12 * math.log2(self.pitch):+.2f} semitones")
        if self.tempo != 1:
            parts.append(f"tempo {100 * (self.tempo - 1):+.1f}%")
        return ", ".join(parts)


MOST_CANDIDATES = 5
"""Candidates that a notebook shows of an answer."""

AS_LEARNED = Playback()
"""At the speed, pitch and tempo at which the song was learned."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks(_Columns):
    """Pairs of peaks: ``anchor_frame``, ``anchor_bin``, ``target_bin``, ``delta_frames``.

    All int32 (m,), sorted by (anchor_frame, anchor_bin), and for one anchor by target
    (frame, bin). ``delta_frames`` is target frame minus anchor frame, never negative.
    """

    anchor_frame: IntArray
    anchor_bin: IntArray
    target_bin: IntArray
    delta_frames: IntArray
    _DTYPES: ClassVar = {
        "anchor_frame": np.int32,
        "anchor_bin": np.int32,
        "target_bin": np.int32,
        "delta_frames": np.int32,
    }


@dataclass(frozen=True, slots=True, eq=False)
class Hashes(_Columns):
    """Hash tokens ``token`` int64 (m,) at anchor times ``frame`` int32 (m,), sorted by frame.

    Tokens are always packed integers here; the store writes them as integers or as text.
    """

    token: LongArray
    frame: IntArray
    _DTYPES: ClassVar = {"token": np.int64, "frame": np.int32}


@dataclass(frozen=True, slots=True, eq=False)
class QueryHashes(_Columns):
    """Hashes of a query: ``token`` int64 and ``tick`` int32, both (m,).

    A query may be analysed at several shifts of less than a hop; a tick is a hop divided by
    their number ``ticks_per_frame``, and ``tick`` is the anchor's time in ticks. No pair of
    token and tick comes twice.
    """

    token: LongArray
    tick: IntArray
    ticks_per_frame: int
    _DTYPES: ClassVar = {"token": np.int64, "tick": np.int32}


@dataclass(frozen=True, slots=True, eq=False)
class Postings(_Columns):
    """Index entries found for a query, in no particular order.

    ``query_row`` int64 (k,) points into the tokens looked up, ``song_id`` int64 (k,) and
    ``frame`` int32 (k,) say where that token stands in the index.
    """

    query_row: LongArray
    song_id: LongArray
    frame: IntArray
    _DTYPES: ClassVar = {"query_row": np.int64, "song_id": np.int64, "frame": np.int32}


@dataclass(frozen=True, slots=True, eq=False)
class Candidates(_Columns):
    """Places in songs that a query may come from, with the evidence of the votes; all (n,).

    A song may have several, at different offsets; they are sorted by song, the song with the
    heaviest place first, and within a song by weight. ``offset_ticks`` float64 is where in the
    song the query begins, in ticks of the query. ``votes`` int64 counts the query's hashes
    found there. ``idf`` float64 is their weight by rarity, in units of what a hash of the query
    usually weighs. ``chance`` float64 > 0 is the ``idf`` that chance matches reach, the same for
    all candidates.
    """

    song_id: LongArray
    offset_ticks: DoubleArray
    votes: LongArray
    idf: DoubleArray
    chance: DoubleArray
    _DTYPES: ClassVar = {
        "song_id": np.int64,
        "offset_ticks": np.float64,
        "votes": np.int64,
        "idf": np.float64,
        "chance": np.float64,
    }

    @property
    def contrast(self) -> DoubleArray:
        """How many times the weight of chance matches each candidate has, float64 (n,)."""
        return self.idf / self.chance


@dataclass(frozen=True, slots=True, eq=False)
class Verification(_Columns):
    """For each candidate, whether the song's peaks are in the query too; all (n,).

    ``expected`` int64 counts the song's paired peaks where the query sounds, ``verified``
    float64 those that the query has at their place, each counted by how near it lies.
    ``rank_z`` float64 is by how many standard deviations the query is louder at their
    places than elsewhere, ``broadband_z`` float64 by how many the whole of it is louder at their
    times.

    The rest is of all peaks that were kept of the song, and tells its passages apart:
    ``kept_verified`` and ``kept_rank_z`` float64 are the same of these, and ``level_agreement``
    float64 from 0 to 1 is how alike their levels are in song and query.
    """

    verified: DoubleArray
    expected: LongArray
    rank_z: DoubleArray
    broadband_z: DoubleArray
    kept_verified: DoubleArray
    kept_rank_z: DoubleArray
    level_agreement: DoubleArray
    _DTYPES: ClassVar = {
        "verified": np.float64,
        "expected": np.int64,
        "rank_z": np.float64,
        "broadband_z": np.float64,
        "kept_verified": np.float64,
        "kept_rank_z": np.float64,
        "level_agreement": np.float64,
    }


@dataclass(frozen=True, slots=True)
class Match:
    """A song that a recording may come from.

    ``offset_s`` is where in the song the recording begins, in seconds, ``votes`` how many of its
    hashes were found there. ``probability`` is what the profile's model makes of the evidence;
    ``confidence`` is the same, but 0 when it is below the profile's threshold. ``playback`` is
    the speed, pitch or tempo at which it was found.
    """

    song_id: int
    song_name: str
    offset_s: float
    votes: int
    probability: float
    confidence: float
    playback: Playback = AS_LEARNED

    @property
    def accepted(self) -> bool:
        """Whether this is an answer rather than a guess."""
        return self.confidence > 0

    def begun(self, heard_s: tuple[float, float]) -> tuple[float, float]:
        """Return when in a stretch of the recording the song is heard first, and where it is then.

        >>> Match(1, "a song", 20.0, 50, 0.9, 0.9).begun((5.0, 15.0))
        (5.0, 25.0)
        >>> Match(1, "begins at 11 s", -11.0, 50, 0.9, 0.9).begun((5.0, 15.0))
        (11.0, 0.0)
        """
        start_s, end_s = heard_s
        begins_s = -self.offset_s / self.playback.tempo
        start_s = min(max(start_s, begins_s), end_s)
        return start_s, self.offset_s + start_s * self.playback.tempo


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Seconds that each stage of a recognition took."""

    decode_s: float
    fingerprint_s: float
    lookup_s: float
    align_s: float

    @property
    def total_s(self) -> float:
        """All stages together."""
        return self.decode_s + self.fingerprint_s + self.lookup_s + self.align_s


CutKind = Literal["cut off", "too long", "damaged", "understated"]
"""What is wrong with a recording: it ends too early, it goes on beyond the limit for one file, a
part inside cannot be decoded, or it goes on beyond the length that its header states.

The earlier in this list, the more it tells: an end that is missing is more than a part inside, and
where no sound is missing there is least to tell."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A recording that could not be decoded whole, or that holds more than it states.

    ``decoded_s`` is how many seconds come before the fault, or of one that is ``understated``, how
    many there are. ``stated_s`` is the length that the header states, None when it states none.
    """

    decoded_s: float
    stated_s: float | None
    kind: CutKind = "cut off"

    @classmethod
    def of_lengths(cls, decoded_s: float, stated_s: float | None) -> Cut:
        """Return what is wrong with an incomplete recording of which only the lengths are known.

        One that is as long as it states lacks something on the way.
        """
        is_long = stated_s is not None and decoded_s >= stated_s
        return cls(decoded_s, stated_s, "damaged" if is_long else "cut off")

    @classmethod
    def of(cls, cuts: Iterable[Cut]) -> Cut | None:
        """Return what tells most of all that is wrong with a recording, None when nothing is.

        >>> print(Cut.of([Cut(2.0, 6.0, "damaged"), Cut(4.0, 6.0)]))
        decoded 4.0 of 6.0 s: the recording is cut off
        """
        order = get_args(CutKind)
        return min(cuts, key=lambda cut: order.index(cut.kind), default=None)

    @property
    def lacks_sound(self) -> bool:
        """Whether something is missing: of a recording that states too little, nothing is."""
        return self.kind != "understated"

    def __str__(self) -> str:
        of_all = "" if self.stated_s is None else f" of {self.stated_s:.1f}"
        decoded = f"{self.decoded_s:.1f}{of_all} s"
        if self.kind == "damaged" and self.stated_s is not None and self.decoded_s >= self.stated_s:
            return "damaged on the way: what can be decoded is used"
        if self.kind == "damaged":
            return f"damaged after {decoded}: what can be decoded after that is used, too"
        if self.kind == "too long":
            return f"decoded {decoded}: the recording is longer than the limit for one file"
        if self.kind == "understated":
            return f"decoded all of {self.decoded_s:.1f} s, though the header states less{of_all}"
        return f"decoded {decoded}: the recording is cut off"


@dataclass(frozen=True, slots=True)
class Remixed:
    """A recording whose channels were not just averaged for ``duration_s`` seconds.

    To keep them from cancelling each other some were ``reversed``; to keep noise from burying the
    rest some were ``left_out``. Channels are numbered from 1.
    """

    reversed: tuple[int, ...]
    left_out: tuple[int, ...]
    duration_s: float

    def __str__(self) -> str:
        parts = []
        if self.reversed:
            parts.append(f"with {_channels(self.reversed)} reversed, or the channels cancel out")
        if self.left_out:
            parts.append(f"without {_channels(self.left_out)}, where there is only noise")
        return f"{self.duration_s:.1f} s were mixed {', and '.join(parts)}"


def _channels(numbers: tuple[int, ...]) -> str:
    """Return "channel 2", or "channels 1, 2 and 3"."""
    *first, last = map(str, numbers)
    return f"channels {', '.join(first)} and {last}" if first else f"channel {last}"


@dataclass(frozen=True, slots=True)
class Recognition:
    """The answer to one recording: the accepted match or None, and all candidates, best first.

    ``query_s`` is the length of the recording, ``n_hashes`` how many hashes were looked up in that
    window of it that gives the answer, and ``heard_s`` where that window starts and ends in the
    recording. ``cut`` says when only a part could be heard, ``remixed`` when channels were reversed
    or left out.
    """

    match: Match | None
    candidates: tuple[Match, ...]
    query_s: float
    n_hashes: int
    times: StageTimes
    cut: Cut | None = None
    remixed: Remixed | None = None
    heard_s: tuple[float, float] | None = None

    def __str__(self) -> str:
        if self.match is not None:
            found, played = self.match, self.match.playback
            changed = "" if played == AS_LEARNED else f", played at {played}"
            place = f"at {clock(found.offset_s)}{changed}"
            return f'"{found.song_name}" {place}, confidence {found.confidence:.3f}'
        if not self.candidates:
            return "no match"
        guess = self.candidates[0]
        return f'no match (best guess "{guess.song_name}", probability {guess.probability:.2g})'

    def _repr_html_(self) -> str:
        headings = ("song", "begins at", "votes", "probability", "played at", "")
        rows = (
            (
                one.song_name,
                clock(one.offset_s),
                one.votes,
                f"{one.probability:.3f}",
                one.playback,
                "accepted" if one.accepted else "",
            )
            for one in self.candidates[:MOST_CANDIDATES]
        )
        notes = "".join(f"; {note}" for note in (self.cut, self.remixed) if note is not None)
        caption = f"{self}{notes}"
        return markup.table(headings, rows, caption=caption)


@dataclass(frozen=True, slots=True)
class Appearance:
    """A song heard in a long recording from ``start_s`` to ``end_s``, times in the recording.

    ``song_offset_s`` is where in the song it is at ``start_s``; ``votes`` and ``confidence``
    are the best of its windows, ``playback`` is that of the surest one.
    """

    song_id: int
    song_name: str
    start_s: float
    end_s: float
    song_offset_s: float
    votes: int
    confidence: float
    playback: Playback = AS_LEARNED


@dataclass(frozen=True, slots=True)
class Scanned:
    """The songs heard in a long recording; ``cut`` and ``remixed`` as in `Recognition`."""

    appearances: list[Appearance]
    cut: Cut | None = None
    remixed: Remixed | None = None
