"""Rendering of scores: instruments are chosen, notes played with small human errors, and mixed.

Samples are float64 at `instruments.RATE_HZ`; all choices and errors come from the generator that
is passed in. The mix peaks at 0.9 of full scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.corpora.synthesis import instruments
from experiments.corpora.synthesis.composition import Hit, Note, Score
from experiments.corpora.synthesis.instruments import RATE_HZ, Instrument, Samples

CHOICES: dict[str, tuple[Instrument, ...]] = {
    "melody": (
        instruments.brass,
        instruments.bell,
        instruments.plucked_string,
        instruments.organ,
        instruments.electric_piano,
    ),
    "chords": (instruments.electric_piano, instruments.plucked_string, instruments.organ),
    "bass": (instruments.bass_guitar, instruments.synth_bass),
    "pad": (instruments.pad,),
}
"""Instruments that a part may be given to."""

DRUMS = {
    "kick": instruments.kick,
    "snare": instruments.snare,
    "hi_hat": instruments.hi_hat,
    "open_hat": instruments.open_hat,
    "tom": instruments.tom,
}

LEVELS = {"melody": 0.5, "chords": 0.22, "bass": 0.55, "pad": 0.12, "drums": 0.6}
"""Gain of each part in the mix."""

TIMING_ERROR_S = 0.006
"""Largest deviation of a note from its written time."""

TAIL_S = 1.0
"""What is left after the last beat for notes to ring out."""

ROOM = ((0.031, 0.20), (0.053, 0.15), (0.097, 0.11), (0.151, 0.08), (0.237, 0.05))
"""Echoes of the room, as delay in seconds and gain; they come from alternating sides."""


@dataclass(frozen=True, slots=True)
class _Sound:
    """Samples to be added at a time, in seconds, with a gain."""

    start_s: float
    samples: Samples
    gain: float


def render(score: Score, *, n_channels: int, rng: np.random.Generator) -> Samples:
    """Return the score as sound.

    Parameters
    ----------
    score : Score
        The song.
    n_channels : int, 1 or 2
        Mono or stereo.
    rng : numpy.random.Generator
        Draws instruments, places in the stereo image, and small errors of time and strength.

    Returns
    -------
    float64 (n, n_channels), from -0.9 to 0.9
        A second longer than the score, for notes to ring out.
    """
    n_samples = int((score.n_beats * score.beat_s + TAIL_S) * RATE_HZ)
    mix = np.zeros((n_channels, n_samples))
    for part, level in LEVELS.items():
        if part == "drums":
            sounds = _drummed(score.hits, score, rng)
        else:
            sounds = _played(score.notes[part], score, _choose(part, rng), rng)
        side = 0.0 if part == "bass" or n_channels == 1 else float(rng.uniform(-0.6, 0.6))
        gains = level * np.array([1 - side, 1 + side])[:n_channels, np.newaxis]
        mix += gains * _overlaid(sounds, n_samples, rng)
    return _mastered(_in_room(mix)).T


def _choose(part: str, rng: np.random.Generator) -> Instrument:
    """Return an instrument for ``part``."""
    return CHOICES[part][int(rng.integers(len(CHOICES[part])))]


def _played(
    notes: list[Note], score: Score, instrument: Instrument, rng: np.random.Generator
) -> list[_Sound]:
    """Return the sounds of the notes; equal notes are computed once."""
    made: dict[tuple[int, float], Samples] = {}
    sounds = []
    for note in notes:
        key = (note.pitch, note.n_beats)
        if key not in made:
            semitones = note.pitch - 69 + score.tuning_cents / 100
            # Rounded so that the last digits of a power, which differ by machine, play no role.
            frequency_hz = round(440.0 * 2 ** (semitones / 12), 6)
            made[key] = instrument(frequency_hz, note.n_beats * score.beat_s, rng)
        sounds.append(_Sound(note.start_beat * score.beat_s, made[key], note.velocity))
    return sounds


def _drummed(hits: list[Hit], score: Score, rng: np.random.Generator) -> list[_Sound]:
    """Return the sounds of the drums, tuned for this song, each in two variants by turns."""
    kit = {}
    for name, drum in DRUMS.items():
        pitch = float(rng.uniform(0.8, 1.25))
        kit[name] = [drum(pitch, rng) for _ in range(2)]
    return [
        _Sound(hit.start_beat * score.beat_s, kit[hit.drum][turn % 2], hit.velocity)
        for turn, hit in enumerate(hits)
    ]


def _overlaid(sounds: list[_Sound], n_samples: int, rng: np.random.Generator) -> Samples:
    """Return all sounds added up, each a little early or late and weaker or stronger."""
    track = np.zeros(n_samples)
    errors = rng.uniform(-1.0, 1.0, size=(len(sounds), 2))
    for sound, (lateness, strength) in zip(sounds, errors, strict=True):
        start = max(0, int((sound.start_s + TIMING_ERROR_S * lateness) * RATE_HZ))
        end = min(n_samples, start + len(sound.samples))
        track[start:end] += sound.gain * (1 + 0.12 * strength) * sound.samples[: end - start]
    return track


def _in_room(mix: Samples) -> Samples:
    """Return ``mix`` (n_channels, n) with the room's echoes added, from alternating sides."""
    heard = mix.copy()
    for number, (delay_s, gain) in enumerate(ROOM):
        n_delay = int(delay_s * RATE_HZ)
        source = mix[::-1] if number % 2 == 0 else mix
        heard[:, n_delay:] += gain * source[:, :-n_delay]
    return heard


def _mastered(mix: Samples) -> Samples:
    """Return ``mix`` at a peak of 0.9, its loudest moments rounded off."""
    level = mix / np.max(np.abs(mix))
    rounded: Samples = 0.9 * (1.5 * level - 0.5 * level**3)
    return rounded
