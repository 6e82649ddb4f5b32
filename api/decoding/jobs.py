"""Jobs of the decoding processes: everything that touches the bytes of an uploaded file.

A job is a frozen record that is sent to a process and run there; its answer is sent back. The
process has bounds on memory and processor time, so that a file made to harm the decoder costs
one process and one request.
"""

from __future__ import annotations

import resource
import signal
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from fpcore import pipeline
from fpcore.audio import AudioLimits, decode_blocks, load_from_first_sound
from fpcore.audio.titles import title_of
from fpcore.bulk import learn
from fpcore.config import Profile
from fpcore.errors import AudioError, FpError
from fpcore.records import Cut, Remixed, Scanned, Signal
from fpcore.search import scan
from fpcore.store import open_store

if TYPE_CHECKING:
    from fpcore.search.explain import Explanation

AnswerT_co = TypeVar("AnswerT_co", covariant=True)
AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one job may take.

    ``memory_bytes`` come on top of what the process starts with; ``cpu_s`` are seconds of
    processor time, ``wall_s`` seconds on the clock.
    """

    memory_bytes: int
    cpu_s: int
    wall_s: float


@dataclass(frozen=True, slots=True)
class Task:
    """What all jobs of a process share."""

    profile: Profile
    limits: AudioLimits
    database: Path
    bounds: Bounds


class Job(Protocol[AnswerT_co]):
    """A file at ``path``, called ``name`` in messages, and what is to be done with it."""

    @property
    def path(self) -> Path:
        """Where the file lies."""

    @property
    def name(self) -> str:
        """What the client calls it."""

    def run(self, task: Task) -> AnswerT_co:
        """Do it."""


@dataclass(frozen=True, slots=True, eq=False)
class TimedQuery:
    """What is looked up of a recording, and the seconds that its stages took.

    ``cut`` says when only a part of the recording could be decoded, ``remixed`` when channels
    of it were reversed or left out.
    """

    windows: tuple[pipeline.QueryFingerprint, ...]
    decode_s: float
    fingerprint_s: float
    cut: Cut | None
    remixed: Remixed | None


@dataclass(frozen=True, slots=True)
class Hear:
    """Decode a recording and compute the hashes to look up."""

    path: Path
    name: str

    def run(self, task: Task) -> TimedQuery:
        """Return the hashes, and how long decoding and fingerprinting took."""
        started = perf_counter()
        signal_, cut, remixed = _recording(self, task)
        decoded = perf_counter()
        windows = pipeline.queries(signal_, task.profile.fingerprint, task.profile.query)
        return TimedQuery(windows, decoded - started, perf_counter() - decoded, cut, remixed)


@dataclass(frozen=True, slots=True, eq=False)
class Titled:
    """What is stored of a song, and what its tags call it, if they do."""

    fingerprint: pipeline.Fingerprint
    title: str | None


@dataclass(frozen=True, slots=True)
class Extract:
    """Decode a song and compute what is stored of it; ``strict`` refuses one that is cut off."""

    path: Path
    name: str
    strict: bool = False

    def run(self, task: Task) -> Titled:
        """Return the fingerprint, and the title in the tags.

        Raises
        ------
        AudioError
            When the file cannot be decoded, or too little of it stands out to find it again.
        """
        config = task.profile.fingerprint
        found = learn.extract(self.path, config, task.limits, name=self.name, strict=self.strict)
        return Titled(found, title_of(self.path))


@dataclass(frozen=True, slots=True)
class Scan:
    """Find every song of the index that is heard in a long recording."""

    path: Path
    name: str

    def run(self, task: Task) -> Scanned:
        """Return the songs with their time spans."""
        config = task.profile.fingerprint
        cuts: list[Cut] = []
        remixed: list[Remixed] = []
        blocks = decode_blocks(
            self.path,
            sample_rate_hz=config.sample_rate_hz,
            resampler=config.resampler,
            limits=task.limits,
            name=self.name,
            on_cut=cuts.append,
            on_remixed=remixed.append,
        )
        with open_store(task.database, config) as store:
            found = scan.scan(blocks, store, task.profile)
            appearances = sorted(found, key=lambda one: one.start_s)
        return Scanned(appearances, Cut.of(cuts), next(iter(remixed), None))


@dataclass(frozen=True, slots=True)
class Explain:
    """Draw how a recording was recognised; the plot library is loaded when first needed."""

    path: Path
    name: str

    def run(self, task: Task) -> bytes:
        """Return the picture as PNG."""
        from fpcore.display import save_explanation

        picture = self.path.with_name("explanation.png")
        save_explanation(_explanation(self, task), picture)
        return picture.read_bytes()


@dataclass(frozen=True, slots=True)
class Trace:
    """Tell in numbers how a recording was recognised, for a client that makes its own drawing."""

    path: Path
    name: str

    def run(self, task: Task) -> bytes:
        """Return an `api.schemas.explanation.ExplanationBody` as JSON."""
        from api.schemas.explanation import ExplanationBody

        return ExplanationBody.of(_explanation(self, task)).model_dump_json().encode()


def _explanation(job: Job[object], task: Task) -> Explanation:
    """Return how a recording is recognised, with its spectrogram."""
    from fpcore.search.explain import explain
    from fpcore.search.passes import align

    signal_, _, _ = _recording(job, task)
    with open_store(task.database, task.profile.fingerprint) as store:
        trace = align(signal_, store, task.profile)
        return explain(trace, store, task.profile, signal=signal_)


def _recording(job: Job[object], task: Task) -> tuple[Signal, Cut | None, Remixed | None]:
    """Return ``max_query_s`` of a recording from its first sound on, and the notes on that."""
    config = task.profile.fingerprint
    cuts: list[Cut] = []
    remixed: list[Remixed] = []
    signal_ = load_from_first_sound(
        job.path,
        sample_rate_hz=config.sample_rate_hz,
        resampler=config.resampler,
        limits=task.limits,
        name=job.name,
        duration_s=task.profile.query.max_query_s,
        on_cut=cuts.append,
        on_remixed=remixed.append,
    )
    return signal_, Cut.of(cuts), next(iter(remixed), None)


@dataclass(frozen=True, slots=True)
class Done(Generic[AnswerT]):
    """A job that came to its answer."""

    answer: AnswerT


@dataclass(frozen=True, slots=True)
class Failed:
    """A job that failed; ``trace`` is the traceback of an error that is no `FpError`."""

    error: FpError
    trace: str | None = None


def serve(connection: Connection, task: Task) -> None:
    """Run the jobs that come over ``connection`` until its other end is closed."""
    # The server alone decides when its processes end: a signal to the whole group must not
    # take away what is in flight.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_memory(task.bounds.memory_bytes)
    try:
        while True:
            job: Job[object] = connection.recv()
            connection.send(_outcome(job, task))
    except (EOFError, OSError):
        return


def _outcome(job: Job[object], task: Task) -> Done[object] | Failed:
    _limit_cpu(task.bounds.cpu_s)
    try:
        return Done(job.run(task))
    except FpError as error:
        return Failed(error)
    except MemoryError:
        megabytes = task.bounds.memory_bytes // 1_000_000
        return Failed(AudioError(f"{job.name}: takes more than {megabytes} MB to decode"))
    except Exception as error:  # whatever it is, it is reported and the process goes on
        return Failed(FpError(type(error).__name__), traceback.format_exc())


def _limit_memory(memory_bytes: int) -> None:
    """Bound the data that this process may still allocate."""
    # The address space would count what libraries reserve and never use.
    limit = _data_bytes() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _data_bytes() -> int:
    """Return the private data of this process; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    (kilobytes,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmData")]
    return int(kilobytes) * 1024


def _limit_cpu(cpu_s: int) -> None:
    """Let the system end this process ``cpu_s`` seconds of processor time from now."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = int(process_time()) + 1 + cpu_s
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
