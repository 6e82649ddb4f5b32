"""Configuration, in three kinds that are never mixed.

* `FingerprintConfig` is everything that changes a hash; its digest ties an index to it.
* `QueryConfig` may differ from query to query without touching the index.
* `Decision` turns the evidence for a candidate into a confidence and a yes or no.

A `Profile` is one of each with its provenance: the unit that is promoted and served. All are
frozen and checked when they are made; unknown keys are refused. Extents are physical (seconds,
hertz) so that they keep their meaning when the window or the hop changes; properties give them
in frames and bins of the configuration.

>>> config = FingerprintConfig()
>>> config.hop_s, config.bin_hz, config.n_bins, config.max_delta_frames
(0.046439909297052155, 5.38330078125, 2049, 43)
>>> config.digest == FingerprintConfig(sample_rate_hz=22050).digest
True
>>> config.digest == FingerprintConfig(sample_rate_hz=16000).digest
False
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from fpcore import units
from fpcore.errors import ConfigError

ALGORITHM_VERSION = 1
"""Raised whenever the same configuration would give other hashes than before."""

MAX_TOKEN = 2**62
"""Packed tokens stay below this, well inside a signed 64-bit integer."""

PositiveInt = Annotated[int, Field(ge=1)]
FanOut = Annotated[int, Field(ge=1, le=1000)]
PerSecond = Annotated[float, Field(gt=0, le=1e6)]
MAX_S = 86_400.0
"""Longer than any extent in time that is of use."""
MAX_HZ = 1e6
"""Higher than any frequency that is of use."""

Seconds = Annotated[float, Field(ge=0, le=MAX_S)]
Hertz = Annotated[float, Field(ge=0, le=MAX_HZ)]


class Strict(BaseModel):
    """Frozen model that refuses unknown keys, non-finite numbers, and yes and no for numbers.

    YAML reads ``yes``, ``on`` and ``true`` alike, and Python counts with them as 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_values(cls, given: Any) -> Any:
        for name, field in cls.model_fields.items() if isinstance(given, dict) else ():
            types = _types_in(field.annotation)
            within = types <= _PLAIN
            if not types & {bool, Any} and _has_truth_value(given.get(name), within=within):
                raise ValueError(
                    f"{name} takes no yes or no, got {given[name]!r}: YAML reads yes, on and true "
                    "as True, and no, off and false as False"
                )
        return given


_PLAIN = frozenset({int, float, str, type(None), list, tuple, dict, Ellipsis})


def _types_in(annotation: Any) -> set[Any]:
    """Return the types that an annotation is put together from; texts stand for literals."""
    if isinstance(annotation, str):
        return {str}
    inner = [*get_args(annotation)]
    if not inner:
        return {annotation}
    return {get_origin(annotation)}.union(*map(_types_in, inner)) - {Literal, Union, UnionType}


def _has_truth_value(value: object, *, within: bool) -> bool:
    """Whether a value is true or false, or holds one, where ``within`` says to look inside."""
    if within and isinstance(value, dict):
        return any(isinstance(one, bool) for one in value.values())
    if within and isinstance(value, list | tuple):
        return any(isinstance(one, bool) for one in value)
    return isinstance(value, bool)


class SpectrogramConfig(Strict):
    """Short-time Fourier transform: window, hop and the band of bins that is kept."""

    n_fft: Annotated[int, Field(ge=64, le=65536)] = 4096
    hop_length: PositiveInt = 1024
    window: Literal["hann", "hamming", "blackman"] = "hann"
    min_hz: Hertz = 0.0
    max_hz: Hertz | None = None


class NoWhitening(Strict):
    """Levels are used as they are."""

    kind: Literal["none"] = "none"


class BoxWhitening(Strict):
    """The mean level over a box of ``width_hz`` × ``width_s`` around each bin is subtracted."""

    kind: Literal["box"] = "box"
    width_hz: Annotated[float, Field(gt=0, le=MAX_HZ)] = 400.0
    width_s: Annotated[float, Field(gt=0, le=MAX_S)] = 2.0


class GridNeighbourhood(Strict):
    """A peak is highest in ``n_frames`` × ``n_bins``; an even size reaches one further back."""

    kind: Literal["grid"] = "grid"
    n_frames: PositiveInt = 20
    n_bins: PositiveInt = 20


class PhysicalNeighbourhood(Strict):
    """A peak is highest over ``width_s`` × ``width_hz``, rounded to odd numbers of frames, bins."""

    kind: Literal["physical"] = "physical"
    width_s: Seconds = 0.3
    width_hz: Hertz = 220.0


