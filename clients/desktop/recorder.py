"""Recorder: some seconds of a source as a WAV file, with what there is to see meanwhile."""

from __future__ import annotations

import io
import threading
import wave
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clients.desktop.jobs import Job, Jobs
from clients.desktop.sources import NoSoundError, SoundSource
from clients.desktop.spectrum import Columns, Samples, level_db


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard since the last time: its level, and columns of its spectrogram."""

    so_far_s: float
    level_db: float
    columns: NDArray[np.uint8]


def record(
    source: SoundSource,
    duration_s: float,
    *,
    jobs: Jobs,
    heard: Callable[[Heard], None],
    done: Callable[[bytes], None],
    failed: Callable[[Exception], None],
) -> Job:
    """Begin to record in a thread; the callbacks are called by the window's thread.

    Parameters
    ----------
    source : SoundSource
        What is recorded from.
    duration_s : float
        How long; a source that ends sooner gives a shorter recording.
    jobs : Jobs
        Hands over what comes of it.
    heard : callable
        Told what there is to see, some twenty times a second.
    done : callable
        Told the recording, a WAV file of one channel.
    failed : callable
        Told why there is none.

    Returns
    -------
    Job
        Cancelled, it closes the source.
    """
    job, stopped = Job(), threading.Event()
    job.ends_by(stopped.set)

    def run() -> None:
        try:
            content = _recorded(
                source, duration_s, stopped, lambda new: jobs.progress(job, heard, new)
            )
            if content:
                jobs.tell(job, done, content)
        except Exception as error:
            jobs.tell(job, failed, error)

    threading.Thread(target=run, name="fpdesk recorder", daemon=True).start()
    return job


def _recorded(
    source: SoundSource, duration_s: float, stopped: threading.Event, heard: Callable[[Heard], None]
) -> bytes:
    """Return a recording, empty when it was stopped."""
    blocks: list[Samples] = []
    with source.opened() as (rate_hz, coming):
        n_wanted, n_samples = round(duration_s * rate_hz), 0
        columns = Columns(rate_hz)
        for given in coming:
            if stopped.is_set():
                return b""
            block = given[: n_wanted - n_samples]
            blocks.append(block)
            n_samples += len(block)
            heard(Heard(n_samples / rate_hz, level_db(block), columns.of(block)))
            if n_samples >= n_wanted:
                break
    if not n_samples:
        raise NoSoundError(f"The source {source.name} is empty: choose another one.")
    return _wav(np.concatenate(blocks), rate_hz)


def _wav(samples: Samples, rate_hz: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate_hz)
        written.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