class PeaksConfig(Strict):
    """Which local maxima become the constellation.

    ``floor_db`` is the level up to which nothing is a peak, before whitening. With
    ``max_peaks_per_s`` only the highest peaks of every ``density_window_s`` are paired. With
    ``kept_peaks_per_s``, where that is more, so many are kept with a song: the fainter ones make
    no hashes, but tell apart passages of a song that are nearly the same.
    """

    neighbourhood: Annotated[
        GridNeighbourhood | PhysicalNeighbourhood, Field(discriminator="kind")
    ] = GridNeighbourhood()
    floor_db: Annotated[float, Field(ge=-200, le=0)] = -90.0
    max_peaks_per_s: PerSecond | None = None
    kept_peaks_per_s: PerSecond | None = None
    density_window_s: Annotated[float, Field(gt=0, le=MAX_S)] = 0.5


class PairsConfig(Strict):
    """The target zone: each anchor is paired with the first ``fan_out`` peaks in it."""

    fan_out: FanOut = 5
    min_delta_s: Seconds = 0.0
    max_delta_s: Seconds = 2.0
    max_delta_hz: Hertz | None = None


class FingerprintConfig(Strict):
    """Everything that changes a hash, from the sample rate to the form of the token."""

    sample_rate_hz: Annotated[int, Field(ge=4000, le=192000)] = 22050
    resampler: Literal["soxr_hq", "soxr_vhq"] = "soxr_hq"
    spectrogram: SpectrogramConfig = SpectrogramConfig()
    whitening: Annotated[NoWhitening | BoxWhitening, Field(discriminator="kind")] = NoWhitening()
    peaks: PeaksConfig = PeaksConfig()
    pairs: PairsConfig = PairsConfig()
    token: Literal["packed", "text"] = "packed"

    @model_validator(mode="after")
    def _check_together(self) -> FingerprintConfig:
        spectrogram, pairs = self.spectrogram, self.pairs
        if spectrogram.n_fft % 2:
            raise ValueError(f"spectrogram.n_fft must be even, got {spectrogram.n_fft}")
        if spectrogram.hop_length > spectrogram.n_fft:
            raise ValueError(
                f"spectrogram.hop_length must not exceed n_fft, got {spectrogram.hop_length} > "
                f"{spectrogram.n_fft}: samples between two frames would be ignored"
            )
        nyquist_hz = self.sample_rate_hz / 2
        top_hz = nyquist_hz if spectrogram.max_hz is None else spectrogram.max_hz
        if not spectrogram.min_hz < top_hz <= nyquist_hz:
            raise ValueError(
                "spectrogram.min_hz must be below max_hz, and max_hz at most half of "
                f"sample_rate_hz, got {spectrogram.min_hz} and {top_hz} at {self.sample_rate_hz}"
            )
        if self.whitening.kind == "box" and self.whitening_radii == (0, 0):
            raise ValueError(
                "whitening.width_hz and width_s make a box of one element, which would whiten "
                "everything away: widen it, or take whitening of kind none"
            )
        if self.min_delta_frames > self.max_delta_frames:
            raise ValueError(
                "pairs.min_delta_s must not exceed max_delta_s, "
                f"got {pairs.min_delta_s} > {pairs.max_delta_s}"
            )
        if self.n_tokens > MAX_TOKEN:
            raise ValueError(
                f"{self.n_bins} bins and {self.max_delta_frames} frames of delta give more than "
                "2**62 tokens: narrow the band or lower pairs.max_delta_s"
            )
        return self

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.spectrogram.hop_length / self.sample_rate_hz

    @property
    def bin_hz(self) -> float:
        """Hertz from one bin to the next."""
        return self.sample_rate_hz / self.spectrogram.n_fft

    @property
    def first_bin(self) -> int:
        """Lowest FFT bin of the band."""
        return units.hz_to_bins(self.spectrogram.min_hz, self.bin_hz)

    @property
    def n_bins(self) -> int:
        """Number of FFT bins in the band."""
        max_hz = self.spectrogram.max_hz
        if max_hz is None:
            max_hz = self.sample_rate_hz / 2
        return units.hz_to_bins(max_hz, self.bin_hz) - self.first_bin + 1

    @property
    def floor_db(self) -> float:
        """Level at or under which nothing is a peak, as a whole number of level steps."""
        return units.to_level_step(self.peaks.floor_db)

    @property
    def whitening_radii(self) -> tuple[int, int]:
        """Frames and bins to either side of the whitening box; (0, 0) without whitening."""
        if isinstance(self.whitening, NoWhitening):
            return 0, 0
        return (
            units.s_to_frames(self.whitening.width_s / 2, self.hop_s),
            units.hz_to_bins(self.whitening.width_hz / 2, self.bin_hz),
        )

    @property
    def neighbourhood(self) -> tuple[int, int]:
        """Frames and bins over which a peak must be the highest."""
        area = self.peaks.neighbourhood
        if isinstance(area, GridNeighbourhood):
            return area.n_frames, area.n_bins
        return (
            2 * units.s_to_frames(area.width_s / 2, self.hop_s) + 1,
            2 * units.hz_to_bins(area.width_hz / 2, self.bin_hz) + 1,
        )

    @property
    def min_delta_frames(self) -> int:
        """Fewest frames from anchor to target."""
        return units.s_to_frames(self.pairs.min_delta_s, self.hop_s)

    @property
    def max_delta_frames(self) -> int:
        """Most frames from anchor to target."""
        return units.s_to_frames(self.pairs.max_delta_s, self.hop_s)

    @property
    def max_delta_bins(self) -> int:
        """Most bins, up or down, from anchor to target."""
        limit_hz = self.pairs.max_delta_hz
        span = self.n_bins - 1
        return span if limit_hz is None else min(span, units.hz_to_bins(limit_hz, self.bin_hz))

    @property
    def n_tokens(self) -> int:
        """Size of the token space: every packed token lies in ``range(n_tokens)``."""
        return self.n_bins**2 * (self.max_delta_frames + 1)

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON and the algorithm's version."""
        content = {"algorithm": ALGORITHM_VERSION, "fingerprint": self.model_dump(mode="json")}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


class PlaybackSearch(Strict):
    """At which other speeds, pitches and tempos a recording is tried that was not recognised.

    Each kind goes up to its share either way (0.07 is from 7% slower to 7% faster; 0 leaves it
    out): speed and pitch in steps of ``step``, since they move frequencies by whole bins, tempo
    in coarser ones of ``tempo_step``. A coarse pass over all of them takes the highest
    ``max_peaks_per_s`` peaks, each with ``fan_out`` others. The best ``n_close`` then get a pass
    each in full, if they have at least ``min_contrast`` times the weight of the median one, which
    is that of chance.
    """

    max_speed_change: Annotated[float, Field(ge=0, le=0.5)] = 0.07
    max_pitch_change: Annotated[float, Field(ge=0, le=0.5)] = 0.07
    max_tempo_change: Annotated[float, Field(ge=0, le=0.5)] = 0.07
    step: Annotated[float, Field(ge=0.001, le=0.1)] = 0.0025
    tempo_step: Annotated[float, Field(ge=0.001, le=0.1)] = 0.01
    max_peaks_per_s: PerSecond = 15.0
    fan_out: FanOut = 8
    n_close: Annotated[int, Field(ge=1, le=100)] = 3
    min_contrast: Annotated[float, Field(ge=0)] = 1.5


class ThoroughPass(Strict):
    """The pass over a recording that the first one did not recognise.

    Peaks need only be the highest over ``width_s`` × ``width_hz``, more of them are kept, and
    more songs are verified; the other fields are those of `QueryConfig`.
    """

    width_s: Seconds = 0.2
    width_hz: Hertz = 110.0
    max_peaks_per_s: PerSecond = 80.0
    fan_out: FanOut = 30
    n_candidates: Annotated[int, Field(ge=1, le=1000)] = 25


class QueryConfig(Strict):
    """What may change at query time without re-indexing.

    A query may be analysed more densely than the index (``max_peaks_per_s``, ``fan_out``; None
    means as in the index) and at ``n_shifts`` sub-hop shifts. Votes within
    ``offset_tolerance_frames`` to either side of one offset count together. The heaviest
    ``n_candidates`` songs are verified, each at its ``n_offsets`` heaviest offsets. Of
    a recording, the first ``max_query_s`` from its first sound on are used, unless it is scanned.
    What is not recognised gets a ``thorough`` pass, and is then tried at other speeds, pitches and
    tempos by the ``playback`` search, where these are set. With ``interruptions``, it is at last
    taken for a song that other sound interrupts, where two parts of one seem to be heard.
    """

    max_peaks_per_s: PerSecond | None = None
    fan_out: FanOut | None = None
    n_shifts: Annotated[int, Field(ge=1, le=16)] = 1
    offset_tolerance_frames: Annotated[float, Field(ge=0, le=16)] = 1.0
    n_candidates: Annotated[int, Field(ge=1, le=1000)] = 10
    n_offsets: Annotated[int, Field(ge=1, le=100)] = 8
    max_query_s: Annotated[float, Field(gt=0, le=MAX_S)] = 60.0
    thorough: ThoroughPass | None = None
    playback: PlaybackSearch | None = None
    interruptions: bool = True

    @property
    def thoroughly(self) -> QueryConfig:
        """This configuration with the densities of the thorough pass, if there is one."""
        thorough = self.thorough
        if thorough is None:
            return self
        dense = {"max_peaks_per_s", "fan_out", "n_candidates"}
        return self.model_copy(update=thorough.model_dump(include=dense))

    def width_ticks(self, ticks_per_frame: int) -> int:
        """Return how far apart in ticks two offsets may lie and still count as one."""
        return int(2 * self.offset_tolerance_frames * ticks_per_frame)


EvidenceName = Literal[
    "log_votes",
    "log_idf",
    "log_chance",
    "found",
    "crest_db",
    "rank_z",
    "broadband_z",
    "log_hypotheses",
]
"""What a decision may weigh; `fpcore.stages.decision` says what each one is."""


_TAGS = {"none", "box", "grid", "physical"}
"""Values of ``kind``, which pydantic puts into the path of a fault although no user wrote them."""


class FittedOn(Strict):
    """Which half of which music a decision was fitted on; the other half is there to test it."""

    corpus_checksum: str
    seed: Annotated[int, Field(ge=0)]
    calibration_share: Annotated[float, Field(gt=0, lt=1)]


RENAMED_EVIDENCE = {
    "prominence": "rank_z",
    "rhythm": "broadband_z",
    "clearness": "crest_db",
    "log_trials": "log_hypotheses",
}
"""Earlier names of evidence in stored profiles and rows, with those of today: both are read."""


def _renamed(weights: Any) -> Any:
    """Return weights under the present names."""
    if not isinstance(weights, dict):
        return weights
    return {RENAMED_EVIDENCE.get(name, name): weight for name, weight in weights.items()}


class Decision(Strict):
    """A logistic model over the evidence for a candidate, and the confidence that accepts it.

    ``calibration`` says in words where the numbers come from; None means never calibrated.
    ``n_songs`` is how many the index had then: in a larger one more evidence is asked for.
    ``fitted_on`` tells which songs the decision knows, where that is known, and
    ``false_alarm_rate`` the share of unknown recordings that the threshold was set to name.
    """

    intercept: float
    weights: Annotated[dict[EvidenceName, float], BeforeValidator(_renamed)]
    threshold: Annotated[float, Field(ge=0, le=1)]
    calibration: str | None = None
    n_songs: Annotated[int, Field(ge=1)] | None = None
    fitted_on: FittedOn | None = None
    false_alarm_rate: Annotated[float, Field(gt=0, lt=1)] | None = None


class Profile(Strict):
    """One configuration, complete: what is promoted, learned under and served."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    description: str = ""
    fingerprint: FingerprintConfig = FingerprintConfig()
    query: QueryConfig = QueryConfig()
    decision: Decision
    provenance: dict[str, Any] | None = None


ModelT = TypeVar("ModelT", bound=BaseModel)


def parse(model: type[ModelT], content: str | bytes, *, source: str | Path) -> ModelT:
    """Return JSON as a model.

    Parameters
    ----------
    model : type
        The kind of model.
    content : str or bytes
        A JSON document, in UTF-8.
    source : str or Path
        What messages call the document: its file.

    Returns
    -------
    BaseModel
        An instance of ``model``.

    Raises
    ------
    ConfigError
        When it is not JSON or not valid; the sentence names ``source`` and the first bad key.

    Examples
    --------
    >>> parse(PairsConfig, '{"fan_out": 8}', source="mine.json").fan_out
    8
    >>> parse(PairsConfig, '{"fan_out": 0}', source="mine.json")
    Traceback (most recent call last):
        ...
    fpcore.errors.ConfigError: mine.json: fan_out: input should be greater than or equal to 1, got 0
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise ConfigError(f"{source}: {describe(error)}") from None


MAX_SHOWN = 80
"""How many characters of a wrong value are shown."""


def describe(error: ValidationError) -> str:
    """Return the first fault of a validation error as "key.path: what is wrong, got value"."""
    fault = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in fault["loc"] if part not in _TAGS)
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        message = "is not a known key"
    elif path and not isinstance(fault["input"], dict):
        given = repr(fault["input"])
        shown = given if len(given) <= MAX_SHOWN else f"{given[:MAX_SHOWN]}…"
        message = f"{message[0].lower()}{message[1:]}, got {shown}"
    return f"{path}: {message}" if path else message


def diff(old: BaseModel, new: BaseModel) -> dict[str, tuple[Any, Any]]:
    """Return the fields in which two models differ: dotted key -> (old value, new value).

    >>> diff(FingerprintConfig(), FingerprintConfig(pairs=PairsConfig(fan_out=8)))
    {'pairs.fan_out': (5, 8)}
    """
    before, after = (_flat(model.model_dump(mode="json")) for model in (old, new))
    keys = [*before, *(key for key in after if key not in before)]
    return {
        key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
    }


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the leaves of nested dicts under dotted keys."""
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            leaves |= _flat(value, f"{prefix}{key}.")
        else:
            leaves[f"{prefix}{key}"] = value
    return leaves
